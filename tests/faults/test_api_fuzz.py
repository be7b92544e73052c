"""Whatever is sent to the API, it answers with a problem and never with a 5xx (reliability.md).

Every operation of the OpenAPI document gets what fits its schema and what breaks it, at addresses that name
real rows and at invented ones, from somebody who holds every role.
"""

import json
import os
from contextlib import suppress
from itertools import count, product
from uuid import UUID

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode

from dispatch.kernel.actor import Role
from dispatch.kernel.storage import transaction
from tests.builders.assignment import a_small_day
from tests.builders.web import a_person, a_phone, keyring_of_app

NOBODY = "01a1fdec-fee2-774a-a5b5-d915f350f71e"
# Requests of each kind; more by HOUSECALL_TEST_FUZZ=100.
FEW = 3
EXAMPLES = int(os.environ.get("HOUSECALL_TEST_FUZZ", FEW))
QUICK = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)

# What breaks programs: unseen marks, formulas, lengths, digits of other scripts, years, numbers.
HOSTILE = (
    "", "a\0b", "\u202eb", "\ud800", "\U0001f600", "=cmd()", "\u0663", "x" * 100_000, "0001-01-01",
    "1970-01-01T00:00:00+00:00", "2099-12-31", "9999-12-31", "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00", 0, -1, 2**63, 10**30, 10**400, 1e308, float("nan"), None, True, [], [[]],
    {}, "00000000-0000-0000-0000-000000000000",
)  # fmt: skip


@pytest.fixture
def town(app, engine):
    """A small day, and the path parameters that name its rows."""
    app.config["PROPAGATE_UNEXPECTED"] = False
    with transaction(engine, keyring_of_app(app)) as session:
        metro = a_small_day(session)
        nurse, visit = metro.nurses[0], metro.visits[0]
        return {
            "slug": metro.area.slug, "area": metro.area.slug, "day": metro.day.isoformat(),
            "nurse_id": str(nurse.id), "licence_id": str(nurse.licences[0].id),
            "shift_id": str(metro.shifts[0].id), "patient_id": str(visit.patient_id),
            "appointment_id": str(visit.id), "visit_id": str(visit.id),
        }  # fmt: skip


def _crossed(kinds: list, turn: int) -> list:
    """Of two modes at two places, one mode at each place."""
    return [kinds[0], kinds[3]] if turn % 2 else [kinds[1], kinds[2]]


def test_no_request_brings_a_server_error(app, engine, town):
    phone = a_phone(app, engine, a_person(app, engine, *Role, nurse_id=UUID(town["nurse_id"])))
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    keys, broken = count(), {}

    def ask(case):
        headers = {"Authorization": f"Bearer {phone.token}", "Idempotency-Key": f"fuzz-{next(keys)}"}
        case.headers = {"If-Match": '"1"', **dict(case.headers or {}), **headers}
        answer = case.call()
        seen = f"{case.operation.label} {answer.status_code}"
        problem = answer.headers.get("content-type", [""])[0] == "application/problem+json"
        if answer.status_code >= 500 or (answer.status_code >= 400 and not problem):
            broken.setdefault(seen, (str(case.path_parameters), str(case.query), str(case.body)[:300]))

    turn = engine.dialect.name == "sqlite"
    for number, found in enumerate(schema.get_all_operations()):
        operation = found.ok()
        named = {each.name for each in operation.path_parameters}
        real = {name: value for name, value in town.items() if name in named}
        places = [None, real] if named and set(real) == named else [None]
        kinds = list(product(GenerationMode, places))
        if EXAMPLES <= FEW:  # half of the kinds on one database, half on the other, in turn by operation
            kinds = kinds[(number + turn) % 2 :: 2] if len(places) == 1 else _crossed(kinds, number + turn)
        for mode, place in kinds:
            strategy = operation.as_strategy(mode, path_parameters=place)
            with suppress(Unsatisfiable):  # no request of this kind can be made
                QUICK(given(strategy)(ask))()
    assert not broken, json.dumps(broken, indent=1)


def test_no_hostile_value_brings_a_server_error(app, engine, town):
    phone = a_phone(app, engine, a_person(app, engine, *Role, nurse_id=UUID(town["nurse_id"])))
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    broken, bodies = [], []

    for found in schema.get_all_operations():
        operation = found.ok()
        if operation.body:
            wanted = {each.name for each in operation.path_parameters}
            there = {name: town.get(name, NOBODY) for name in wanted}
            QUICK(given(operation.as_strategy(path_parameters=there))(lambda case: bodies.append(case)))()
    turn = engine.dialect.name == "sqlite"
    for case in bodies[::3]:
        for at, field in enumerate(case.body if isinstance(case.body, dict) else ()):
            # Half of the values are tried on one database, half on the other, in turn by field.
            for value in HOSTILE if EXAMPLES > FEW else HOSTILE[(at + turn) % 2 :: 2]:
                body = json.dumps(case.body | {field: value}, default=str)
                answer = phone.open(
                    case.formatted_path, method=case.method, data=body, content_type="application/json",
                    headers={"If-Match": '"1"'},
                )  # fmt: skip
                if answer.status_code >= 500:
                    broken.append((case.operation.label, field, str(value)[:60], answer.status_code))
    assert not broken, json.dumps(broken, indent=1)


@pytest.mark.parametrize("number", [0, 2**31, 2**63, 10**30])
def test_no_number_in_an_address_brings_a_server_error(app, engine, town, number):
    phone = a_phone(app, engine, a_person(app, engine, *Role))
    day = f"/api/v1/areas/{town['slug']}/days/{town['day']}"
    assert phone.get(f"{day}/plans/{number}").status_code == 404
    assert phone.get(f"{day}/plans/1/diff/{number}").status_code == 404

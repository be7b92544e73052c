"""Whatever is sent to the API, it answers with a problem and never with a 5xx (reliability.md).

Every operation of the OpenAPI document gets what fits its schema and what breaks it, at addresses that name
real rows and at invented ones, from somebody who holds every role.
"""

import json
from contextlib import suppress
from itertools import count
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

QUICK = settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)


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

    for found in schema.get_all_operations():
        operation = found.ok()
        named = {each.name for each in operation.path_parameters}
        real = {name: value for name, value in town.items() if name in named}
        places = [None, real] if named and set(real) == named else [None]
        for mode in GenerationMode:
            for place in places:
                strategy = operation.as_strategy(mode, path_parameters=place)
                with suppress(Unsatisfiable):  # no request of this kind can be made
                    QUICK(given(strategy)(ask))()
    assert not broken, json.dumps(broken, indent=1)

"""The explanations in the JSON API."""

import pytest
from sqlalchemy import select

from dispatch.audit.records import AuditEntryRow
from dispatch.kernel.actor import Role
from dispatch.kernel.storage import transaction
from tests.builders.assignment import a_metro, a_published_plan
from tests.builders.web import a_person, a_phone, keyring_of_app

DAY = "/api/v1/areas/columbus/days/2026-11-23"
NOBODY = "01a1fdec-fee2-774a-a5b5-d915f350f71e"


@pytest.fixture
def town(app, engine, clock):
    """One nurse until noon; the first visit is hers, the second opens too late for her."""
    with transaction(engine, keyring_of_app(app)) as session:
        metro = a_metro(session)
        metro.add_nurse(7, 12)
        metro.add_visit((8, 9))
        metro.add_visit((13, 13.5), name="Bea Lang")
        plan = a_published_plan(session, metro, clock)
        return {
            "visits": [str(visit.id) for visit in metro.visits],
            "shift": str(metro.shifts[0].id),
            "nurse": str(metro.nurses[0].id),
            "cost_mc": plan.cost,
        }


@pytest.fixture
def dispatcher(app, engine, town):
    return a_phone(app, engine, a_person(app, engine, Role.DISPATCHER))


def test_what_would_make_a_visit_possible(dispatcher, town):
    found = dispatcher.get(f"{DAY}/visits/{town['visits'][1]}/ways").json
    assert (found["plan_number"], found["part"]) == (1, 1)
    assert {way["shift_id"] for way in found["ways"]} == {town["shift"]}
    assert "opens_earlier" in {way["way"] for way in found["ways"]}
    assert all(way["text"] and isinstance(way["added_mc"], int) for way in found["ways"])
    (needs,) = [fact for fact in found["facts"] if fact["name"] == "needs"]
    assert needs["text"] == "It needs a nurse licensed in OH with iv valid that day: 1 of 1 at work."


def test_a_visit_that_somebody_makes_needs_nothing(dispatcher, town):
    found = dispatcher.get(f"{DAY}/visits/{town['visits'][0]}/ways").json
    assert (found["ways"], found["facts"]) == ([], [])


def test_no_such_visit(dispatcher):
    assert dispatcher.get(f"{DAY}/visits/{NOBODY}/ways").status_code == 404


@pytest.mark.parametrize("part", ["0", "3", "x"])
def test_a_part_that_is_none_names_the_field(dispatcher, town, part):
    answer = dispatcher.get(f"{DAY}/visits/{town['visits'][1]}/ways?part={part}")
    assert answer.status_code == 422
    assert [reason["field"] for reason in answer.json["reasons"]] == ["part"]


def test_the_plan_is_taken_apart(dispatcher, town):
    found = dispatcher.get(f"{DAY}/plan/explanation").json
    assert found["cost_mc"] == town["cost_mc"] == sum(found["terms"].values())
    (nurse,) = found["nurses"]
    assert (nurse["nurse_id"], nurse["shift_id"], nurse["code"]) == (town["nurse"], town["shift"], "N-01")
    (visit,) = found["visits"]
    assert (visit["appointment_id"], visit["saves_mc"]) == (town["visits"][0], nurse["cost_mc"])
    (left,) = found["left"]
    assert left["appointment_id"] == town["visits"][1]
    assert left["penalty_mc"] == found["terms"]["unassigned_mc"]
    assert found["gap"] is None
    assert found["words"][0].startswith("Visits that nobody makes: $")


def test_taking_a_plan_apart_is_a_read_of_the_day(app, engine, dispatcher):
    dispatcher.get(f"{DAY}/plan/explanation")
    with transaction(engine, keyring_of_app(app)) as session:
        wanted = select(AuditEntryRow).where(AuditEntryRow.action == "plan.explain")
        assert [row.detail for row in session.scalars(wanted)] == [{"day": "2026-11-23"}]


def test_a_move_is_seen_by_the_next_question(dispatcher, town):
    address = f"{DAY}/visits/{town['visits'][0]}/why"
    assert dispatcher.get(address).json["plan_number"] == 1
    body = {"appointment_id": town["visits"][0], "shift_id": None}
    moved = dispatcher.post(f"{DAY}/moves", json=body, headers={"If-Match": '"1"'})
    assert moved.status_code == 201, moved.text
    after = dispatcher.get(address).json
    assert (after["plan_number"], after["shift_id"]) == (2, None)

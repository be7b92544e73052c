"""What would make a visit of the database possible: in its own ids, and never against the law."""

from datetime import date, timedelta

import pytest

from dispatch.appointments.records import ExclusionRow
from dispatch.assignment.present_day import PresentDays
from dispatch.assignment.ways import plan_explained, ways_of
from dispatch.kernel.ids import new_id
from dispatch.kernel.refusals import NotFound
from tests.builders.assignment import a_metro, a_published_plan, local


def asked(metro, clock, visit=None, **more):
    row = metro.visits[-1] if visit is None else visit
    return ways_of(metro.session, "columbus", metro.day, row.id, clock, **more)


def found(ways, way):
    """The least change of a kind."""
    return min((one for one in ways.ways if one.way == way), key=lambda one: one.minutes)


def facts(ways):
    return {fact.name: fact for fact in ways.facts}


@pytest.fixture
def metro(session):
    """One nurse, 07:00 to 12:00, with an hour of overtime; nothing to do yet."""
    metro = a_metro(session)
    metro.add_pharmacy()
    metro.add_nurse(7, 12)
    return metro


def test_a_window_too_late_could_open_earlier(metro, clock):
    metro.add_visit((13, 13.5))
    a_published_plan(metro.session, metro, clock)
    one = found(asked(metro, clock), "opens_earlier")
    assert one.shift_id == metro.shifts[0].id
    assert one.code == "N-01"
    assert one.text == f"the window opened {one.minutes} min earlier"
    assert local(13) - timedelta(minutes=one.minutes) <= one.begins_at < local(13)


def test_overtime_is_offered_only_as_far_as_her_rest_allows(metro, clock):
    """Ten hours lie between the end of this shift and the next one: there is no more overtime."""
    metro.add_visit((12.25, 12.5))
    a_published_plan(metro.session, metro, clock)
    assert found(asked(metro, clock), "overtime").minutes <= 120
    nurse = metro.nurses[0]
    metro.add_shift(nurse, 22.5, 23.5)
    assert "overtime" not in {one.way for one in asked(metro, clock).ways}


def test_a_competency_could_be_entered_and_a_licence_could_not(metro, clock):
    metro.add_visit(service="ketamine")
    nurse = metro.nurses[0]
    for skill in nurse.competencies:
        if skill.code == "ketamine":
            skill.expires_on = date(2026, 11, 22)
    metro.session.flush()
    a_published_plan(metro.session, metro, clock)
    one = found(asked(metro, clock), "lifted")
    assert one.text == "N-01's competency were proven and valid that day"
    assert one.codes == ("competency_expired",)
    needs = facts(asked(metro, clock))["needs"]
    assert needs.text == (
        "It needs a nurse licensed in OH with acls, bls, iv, ketamine valid that day: none of 1 at work."
    )
    nurse.licences[0].expires_on = date(2026, 11, 22)
    metro.session.flush()
    after = asked(metro, clock)
    assert after.ways == ()
    assert facts(after)["licence"].is_law


def test_the_other_visit_is_told_in_the_readers_words(metro, clock):
    """Both begin at ten; the second nurse may only make the first."""
    metro.add_visit((10, 10.1), name="Ada Kingsley", priority=5)
    other = metro.visits[0]
    a_published_plan(metro.session, metro, clock)
    late = metro.add_nurse(7, 12)
    metro.add_visit((10, 10.1), name="Bea Lang")
    excluded = metro.visits[1]
    metro.session.add(
        ExclusionRow(id=new_id(), patient_id=excluded.patient_id, nurse_id=late.id, asked_by="nurse")
    )
    metro.session.flush()
    ways = asked(metro, clock, called=lambda ids: dict.fromkeys(ids, "A.K."))
    one = found(ways, "move_other")
    assert one.needs_nobody
    assert (one.other_appointment_id, one.other_shift_id) == (other.id, metro.shifts[1].id)
    assert one.text == "A.K. moved to N-02 and began at 10:00"
    assert found(asked(metro, clock), "move_other").text.startswith("A-001 moved to N-02")


def test_a_visit_that_cannot_be_planned_says_what_to_do(metro, clock):
    metro.add_visit(patient={"point_verified": False})
    ways = asked(metro, clock)
    assert ways.ways == ()
    assert facts(ways)["address_not_verified"].way_out == "Confirm the pin on the map."


def test_a_visit_that_somebody_makes_needs_no_way(metro, clock):
    metro.add_visit((8, 10))
    a_published_plan(metro.session, metro, clock)
    ways = asked(metro, clock)
    assert (ways.ways, ways.facts) == ((), ())


def test_no_such_visit(metro, clock):
    with pytest.raises(NotFound):
        ways_of(metro.session, "columbus", metro.day, metro.area.id, clock)


def test_what_a_plan_costs_is_told_of_the_plan_in_force(metro, clock):
    metro.add_visit((8, 10))
    row = a_published_plan(metro.session, metro, clock)
    present, explained = plan_explained(metro.session, "columbus", metro.day, clock)
    assert present.plan_number == row.number
    assert explained.summary.cost.total_mc == row.cost
    (share,) = explained.visits
    assert share.saves_mc == row.cost


def test_the_answer_is_the_same_from_memory(metro, clock):
    metro.add_visit((13, 13.5))
    a_published_plan(metro.session, metro, clock)
    days = PresentDays()
    first, second = (asked(metro, clock, days=days) for _ in range(2))
    assert first == second == asked(metro, clock)

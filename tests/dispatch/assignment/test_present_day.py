"""A day that is kept for the next question: as long as nothing changed, and without anybody's address."""

from datetime import date, timedelta

import pytest

from dispatch.areas.service import note_change
from dispatch.assignment import present_day as rooms
from dispatch.assignment.moves import MoveVisit, move_visit
from dispatch.assignment.present_day import PresentDays, present_day
from dispatch.kernel.clock import SetClock
from dispatch.workforce.records import StateRuleRow
from tests.builders.assignment import DANA, a_published_plan, a_small_day, local


@pytest.fixture
def metro(session, clock):
    metro = a_small_day(session)
    a_published_plan(session, metro, clock)
    return metro


@pytest.fixture
def ask(metro, clock):
    """Ask for the day; gives whether it had to be gathered."""
    days, seen = PresentDays(), []

    def again(at=None, day=None):
        def progress():
            seen.append(1)
            yield from ()

        before = len(seen)
        present_day(metro.session, metro.area, day or metro.day, at or clock, progress(), days)
        return len(seen) > before

    assert again()
    return again


def test_nothing_changed_nothing_is_read_again(ask):
    assert not ask()


def test_a_new_plan_is_seen(ask, metro, clock):
    visit, shift = metro.visits[0], metro.shifts[0]
    asked = MoveVisit(area="columbus", day=metro.day, appointment_id=visit.id, plan_number=1, shift_id=None)
    move_visit(metro.session, asked, DANA, clock)
    assert shift
    assert ask()
    assert not ask()


@pytest.mark.parametrize("days", [0, -1, 1, -7])
def test_a_change_of_the_days_around_it_is_seen(ask, metro, clock, days):
    note_change(metro.session, metro.area.id, metro.day + timedelta(days=days), "shift", clock)
    metro.session.flush()
    assert ask()


def test_the_progress_of_a_plan_run_changes_nothing(ask, metro, clock):
    note_change(metro.session, metro.area.id, metro.day, "plan_run", clock)
    metro.session.flush()
    assert not ask()


def test_a_state_rule_is_seen(ask, metro):
    rule = metro.session.query(StateRuleRow).one()
    rule.verified_on = date(2026, 11, 2)
    metro.session.flush()
    assert ask()


def test_an_areas_prices_are_seen(ask, metro):
    metro.area.weights = {"idle_mc_per_s": 7}
    metro.session.flush()
    assert ask()


def test_a_running_day_moves_on(ask):
    assert ask(SetClock(local(9)))
    assert not ask(SetClock(local(9) + timedelta(seconds=29)))
    assert ask(SetClock(local(9) + timedelta(seconds=30)))


def test_old_days_are_forgotten(metro, clock):
    days = PresentDays()
    present_day(metro.session, metro.area, metro.day, clock, (), days)
    later = SetClock(clock.now() + rooms.KEPT_FOR + timedelta(seconds=1))
    other = metro.day + timedelta(days=3)
    present_day(metro.session, metro.area, other, later, (), days)
    assert list(days._days) == [(metro.area.id, other)]


def test_only_so_many_days_are_kept(metro, clock):
    days = PresentDays()
    for ahead in range(rooms.MOST_DAYS + 2):
        present_day(metro.session, metro.area, metro.day + timedelta(days=ahead), clock, (), days)
    assert len(days._days) == rooms.MOST_DAYS


def test_without_a_memory_nothing_is_kept(metro, clock):
    one = present_day(metro.session, metro.area, metro.day, clock, ())
    assert one is not present_day(metro.session, metro.area, metro.day, clock, ())


def test_what_is_kept_names_no_patient_and_no_place(metro, clock):
    """Everything that the tables seal, looked for in everything that is kept."""
    kept = repr(vars(present_day(metro.session, metro.area, metro.day, clock, ())))
    kept += repr(vars(present_day(metro.session, metro.area, metro.day, clock, ()).roster.day.problem))
    sealed = [
        text
        for visit in metro.visits
        for text in (
            visit.patient.name, visit.patient.address, visit.patient.phone, visit.patient.access_notes,
            *visit.patient.point.split(","),
        )
    ]  # fmt: skip
    sealed += [f"{lat}" for nurse in metro.nurses for lat in (nurse.home_lat, nurse.home_lon)]
    assert "A-001" in kept
    assert not [text for text in sealed if text in kept]
    floats = [place.lat for place in present_day(
        metro.session, metro.area, metro.day, clock, ()
    ).now.gathered.problem.places]  # fmt: skip
    assert set(floats) == {None}

"""Times for a visit that is not booked yet: law, hours, plans in force and what was kept of a day."""

from dataclasses import replace
from datetime import date, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from dispatch.appointments.model import BookingDraft, LocalWindow
from dispatch.appointments.records import ExclusionRow
from dispatch.appointments.service import cancel_appointment
from dispatch.areas.records import PolicyRow
from dispatch.areas.service import note_change
from dispatch.assignment import ready_days as keeping
from dispatch.assignment.gather import gather
from dispatch.assignment.ready_days import ReadyDays
from dispatch.assignment.slot_model import SlotQuery
from dispatch.assignment.slots import book_slot, find_slots
from dispatch.assignment.standing import standing
from dispatch.kernel.clock import SetClock
from dispatch.kernel.ids import new_id
from dispatch.kernel.refusals import Conflict, Invalid, NotFound
from routing.engine.index import DayIndex
from routing.engine.route.roster import roster_of
from tests.builders.assignment import DANA, DAY, a_metro, a_published_plan, a_small_day, local

TUESDAY = DAY + timedelta(days=1)


@pytest.fixture
def metro(session, clock):
    """Monday: two nurses, four visits, planned. Tuesday: one nurse, nothing booked. Then nobody works."""
    metro = a_small_day(session)
    a_published_plan(session, metro, clock)
    metro.day = TUESDAY
    metro.add_shift(metro.nurses[0], 7, 17)
    session.flush()
    return metro


@pytest.fixture
def patient(metro):
    """Somebody who has no visit yet."""
    row = metro.add_visit()
    metro.session.delete(row)
    metro.session.flush()
    return row.patient


def nobody_met(_area, _day):
    return ()


def ask(metro, patient, clock, kept=None, progress=nobody_met, **more):
    wanted = {"patient_id": patient.id, "service_code": "hydration", "days": 2} | more
    return find_slots(metro.session, SlotQuery(**wanted), clock, progress, kept or ReadyDays())


def draft(day=TUESDAY, begins=time(9), ends=time(11), **more):
    said = {"reference": "B-1", "service_code": "hydration", "day": day,
            "windows": (LocalWindow(begins=begins, ends=ends),)}  # fmt: skip
    return BookingDraft(**said | more)


def book(metro, patient, clock, *args):
    return book_slot(metro.session, patient.id, draft(*args), DANA, clock, nobody_met, ReadyDays())


def reasons(found, at=0):
    return {reason.code: reason.nurses for reason in found.days[at].reasons}


def test_offers_come_best_first_apart_on_each_day_and_never_before_the_lead(metro, patient, clock):
    clock = SetClock(local(9.25))
    found = ask(metro, patient, clock)
    assert {slot.day for slot in found.offers} == {DAY, TUESDAY}
    dollars = [slot.added_mc // 100_000 for slot in found.offers]
    assert dollars == sorted(dollars)
    monday = sorted(slot.begins_at for slot in found.offers if slot.day == DAY)
    assert monday[0] >= local(10.25)
    assert all(b - a >= timedelta(hours=2) for a, b in pairwise(monday))
    assert {slot.ends_at - slot.begins_at for slot in found.offers} == {timedelta(hours=2)}
    assert [(day.planned, day.offers > 0) for day in found.days] == [(True, True), (False, True)]


def test_fourteen_days_are_looked_at_and_a_day_on_which_nobody_works_says_so(metro, patient, clock):
    found = ask(metro, patient, clock, days=None)
    assert [day.day for day in found.days] == [DAY + timedelta(days=n) for n in range(14)]
    assert reasons(found, 2) == {"nobody_works": 0}


def test_an_offer_costs_what_booking_it_adds_to_the_plan(metro, patient, clock):
    found = ask(metro, patient, clock, days=1).offers
    assert found
    for slot in found:
        with metro.session.begin_nested() as trial:
            hours = (at.astimezone(metro_zone(metro)).time() for at in (slot.begins_at, slot.ends_at))
            row = book(metro, patient, clock, DAY, *hours)
            gathered = gather(metro.session, metro.area, DAY, clock)
            now = standing(gathered, keeping.plan_in_force(metro.session, metro.area.id, DAY))
            index = DayIndex(now.problem)
            roster, _ = roster_of(index, now.plan)
            (name,) = gathered.visit_ids(row.id)
            costs = [roster.best_insertion(who, index.visit_at[name]) for who in range(len(index.nurses))]
            assert min(best.added_mc for best in costs if best) == slot.added_mc
            trial.rollback()


def metro_zone(metro):
    return ZoneInfo(metro.area.time_zone)


def test_hours_that_were_asked_for_are_kept(metro, patient, clock):
    found = ask(metro, patient, clock, earliest_minute=12 * 60, latest_minute=15 * 60)
    assert found.offers
    assert all(slot.begins_at >= local(12, slot.day) for slot in found.offers)
    assert all(slot.ends_at <= local(15, slot.day) for slot in found.offers)


def test_no_window_is_left_after_the_latest_end_of_a_visit(metro, patient, clock):
    found = ask(metro, patient, clock, earliest_minute=19 * 60 + 30)
    assert reasons(found) == {"day_is_over": 2}


def test_nobody_licensed_in_the_patients_state(metro, patient, clock):
    patient.state = "KY"
    found = ask(metro, patient, clock, first_day=TUESDAY, days=1)
    assert not found.offers
    assert found.days[0].reasons[0].text == "No nurse licensed in KY works that day."


def test_what_keeps_some_nurses_away_is_counted(metro, patient, clock):
    metro.session.add(
        ExclusionRow(id=new_id(), patient_id=patient.id, nurse_id=metro.nurses[0].id, asked_by="patient")
    )
    metro.session.flush()
    assert reasons(ask(metro, patient, clock), 1) == {"patient_excluded": 1}
    monday = ask(metro, patient, clock, days=1)
    assert {slot.nurses for slot in monday.offers} == {("N-02",)}


def test_a_nurse_works_no_longer_than_her_hours_allow_whatever_the_planner_could(metro, patient, clock):
    for back in range(1, 6):  # 50 hours in the days before, 10 on Tuesday: not one minute of overtime
        metro.day = TUESDAY - timedelta(days=back)
        if metro.day != DAY:
            metro.add_shift(metro.nurses[0], 7, 17)
    found = ask(metro, patient, clock, first_day=TUESDAY, days=1, earliest_minute=15 * 60)
    assert found.offers
    assert all(slot.expected_at + timedelta(hours=1) <= local(17, TUESDAY) for slot in found.offers)


def test_the_patients_own_other_visit_is_kept_free(metro, clock):
    busy = metro.add_visit((9, 11))
    found = ask(metro, busy.patient, clock, first_day=TUESDAY, days=1)
    assert found.offers
    assert all(slot.begins_at >= local(12, TUESDAY) for slot in found.offers)


def test_what_was_booked_since_the_plan_takes_its_place_first(metro, patient, clock):
    metro.day = DAY
    for _ in range(12):
        metro.add_visit((8, 16))
    found = ask(metro, patient, clock, days=1, earliest_minute=480, latest_minute=15 * 60)
    assert found.days[0].unplaced >= 1
    assert not found.offers
    assert reasons(found) == {"no_room_in_day": 2}


def test_the_second_question_gathers_nothing_and_every_change_of_a_day_is_seen(
    metro, patient, clock, monkeypatch
):
    kept, made = ReadyDays(), []
    whole = keeping._made_ready
    monkeypatch.setattr(keeping, "_made_ready", lambda *args: made.append(args[2]) or whole(*args))
    ask(metro, patient, clock, kept)
    assert made == [DAY, TUESDAY]
    ask(metro, patient, clock, kept, service_code="ketamine")
    assert made == [DAY, TUESDAY]
    row = book(metro, patient, clock)
    ask(metro, patient, clock, kept)
    assert made == [DAY, TUESDAY, TUESDAY, TUESDAY]  # once to book it, once anew
    cancel_appointment(metro.session, row.id, "changed_mind", DANA, clock)
    ask(metro, patient, clock, kept)
    assert made[4:] == [TUESDAY]
    note_change(metro.session, metro.area.id, DAY, "shift", clock)
    ask(metro, patient, clock, kept)
    assert made[5:] == [DAY, TUESDAY]  # a shift counts against the hours of the days around it
    note_change(metro.session, metro.area.id, TUESDAY, "plan_run", clock)
    ask(metro, patient, clock, kept)
    assert made[7:] == []
    metro.area.weights = {"travel_mc_per_s": 1}
    metro.session.flush()
    ask(metro, patient, clock, kept)
    assert made[7:] == [DAY, TUESDAY]


def test_a_running_day_moves_on_with_the_clock(metro, patient, clock):
    kept = ReadyDays()
    clock = SetClock(local(8))
    before = ask(metro, patient, clock, kept, days=1)
    clock = SetClock(local(13))
    after = ask(metro, patient, clock, kept, days=1)
    assert min(slot.begins_at for slot in before.offers) < local(12)
    assert min(slot.begins_at for slot in after.offers) >= local(14)


def test_days_that_were_long_ago_or_too_many_are_forgotten(metro, patient, clock, monkeypatch):
    monkeypatch.setattr(keeping, "MOST_DAYS", 1)
    kept = ReadyDays()
    ask(metro, patient, clock, kept)
    assert [day for _, day in kept._days] == [TUESDAY]
    clock.advance(timedelta(hours=2))
    assert kept.get((metro.area.id, TUESDAY), (), clock.now()) is None
    assert not kept._days


def test_a_day_whose_prices_are_out_of_range_says_so(metro, patient, clock):
    metro.area.weights = {"travel_mc_per_s": -1}
    metro.session.flush()
    found = ask(metro, patient, clock)
    assert not found.offers
    assert all(day.reasons for day in found.days)


def test_what_costs_more_than_leaving_it_is_not_offered(metro, patient, clock):
    metro.area.weights = {"penalty_mc": {"3": 1}}
    metro.session.flush()
    assert "costs_more_than_leaving_it" in reasons(ask(metro, patient, clock))


def test_an_offer_is_booked_and_audited_by_the_booking_service(metro, patient, clock):
    row = book(metro, patient, clock)
    assert (row.day, row.reference, row.windows[0].begins_at) == (TUESDAY, "B-1", local(9, TUESDAY))


def test_an_offer_that_nobody_can_keep_any_more_is_refused(metro, patient, clock):
    assert ask(metro, patient, clock, first_day=TUESDAY, days=1).offers
    metro.session.delete(metro.shifts[-1])
    metro.session.flush()
    with pytest.raises(Conflict) as refused:
        book(metro, patient, clock)
    assert refused.value.reasons[0].code == "slot_gone"


def test_an_offer_is_one_window(metro, patient, clock):
    two = draft(windows=(*draft().windows, LocalWindow(begins=time(14), ends=time(15))))
    with pytest.raises(Invalid) as refused:
        book_slot(metro.session, patient.id, two, DANA, clock, nobody_met, ReadyDays())
    assert refused.value.reasons[0].code == "one_window_only"


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"service_code": "nothing"}, "service_unknown"),
        ({"service_code": "twosome"}, "two_nurses_needed"),
        ({"minutes": 5}, "minutes_too_few"),
        ({"priority": 9}, "number_out_of_range"),
        ({"days": 15}, "number_out_of_range"),
        ({"days": 0}, "number_out_of_range"),
        ({"first_day": DAY - timedelta(days=1)}, "day_out_of_range"),
        ({"first_day": date(2027, 6, 1)}, "day_out_of_range"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused_by_name(metro, patient, clock, more, code):
    with pytest.raises(Invalid) as refused:
        ask(metro, patient, clock, **more)
    assert [reason.code for reason in refused.value.reasons] == [code]


def test_nobody_is_offered_for_a_door_whose_place_is_not_sure(metro, patient, clock):
    patient.point_verified = False
    with pytest.raises(Conflict) as refused:
        ask(metro, patient, clock)
    assert refused.value.reasons[0].code == "address_not_verified"


def test_a_patient_who_does_not_exist(metro, patient, clock):
    with pytest.raises(NotFound):
        find_slots(
            metro.session,
            replace(SlotQuery(patient_id=new_id(), service_code="hydration")),
            clock,
            nobody_met,
            ReadyDays(),
        )


def test_windows_whose_readings_the_clocks_skip_are_not_offered(session):
    spring = date(2026, 3, 8)
    clock = SetClock(local(20, spring - timedelta(days=1)))
    night = {
        "first_begin_minute": 0,
        "step_minutes": 30,
        "window_minutes": 120,
        "lead_minutes": 0,
        "days": 14,
    }
    metro = a_metro(session, spring)
    session.add(
        PolicyRow(
            id=new_id(), area_id=metro.area.id, key="booking.slots", value=night, version=1,
            signed_by="Dana Desk", signed_at=clock.now(), reason="nights, too",
        )
    )  # fmt: skip
    metro.add_nurse(0, 10)
    visit = metro.add_visit()
    patient = visit.patient
    session.delete(visit)
    session.flush()
    found = ask(metro, patient, clock, first_day=spring, days=1, per_day=12, latest_minute=5 * 60)
    zone = ZoneInfo(metro.area.time_zone)
    readings = [
        (f"{s.begins_at.astimezone(zone):%H:%M}", f"{s.ends_at.astimezone(zone):%H:%M}") for s in found.offers
    ]
    assert readings
    assert not any(reading.startswith("02") for both in readings for reading in both)

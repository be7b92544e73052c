from datetime import date, timedelta

import pytest

from dispatch.appointments.records import ExclusionRow, WindowRow
from dispatch.assignment.gather import gather
from dispatch.assignment.plan_model import changes_between
from dispatch.kernel.clock import SetClock
from dispatch.kernel.ids import new_id
from dispatch.kernel.refusals import Conflict
from routing.dayfile import read_day, write_day
from tests.builders.assignment import a_metro, a_published_plan, a_small_day, local
from tests.builders.routes import Met

HOUR = 3600


def gathered(metro, clock, progress=(), **more):
    metro.session.flush()
    metro.session.expire_all()
    return gather(metro.session, metro.area, metro.day, clock, progress, **more)


def test_a_day_becomes_a_day_file_that_reads_back(session, clock):
    found = gathered(a_small_day(session), clock)
    assert [nurse.id for nurse in found.problem.nurses] == ["N-01", "N-02"]
    assert [visit.id for visit in found.problem.visits] == ["A-001", "A-002", "A-003", "A-004"]
    assert read_day(write_day(found.problem)) == found.problem


def test_times_are_elapsed_seconds_of_the_local_day(session, clock):
    found = gathered(a_small_day(session), clock)
    assert found.problem.origin == "2026-11-23T05:00:00+00:00"
    assert (found.problem.nurse["N-01"].shift.begin_s, found.problem.horizon.end_s) == (7 * HOUR, 24 * HOUR)


@pytest.mark.parametrize(
    ("day", "length_h", "seven_s", "closes_s"),
    [
        (date(2026, 11, 1), 25, 8 * HOUR, 22 * HOUR),
        (date(2027, 3, 14), 23, 6 * HOUR, 20 * HOUR),
    ],
)
def test_on_a_change_of_the_clocks_readings_and_durations_part(
    session, clock, day, length_h, seven_s, closes_s
):
    found = gathered(a_small_day(session, day), SetClock(local(9, day) - timedelta(days=2)))
    assert found.problem.horizon.end_s == length_h * HOUR
    assert found.problem.nurse["N-01"].shift.begin_s == seven_s
    assert found.problem.pharmacies[0].open[0].end_s == closes_s
    assert found.problem.visit["A-001"].windows[0].begin_s == seven_s + HOUR
    assert found.problem.visit["A-001"].service_s == HOUR


def test_every_reason_against_a_nurse_is_named(session, clock):
    metro = a_small_day(session)
    metro.nurses[0].competencies[0].expires_on = date(2026, 11, 1)
    metro.nurses[0].licences[0].expires_on = date(2026, 11, 22)
    found = gathered(metro, clock)
    codes = found.problem.visit["A-004"].ineligible["N-01"]
    assert {"licence_expired", "competency_expired"} <= set(codes) or len(codes) >= 2
    assert "N-02" not in found.problem.visit["A-004"].ineligible


def test_an_excluded_nurse_may_not_go(session, clock):
    metro = a_small_day(session)
    exclusion = ExclusionRow(
        id=new_id(), patient_id=metro.visits[0].patient_id, nurse_id=metro.nurses[1].id, asked_by="patient"
    )
    session.add(exclusion)
    found = gathered(metro, clock)
    assert found.problem.visit["A-001"].ineligible == {"N-02": ("patient_excluded",)}


def test_an_unverified_address_is_left_out_with_its_reason(session, clock):
    metro = a_small_day(session)
    metro.visits[0].patient.point_verified = False
    found = gathered(metro, clock)
    assert "A-001" not in found.problem.visit
    assert [reason.code for reason in found.left_out[metro.visits[0].id]] == ["address_not_verified"]


def test_windows_are_cut_so_that_the_visit_ends_in_time(session, clock):
    metro = a_metro(session)
    metro.add_nurse(ends=21)
    metro.add_visit((17, 23))
    found = gathered(metro, clock)
    assert found.problem.visit["A-001"].windows[0].end_s == 19 * HOUR
    assert gathered(metro, clock, by_hand=True).problem.visit["A-001"].windows[0].end_s == 20 * HOUR


def test_a_visit_that_can_only_end_too_late_is_left_out(session, clock):
    metro = a_metro(session)
    metro.add_nurse(ends=21)
    late = metro.add_visit((19.5, 20))
    assert [reason.code for reason in gathered(metro, clock).left_out[late.id]] == ["ends_too_late"]


def test_a_missed_wish_is_priced(session, clock):
    metro = a_small_day(session)
    metro.visits[0].patient.preferred_language = "es"
    metro.nurses[1].languages = ["en", "es"]
    found = gathered(metro, clock)
    assert found.problem.visit["A-001"].preference_mc == {"N-01": 1_000_000}


def test_the_patients_nurse_is_cheaper(session, clock):
    metro = a_small_day(session)
    metro.visits[0].preferred_nurse_id = metro.nurses[0].id
    assert gathered(metro, clock).problem.visit["A-001"].preference_mc == {"N-02": 2_000_000}


def test_who_came_before_is_known_from_earlier_plans(session, clock):
    metro = a_small_day(session)
    a_published_plan(session, metro, clock)
    later = a_later_visit(metro, metro.visits[0])
    before = {stop.nurse_id for stop in stops_of(metro) if stop.appointment_id == metro.visits[0].id}
    metro.day = later
    found = gathered(metro, clock)
    (booked,) = found.booked.values()
    assert set(booked.known_nurses) == before


def stops_of(metro):
    from dispatch.assignment.day_rows import plan_in_force

    return plan_in_force(metro.session, metro.area.id, metro.day).stops


def a_later_visit(metro, visit):
    from dispatch.appointments.records import AppointmentRow

    day = metro.day + timedelta(days=3)
    row = AppointmentRow(
        id=new_id(), area_id=metro.area.id, patient_id=visit.patient_id, service_id=visit.service_id,
        reference="A-next", day=day, minutes=60, units=0, booked_at=visit.booked_at,
        windows=[WindowRow(id=new_id(), begins_at=local(9, day), ends_at=local(11, day))],
    )  # fmt: skip
    metro.session.add(row)
    metro.session.flush()
    return day


def test_a_pin_is_a_pin(session, clock):
    metro = a_small_day(session)
    metro.visits[0].pinned_nurse_id = metro.nurses[1].id
    metro.visits[0].pinned_begin_at = local(10)
    (pin,) = gathered(metro, clock).problem.pins
    assert (pin.visit, pin.nurse, pin.begin_s) == ("A-001", "N-02", 10 * HOUR)


def test_a_pin_to_a_nurse_without_a_shift_leaves_the_visit_out(session, clock):
    metro = a_small_day(session)
    session.delete(metro.shifts[1])
    metro.visits[0].pinned_nurse_id = metro.nurses[1].id
    found = gathered(metro, clock)
    assert [r.code for r in found.left_out[metro.visits[0].id]] == ["pinned_nurse_not_on_shift"]


def test_a_visit_by_two_nurses_is_a_pair(session, clock):
    metro = a_small_day(session)
    both = metro.add_visit(service="twosome")
    found = gathered(metro, clock)
    assert found.problem.double_visits == (("A-005 (1 of 2)", "A-005 (2 of 2)"),)
    assert found.visit_ids(both.id) == ("A-005 (1 of 2)", "A-005 (2 of 2)")


def test_a_nurse_with_two_shifts_has_two_lines(session, clock):
    metro = a_small_day(session)
    metro.add_shift(metro.nurses[0], 18, 20)
    found = gathered(metro, clock).nurses
    assert [name for name, key in found.items() if key.nurse_id == metro.nurses[0].id] == [
        "N-01",
        "N-01 (shift 2)",
    ]


def test_a_reference_that_is_no_id_is_replaced(session, clock):
    metro = a_small_day(session)
    metro.visits[0].reference = "A\n1"
    assert str(metro.visits[0].id) in gathered(metro, clock).problem.visit


def test_prices_out_of_range_are_refused_with_the_fault(session, clock):
    metro = a_small_day(session)
    metro.area.weights = {"travel_mc_per_s": -1}
    with pytest.raises(Conflict) as refusal:
        gathered(metro, clock)
    assert refusal.value.reasons[0].field == "weights.travel_mc_per_s"


def test_the_fingerprint_is_the_same_until_something_changes(session, clock):
    metro = a_small_day(session)
    before = gathered(metro, clock)
    clock.advance(timedelta(minutes=5))
    assert gathered(metro, clock).fingerprint == before.fingerprint
    metro.visits[1].windows[0].ends_at = local(11.5)
    metro.nurses[0].licences[0].expires_on = date(2026, 12, 1)
    after = gathered(metro, clock)
    names = [change.text for change in changes_between(before.sources, after.sources)]
    assert names == ["Appointment A-002: changed.", "The OH RN licence of nurse N-01: changed."]


def test_what_is_cancelled_is_named(session, clock):
    metro = a_small_day(session)
    before = gathered(metro, clock)
    metro.visits[1].status = "cancelled"
    changes = changes_between(before.sources, gathered(metro, clock).sources)
    assert "Appointment A-002: no longer part of the day." in [change.text for change in changes]


def test_what_is_under_way_is_frozen_and_the_nurse_starts_where_she_is_free(session, clock):
    metro = a_small_day(session)
    a_published_plan(session, metro, clock)
    first = next(stop for stop in stops_of(metro) if stop.kind == "visit")
    clock.at = first.begins_at + timedelta(minutes=10)
    met = Met(
        appointment_id=first.appointment_id, nurse_id=first.nurse_id, state="infusing",
        en_route_at=first.arrives_at - timedelta(minutes=20), arrived_at=first.arrives_at,
        started_at=first.begins_at,
    )  # fmt: skip
    found = gathered(metro, clock, [met])
    (name,) = (name for name, key in found.nurses.items() if key.nurse_id == first.nurse_id)
    nurse = found.problem.nurse[name]
    assert found.visit_ids(first.appointment_id) == ()
    assert nurse.frozen[-1].kind == "visit"
    assert nurse.frozen[0].kind == "start"
    assert nurse.free.at_s == nurse.frozen[-1].end_s
    assert nurse.free.place == f"door {nurse.frozen[-1].ref}"


def test_a_visit_is_frozen_from_its_nurses_arrival_not_from_the_infusion(session, clock):
    metro = a_small_day(session)
    a_published_plan(session, metro, clock)
    first = next(stop for stop in stops_of(metro) if stop.kind == "visit")
    clock.at = first.begins_at + timedelta(minutes=40)
    met = Met(
        appointment_id=first.appointment_id, nurse_id=first.nurse_id, state="infusing",
        arrived_at=first.begins_at, started_at=first.begins_at + timedelta(minutes=30),
    )  # fmt: skip
    found = gathered(metro, clock, [met])
    (nurse,) = (
        found.problem.nurse[name] for name, key in found.nurses.items() if key.nurse_id == first.nurse_id
    )
    assert (
        nurse.frozen[-1].end_s - nurse.frozen[-1].begin_s == (first.ends_at - first.begins_at).total_seconds()
    )


def test_stock_picked_up_before_is_on_board(session, clock):
    metro = a_metro(session)
    metro.add_pharmacy()
    metro.add_nurse()
    metro.add_visit((12, 14), service="ketamine")
    metro.add_visit((8.2, 8.5), service="ketamine")
    a_published_plan(session, metro, clock)
    visits = [stop for stop in stops_of(metro) if stop.kind == "visit"]
    clock.at = visits[0].ends_at
    met = Met(
        appointment_id=visits[0].appointment_id, nurse_id=visits[0].nurse_id, state="completed",
        en_route_at=visits[0].arrives_at, started_at=visits[0].begins_at, finished_at=visits[0].ends_at,
    )  # fmt: skip
    nurse = gathered(metro, clock, [met]).problem.nurse["N-01"]
    picked_up = sum(stop.units for stop in stops_of(metro) if stop.kind == "pickup")
    assert nurse.stock_units == picked_up - 1
    assert "pickup" in [stop.kind for stop in nurse.frozen]


def test_a_nurse_who_has_not_left_yet_begins_now(session, clock):
    metro = a_small_day(session)
    clock.at = local(10)
    nurse = gathered(metro, clock).problem.nurse["N-01"]
    assert (nurse.free, nurse.shift.begin_s) == (None, 10 * HOUR)
    assert nurse.meal_break is not None
    assert nurse.meal_break.earliest_s == 10 * HOUR


def in_california(metro, hours):
    """Her patients live in California now, and her shift from seven lasts so long."""
    for visit in metro.visits:
        visit.patient.state = "CA"
    for shift in metro.shifts:
        shift.ends_at = shift.starts_at + timedelta(hours=hours)
    return metro


@pytest.mark.parametrize(("hours", "owed"), [(5, False), (5.5, True)])
def test_a_states_meal_is_planned_where_the_companys_own_rule_owes_none(session, clock, hours, owed):
    metro = in_california(a_small_day(session), hours)
    nurse = gathered(metro, clock).problem.nurse["N-01"]
    assert (nurse.meal_break is not None) is owed
    if owed:
        assert (nurse.meal_break.latest_s, nurse.meal_break.duration_s) == (12 * HOUR - 1, 1800)
    for visit in metro.visits:
        visit.patient.state = "OH"
    assert gathered(metro, clock).problem.nurse["N-01"].meal_break is None


def test_before_a_states_second_meal_is_owed_the_planned_day_ends(session, clock):
    metro = a_small_day(session)
    usual = gathered(in_california(metro, 9.5), clock).problem.nurse["N-01"]
    assert (usual.shift.end_s, usual.overtime_limit_s) == (16.5 * HOUR, 1800)
    longer = gathered(in_california(metro, 12), clock).problem.nurse["N-01"]
    assert (longer.shift.end_s, longer.overtime_limit_s) == (17 * HOUR, 0)


def test_progress_changes_the_fingerprint(session, clock):
    metro = a_small_day(session)
    before = gathered(metro, clock)
    met = Met(
        appointment_id=metro.visits[0].id,
        nurse_id=metro.nurses[0].id,
        state="en_route",
        en_route_at=local(8),
    )
    after = gathered(metro, clock, [met])
    assert [change.text for change in changes_between(before.sources, after.sources)] == [
        "The visit of A-001: added."
    ]

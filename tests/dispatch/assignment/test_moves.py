import threading
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from dispatch.assignment.day_rows import plan_in_force
from dispatch.assignment.moves import (
    MoveVisit,
    NeedsConfirmation,
    PinVisit,
    move_visit,
    pin_visit,
    unpin_visit,
)
from dispatch.assignment.records import PlannedStopRow, PlanRow
from dispatch.assignment.why import Fit, why
from dispatch.audit.records import AuditEntryRow
from dispatch.kernel.refusals import Conflict, NotFound, Stale
from dispatch.kernel.storage import transaction
from tests.builders.assignment import DANA, OLLE, a_metro, a_published_plan, a_small_day, local
from tests.builders.routes import Met


@pytest.fixture
def metro(session, clock):
    metro = a_small_day(session)
    a_published_plan(session, metro, clock)
    return metro


def move(metro, visit, shift, number=1, **more):
    return MoveVisit(
        area=metro.area.slug, day=metro.day, appointment_id=visit.id, plan_number=number,
        shift_id=None if shift is None else shift.id, **more,
    )  # fmt: skip


def pin(metro, visit, number=1, **more):
    return PinVisit(area=metro.area.slug, day=metro.day, appointment_id=visit.id, plan_number=number, **more)


def holders(plan):
    return {stop.appointment_id: stop.shift_id for stop in plan.stops if stop.appointment_id}


def other_shift(metro, plan, visit):
    return next(shift for shift in metro.shifts if shift.id != holders(plan)[visit.id])


def in_force(metro):
    return plan_in_force(metro.session, metro.area.id, metro.day)


def test_a_moved_visit_is_the_next_plan(metro, clock):
    visit = metro.visits[0]
    shift = other_shift(metro, in_force(metro), visit)
    before = in_force(metro)
    row = move_visit(metro.session, move(metro, visit, shift), DANA, clock)
    assert (row.number, row.origin, row.publisher) == (2, "moved", "Dana Desk")
    metro.session.expire_all()
    assert holders(in_force(metro))[visit.id] == shift.id
    assert holders(before).keys() == holders(in_force(metro)).keys()


def test_routes_that_a_move_does_not_touch_stay_to_the_second(session, clock):
    metro = a_small_day(session)
    third = metro.add_nurse(home_lat=40.2)
    metro.add_visit((8, 15), preferred_nurse_id=third.id)
    metro.visits[-1].pinned_nurse_id = third.id
    before = a_published_plan(session, metro, clock)
    visit = metro.visits[0]
    shift = next(s for s in metro.shifts[:2] if s.id != holders(before)[visit.id])
    row = move_visit(session, move(metro, visit, shift, accept_warnings=True), DANA, clock)
    session.expire_all()

    def times(plan):
        return [(s.kind, s.begins_at, s.travel_s) for s in plan.stops if s.nurse_id == third.id]

    assert times(row) == times(before) != []


def test_a_visit_can_be_given_a_time(metro, clock):
    visit = metro.visits[0]
    shift = other_shift(metro, in_force(metro), visit)
    row = move_visit(
        metro.session,
        move(metro, visit, shift, begins_at=local(14.5), accept_warnings=True),
        DANA,
        clock,
    )
    (stop,) = [stop for stop in row.stops if stop.appointment_id == visit.id]
    assert stop.begins_at == local(14.5)


def test_a_time_outside_the_windows_is_refused(metro, clock):
    visit = metro.visits[0]
    shift = other_shift(metro, in_force(metro), visit)
    with pytest.raises(Conflict) as refusal:
        move_visit(metro.session, move(metro, visit, shift, begins_at=local(16)), DANA, clock)
    assert "time_window" in [reason.code for reason in refusal.value.reasons]


def test_a_broken_law_refuses_with_every_reason(metro, clock):
    visit = metro.visits[3]  # ketamine
    shift = other_shift(metro, in_force(metro), visit)
    nurse = next(n for n in metro.nurses if n.id == shift.nurse_id)
    nurse.licences[0].expires_on = date(2026, 11, 22)
    for skill in nurse.competencies:
        skill.expires_on = date(2026, 11, 22)
    metro.session.flush()
    with pytest.raises(Conflict) as refusal:
        move_visit(metro.session, move(metro, visit, shift, accept_warnings=True), DANA, clock)
    codes = [reason.code for reason in refusal.value.reasons]
    assert codes.count("competency_expired") == 4
    assert len(codes) > 4
    assert in_force(metro).number == 1


def test_a_broken_wish_asks_first(metro, clock):
    visit = metro.visits[0]
    visit.preferred_nurse_id = next(
        shift.nurse_id for shift in metro.shifts if shift.id == holders(in_force(metro))[visit.id]
    )
    metro.session.flush()
    shift = other_shift(metro, in_force(metro), visit)
    with pytest.raises(NeedsConfirmation) as question:
        move_visit(metro.session, move(metro, visit, shift), DANA, clock)
    assert [reason.code for reason in question.value.reasons] == ["preferred_nurse"]
    row = move_visit(metro.session, move(metro, visit, shift, accept_warnings=True), DANA, clock)
    assert row.number == 2


def test_overtime_asks_first(session, clock):
    metro = a_metro(session)
    metro.add_nurse(7, 12)
    metro.add_nurse(7, 17)
    visit = metro.add_visit((11.1, 11.2))
    visit.pinned_nurse_id = metro.nurses[1].id
    a_published_plan(session, metro, clock)
    visit.pinned_nurse_id = None
    session.flush()
    with pytest.raises(NeedsConfirmation) as question:
        move_visit(session, move(metro, visit, metro.shifts[0]), DANA, clock)
    assert [reason.code for reason in question.value.reasons] == ["overtime"]


def test_a_visit_taken_off_is_unassigned_and_says_so(metro, clock):
    visit = metro.visits[0]
    row = move_visit(metro.session, move(metro, visit, None), DANA, clock)
    assert visit.id not in holders(row)
    assert row.unassigned[str(visit.id)][0]["code"] == "taken_off_by_hand"


def test_the_cost_is_that_of_the_new_plan(metro, clock):
    before = in_force(metro)
    row = move_visit(metro.session, move(metro, metro.visits[0], None), DANA, clock)
    assert row.terms["unassigned_mc"] == 60_000_000
    assert row.terms["travel_s"] < before.terms["travel_s"]
    assert row.terms["cost_mc"] == row.cost


def test_an_old_plan_number_is_refused_with_what_the_other_did(metro, clock):
    visit = metro.visits[0]
    shift = other_shift(metro, in_force(metro), visit)
    move_visit(metro.session, move(metro, visit, shift), OLLE, clock)
    with pytest.raises(Stale) as refusal:
        move_visit(metro.session, move(metro, metro.visits[1], shift), DANA, clock)
    assert refusal.value.extra["plan_number"] == 2
    assert refusal.value.reasons[0].text.startswith("Olle Other: A-001 went from N-0")
    assert refusal.value.extra["changes"][0]["reference"] == "A-001"


def test_before_the_first_plan_there_is_nothing_to_move(session, clock):
    metro = a_small_day(session)
    with pytest.raises(Conflict) as refusal:
        move_visit(session, move(metro, metro.visits[0], metro.shifts[0]), DANA, clock)
    assert refusal.value.reasons[0].code == "no_plan_yet"


def test_another_days_visit_is_not_found(metro, clock):
    with pytest.raises(NotFound):
        move_visit(
            metro.session,
            MoveVisit(
                area="columbus", day=metro.day, appointment_id=metro.area.id, plan_number=1, shift_id=None
            ),
            DANA,
            clock,
        )


def test_what_is_under_way_cannot_be_moved(metro, clock):
    visit = metro.visits[0]
    stop = next(stop for stop in in_force(metro).stops if stop.appointment_id == visit.id)
    clock.at = stop.begins_at
    met = Met(
        appointment_id=visit.id,
        nurse_id=stop.nurse_id,
        state="infusing",
        en_route_at=stop.arrives_at - timedelta(minutes=20),
        started_at=stop.begins_at,
    )
    with pytest.raises(Conflict) as refusal:
        move_visit(metro.session, move(metro, visit, None), DANA, clock, [met])
    assert refusal.value.reasons[0].code == "visit_under_way"


def test_a_visit_of_a_nurse_who_lost_her_licence_can_be_moved_one_by_one(metro, clock):
    plan = in_force(metro)
    nurse_id = next(stop.nurse_id for stop in plan.stops if stop.appointment_id)
    nurse = next(nurse for nurse in metro.nurses if nurse.id == nurse_id)
    nurse.licences[0].status = "suspended"
    metro.session.flush()
    hers = [visit for visit in metro.visits if visit.id in holders(plan)]
    hers = [v for v in hers if holders(plan)[v.id] in {s.id for s in metro.shifts if s.nurse_id == nurse_id}]
    target = next(shift for shift in metro.shifts if shift.nurse_id != nurse_id)
    for number, visit in enumerate(hers[:1], start=1):
        move_visit(metro.session, move(metro, visit, target, number, accept_warnings=True), DANA, clock)
    assert in_force(metro).number == 2


def test_a_late_nurse_keeps_her_visits_and_others_can_still_be_moved(session, clock):
    metro = a_metro(session)
    metro.add_nurse()
    metro.add_nurse()
    for window in ((8, 8.1), (9.5, 9.6)):
        visit = metro.add_visit(window)
        visit.pinned_nurse_id = metro.nurses[0].id
    free = metro.add_visit((13, 16))
    free.pinned_nurse_id = metro.nurses[1].id
    a_published_plan(session, metro, clock)
    for visit in metro.visits:
        visit.pinned_nurse_id = None
    session.flush()
    clock.at = local(10.5)  # still infusing at the first: the second window is missed
    met = Met(
        appointment_id=metro.visits[0].id,
        nurse_id=metro.nurses[0].id,
        state="infusing",
        en_route_at=local(8),
        started_at=local(9.9),
    )
    row = move_visit(session, move(metro, free, None), DANA, clock, [met])
    assert metro.visits[1].id in holders(row)
    with pytest.raises(Conflict) as refusal:
        move_visit(session, move(metro, free, metro.shifts[0], 2), DANA, clock, [met])
    assert "own_route_broken" in [reason.code for reason in refusal.value.reasons]


def test_a_pin_is_kept_on_the_appointment_and_is_a_plan_of_its_own(metro, clock):
    visit = metro.visits[0]
    row = pin_visit(metro.session, pin(metro, visit, begin=True), DANA, clock)
    stop = next(stop for stop in row.stops if stop.appointment_id == visit.id)
    assert (visit.pinned_nurse_id, visit.pinned_begin_at) == (stop.nurse_id, stop.begins_at)
    assert (row.number, row.origin) == (2, "pinned")


def test_a_pinned_visit_does_not_move_until_it_is_unpinned(metro, clock):
    visit = metro.visits[0]
    shift = other_shift(metro, in_force(metro), visit)
    pin_visit(metro.session, pin(metro, visit), DANA, clock)
    metro.session.expire_all()
    with pytest.raises(Conflict) as refusal:
        move_visit(metro.session, move(metro, visit, shift, 2), DANA, clock)
    assert [reason.code for reason in refusal.value.reasons] == ["pinned_to_another_nurse"]
    unpin_visit(metro.session, pin(metro, visit, 2), DANA, clock)
    metro.session.expire_all()
    assert move_visit(metro.session, move(metro, visit, shift, 3), DANA, clock).number == 4


def test_a_deed_by_hand_is_audited(metro, clock):
    move_visit(metro.session, move(metro, metro.visits[0], None), DANA, clock)
    metro.session.flush()
    entry = metro.session.scalar(select(AuditEntryRow).where(AuditEntryRow.action == "plan.move"))
    assert (entry.actor_name, entry.subject_id) == ("Dana Desk", metro.visits[0].id)


def test_why_ranks_every_nurse_with_all_reasons(metro, clock):
    far = metro.add_nurse(home_lat=40.4)
    far.licences[0].status = "suspended"
    metro.session.flush()
    visit = metro.visits[0]
    found = why(metro.session, "columbus", metro.day, visit.id, clock)
    assert found.plan_number == 1
    assert [candidate.fit for candidate in found.candidates] == [Fit.A, Fit.A, Fit.NO]
    assert found.candidates[0].added_mc <= found.candidates[1].added_mc
    assert [c.shift_id for c in found.candidates if c.is_present] == [found.shift_id]
    assert found.candidates[2].reasons


def test_why_shows_what_a_move_would_make_of_it(metro, clock):
    visit = metro.visits[0]
    found = why(metro.session, "columbus", metro.day, visit.id, clock)
    offer = next(candidate for candidate in found.candidates if not candidate.is_present)
    shift = next(shift for shift in metro.shifts if shift.id == offer.shift_id)
    row = move_visit(metro.session, move(metro, visit, shift, position=offer.position), DANA, clock)
    stop = next(stop for stop in row.stops if stop.appointment_id == visit.id)
    assert stop.begins_at == offer.begins_at


def test_why_names_the_missed_wish(metro, clock):
    metro.visits[0].patient.preferred_language = "es"
    metro.session.flush()
    found = why(metro.session, "columbus", metro.day, metro.visits[0].id, clock)
    assert {candidate.fit for candidate in found.candidates} == {Fit.C}
    assert found.candidates[0].wishes[0].code == "preferred_language"


def test_why_answers_before_the_first_plan(session, clock):
    metro = a_small_day(session)
    found = why(session, "columbus", metro.day, metro.visits[0].id, clock)
    assert (found.plan_number, found.movable, len(found.candidates)) == (0, False, 2)


def test_why_of_an_unverified_address_names_it_for_everybody(metro, clock):
    metro.visits[0].patient.point_verified = False
    metro.session.flush()
    found = why(metro.session, "columbus", metro.day, metro.visits[0].id, clock)
    assert not found.movable
    assert [reason.code for reason in found.reasons] == ["address_not_verified"]
    for candidate in found.candidates:
        assert "address_not_verified" in [reason.code for reason in candidate.reasons]


def test_two_dispatchers_race_and_one_wins(engine, keyring, clock):
    with transaction(engine, keyring) as session:
        metro = a_small_day(session)
        a_published_plan(session, metro, clock)
        moves = [
            (actor, MoveVisit(
                area="columbus", day=metro.day, appointment_id=visit.id, plan_number=1, shift_id=None
            ))
            for actor, visit in zip((DANA, OLLE), metro.visits[:2], strict=True)
        ]  # fmt: skip
    start, outcomes = threading.Barrier(2), []

    def race(actor, command):
        start.wait()
        try:
            with transaction(engine, keyring) as session:
                outcomes.append(move_visit(session, command, actor, clock).number)
        except Stale as stale:
            outcomes.append(stale)

    threads = [threading.Thread(target=race, args=entry) for entry in moves]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    won = [outcome for outcome in outcomes if outcome == 2]
    lost = [outcome for outcome in outcomes if isinstance(outcome, Stale)]
    assert (len(won), len(lost)) == (1, 1)
    assert "was taken off" in lost[0].reasons[0].text
    with transaction(engine, keyring) as session:
        assert session.scalars(select(PlanRow.number).order_by(PlanRow.number)).all() == [1, 2]
        plan = session.scalar(select(PlanRow).where(PlanRow.number == 2))
        taken = session.scalars(
            select(PlannedStopRow).where(
                PlannedStopRow.plan_id == plan.id, PlannedStopRow.appointment_id.is_not(None)
            )
        ).all()
        assert len(taken) == 3

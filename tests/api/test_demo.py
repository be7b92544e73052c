"""The demonstration does what it says: the day, its plan, its morning, its ledger, its way back in."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from api.demo.clock import DemoClock
from api.demo.courses import COURSES, TO_GIVE, TREATED
from api.demo.database import demo_settings
from api.demo.day import NURSES, VISITS, invent_day
from api.demo.day_files import day_files
from api.demo.office import nurse_email
from api.demo.play import ZONE, area_of_demo, demo_board, present_of
from api.demo.show import lane_to_show
from api.gaps import gap_text
from dispatch.appointments.care.service.gate import care_path_required
from dispatch.appointments.records import AppointmentRow
from dispatch.assignment.records import PlanRunRow
from dispatch.audit.records import AuditEntryRow
from dispatch.clearance.queries import clearance_of
from dispatch.custody.cases.queries import Sought, case_lines
from dispatch.custody.model import State
from dispatch.custody.queries import VialLine, ledger_as_of, vials_of_day
from dispatch.custody.records import EventRow
from dispatch.custody.witnessing import WitnessKind
from dispatch.kernel.clock import SetClock
from dispatch.kernel.storage import READ_ONLY, open_engine
from dispatch.routes.model import Board, Lateness
from dispatch.series.queries import infusion_of
from dispatch.visits.safety.service import due_checks
from routing.check import violations
from routing.dayfile import day_from_json
from routing.engine.route.why_not import TEXTS
from routing.planfile import plan_from_json
from tests.builders.demo_run import DAY, a_finished_demo, run_demo

# Why a visit is left that somebody could take: the day is full, or the solver's time was up.
SOLVERS_REASONS = frozenset(TEXTS)
NOW = present_of(DAY)


@dataclass(frozen=True, kw_only=True)
class Demo:
    """A finished `housecall demo --no-serve`."""

    url: str
    output: str
    engine: Engine


@pytest.fixture(scope="module")
def demo(tmp_path_factory) -> Iterator[Demo]:
    run = a_finished_demo(tmp_path_factory)
    engine = open_engine(run.url)
    yield Demo(url=run.url, output=run.output, engine=engine)
    engine.dispose()


@pytest.fixture
def session(demo) -> Iterator[Session]:
    keyring = demo_settings(demo.url, "127.0.0.1", 8000).keyring
    engine = demo.engine.execution_options(**READ_ONLY)
    with Session(engine, info={"keyring": keyring}) as session:
        yield session


@pytest.fixture
def board(session) -> Board:
    return demo_board(session, area_of_demo(session), DAY, SetClock(NOW))


@pytest.fixture
def vials(session) -> list[VialLine]:
    return vials_of_day(session, area_of_demo(session), DAY, ZONE)


def test_the_day_has_123_visits_34_nurses_and_5_pharmacies(board):
    assert VISITS + len(COURSES) == 123
    assert (board.total, len(board.lanes), len(board.pharmacies)) == (123, 34, 5)


def test_the_nurse_who_is_printed_has_a_visit_of_the_care_path_before_her(demo, session, board):
    lane = lane_to_show(board)
    assert nurse_email(lane.code) in demo.output
    (visit,) = [stop.visit for stop in lane.visits if stop.visit.reference == TO_GIVE]
    assert visit.state in {"planned", "en_route", "arrived"}
    row = session.get_one(AppointmentRow, visit.appointment_id)
    assert care_path_required(session, row.area_id, row.service, row.patient)
    assert clearance_of(session, row.patient_id, NOW).cleared
    assert infusion_of(session, row.id).number == 3


def test_a_visit_of_somebody_on_hold_stands_on_the_board(session, board):
    visits = {stop.visit.reference: stop.visit for lane in board.lanes for stop in lane.visits}
    held = session.get_one(AppointmentRow, visits[f"{TREATED}{COURSES[-1].number}"].appointment_id)
    assert not clearance_of(session, held.patient_id, NOW).cleared


def test_no_alarm_waits_to_be_told_when_whoever_looks_begins(session):
    assert due_checks(session, SetClock(NOW)) == []


def test_two_visits_nobody_can_take_each_for_its_own_reason(board):
    """How few others stay unassigned is the solver's, which works against the clock."""
    nobody = [
        {reason.code for reason in left.reasons}
        for left in board.unassigned
        if not any(reason.code in SOLVERS_REASONS for reason in left.reasons)
    ]
    assert len(nobody) == 2
    language, excluded = sorted(nobody, key=lambda found: "language_required" not in found)
    assert "language_required" in language
    assert "patient_excluded" in excluded
    assert "language_required" not in excluded


def test_both_plans_pass_the_check(session):
    runs = session.scalars(select(PlanRunRow).order_by(PlanRunRow.asked_at)).all()
    assert [run.engine for run in runs] == ["first_come", "columns"]
    for run in runs:
        assert violations(day_from_json(run.day_file), plan_from_json(run.plan)) == ()


def test_the_plan_is_better_than_first_come_first_served(board):
    before, after = board.before, board.plan.figures
    assert after.cost_mc < before.cost_mc
    assert after.travel_s < before.travel_s


def test_the_plan_says_how_good_it_is_known_to_be(demo, board):
    """How good that is, is the solver's, which works against the clock."""
    plan = board.plan
    assert plan.bound_mc is None or 0 < plan.bound_mc <= plan.figures.cost_mc
    assert f"{gap_text(plan.figures.cost_mc, plan.bound_mc)}\n" in demo.output


def test_the_awkward_nurses_are_sent_where_the_law_lets_them(board):
    sent = {lane.code: [stop.visit for stop in lane.visits] for lane in board.lanes}
    assert sent["N-05"] == []  # her licence expired
    assert sent["N-11"] == []  # licensed in another state only
    assert sent["N-17"] == []  # LPN
    assert sent["N-20"]  # the compact covers her
    for code in ("N-09", "N-14", "N-33"):  # competency expired, missing; not authorised to carry
        assert not any(visit.controlled for visit in sent[code])


def test_visits_are_done_under_way_and_to_come(board):
    states = [stop.visit.state for lane in board.lanes for stop in lane.visits]
    assert states.count("completed") >= 5
    assert states.count("infusing") >= 5
    assert states.count("planned") >= 40


def test_one_nurse_is_on_her_way_too_late(board):
    late = [
        lane.code
        for lane in board.lanes
        for stop in lane.visits
        if stop.late is not Lateness.ON_TIME and stop.visit.state == "en_route"
    ]
    assert len(late) == 1


def test_an_infusion_that_starts_after_its_preparation_is_not_late(board):
    infusing = [stop for lane in board.lanes for stop in lane.visits if stop.visit.state == "infusing"]
    assert {stop.late for stop in infusing} == {Lateness.ON_TIME}


def test_every_lot_of_the_ledger_sums_to_zero(session):
    sums: dict[str, int] = defaultdict(int)
    for line in ledger_as_of(session, NOW):
        sums[line.lot] += line.amount_ug
    assert len(sums) == 5
    assert set(sums.values()) == {0}


def test_of_every_opened_vial_all_is_given_wasted_handed_in_or_left(vials):
    opened = [vial for vial in vials if vial.drawn_ug]
    assert opened
    for vial in opened:
        accounted_ug = vial.given_ug + vial.wasted_ug + vial.quarantined_ug + vial.residual_ug
        assert vial.label_ug == accounted_ug


def test_one_residual_waits_for_a_witness_and_one_was_seen_by_a_companion_only(vials):
    assert [vial.state for vial in vials].count(State.RESIDUAL_PENDING) == 1
    wasted = [vial for vial in vials if vial.state is State.WASTED]
    assert [bool(vial.witness) for vial in wasted].count(False) == 1


def test_residuals_were_seen_wasted_in_every_way(session):
    seen = session.scalars(select(EventRow.witness_kind).where(EventRow.witness_kind.is_not(None)))
    assert set(seen) == {kind.value for kind in WitnessKind}


def test_compliance_has_something_to_look_at(session):
    cases = case_lines(session, SetClock(NOW), Sought(area_id=area_of_demo(session)))
    assert {line.case.opening.kind for line in cases} == {"broken", "count_variance", "witness_weak"}
    odd = session.scalars(select(EventRow.reasons).where(EventRow.exception)).all()
    assert ["late_entry"] in odd
    kinds = session.scalars(select(EventRow.kind)).all()
    assert kinds.count("hand_off_offered") == kinds.count("hand_off_accepted") == 1


def test_the_links_the_sign_ins_and_the_maps_credit_are_printed(demo):
    for wanted in (
        "/board",
        "/today",
        "/custody",
        "/api/v1/docs",
        "/clearance",
        "/enquire",
        "opens once: an intake, half done",
        "dispatcher@demo.example",
        "prescriber@demo.example",
        "OpenStreetMap",
    ):
        assert wanted in demo.output


def test_a_demo_that_is_kept_goes_on_where_it_was(demo, session):
    entries = select(func.count()).select_from(AuditEntryRow)
    before = session.scalar(entries)
    session.rollback()
    result = run_demo(demo.url, "--keep")
    assert result.exit_code == 0
    assert "first come, first served" in result.output
    assert session.scalar(entries) == before


def test_a_database_that_holds_something_is_never_replaced(demo):
    result = run_demo(demo.url)
    assert result.exit_code == 2
    assert "--keep" in result.output


@pytest.mark.parametrize("url", ["mysql://localhost/x", "sqlite", "", "postgresql://nobody@127.0.0.1:1/x"])
def test_a_database_that_cannot_be_opened_is_refused_in_one_line(url):
    result = run_demo(url)
    assert result.exit_code == 2
    assert result.output.startswith("Error: ")
    assert result.output.count("\n") == 1


def test_the_same_day_is_invented_every_time():
    assert day_files(invent_day(DAY)) == day_files(invent_day(DAY))


def test_no_two_people_share_a_name_or_a_door():
    day = invent_day(DAY)
    names = [nurse.person.name for nurse in day.nurses] + [patient.person.name for patient in day.patients]
    doors = [nurse.home.address for nurse in day.nurses] + [patient.spot.address for patient in day.patients]
    assert len(set(names)) == len(set(doors)) == NURSES + VISITS


def test_phone_numbers_are_of_the_range_for_fiction():
    phones = {patient.phone for patient in invent_day(DAY).patients}
    assert len(phones) == VISITS
    assert all(" 555 01" in phone for phone in phones)


def test_the_demos_clock_starts_where_it_was_set_and_runs():
    clock = DemoClock(NOW)
    first, second = clock.now(), clock.now()
    assert NOW <= first <= second < NOW + timedelta(minutes=1)


def test_the_demos_clock_needs_an_aware_time():
    with pytest.raises(ValueError, match="aware"):
        DemoClock(datetime(2026, 11, 23, 10, 20))  # noqa: DTZ001 - that is the point


def test_the_demo_begins_at_twenty_past_ten_also_when_the_clocks_changed_that_night():
    assert present_of(date(2026, 11, 1)) == datetime(2026, 11, 1, 15, 20, tzinfo=UTC)
    assert present_of(date(2026, 3, 8)) == datetime(2026, 3, 8, 14, 20, tzinfo=UTC)

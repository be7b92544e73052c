"""The bedside in the user's words (care-rules.md section 7): held, aborted, the sister must leave."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from dispatch.appointments.records import AppointmentRow
from dispatch.areas.records import PolicyRow
from dispatch.clearance.model import Subject, TaskKind
from dispatch.clearance.queries import open_tasks, scores_at
from dispatch.custody.queries.totals import VisitTotals
from dispatch.identity.records import AccountRow
from dispatch.kernel.actor import AccountId, Actor, Role
from dispatch.kernel.ids import new_id
from dispatch.kernel.refusals import Conflict, Forbidden, Invalid, NotFound
from dispatch.routes.model import Lateness
from dispatch.visits.bedside.model import Level, NewEntry, NewRelease, Phase, Section
from dispatch.visits.bedside.queries import chart_of, reading_times
from dispatch.visits.bedside.records import EntryRow
from dispatch.visits.bedside.service import may_start, record_step, release_hold
from dispatch.visits.closing import close_shift
from dispatch.visits.model import Deed, VisitState
from dispatch.visits.queries import delayed, own_visit
from dispatch.visits.records import VisitFactRow
from dispatch.visits.service import record_fact
from tests.builders.bedside import a_proof
from tests.builders.charting import BEFORE, CHECKLIST_ALONE, Ward, do, read
from tests.builders.visits import AT_HOME, SEVEN, a_deed, a_town, nurse_actor, signed_off

NO_CARE_PATH = {"required": False}
WAIT = timedelta(minutes=1)


@pytest.fixture
def town(session):
    """Ada's visit keeps the checklist; it is no controlled drug that is drawn here (custody has its own)."""
    town = a_town(session, checklist=CHECKLIST_ALONE)
    session.add(signed_off(town.area_id, "booking.care_path", NO_CARE_PATH))
    session.flush()
    return town


@pytest.fixture
def visit_id(town):
    return town.first_id


@pytest.fixture
def nina(session, town):
    """Nina, with the account that scores are kept under."""
    actor = nurse_actor(town.nurse_id)
    session.add(
        AccountRow(
            id=actor.account_id, email="nina@test.example", name="Nina", person_ref="nina",
            fs_uniquifier="nina", nurse_id=town.nurse_id,
        )
    )  # fmt: skip
    session.flush()
    return actor


@pytest.fixture
def drawn(monkeypatch):
    """Custody says that the ordered dose was drawn."""

    def totals(_session, ids):
        return {
            each: VisitTotals(visit_id=each, drawn_ug=35_000, given_ug=0, wasted_ug=0, serials=("V-1",))
            for each in ids
        }

    monkeypatch.setattr("dispatch.visits.bedside.casework.visit_totals", totals)


@pytest.fixture
def paula():
    return Actor(account_id=AccountId(new_id()), name="paula", roles=frozenset({Role.PRESCRIBER}))


@pytest.fixture
def ward(session, visit_id, nina, clock, drawn):
    return Ward(session, visit_id, nina, clock)


def a_release(visit_id, code, reason, by, clock) -> NewRelease:
    return NewRelease(
        appointment_id=visit_id, codes=frozenset({code}), reason=reason, proof=a_proof(by, clock)
    )


def codes(refusal) -> set[str]:
    return {each.code for each in refusal.value.reasons}


def test_a_whole_visit_from_the_door_to_the_door(ward):
    ward.infuse()
    assert ward.state is VisitState.RECOVERY
    ward.recover()
    ward.do(Deed.DISCHARGE)
    assert ward.do(Deed.CHECK_OUT, reason="as usual").state is VisitState.COMPLETED
    assert ward.state is VisitState.COMPLETED


def test_a_start_that_is_asked_for_too_early_names_everything_that_is_missing(ward, session):
    ward.arrive()
    with pytest.raises(Conflict) as refusal:
        ward.do(Deed.START)
    assert {"unanswered", "baseline_missing", "not_now"} <= codes(refusal)
    assert len(refusal.value.reasons) > 40
    assert all(each.way_out for each in refusal.value.reasons)


def test_a_start_that_happened_is_kept_and_flagged(ward, session, visit_id):
    ward.arrive()
    receipt = ward.do(Deed.START, asked=False)
    assert receipt.state is VisitState.INFUSING
    assert {"start_unmet", "step_missing"} <= set(receipt.flags)
    kept = session.scalars(sa.select(VisitFactRow).where(VisitFactRow.deed == "start")).one()
    assert "baseline_missing" in kept.verdict["unmet"]
    assert kept.verdict["limits"]["vitals.red"]["sbp_mmhg"] == 160


def test_charting_begins_the_screening_and_a_start_that_nothing_stands_against_makes_it_ready(ward, session):
    ward.screen()
    assert ward.state is VisitState.SCREENING
    assert ward.do(Deed.START).flags == ()
    deeds = session.scalars(sa.select(VisitFactRow.deed).order_by(VisitFactRow.happened_at)).all()
    assert deeds == ["check_in", "screen", "ready", "start"]


def test_166_over_102_then_164_over_100_ten_minutes_later_is_held(ward, session, town):
    assert ward.screen(sbp=166, dbp=102).level is Level.RED
    assert ward.state is VisitState.SCREENING
    ward.pass_minutes(10)
    assert ward.read(sbp=164, dbp=100).state == "held"
    with pytest.raises(Conflict) as refusal:
        ward.do(Deed.START)
    assert codes(refusal) == {"visit_held", "vitals_red"}


def test_two_red_sets_four_minutes_apart_do_not_hold_yet(ward):
    ward.screen(sbp=166, dbp=102)
    ward.pass_minutes(4)
    assert ward.read(sbp=164, dbp=100).state == "screening"
    ward.pass_minutes(1)
    assert ward.read(sbp=164, dbp=100).state == "held"


def test_182_over_111_aborts_and_nobody_overrides_it_in_the_field(ward, session, visit_id, paula, clock):
    assert ward.screen(sbp=182, dbp=111).state == "aborted"
    ward.pass_minutes(20)
    ward.read()
    with pytest.raises(Conflict) as refusal:
        ward.do(Deed.START)
    assert "vitals_abort" in codes(refusal)
    with pytest.raises(Conflict) as refusal:
        release_hold(session, a_release(visit_id, "vitals_abort", "it came down", paula, clock), paula, clock)
    assert codes(refusal) == {"not_to_be_released"}


def test_only_a_prescriber_releases_what_is_held(ward, session, visit_id, nina, paula, clock):
    ward.screen(sbp=166, dbp=102)
    ward.pass_minutes(10)
    ward.read(sbp=164, dbp=100)
    with pytest.raises(Forbidden):
        release_hold(session, a_release(visit_id, "vitals_red", "let it go on", nina, clock), nina, clock)
    with pytest.raises(Invalid):
        release_hold(session, a_release(visit_id, "vitals_red", " ", paula, clock), paula, clock)
    state = release_hold(
        session, a_release(visit_id, "vitals_red", "white coat; 0.4 mg/kg", paula, clock), paula, clock
    )
    assert state is VisitState.SCREENING
    assert ward.do(Deed.START).state is VisitState.INFUSING


def test_a_release_is_signed_by_a_fresh_proof(ward, session, visit_id, paula, clock):
    ward.screen(sbp=166, dbp=102)
    ward.pass_minutes(10)
    ward.read(sbp=164, dbp=100)
    unsigned = a_release(visit_id, "vitals_red", "white coat", paula, clock)
    ward.pass_minutes(60)
    with pytest.raises(Forbidden) as refusal:
        release_hold(session, unsigned, paula, clock)
    assert codes(refusal) == {"proof_not_fresh"}


def test_a_hold_under_which_nothing_stands_any_more_is_released_without_codes(
    ward, session, visit_id, paula, clock
):
    ward.screen()
    ward.chart(Section.TODAY, medications_changed="yes")
    ward.chart(Section.TODAY)  # it was a wrong tap
    assert ward.state is VisitState.HELD
    no_codes = NewRelease(
        appointment_id=visit_id, codes=frozenset(), reason="a wrong tap", proof=a_proof(paula, clock)
    )
    assert release_hold(session, no_codes, paula, clock) is VisitState.SCREENING
    with pytest.raises(Conflict) as refusal:
        release_hold(session, no_codes, paula, clock)
    assert codes(refusal) == {"not_to_be_released"}


def test_a_release_settles_what_was_read_until_then_a_red_set_after_it_counts(
    ward, session, visit_id, paula, clock
):
    ward.screen(sbp=166)
    ward.pass_minutes(10)
    ward.read(sbp=164)
    release_hold(session, a_release(visit_id, "vitals_red", "white coat", paula, clock), paula, clock)
    ward.pass_minutes(1)
    ward.read(sbp=168)
    assert ward.against_start == ["vitals_red"]


def test_a_ready_visit_falls_back_when_its_baseline_is_older_than_ten_minutes(ward):
    ward.screen()
    assert ward.do(Deed.READY).state is VisitState.READY
    ward.pass_minutes(11)
    with pytest.raises(Conflict) as refusal:
        ward.do(Deed.START)
    assert codes(refusal) == {"baseline_too_old"}
    assert ward.read().state == "screening"
    assert ward.do(Deed.START).state is VisitState.INFUSING


def test_intoxicated_today_blocks_and_nothing_releases_it(ward, session, visit_id, paula, clock):
    ward.screen()
    ward.chart(Section.TODAY, intoxicated="yes")
    assert ward.against_start == ["today_intoxicated"]
    with pytest.raises(Conflict):
        release_hold(
            session, a_release(visit_id, "today_intoxicated", "seems fine to me", paula, clock), paula, clock
        )


def test_changed_medicines_hold_the_visit_for_a_prescriber(ward):
    ward.screen()
    ward.chart(Section.TODAY, medications_changed="yes")
    assert ward.state is VisitState.HELD
    assert ward.against_start == ["today_medications_changed"]


@pytest.mark.parametrize(
    ("minutes", "found"),
    [(5 * 60 + 59, ["fasting_solids_short"]), (6 * 60, []), (3 * 60 + 59, ["fasting_solids"])],
)
def test_six_hours_after_food(ward, clock, minutes, found):
    ward.screen()
    ate_at = clock.now() - timedelta(minutes=minutes)
    ward.chart(Section.TODAY, last_solid=ate_at.isoformat())
    assert ward.against_start == found


def test_a_high_c_ssrs_stops_the_start_and_shows_988(ward, session, visit_id, nina, clock, town):
    ward.screen()
    ward.chart(Section.MOOD, q4="yes", q2="yes")
    assert ward.against_start == ["suicidality_high"]
    (reason,) = may_start(session, visit_id, nina, clock)
    assert "988" in reason.way_out
    assert "911" in reason.way_out
    patient_id = own_visit(session, visit_id, nina).patient_id
    kinds = {task.kind for task in open_tasks(session, Subject(patient_id=patient_id))}
    assert TaskKind.SUICIDALITY_HIGH in kinds


def test_the_phq9_before_the_visit_is_kept_once_however_often_the_section_is_saved(ward, session, visit_id):
    ward.screen()
    ward.chart(Section.MOOD)
    assert [line.total for line in scores_at(session, visit_id) if line.scale == "phq9"] == [8]


def test_readings_while_it_runs_ask_for_a_pause_and_the_pump_rests_until_they_are_calm(ward):
    ward.screen()
    ward.do(Deed.START)
    ward.pass_minutes(10)
    receipt = ward.read(sbp=183)
    assert (receipt.phase, receipt.level) == (Phase.DURING, Level.PAUSE)
    ward.do(Deed.PAUSE)
    ward.pass_minutes(3)
    ward.read(sbp=181)
    with pytest.raises(Conflict) as refusal:
        ward.do(Deed.RESUME)
    assert codes(refusal) == {"vitals_pause"}
    ward.pass_minutes(3)
    ward.read(sbp=150)
    assert ward.do(Deed.RESUME).state is VisitState.INFUSING


def test_the_sister_must_leave_before_discharge(ward):
    ward.infuse()
    ward.recover()
    ward.chart(Section.FAREWELL, present="no", signed_name="")
    with pytest.raises(Conflict) as refusal:
        ward.do(Deed.DISCHARGE)
    assert codes(refusal) == {"farewell_present", "adult_not_signed"}
    with pytest.raises(Conflict) as refusal:
        ward.do(Deed.CHECK_OUT, reason="the sister left")
    assert codes(refusal) == {"left_without_discharge"}
    assert ward.state is VisitState.RECOVERY
    ward.chart(Section.FAREWELL)
    assert ward.do(Deed.DISCHARGE).state is VisitState.DISCHARGED


def test_who_must_stay_is_told_which_later_visit_becomes_late(ward, session, town, nina, clock):
    ward.infuse()
    assert delayed(session, town.first_id, nina, clock) == ()
    clock.at = SEVEN + timedelta(hours=8, minutes=10)  # the next one is planned for 15:00, a drive of 18 min
    (late,) = delayed(session, town.first_id, nina, clock)
    assert (late.appointment_id, late.initials) == (town.second_id, "C.M.")
    assert late.planned_at == SEVEN + timedelta(hours=8)
    assert late.expected_at == clock.now() + timedelta(minutes=18)
    assert late.late is Lateness.TELL_PATIENT
    assert delayed(session, town.second_id, nina, clock) == ()


def test_a_later_visit_that_is_called_off_is_not_late(ward, session, town, nina, clock):
    ward.infuse()
    clock.at = SEVEN + timedelta(hours=8, minutes=10)
    session.get_one(AppointmentRow, town.second_id).status = "cancelled"
    assert delayed(session, town.first_id, nina, clock) == ()


def test_a_discharge_before_its_time_names_all_that_is_missing(ward):
    ward.infuse()
    ward.pass_minutes(10)
    with pytest.raises(Conflict) as refusal:
        ward.do(Deed.DISCHARGE)
    assert {"too_early", "sets_missing", "unanswered", "adult_not_signed"} <= codes(refusal)


def test_one_nurse_one_patient_until_the_discharge(ward, session, town, nina, clock):
    ward.infuse()
    carlos = Ward(session, town.second_id, nina, clock)
    carlos.do(Deed.CHECK_IN)
    for section in BEFORE:
        carlos.chart(section)
    carlos.read()
    assert carlos.against_start == ["another_patient_watched"]
    with pytest.raises(Conflict) as refusal:
        carlos.do(Deed.START)
    assert codes(refusal) == {"another_patient_watched"}
    ward.recover()
    ward.do(Deed.DISCHARGE)
    carlos.read()
    assert carlos.do(Deed.START).state is VisitState.INFUSING


def test_no_shift_closes_over_a_patient(ward, session, nina, clock):
    ward.infuse()
    with pytest.raises(Conflict) as refusal:
        close_shift(session, nina, clock)
    assert codes(refusal) == {"patient_left"}
    ward.do(Deed.EMERGENCY)
    ward.do(Deed.TRANSFER)
    with pytest.raises(Conflict) as refusal:
        close_shift(session, nina, clock)
    assert codes(refusal) == {"no_open_shift"}  # custody's own word: nothing was picked up


def test_an_emergency_ends_with_the_crew(ward):
    ward.screen()
    ward.do(Deed.START)
    ward.do(Deed.EMERGENCY)
    with pytest.raises(Conflict) as refusal:
        ward.do(Deed.CHECK_OUT, reason="they came")
    assert codes(refusal) == {"left_without_discharge"}
    assert ward.do(Deed.TRANSFER).state is VisitState.TRANSFERRED


def test_what_comes_late_from_a_phone_is_judged_when_it_arrives(ward, session, visit_id, nina, clock):
    """Without signal: readings at 10:20 and 10:30, sent at 11:00, in the wrong order."""
    ward.arrive()
    first, second = clock.now(), clock.now() + timedelta(minutes=10)
    clock.at += timedelta(minutes=40)
    late = read(session, visit_id, nina, clock, at=second, sbp=164)
    assert late.state == "screening"
    last = read(session, visit_id, nina, clock, at=first, sbp=166)
    assert "late_entry" in last.flags
    assert last.state == "held"


def test_the_same_report_twice_is_one(ward, session, visit_id, nina, clock):
    ward.arrive()
    entry = NewEntry(
        event_id=new_id(), appointment_id=visit_id, at=clock.now(), section=Section.WEIGHT,
        answers={"weight_kg": "70.0"},
    )  # fmt: skip
    first, again = (record_step(session, entry, nina, clock) for _ in range(2))
    assert (first.repeated, again.repeated) == (False, True)
    assert first.position == again.position


def test_half_a_section_is_kept_and_says_what_is_open(ward, session, visit_id, nina, clock):
    ward.arrive()
    entry = NewEntry(
        event_id=new_id(), appointment_id=visit_id, at=clock.now(), section=Section.KIT,
        answers={"complete": "yes"},
    )  # fmt: skip
    receipt = record_step(session, entry, nina, clock)
    assert {each.field for each in receipt.missing} >= {"kit.pump", "kit.monitor"}
    assert chart_of(session, visit_id).answers(Section.KIT) == {"complete": "yes"}


def test_an_answer_that_is_none_names_its_question(ward, session, visit_id, nina, clock):
    entry = NewEntry(
        event_id=new_id(), appointment_id=visit_id, at=clock.now(), section=Section.KIT,
        answers={"complete": "perhaps", "strange": "1"},
    )  # fmt: skip
    with pytest.raises(Invalid) as refusal:
        record_step(session, entry, nina, clock)
    assert codes(refusal) == {"answer_not_valid", "question_unknown"}


def test_a_figure_that_no_patient_has_is_asked_again(ward):
    ward.arrive()
    with pytest.raises(Invalid) as refusal:
        ward.read(sbp=1240)
    assert codes(refusal) == {"reading_implausible"}


def test_another_nurses_visit_is_not_there(ward, session, visit_id, town, clock):
    ward.arrive()
    with pytest.raises(NotFound):
        read(session, visit_id, nurse_actor(town.other_nurse_id), clock)
    with pytest.raises(NotFound):
        may_start(session, visit_id, nurse_actor(town.other_nurse_id), clock)


def test_answers_lie_sealed(ward, session, visit_id):
    ward.arrive()
    ward.chart(Section.ADULT, name="Ben Kingsley", phone="+1 614 555 0177")
    row = session.scalars(sa.select(EntryRow)).one()
    assert b"Kingsley" not in row.answers_sealed
    assert "Kingsley" in row.answers


def test_the_safety_clocks_read_when_readings_were_taken(ward, session, visit_id, clock):
    ward.screen()
    assert reading_times(session, [visit_id]) == {visit_id: (clock.now(),)}


def test_where_the_checklist_is_signed_off_start_and_stop_are_enough(session, clock):
    town = a_town(session)
    nina = nurse_actor(town.nurse_id)
    clock.at = SEVEN + timedelta(hours=3, minutes=20)
    for deed in (Deed.CHECK_IN, Deed.START, Deed.STOP):
        clock.at += WAIT
        receipt = do(session, town.first_id, deed, nina, clock)
    assert (receipt.state, receipt.flags) == (VisitState.RECOVERY, ())


def test_the_limits_are_policy_a_stricter_area_holds_earlier(ward, session, town):
    stricter = {
        "sbp_mmhg": 150, "sbp_below_mmhg": 90, "dbp_mmhg": 100, "hr_bpm": 111, "hr_below_bpm": 50,
        "spo2_below_percent": 94, "apart_minutes": 5,
    }  # fmt: skip
    session.add(signed_off(town.area_id, "vitals.red", stricter))
    session.flush()
    assert session.scalar(sa.select(sa.func.count()).select_from(PolicyRow)) == 3
    assert ward.screen(sbp=152).level is Level.RED


def test_a_deed_by_phone_needs_no_asking(ward, session, visit_id, nina, clock):
    ward.arrive()
    fact = a_deed(visit_id, Deed.SCREEN, clock.now(), position=AT_HOME)
    assert record_fact(session, fact, nina, clock).state is VisitState.SCREENING

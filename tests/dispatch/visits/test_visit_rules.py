"""The state machine and the verdicts, from plain values."""

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from geopy.distance import great_circle
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.kernel.ids import new_id
from dispatch.visits.model import NURSES_DEEDS, Deed, Fact, Point, Position, VisitState
from dispatch.visits.receiving import (
    distance_m,
    initials,
    no_show_flags,
    place_flags,
    reason_due,
    timing,
)
from dispatch.visits.rules import (
    CLOSED,
    FLAGS,
    LEADS_TO,
    NEXT,
    NEXT_OF,
    ORDER_FLAGS,
    RANK,
    STEPS,
    deeds_open,
    fold,
)

TEN = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
NURSE = new_id()
PLAIN = (Deed.EN_ROUTE, Deed.CHECK_IN, Deed.START, Deed.STOP, Deed.CHECK_OUT)
USUAL = (
    Deed.EN_ROUTE, Deed.CHECK_IN, Deed.SCREEN, Deed.READY, Deed.START, Deed.STOP, Deed.DISCHARGE,
    Deed.CHECK_OUT,
)  # fmt: skip
S, D = VisitState, Deed


def fact(
    deed: Deed, minute: int, seq: int | None = None, device: str = "phone", *, checklist: bool = False
) -> Fact:
    return Fact(
        event_id=new_id(), nurse_id=NURSE, deed=deed, happened_at=TEN + timedelta(minutes=minute),
        device=device if seq else "", device_seq=seq, checklist=checklist,
    )  # fmt: skip


def usual_day() -> list[Fact]:
    """A day without the checklist: what a hydration is."""
    return [fact(deed, 10 * number, number) for number, deed in enumerate(PLAIN, 1)]


def guarded(*deeds: Deed) -> list[Fact]:
    """The facts of a visit with the checklist."""
    return [fact(deed, 10 * number, number, checklist=True) for number, deed in enumerate(deeds, 1)]


def codes(facts: list[Fact]) -> list[str]:
    return [verdict.code for verdict in fold(facts).verdicts]


def test_the_usual_day_ends_completed_and_leaves_nothing_odd():
    story = fold(usual_day())
    assert story.state is S.COMPLETED
    assert story.verdicts == ()
    assert story.times[D.CHECK_IN] == TEN + timedelta(minutes=20)


def test_the_usual_day_with_the_checklist_leaves_nothing_odd():
    story = fold(guarded(*USUAL))
    assert story.state is S.COMPLETED
    assert story.verdicts == ()
    assert story.checklist


def ways(checklist: bool) -> dict[VisitState, list[Deed]]:
    """The shortest way to each state."""
    found: dict[VisitState, list[Deed]] = {S.ASSIGNED: []}
    while True:
        more = {
            target: [*found[source], deed]
            for (source, deed), target in NEXT_OF[checklist].items()
            if source in found and target not in found and deed is not D.CANCEL
        }
        if not more:
            return found
        found |= more


WAYS = {checklist: ways(checklist) for checklist in (True, False)}


@pytest.mark.parametrize("step", STEPS, ids=lambda step: f"{step.source}-{step.deed}")
def test_every_line_of_the_table_is_taken_by_the_fold(step):
    """Walk the shortest way to the line's source, take its deed, and stand at its target."""
    checklist = step.where != "plain"
    cancelled = step.deed is D.CANCEL
    way = WAYS[checklist][step.source]
    deeds = way if cancelled else [*way, step.deed]
    story = fold(
        [fact(deed, n, n, checklist=checklist) for n, deed in enumerate(deeds, 1)], cancelled=cancelled
    )
    assert story.state is step.target
    assert story.verdicts == ()


def test_no_state_takes_one_deed_to_two_places():
    assert len(NEXT) == len(STEPS)


@pytest.mark.parametrize("state", VisitState)
def test_no_state_is_a_dead_end_unless_it_is_named_terminal(state):
    """From each state some way leads to one that is closed."""
    reached, before = {state}, 0
    while before != len(reached):
        before = len(reached)
        reached |= {target for (source, _), target in NEXT.items() if source in reached}
    assert reached & CLOSED


@pytest.mark.parametrize("state", [S.INFUSING, S.PAUSED, S.RECOVERY])
def test_a_nurse_who_leaves_a_patient_leaves_the_visit_open_and_flagged(state):
    facts = guarded(*WAYS[True][state], D.CHECK_OUT)
    assert fold(facts).state is state
    assert codes(facts) == ["left_without_discharge"]


def test_a_discharge_that_was_reported_after_leaving_completes_the_visit():
    facts = guarded(*WAYS[True][S.RECOVERY], D.CHECK_OUT, D.DISCHARGE)
    assert fold(facts).state is S.COMPLETED


def test_only_a_prescriber_leads_out_of_held_towards_an_infusion():
    onward = {step.by for step in STEPS if step.source is S.HELD and step.target not in CLOSED}
    onward_targets = {step.target for step in STEPS if step.source is S.HELD}
    assert onward == {"prescriber", "nurse"}
    assert {s.target for s in STEPS if s.source is S.HELD and s.by == "nurse"} == {S.ABORTED, S.EMERGENCY}
    assert S.SCREENING in onward_targets


def test_pausing_twice_is_no_oddity():
    facts = guarded(*WAYS[True][S.INFUSING], D.PAUSE, D.RESUME, D.PAUSE, D.RESUME)
    assert fold(facts).state is S.INFUSING
    assert codes(facts) == []


def test_a_pause_of_a_paused_infusion_is_flagged():
    facts = guarded(*WAYS[True][S.PAUSED], D.PAUSE)
    assert codes(facts) == ["deed_repeated"]


def test_a_finished_visit_offers_no_deed():
    assert deeds_open(S.COMPLETED) == ()
    assert deeds_open(S.CANCELLED) == ()


def test_every_deed_of_a_nurse_leads_somewhere():
    assert set(LEADS_TO) == set(Deed)
    assert D.CANCEL not in NURSES_DEEDS


def test_the_large_button_follows_the_usual_day():
    states = [S.ASSIGNED, S.EN_ROUTE, S.ARRIVED, S.INFUSING, S.RECOVERY]
    assert tuple(deeds_open(state)[0] for state in states) == PLAIN


def test_the_large_button_follows_the_usual_day_with_the_checklist():
    states = [
        S.ASSIGNED, S.EN_ROUTE, S.ARRIVED, S.SCREENING, S.READY, S.INFUSING, S.RECOVERY, S.DISCHARGED,
    ]  # fmt: skip
    assert tuple(deeds_open(state, checklist=True)[0] for state in states) == USUAL


def test_a_start_without_check_in_is_kept_and_moves_forward():
    facts = [fact(D.START, 30, 1)]
    assert fold(facts).state is S.INFUSING
    assert codes(facts) == ["step_missing"]


def test_a_check_in_that_arrives_late_settles_the_missing_step():
    late = [fact(D.START, 30, 2), fact(D.CHECK_IN, 20, 1)]
    assert codes(late) == []


def test_a_second_start_is_kept_and_flagged():
    facts = [*usual_day()[:3], fact(D.START, 45, 4)]
    assert fold(facts).state is S.INFUSING
    assert codes(facts) == ["deed_repeated"]


def test_the_first_time_of_a_deed_counts():
    facts = [*usual_day()[:3], fact(D.START, 45, 4)]
    assert fold(facts).times[D.START] == TEN + timedelta(minutes=30)


def test_a_drive_reported_after_the_arrival_moves_nothing_back():
    facts = [fact(D.CHECK_IN, 10, 1), fact(D.EN_ROUTE, 20, 2)]
    assert fold(facts).state is S.ARRIVED
    assert codes(facts) == ["out_of_order"]


def test_an_abort_after_the_end_is_kept_and_flagged():
    facts = [*usual_day(), fact(D.ABORT, 90, 6)]
    assert fold(facts).state is S.COMPLETED
    assert codes(facts) == ["visit_closed"]


def test_leaving_with_the_infusion_running_is_kept_and_flagged():
    facts = [*usual_day()[:3], fact(D.CHECK_OUT, 60, 4)]
    assert fold(facts).state is S.COMPLETED
    assert codes(facts) == ["step_missing"]


def test_after_a_no_show_the_nurse_leaves_without_a_flag():
    facts = [fact(D.CHECK_IN, 0, 1), fact(D.NO_SHOW, 20, 2), fact(D.CHECK_OUT, 21, 3)]
    assert fold(facts).state is S.NO_SHOW
    assert codes(facts) == []


def test_cancelled_before_arrival():
    assert fold([fact(D.EN_ROUTE, 0, 1)], cancelled=True).state is S.CANCELLED


def test_once_she_is_there_a_cancellation_comes_too_late():
    assert fold(usual_day()[:2], cancelled=True).state is S.ARRIVED


def test_a_clock_set_back_keeps_the_devices_order_and_is_flagged():
    facts = [fact(D.CHECK_IN, 20, 1), fact(D.START, 5, 2)]
    assert fold(facts).state is S.INFUSING
    assert codes(facts) == ["time_runs_backwards"]


deeds = st.sampled_from([*NURSES_DEEDS])


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(deeds, st.integers(0, 300), st.sampled_from(["a", "b", ""])), max_size=9),
    st.randoms(use_true_random=False),
)
def test_the_order_of_delivery_changes_nothing(told, random):
    facts = [
        Fact(
            event_id=UUID(int=n), nurse_id=NURSE, deed=deed, happened_at=TEN + timedelta(minutes=minute),
            device=device, device_seq=n if device else None,
        )
        for n, (deed, minute, device) in enumerate(told, 1)
    ]  # fmt: skip
    shuffled = facts[:]
    random.shuffle(shuffled)
    assert fold(shuffled) == fold(facts)


@settings(max_examples=200, deadline=None)
@given(st.lists(deeds, max_size=12), st.booleans())
def test_whatever_is_reported_a_visit_goes_back_only_where_the_table_says_so(told, checklist):
    facts = [fact(deed, n, n, checklist=checklist) for n, deed in enumerate(told, 1)]
    states = [fold(facts[:n]).state for n in range(len(facts) + 1)]
    for before, after, deed in zip(states, states[1:], told, strict=False):
        by_table = NEXT_OF[checklist].get((before, deed)) is after
        opened_again = checklist and deed is D.START and before in CLOSED | {S.DISCHARGED}
        assert by_table or RANK[before] <= RANK[after] or opened_again
    story = fold(facts)
    assert {verdict.code for verdict in story.verdicts} <= ORDER_FLAGS <= set(FLAGS)
    assert set(story.times) == set(told)


@settings(max_examples=300, deadline=None)
@given(st.lists(deeds, max_size=14))
def test_no_path_leaves_a_patient_without_discharge_transfer_or_abort(told):
    """Once drug ran in, a visit is over only by one of the three after it, whatever was reported when."""
    story = fold([fact(deed, n, n, checklist=True) for n, deed in enumerate(told, 1)])
    if D.START in story.times and story.state in CLOSED:
        assert {D.DISCHARGE, D.TRANSFER, D.ABORT} & set(told[told.index(D.START) :])


def test_a_start_after_an_abort_opens_the_visit_again_and_is_flagged():
    """A phone without signal did not know: drug runs in, so the patient is watched."""
    facts = guarded(D.CHECK_IN, D.SCREEN, D.ABORT, D.START)
    assert fold(facts).state is S.INFUSING
    assert codes(facts) == ["visit_closed"]


@settings(max_examples=100, deadline=None)
@given(*[st.floats(-89, 89), st.floats(-180, 180)] * 2)
def test_the_distance_is_geopys(lat_1, lon_1, lat_2, lon_2):
    ours = distance_m(Position(lat=lat_1, lon=lon_1), Point(lat=lat_2, lon=lon_2))
    assert ours == pytest.approx(great_circle((lat_1, lon_1), (lat_2, lon_2)).m, abs=2)


HERE = Position(lat=40.0, lon=-83.0, accuracy_m=10)


@pytest.mark.parametrize(("away_m", "flags"), [(100, []), (101, ["out_of_range"])])
def test_the_fence_begins_beyond_its_metres(away_m, flags):
    assert place_flags(D.CHECK_IN, HERE, away_m, 100, True) == flags


def test_without_a_position_it_says_so():
    assert place_flags(D.CHECK_IN, None, None, 100, True) == ["no_position"]


def test_an_unverified_point_is_flagged():
    assert place_flags(D.CHECK_OUT, HERE, 5, 100, False) == ["place_not_verified"]


def test_a_vague_position_is_flagged():
    vague = Position(lat=40.0, lon=-83.0, accuracy_m=101)
    assert place_flags(D.CHECK_IN, vague, 5, 100, True) == ["position_inaccurate"]


@pytest.mark.parametrize(
    ("deed", "flags", "due"),
    [
        (D.CHECK_IN, [], False),
        (D.CHECK_IN, ["out_of_range"], True),
        (D.CHECK_IN, ["no_position"], True),
        (D.CHECK_IN, ["step_missing"], False),
        (D.CHECK_OUT, ["step_missing"], True),
        (D.CHECK_OUT, ["residual_open"], True),
        (D.NO_SHOW, [], True),
        (D.ABORT, [], True),
    ],
)
def test_when_the_nurse_is_asked_why(deed, flags, due):
    assert reason_due(deed, flags) is due


def test_a_start_has_no_place():
    assert place_flags(D.START, None, None, 100, False) == []


@pytest.mark.parametrize(
    ("skew_s", "flags"), [(120, ()), (121, ("clock_skewed",)), (-121, ("clock_skewed",))]
)
def test_a_clock_more_than_two_minutes_off_is_flagged(skew_s, flags):
    told = TEN - timedelta(seconds=skew_s)
    assert timing(told, told, TEN).flags == flags


def test_a_wrong_clock_is_corrected_by_what_it_said_at_sending():
    an_hour_slow = timing(TEN - timedelta(minutes=65), TEN - timedelta(hours=1), TEN)
    assert an_hour_slow.happened_at == TEN - timedelta(minutes=5)
    assert an_hour_slow.clock_offset_s == 3600


def test_a_late_sending_is_no_wrong_clock():
    told = timing(TEN - timedelta(hours=9), TEN, TEN)
    assert told.flags == ("late_entry",)
    assert told.happened_at == TEN - timedelta(hours=9)


def test_a_clock_ahead_is_certain_without_the_time_of_sending():
    told = timing(TEN + timedelta(minutes=3), None, TEN)
    assert told.flags == ("clock_skewed",)
    assert told.happened_at == TEN


def test_nothing_happens_after_its_receipt():
    assert timing(TEN + timedelta(seconds=90), None, TEN).happened_at == TEN


def test_a_phone_that_woke_up_in_1970_is_corrected():
    epoch = datetime(1970, 1, 1, 0, 5, tzinfo=UTC)
    told = timing(epoch, epoch + timedelta(minutes=1), TEN)
    assert told.happened_at == TEN - timedelta(minutes=1)


def test_the_phones_zone_does_not_matter():
    local = TEN.astimezone(timezone(timedelta(hours=-5)))
    assert timing(local, local, TEN).flags == ()


@pytest.mark.parametrize(
    ("waited", "calls", "flags"),
    [
        (15, 2, []),
        (14, 2, ["no_show_too_early"]),
        (15, 1, ["no_show_calls_missing"]),
        (15, None, ["no_show_calls_missing"]),
    ],
)
def test_a_no_show_waits_and_calls(waited, calls, flags):
    assert no_show_flags(TEN + timedelta(minutes=waited), TEN, calls, 15, 2) == flags


def test_a_no_show_without_a_check_in_waited_for_nobody():
    assert no_show_flags(TEN, None, 2, 15, 2) == ["no_show_too_early"]


@pytest.mark.parametrize(("name", "short"), [("Ada Kingsley", "A.K."), ("Cher", "C."), ("", ""), (None, "")])
def test_a_list_shows_initials(name, short):
    assert initials(name) == short

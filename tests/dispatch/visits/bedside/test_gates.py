"""What stands against a start, a resume and a discharge, one at a time, from plain values."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.areas.model import DEFAULT_POLICIES
from dispatch.kernel.ids import new_id
from dispatch.visits.bedside.model import Chart, ChartedReading, Class, Entry, Phase, Reading, Section
from dispatch.visits.bedside.rules.checklist import answer_faults, unmet_of
from dispatch.visits.bedside.rules.gates import (
    Case,
    Ordered,
    against_rate,
    standing,
    unmet_before_discharge,
    unmet_before_resume,
    unmet_before_start,
)
from dispatch.visits.bedside.rules.questions import QUESTIONS, STEPS22
from dispatch.visits.bedside.rules.vitals import judge
from dispatch.visits.model import Deed, Story, VisitState
from tests.builders.charting import AFTER, BEFORE, CALM, good

TEN = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
LIMITS = DEFAULT_POLICIES
ORDER = Ordered(
    drawn_ug=35_000, weight_kg=Decimal("70"), rate_ml_h=Decimal("75.0"), rate_low_ml_h=Decimal("50.0"),
    rate_high_ml_h=Decimal("75.0"),
)  # fmt: skip


def minute(count: float) -> datetime:
    return TEN + timedelta(minutes=count)


def a_set(at: float, phase: Phase = Phase.BEFORE, **more) -> ChartedReading:
    values = Reading(**(dict(CALM) | more))
    return ChartedReading(
        event_id=new_id(), at=minute(at), phase=phase, reading=values, judged=judge(phase, values, LIMITS)
    )


def entry(section: Section, at: float = 0, **more) -> Entry:
    return Entry(event_id=new_id(), at=minute(at), section=section, answers=good(section, minute(at), **more))


def chart(*entries: Entry, readings=(), at: float = 0, sections=BEFORE) -> Chart:
    """A chart in which all is well, but for what is given."""
    whole = {section: entry(section, at) for section in sections} | {each.section: each for each in entries}
    return Chart(readings=tuple(readings), sections=whole)


ARRIVED = Story(state=VisitState.SCREENING, times={Deed.CHECK_IN: minute(-10)}, checklist=True)


def before(*entries: Entry, readings=(), **more) -> Case:
    sets = readings or (a_set(0),)
    case = Case(
        story=ARRIVED, chart=chart(*entries, readings=sets), limits=LIMITS, now=minute(1), drawn_ug=35_000,
        dose_ug=35_000, ordered=ORDER,
    )  # fmt: skip
    return replace(case, **more)


def against(case: Case) -> list[str]:
    return [each.reason.code for each in standing(unmet_before_start(case), case.released, case.chart)]


def test_when_all_is_well_nothing_stands_against_the_start():
    assert against(before()) == []


BLOCKS = [
    (section, question)
    for section in BEFORE
    for question in QUESTIONS[section]
    if question.wanted is not None and question.otherwise is not Class.WARN
]


@pytest.mark.parametrize(
    ("section", "question"), BLOCKS, ids=[f"{section}-{question.name}" for section, question in BLOCKS]
)
def test_one_wrong_answer_refuses_the_start_and_says_the_way_out(section, question):
    wrong = "yes" if question.wanted == "no" else "no"
    case = before(entry(section, **{question.name: wrong}))
    assert against(case) == [f"{section.value}_{question.name}"]
    (unmet,) = standing(unmet_before_start(case), {}, case.chart)
    assert unmet.reason.text
    assert unmet.reason.way_out


# The C-SSRS asks these only after a yes to 2, or to 6.
FOLLOW_UP = {"q3": "q2", "q4": "q2", "q5": "q2", "q6_3_months": "q6"}


@pytest.mark.parametrize(("name", "after"), FOLLOW_UP.items())
def test_a_follow_up_is_due_only_after_a_yes(name, after):
    open_one = good(Section.MOOD, TEN, **{name: ""})
    assert unmet_of(Section.MOOD, open_one) == []
    (unmet,) = [
        each
        for each in unmet_of(Section.MOOD, open_one | {after: "yes"})
        if each.reason.field == f"mood.{name}"
    ]
    assert unmet.reason.code == "unanswered"


@pytest.mark.parametrize(
    ("section", "question"),
    [(s, q) for s in BEFORE for q in QUESTIONS[s] if q.kind != "note" and q.name not in FOLLOW_UP],
    ids=lambda value: getattr(value, "name", value),
)
@pytest.mark.parametrize("nothing", ["", "unknown", None])
def test_a_blank_answer_is_never_a_no(section, question, nothing):
    found = unmet_of(section, good(section, TEN, **{question.name: nothing}))
    assert "unanswered" in {each.reason.code for each in found}


def test_a_section_that_nobody_charted_refuses_by_all_its_questions():
    case = before()
    case = replace(case, chart=Chart(readings=case.chart.readings))
    wanted = sum(q.kind != "note" for section in BEFORE for q in QUESTIONS[section])
    assert against(case).count("unanswered") == wanted


def test_all_that_is_missing_comes_at_once():
    case = before(
        entry(Section.TODAY, alcohol="yes"), entry(Section.MONITORS, rhythm="no"), drawn_ug=0,
        readings=(a_set(-20),),
    )  # fmt: skip
    assert set(against(case)) == {"today_alcohol", "monitors_rhythm", "not_drawn", "baseline_too_old"}


@pytest.mark.parametrize(
    ("kg", "found"), [("77.0", []), ("77.1", ["weight_changed"]), ("63.0", []), ("62.9", ["weight_changed"])]
)
def test_more_than_ten_percent_of_the_weight_holds(kg, found):
    assert against(before(entry(Section.WEIGHT, weight_kg=kg))) == found


def test_a_heavy_patient_is_a_warning_only():
    case = before(entry(Section.WEIGHT, weight_kg="151"), ordered=None)
    assert against(case) == []
    assert "weight_unusual" in {each.reason.code for each in unmet_before_start(case)}


def test_more_drawn_than_ordered_refuses():
    assert against(before(drawn_ug=35_100)) == ["drawn_above_order"]


def test_a_pump_that_is_not_set_as_ordered_refuses():
    assert against(before(entry(Section.TIME_OUT, rate_ml_h="80"))) == ["rate_not_ordered"]


def test_a_red_pair_needs_a_prescriber_and_her_signature_releases_it():
    pair = (a_set(-10, sbp=166, dbp=102), a_set(0, sbp=164, dbp=100))
    assert against(before(readings=pair)) == ["vitals_red"]
    assert against(before(readings=pair, released={"vitals_red": minute(0.5)})) == []


def test_a_single_red_set_refuses_too_but_is_no_prescribers_matter_yet():
    case = before(readings=(a_set(0, sbp=166),))
    (unmet,) = standing(unmet_before_start(case), {}, case.chart)
    assert (unmet.reason.code, unmet.kind) == ("vitals_red", Class.REQUIRED)


def test_a_release_does_not_cover_what_is_charted_later():
    changed = entry(Section.TODAY, at=0.7, medications_changed="yes")
    assert against(before(changed, released={"today_medications_changed": minute(0.5)})) == [
        "today_medications_changed"
    ]
    assert against(before(changed, released={"today_medications_changed": minute(0.9)})) == []


def test_no_signature_releases_what_blocks():
    drunk = entry(Section.TODAY, alcohol="yes")
    assert against(before(drunk, released={"today_alcohol": minute(0.9)})) == ["today_alcohol"]


@pytest.mark.parametrize(("rate", "ok"), [("49.9", False), ("50.0", True), ("75.0", True), ("75.1", False)])
def test_the_nurse_sets_the_rate_inside_the_orders_range_only(rate, ok):
    assert (against_rate(Decimal(rate), ORDER) is None) is ok


# ---- resume
def paused(*sets: ChartedReading) -> list[str]:
    story = Story(state=VisitState.PAUSED, times={Deed.START: TEN}, since=minute(20), checklist=True)
    case = Case(story=story, chart=Chart(readings=sets), limits=LIMITS, now=minute(25))
    return [each.reason.code for each in unmet_before_resume(case, minute(20))]


def test_a_pause_ends_with_a_fresh_calm_set():
    assert paused(a_set(24, Phase.DURING)) == []


@pytest.mark.parametrize(
    ("sets", "found"),
    [
        ((), ["reading_missing"]),
        (((19, {}),), ["reading_missing"]),
        (((20, {}),), []),
        (((24, {"sbp": 181}),), ["vitals_pause"]),
        (((10, {"moaas": 2}), (24, {})), ["vitals_stop"]),
    ],
)
def test_what_keeps_an_infusion_paused(sets, found):
    assert paused(*(a_set(at, Phase.DURING, **more) for at, more in sets)) == found


# ---- discharge
def after(*entries: Entry, sets=None, now: float = 31, **more) -> Case:
    story = Story(state=VisitState.RECOVERY, times={Deed.START: minute(-40), Deed.STOP: TEN}, checklist=True)
    readings = (
        a_set(-45), *(sets if sets is not None else (a_set(15, Phase.AFTER), a_set(30, Phase.AFTER)))
    )  # fmt: skip
    case = Case(
        story=story, chart=chart(*entries, readings=readings, at=29, sections=AFTER), limits=LIMITS,
        now=minute(now),
    )  # fmt: skip
    return replace(case, **more)


def against_discharge(case: Case) -> list[str]:
    return [each.reason.code for each in unmet_before_discharge(case)]


def test_when_all_is_well_nothing_stands_against_the_discharge():
    assert against_discharge(after()) == []


DISCHARGE = [
    (after(now=29.9), "too_early"),
    (after(first_at_home=True), "too_early"),
    (after(sets=(a_set(30, Phase.AFTER),)), "sets_missing"),
    (after(now=41), "last_set_too_old"),
    (after(sets=(a_set(15, Phase.AFTER), a_set(30, Phase.AFTER, moaas=4))), "not_awake"),
    (after(sets=(a_set(15, Phase.AFTER), a_set(30, Phase.AFTER, sbp=165))), "pressure_not_back"),
    (after(entry(Section.SCORES, 29, activity="1", oxygen="1")), "aldrete_low"),
    (after(entry(Section.SCORES, 29, activity="0")), "aldrete_zero"),
    (after(entry(Section.SCORES, 29, dissociation="yes")), "scores_dissociation"),
    (after(entry(Section.SCORES, 29, nausea="2")), "nausea"),
    (after(entry(Section.SCORES, 29, gait="no")), "scores_gait"),
    (after(entry(Section.SCORES, 29, cssrs_clear="no")), "scores_cssrs_clear"),
    (after(entry(Section.IV_OUT, 29, out="no")), "iv_out_out"),
    (after(entry(Section.FLUSH, 29, flushed="no")), "flush_flushed"),
    (after(entry(Section.FAREWELL, 29, present="no")), "farewell_present"),
    (after(entry(Section.FAREWELL, 29, no_driving="no")), "farewell_no_driving"),
    (after(entry(Section.FAREWELL, 29, signed_name="")), "adult_not_signed"),
    (after(entry(Section.FAREWELL, 29, signature="")), "adult_not_signed"),
    (after(entry(Section.SCORES, -50)), "unanswered"),
]


@pytest.mark.parametrize(("case", "code"), DISCHARGE, ids=[code for _, code in DISCHARGE])
def test_each_of_these_alone_refuses_the_discharge(case, code):
    assert code in set(against_discharge(case))


def test_cannot_sign_is_an_answer():
    farewell = entry(Section.FAREWELL, 29, signed_name="", cannot_sign="Her right hand is in plaster.")
    assert against_discharge(after(farewell)) == []


def test_by_keyboard_the_typed_name_and_a_tick_sign():
    farewell = entry(Section.FAREWELL, 29, signature="", signed_by_typing="yes")
    assert against_discharge(after(farewell)) == []


@pytest.mark.parametrize(
    ("answers", "faults"),
    [
        ({"signature": "M0 0l600 200"}, []),
        ({"signature": "M0 0l601 0"}, ["answer_not_valid"]),
        ({"signature": '"/><script>'}, ["answer_not_valid"]),
        ({"signed_by_typing": "yes"}, []),
        ({"signed_by_typing": "maybe"}, ["answer_not_valid"]),
    ],
)
def test_a_signature_is_strokes_or_a_tick(answers, faults):
    assert [each.code for each in answer_faults(Section.FAREWELL, answers)] == faults


@pytest.mark.parametrize("said", ["this morning", "2026-11-23T09:00"])
def test_a_time_has_its_day_and_its_zone(said):
    assert [each.code for each in answer_faults(Section.TODAY, {"last_solid": said})] == ["answer_not_valid"]


def test_a_pressure_within_a_fifth_of_a_high_baseline_is_back():
    high = (a_set(-45, sbp=150, dbp=95), a_set(15, Phase.AFTER), a_set(30, Phase.AFTER, sbp=165, dbp=100))
    case = after()
    assert against_discharge(replace(case, chart=replace(case.chart, readings=high))) == []


def test_the_first_infusion_at_home_is_watched_for_an_hour():
    sets = (a_set(45, Phase.AFTER), a_set(59, Phase.AFTER))
    assert against_discharge(after(sets=sets, now=60, first_at_home=True)) == []


def test_the_steps_are_the_22_in_order():
    assert [step.number for step in STEPS22] == list(range(1, 23))
    assert {step.before for step in STEPS22} == {"start", "discharge", "leave", ""}


@pytest.mark.parametrize("section", Section)
def test_good_answers_are_well_formed_and_strange_ones_are_named(section):
    assert answer_faults(section, good(section, TEN)) == []
    assert [each.code for each in answer_faults(section, {"strange": "1"})] == ["question_unknown"]


@settings(max_examples=150, deadline=None)
@given(st.sets(st.sampled_from([(s, q.name) for s, q in BLOCKS]), max_size=6), st.data())
def test_no_set_of_blocks_lets_a_start_through(wrong, data):
    """Whatever a prescriber released before, a BLOCK that stands refuses."""
    by_section: dict[Section, dict[str, str]] = {}
    for section, name in wrong:
        wanted = next(q.wanted for q in QUESTIONS[section] if q.name == name)
        by_section.setdefault(section, {})[name] = "yes" if wanted == "no" else "no"
    entries = [entry(section, **answers) for section, answers in by_section.items()]
    codes = {f"{section.value}_{name}" for section, name in wrong}
    released = data.draw(st.sets(st.sampled_from(sorted(codes) or [""])))
    case = before(*entries, released=dict.fromkeys(released, minute(0.9)))
    blocks = {f"{s.value}_{q.name}" for s, q in BLOCKS if q.otherwise is Class.BLOCK and (s, q.name) in wrong}
    assert blocks <= set(against(case))
    assert codes - released <= set(against(case))

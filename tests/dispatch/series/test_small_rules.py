"""Templates, responses, habits, earlier treatment: the small rules of a series."""

from datetime import date, timedelta

import pytest

from dispatch.clearance.model import Occasion
from dispatch.series.commands import Availability
from dispatch.series.model import Phase, Response
from dispatch.series.rules.caps import PolicyUnreadable
from dispatch.series.rules.habits import habit_faults, habits_of, habits_text
from dispatch.series.rules.history import course_told, past_course
from dispatch.series.rules.responding import follow_ups, response_of, review_is_due, review_is_missing
from dispatch.series.rules.staffing import PARTS
from dispatch.series.rules.stepping import too_many
from dispatch.series.rules.templates import next_due, phases_of, read_templates
from tests.builders.series import POLICY, TODAY

RULES = POLICY["series.response"]


@pytest.mark.parametrize(
    ("baseline", "now", "response"),
    [(20, 10, Response.RESPONDER), (20, 11, Response.PARTIAL), (20, 15, Response.PARTIAL),
     (20, 16, Response.NON_RESPONDER), (5, 9, Response.NON_RESPONDER), (0, 0, None), (None, 4, None),
     (12, None, None)],
)  # fmt: skip
def test_a_response_is_half_and_a_quarter_is_a_part(baseline, now, response):
    assert response_of(baseline, now, RULES) is response


def test_the_review_is_due_after_two_and_mandatory_before_four():
    assert [review_is_due(given, 0, RULES) for given in (1, 2, 3)] == [False, True, True]
    assert [review_is_missing(number, 0, RULES) for number in (3, 4)] == [False, True]
    assert not review_is_missing(4, 2, RULES)


def test_the_review_may_be_set_to_after_three():
    later = {**RULES, "review_after": 3}
    assert not review_is_due(2, 0, later)
    assert review_is_missing(4, 2, later)


def test_every_template_fills_its_first_phase_first():
    templates = read_templates(POLICY["series.templates"])
    assert {code: (each.least, each.usual, each.most) for code, each in templates.items()} == {
        "T-S0": (4, 6, 6), "T-S2": (4, 11, 12), "T-M": (1, 3, 6),
    }  # fmt: skip
    phases = [each.phase for each in phases_of(templates["T-S2"], 8)]
    assert phases == [Phase.INDUCTION] * 6 + [Phase.WEEKLY] * 2
    assert len(phases_of(templates["T-S2"], 4)) == 4


def test_when_the_next_one_is_due():
    phases = phases_of(read_templates(POLICY["series.templates"])["T-S2"], 11)
    assert next_due(TODAY, phases, 2) == (TODAY + timedelta(days=2), TODAY + timedelta(days=5))
    assert next_due(TODAY, phases, 7) == (TODAY + timedelta(days=6), TODAY + timedelta(days=8))
    assert next_due(TODAY, phases, 11) == (TODAY + timedelta(days=14), TODAY + timedelta(days=30))


@pytest.mark.parametrize("broken", [{"X": {}}, {"X": {"name": "x", "phases": [{"phase": "none"}]}}])
def test_a_template_that_makes_no_sense_is_not_read(broken):
    with pytest.raises(PolicyUnreadable):
        read_templates(broken)


def test_three_in_seven_days_and_no_fourth():
    row = [TODAY, TODAY + timedelta(days=2), TODAY + timedelta(days=4)]
    assert too_many(row, TODAY + timedelta(days=6), 3, 7)
    assert not too_many(row, TODAY + timedelta(days=7), 3, 7)
    assert too_many(row, TODAY + timedelta(days=3), 3, 7)


def test_follow_ups_are_overdue_a_week_later():
    found = follow_ups(TODAY, {Occasion.WEEKS_12}, TODAY + timedelta(days=29), RULES)
    assert [(each.occasion, each.due_on, each.overdue) for each in found] == [
        (Occasion.WEEKS_3, TODAY + timedelta(weeks=3), True)
    ]


def test_habits_come_back_as_they_were_kept():
    habits = Availability(
        patient={1: frozenset({"morning"})}, adult={2: frozenset(PARTS)}, away=frozenset({TODAY})
    )
    assert habits_of(habits_text(habits)) == habits
    assert habits_of(None) is None
    wrong = Availability(patient={8: frozenset()}, adult={1: frozenset({"night"})})
    assert [each.field for each in habit_faults(wrong, frozenset(PARTS))] == ["patient.8", "adult.1"]


@pytest.mark.parametrize(
    ("days", "step", "doses"),
    [(0, "twice_a_week", (2, 2)), (27, "twice_a_week", (8, 8)), (28, "weekly", (9, 9)),
     (55, "weekly", (12, 12)), (56, "maintenance", (13, 13)), (69, "maintenance", (13, 14))],
)  # fmt: skip
def test_earlier_esketamine_is_read_by_its_label(days, step, doses):
    begun = date(2026, 1, 5)
    found = past_course(begun, begun + timedelta(days=days))
    assert (found.step, (found.least_doses, found.most_doses)) == (step, doses)


@pytest.mark.parametrize(
    ("words", "weeks"),
    [("From 2025-03-03 to 2025-05-12, it helped a little.", 11), ("In the spring.", None),
     ("2025-03-03", None), ("2025-05-12 back to 2025-03-03", None), ("2025-02-31 to 2025-05-12", None)],
)  # fmt: skip
def test_a_course_is_read_from_two_days_and_never_guessed(words, weeks):
    found = course_told(words)
    assert (found and found.weeks) == weeks


def test_a_treatment_does_not_end_before_it_begins():
    with pytest.raises(ValueError, match="before"):
        past_course(TODAY, TODAY - timedelta(days=1))

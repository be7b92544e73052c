"""A case is what its steps say; which signals belong to it."""

import pytest

from dispatch.custody.cases.model import Category, Classification, Factor, FactorAnswer, Resolution, StepKind
from dispatch.custody.cases.rules.folding import category_of, folded, tells_of_the_past
from dispatch.custody.sentences import SENTENCES
from tests.builders.cases import FOUND_AT, a_step, an_opening

CHARTED = a_step(1, StepKind.CLASSIFIED, "charting_error")
ENDED = a_step(2, StepKind.RESOLVED, "record_corrected")


def test_a_case_without_steps_is_open():
    case = folded(an_opening(), [])
    assert (case.resolved, case.classification, case.sequence) == (False, None, 0)


def test_steps_count_in_their_numbered_order_whatever_order_they_come_in():
    again = a_step(3, StepKind.REOPENED)
    assert not folded(an_opening(), [again, ENDED, CHARTED]).resolved


def test_a_resolved_case_says_how():
    case = folded(an_opening(), [CHARTED, ENDED])
    assert (case.resolved, case.resolution) == (True, Resolution.RECORD_CORRECTED)
    assert case.classification is Classification.CHARTING_ERROR


def test_a_later_fact_voids_the_judgement_and_keeps_what_was_sent():
    sent = a_step(3, StepKind.NOTICE_SENT, "dea_notice", happened_at=FOUND_AT)
    case = folded(an_opening(), [CHARTED, ENDED, sent, a_step(4, StepKind.REOPENED, "late_entry")])
    assert (case.resolved, case.classification, case.times_reopened) == (False, None, 1)
    assert case.done == {"dea_notice": FOUND_AT}
    assert case.opening.discovered_at == FOUND_AT


def test_a_factors_last_answer_counts():
    first = a_step(1, StepKind.FACTOR, "3:not_known", text="nobody asked yet")
    last = a_step(2, StepKind.FACTOR, "3:does_not", text="one person alone had it")
    answered = folded(an_opening(), [first, last]).factors[Factor.ACCESS]
    assert (answered.answer, answered.reason) == (FactorAnswer.DOES_NOT, "one person alone had it")


def test_a_fields_last_answer_counts():
    steps = [a_step(n, StepKind.FIELD, "106:police", text=text) for n, text in ((1, "no"), (2, "yes"))]
    assert folded(an_opening(), steps).fields["106:police"].text == "yes"


@pytest.mark.parametrize(
    ("kind", "detail", "joins"),
    [
        ("state_does_not_allow", {"applied": False, "reasons": ["state_does_not_allow"]}, True),
        ("off_shift", {"applied": True, "reasons": ["off_shift", "late_entry"]}, True),
        ("event_id_reused", {}, True),
        ("lost", {"applied": True, "reasons": ["lost"]}, False),
        ("count_variance", {"counted_units": [1, 1]}, False),
    ],
)
def test_what_tells_of_the_past_belongs_to_the_vials_case(kind, detail, joins):
    assert tells_of_the_past(kind, detail) is joins


@pytest.mark.parametrize(
    ("kind", "category"),
    [
        ("count_variance", Category.COUNT), ("more_than_left", Category.BALANCE),
        ("seal_mismatch", Category.SEAL), ("late_entry", Category.LATE), ("over_draw", Category.OVER_DRAW),
        ("held_by_another", Category.CONFLICT), ("witness_missing", Category.WASTE),
        ("stolen", Category.LOSS), ("what_nobody_foresaw", Category.OTHER),
    ],
)  # fmt: skip
def test_every_kind_has_its_category(kind, category):
    assert category_of(kind) is category


def test_the_kinds_that_the_ledger_raises_are_sentences_of_the_ledger():
    assert {"over_draw", "witness_missing", "lost", "late_entry", "count_variance"} <= set(SENTENCES)

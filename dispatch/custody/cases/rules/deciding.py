"""What may be done in a case, by whom; every unmet requirement at once.

A judgement is never the software's: it asks, a person answers with a reason.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from dispatch.custody.cases.model import (
    DECISIONS,
    FACTOR_QUESTIONS,
    JUDGED_BY_FACTORS,
    REPORTABLE,
    Case,
    Classification,
    Deadline,
    Factor,
    FactorAnswer,
    Resolution,
    StepKind,
)
from dispatch.custody.cases.sentences import reason
from dispatch.kernel.plain_text import LONGEST_NOTE, text_fault
from dispatch.kernel.refusals import Reason

LEAST_REASON = 3
# A discovery is told within the two years for which records are kept (21 CFR 1304.04(a)).
MOST_DAYS_BACK = 731

# How a case of each classification may end.
ENDINGS: Mapping[Classification, frozenset[Resolution]] = {
    Classification.CHARTING_ERROR: frozenset({Resolution.RECORD_CORRECTED}),
    Classification.COUNTING_ERROR: frozenset({Resolution.COUNTED_AGAIN, Resolution.DRUG_FOUND}),
    Classification.DEVICE_FAULT: frozenset({Resolution.RECORD_CORRECTED, Resolution.NO_FAULT_FOUND}),
    Classification.BREAKAGE: frozenset({Resolution.DESTROYED, Resolution.RECORDED_ONLY}),
    Classification.INSIGNIFICANT_LOSS: frozenset({Resolution.RECORDED_ONLY, Resolution.DRUG_FOUND}),
    # Reported even where the drug came back (21 CFR 1301.76(b)).
    Classification.SIGNIFICANT_LOSS: frozenset({Resolution.REPORTED}),
    Classification.THEFT: frozenset({Resolution.REPORTED}),
}
# Steps a person may still add to a resolved case.
AFTER_THE_END = frozenset({StepKind.NOTE, StepKind.ATTACHED, StepKind.REOPENED})
NEEDS_TEXT = frozenset(
    {StepKind.NOTE, StepKind.FACTOR, StepKind.CLASSIFIED, StepKind.RESOLVED, StepKind.REOPENED}
)


def step_fits(case: Case, kind: StepKind, text: str) -> list[Reason]:
    """Return what speaks against adding a step of this kind now: the case's end, a missing reason."""
    found = []
    if case.resolved and kind not in AFTER_THE_END:
        found.append(reason("case_resolved", "kind"))
    if not case.resolved and kind is StepKind.REOPENED:
        found.append(reason("case_not_resolved", "kind"))
    if kind in NEEDS_TEXT and len(text) < LEAST_REASON:
        found.append(reason("reason_missing", "text"))
    return found + text_fits(text)


def text_fits(text: str, field: str = "text", most: int = LONGEST_NOTE, lines: bool = True) -> list[Reason]:
    """Return what is wrong with a text that a person typed; an empty list when nothing is."""
    fault = text_fault(text, most=most, lines=lines)
    return [Reason(code=fault[0], text=fault[1], field=field)] if fault else []


def word_is_known(word: str, known: type[StrEnum], field: str = "code") -> list[Reason]:
    """Return a reason where `word` is none of the enumeration's."""
    if word in [each.value for each in known]:
        return []
    return [reason("unknown_word", field, word=word[:60] or "nothing", known=", ".join(known))]


def factor_is_known(code: str) -> list[Reason]:
    """Return what is wrong with a factor's answer, which is written ``<number>:<answer>``."""
    number, _, answer = code.partition(":")
    if number not in [str(each.value) for each in Factor]:
        return [reason("unknown_word", "code", word=number[:20] or "nothing", known="1, 2, 3, 4, 5, 6")]
    return word_is_known(answer, FactorAnswer)


def nobody_decides_an_own_deed(
    kind: StepKind, person_ref: str, parties: Collection[str], party_may_decide: bool
) -> list[Reason]:
    """Who acted or witnessed on the vial neither classifies nor resolves its case (separation of duties)."""
    if kind in DECISIONS and not party_may_decide and person_ref in parties:
        return [reason("own_case")]
    return []


def seen_is_current(kind: StepKind, case: Case, seen: int | None) -> list[Reason]:
    """A decision is taken on the case as it stands: not on one to which somebody has added meanwhile."""
    if kind in DECISIONS and seen is not None and seen != case.sequence:
        return [reason("case_moved_on", "seen")]
    return []


def may_classify(case: Case, classification: Classification) -> list[Reason]:
    """A loss is called significant or not only after all six factors were weighed (21 CFR 1301.76(b))."""
    if classification not in JUDGED_BY_FACTORS:
        return []
    return [
        reason("factor_unanswered", "factors", number=str(factor.value), question=FACTOR_QUESTIONS[factor])
        for factor in Factor
        if factor not in case.factors
    ]


def may_resolve(case: Case, resolution: Resolution, found: Collection[Deadline]) -> list[Reason]:
    """A case ends classified, in a way that fits, and with every duty done that it has."""
    if case.classification is None:
        return [reason("not_classified", "code")]
    wrong = []
    fitting = ENDINGS[case.classification]
    if resolution not in fitting:
        wrong.append(
            reason(
                "resolution_does_not_fit",
                "code",
                classification=case.classification.replace("_", " "),
                resolution=resolution.replace("_", " "),
                known=", ".join(sorted(fitting)),
            )
        )
    if case.classification in REPORTABLE:
        wrong += [
            reason("duty_not_done", "code", says=each.duty.name, citation=each.duty.citation)
            for each in found
            if each.done_at is None
        ]
    return wrong


def may_record_done(
    case: Case, code: str, kind: StepKind, happened_at: datetime, now: datetime, found: Collection[Deadline]
) -> list[Reason]:
    """A notice or filing is one of the case's duties, and lies between the discovery and now."""
    mine = [each.duty.code for each in found if each.duty.done_by is kind]
    if code not in mine:
        return [reason("duty_unknown", "code", known=", ".join(mine) or "none")]
    wrong = []
    if code in case.done:
        wrong.append(reason("duty_done", "code"))
    if happened_at > now:
        wrong.append(reason("done_in_the_future", "happened_at"))
    if happened_at < case.opening.discovered_at:
        at = case.opening.discovered_at.isoformat(timespec="minutes")
        wrong.append(reason("done_before_discovery", "happened_at", discovered=at))
    return wrong


def discovery_is_plausible(discovered_at: datetime, now: datetime) -> list[Reason]:
    """A discovery lies in the past, and not further back than records are kept."""
    if discovered_at > now:
        return [reason("discovered_in_the_future", "discovered_at")]
    if now - discovered_at > timedelta(days=MOST_DAYS_BACK):
        return [reason("discovered_too_long_ago", "discovered_at", days=str(MOST_DAYS_BACK))]
    return []

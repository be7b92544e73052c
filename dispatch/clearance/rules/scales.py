"""PHQ-9, GAD-7 and the C-SSRS screener: totals, bands, response, remission (care-rules.md section 3)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dispatch.clearance.model import Scale, SuicideRisk
from dispatch.kernel.refusals import Invalid, Reason

# How many answers a scale has, and the most each may be.
SHAPES: Mapping[Scale, tuple[int, int]] = {Scale.PHQ9: (9, 3), Scale.GAD7: (7, 3), Scale.CSSRS: (7, 1)}
PHQ9_BANDS = ("phq9_severe", "phq9_moderately_severe", "phq9_moderate", "phq9_mild")
GAD7_BANDS = ("gad7_severe", "gad7_moderate", "gad7_mild")
MINIMAL = "minimal"
# PHQ-9's ninth question asks for thoughts of being better off dead.
ITEM_OF_SELF_HARM = 8


@dataclass(frozen=True, kw_only=True)
class Scored:
    """What a filled-in scale amounts to.

    Attributes
    ----------
    total
        None while an answer is missing: half a scale is no score.
    band
        Its severity by name, empty while there is no total.
    risk
        Of suicide; None where the scale does not tell, or too little was answered to say "none".
    """

    total: int | None
    band: str
    risk: SuicideRisk | None


def answer_faults(scale: Scale, answers: Sequence[int | None]) -> list[Reason]:
    """Return what is wrong with answers, each by its field."""
    count, most = SHAPES[scale]
    if len(answers) != count:
        text = f"This scale has {count} answers; {len(answers)} came."
        return [Reason(code="answers_not_of_scale", text=text, field="answers")]
    return [
        Reason(
            code="answer_out_of_range", text=f"An answer lies between 0 and {most}.", field=f"answers[{n}]"
        )
        for n, each in enumerate(answers)
        if each is not None and not 0 <= each <= most
    ]


def scored(scale: Scale, answers: Sequence[int | None], policy: Mapping[str, Any]) -> Scored:
    """Score a scale.

    Parameters
    ----------
    policy
        ``clearance.scales``.

    Raises
    ------
    Invalid
        ``answers_not_of_scale``, ``answer_out_of_range``.
    """
    if wrong := answer_faults(scale, answers):
        raise Invalid(wrong)
    if scale is Scale.CSSRS:
        risk = suicide_risk(answers)
        return Scored(total=None, band=risk.value if risk else "", risk=risk)
    risk = _risk_of_phq9(answers) if scale is Scale.PHQ9 else None
    known = [each for each in answers if each is not None]
    if len(known) < len(answers):
        return Scored(total=None, band="", risk=risk)
    bands = PHQ9_BANDS if scale is Scale.PHQ9 else GAD7_BANDS
    return Scored(total=sum(known), band=_band(sum(known), bands, policy), risk=risk)


def _band(total: int, bands: Sequence[str], policy: Mapping[str, Any]) -> str:
    reached = (band for band in bands if total >= policy[band])
    return next(reached, f"_{MINIMAL}").partition("_")[2]


def _risk_of_phq9(answers: Sequence[int | None]) -> SuicideRisk | None:
    item = answers[ITEM_OF_SELF_HARM]
    return SuicideRisk.SAME_DAY if item else None


def suicide_risk(answers: Sequence[int | None]) -> SuicideRisk | None:
    """Judge the C-SSRS screener: questions 1 to 6, then whether 6 was within three months.

    Question 4, 5, or 6 within three months is high; 3, or 6 ever, wants a review the same day. A behaviour
    whose time nobody knows counts as recent. Questions 3 to 5 are asked only after a yes to 2 (the
    screener's own order), so that they may stay open after a no to 2; else what is open is unknown: None.
    """
    _one, two, three, four, five, six, recent = answers
    if four or five or (six and recent in (1, None)):
        return SuicideRisk.HIGH
    if two is None or six is None or (two and None in (three, four, five)):
        return SuicideRisk.SAME_DAY if three or six else None
    return SuicideRisk.SAME_DAY if three or six else SuicideRisk.NONE


def is_response(first: int, now: int, policy: Mapping[str, Any]) -> bool:
    """Tell whether a score fell by the policy's share of the first one (50 %); from 0 nothing can fall."""
    return first > 0 and (first - now) * 100 >= first * int(policy["response_percent"])


def is_remission(now: int, policy: Mapping[str, Any]) -> bool:
    """Tell whether a PHQ-9 lies below the policy's limit (5)."""
    return now < int(policy["remission_below"])

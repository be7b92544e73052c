"""What the software says of a case: always a question, never an accusation.

Half of all variances are charting errors and 88 % of cases close by themselves (custody-rules.md), so a
sentence names the vial and the figure, asks for the likeliest harmless cause first, and names no culprit.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from dispatch.custody.cases.model import Category, Factor
from dispatch.custody.cases.rules.folding import category_of
from dispatch.kernel.quantities import mg_text


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a question is made of; `what` is ``vial 7F3`` or ``the count of N-07``."""

    what: str
    kind: str
    gap_ug: int | None = None
    gap_units: int | None = None


def short_mg(amount_ug: int) -> str:
    """Write micrograms as milligrams with as many decimals as it needs, one at least: 4000 -> "4.0"."""
    whole, _, part = mg_text(amount_ug).partition(".")
    return f"{whole}.{part.rstrip('0') or '0'}"


def question(told: Told) -> str:
    """Return the question a case asks."""
    by_kind = _BY_KIND.get(told.kind)
    return by_kind(told) if by_kind else _BY_CATEGORY[category_of(told.kind)](told)


def _gap(told: Told, otherwise: str) -> str:
    if told.gap_ug:
        return f"the {short_mg(abs(told.gap_ug))} mg gap on {told.what}"
    return f"{otherwise} {told.what}"


def _count(told: Told) -> str:
    units = abs(told.gap_units or 0)
    if not units:
        return f"Did {told.what} miss a vial, or was one moved without a scan?"
    side = "fewer" if (told.gap_units or 0) < 0 else "more"
    vials = "vial" if units == 1 else "vials"
    return f"Was {told.what}, {units} {vials} {side} than the ledger, a miscount or a missing scan?"


_BY_KIND: Mapping[str, Callable[[Told], str]] = {
    "lost": lambda told: f"Where could {told.what} be: mislaid, handed on without a scan, or lost?",
    "stolen": lambda told: f"What is known about {told.what}, which was reported as taken?",
    "not_received": lambda told: f"Is {told.what} still on its way, or was it not sent?",
    "shift_not_closed": lambda told: f"What keeps {told.what} open, and where is its drug?",
    "state_line_crossed": lambda told: f"Was {told.what} used in another state, or is an address wrong?",
    "entry_corrected": lambda told: f"Does the correction of {told.what} explain the whole difference?",
    "assay_failed": lambda told: f"Was the residual of {told.what} diluted in use, or measured wrongly?",
    "broken": lambda told: f"How did {told.what} break, and was all of it recovered?",
    "above_order": lambda told: f"Did the order change before {told.what} was drawn up?",
    "not_licensed_here": lambda told: f"Was the licence for {told.what}'s visit renewed but not entered yet?",
    "off_shift": lambda told: f"Did the shift in which {told.what} was used run on, or was it not entered?",
    "beyond_use_time": lambda told: f"Was {told.what} used after its beyond-use time, or charted late?",
}
_BY_CATEGORY: Mapping[Category, Callable[[Told], str]] = {
    Category.COUNT: _count,
    Category.BALANCE: lambda told: f"Was {_gap(told, 'the difference on')} a charting error?",
    Category.SEAL: lambda told: f"Was the seal of {told.what} misread, changed, or opened?",
    Category.LATE: lambda told: (
        f"Why did the entry about {told.what} come late: no signal, or a wrong clock?"
    ),
    Category.OVER_DRAW: lambda told: f"Was {_gap(told, 'the amount drawn from')} a typing error or overfill?",
    Category.CONFLICT: lambda told: (
        f"Which of the two records about {told.what} is right, and how did both come?"
    ),
    Category.WASTE: lambda told: f"Who saw {told.what} wasted, and can a second person confirm it?",
    Category.LOSS: lambda told: f"What happened to {told.what}?",
    Category.STANDING: lambda told: (
        f"Was the person who used {told.what} entitled to, and only not entered so?"
    ),
    Category.IDENTITY: lambda told: (
        f"Did a phone send one entry about {told.what} twice with different content?"
    ),
    Category.OTHER: lambda told: f"What explains the discrepancy about {told.what}?",
}


@dataclass(frozen=True, kw_only=True)
class Circumstances:
    """What the ledger knows towards the six factors; never a judgement.

    Attributes
    ----------
    lost_ug, given_ug_30_days
        The figure in question, and all that the area gave in the 30 days before discovery.
    people
        Names of those who acted or witnessed on the vial.
    cases_24_months, cases_same_people
        Earlier cases of the area classified as theft or loss, and those that share a person with this.
    """

    product: str
    lost_ug: int
    given_ug_30_days: int
    people: tuple[str, ...]
    cases_24_months: int
    cases_same_people: int


def factor_hints(known: Circumstances) -> dict[Factor, str]:
    """Return, for each factor, what the ledger can tell, put as a question."""
    names = ", ".join(known.people) or "nobody by the ledger"
    return {
        Factor.QUANTITY: (
            f"{mg_text(known.lost_ug)} mg are in question; {mg_text(known.given_ug_30_days)} mg were given "
            "in the area in the 30 days before. Is that much for this business?"
        ),
        Factor.SUBSTANCE: f"The ledger says {known.product or 'no product'}. Does its loss weigh heavily?",
        Factor.ACCESS: f"By the ledger, these signed for it: {names}. Could anybody else have had access?",
        Factor.PATTERN: _pattern(known),
        Factor.LIKELY_TARGET: f"Is {known.product or 'this drug'} sought after outside medicine here?",
        Factor.LOCAL_TRENDS: "The ledger knows nothing of the town. Do police or board report a trend?",
    }


def _pattern(known: Circumstances) -> str:
    if not known.cases_24_months:
        return "In the 24 months before, no case of the area was classified as loss or theft. Is one missing?"
    return (
        f"In the 24 months before, {known.cases_24_months} cases of the area were classified as loss or "
        f"theft; {known.cases_same_people} of them share a person with this one. Is that chance?"
    )

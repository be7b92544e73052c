"""Does a nurse waste more of a drug than the others?"""

from collections.abc import Sequence
from uuid import UUID

from dispatch.custody.signals.model import Books, Limits, Question, Rule, VialUse
from dispatch.custody.signals.rules.excess import Tally, more_often_than_peers, percent, tallied


def waste_ratio(books: Books, limits: Limits) -> list[Question]:
    """Ask where many of a nurse's vials were wasted to a larger part than nearly all vials of the product.

    The share of a vial is waste / (given + waste). 21 CFR 1304.22(c) has every administered and wasted
    quantity on record; the ratio per nurse and drug is what diversion programmes look at first (ASHP
    Guidelines on Preventing Diversion of Controlled Substances, 2022).
    """
    found: list[Question] = []
    for product in sorted({use.product for use in books.uses}):
        uses = [use for use in books.uses if use.product == product and use.wasted_at]
        if uses:
            found += _of_product(product, uses, books, limits)
    return found


def _of_product(product: str, uses: Sequence[VialUse], books: Books, limits: Limits) -> list[Question]:
    limit = upper_limit([share(use) for use in uses], limits)

    def worded(nurse: UUID, tally: Tally, peers: float) -> str:
        return (
            f"Is there a reason why {percent(tally.share)} of {books.name(nurse)}'s vials of {product} were "
            f"wasted by more than {percent(limit)} (other nurses {percent(peers)}, "
            f"{tally.observations} vials)?"
        )

    return more_often_than_peers(
        Rule.WASTE_RATIO,
        tallied((use.nurse, share(use) > limit, use.events[-1]) for use in uses),
        limits,
        worded,
        about=product,
        shown=(("unusual from", f"{percent(limit)} of a vial wasted; {_of_all(limits)} of all were"),),
    )


def share(use: VialUse) -> float:
    """Return which part of a vial was wasted, 0 to 1."""
    whole = use.given_ug + use.wasted_ug
    return use.wasted_ug / whole if whole else 0.0


def upper_limit(values: list[float], limits: Limits) -> float:
    """Return the value that the policy's share of all values (``unusual_permille``) exceeds."""
    ranked = sorted(values)
    return ranked[max(0, len(ranked) - 1 - len(ranked) * limits.unusual_permille // 1000)]


def _of_all(limits: Limits) -> str:
    return percent(limits.unusual_permille / 1000)

"""Does what is drawn or given fit what the orders need?"""

from uuid import UUID

from dispatch.custody.signals.model import Books, Limits, Question, Rule
from dispatch.custody.signals.rules.excess import Tally, more_often_than_peers, percent, tallied


def drawn_above_order(books: Books, limits: Limits) -> list[Question]:
    """Ask where a nurse draws up more than the order needs and lets the rest be waste.

    What was drawn and not given is the easiest drug to divert: it is already in a syringe. The prime of the
    line and the syringe's marks are within the tolerance. The order names the dose (21 CFR 1306.05).
    """
    most = 1 + limits.tolerance_percent / 100
    tallies = tallied(
        (use.nurse, use.drawn_ug > most * use.ordered_ug, use.events[0])
        for use in books.uses
        if use.ordered_ug is not None
    )

    def worded(nurse: UUID, tally: Tally, peers: float) -> str:
        return (
            f"Is there a reason why {books.name(nurse)} drew up more than {limits.tolerance_percent} % above "
            f"the order for {percent(tally.share)} of the vials (other nurses {percent(peers)}, "
            f"{tally.observations} vials)?"
        )

    shown = (("unusual from", f"{limits.tolerance_percent} % above the order's dose drawn up"),)
    return more_often_than_peers(Rule.DRAWN_ABOVE_ORDER, tallies, limits, worded, shown=shown)


def given_below_order(books: Books, limits: Limits) -> list[Question]:
    """Ask where a nurse's patients get less than their orders name, and the rest is waste.

    An infusion that is stopped early is good care; that it happens to one nurse far more often is a question.
    """
    least = 1 - limits.tolerance_percent / 100
    tallies = tallied(
        (use.nurse, use.given_ug < least * use.ordered_ug, use.events[-1])
        for use in books.uses
        if use.ordered_ug is not None and use.wasted_at is not None
    )

    def worded(nurse: UUID, tally: Tally, peers: float) -> str:
        return (
            f"Is there a reason why {percent(tally.share)} of {books.name(nurse)}'s patients were given more "
            f"than {limits.tolerance_percent} % less than ordered (other nurses {percent(peers)}, "
            f"{tally.observations} vials)?"
        )

    shown = (("unusual from", f"{limits.tolerance_percent} % below the order's dose given"),)
    return more_often_than_peers(Rule.GIVEN_BELOW_ORDER, tallies, limits, worded, shown=shown)

"""Does a nurse touch drug when she is not on shift?"""

from uuid import UUID

from dispatch.custody.signals.model import Books, Limits, Question, Rule
from dispatch.custody.signals.rules.excess import Tally, more_often_than_peers, percent, tallied


def off_shift(books: Books, limits: Limits) -> list[Question]:
    """Ask where more of a nurse's events than of the others' lie outside her shifts and overtime.

    Each event keeps a snapshot of whether its actor was on shift (invariant 3); nothing is judged anew here.
    21 CFR 1301.22: the agent acts in the usual course of business.
    """

    def worded(nurse: UUID, tally: Tally, peers: float) -> str:
        return (
            f"Is there a reason why {books.name(nurse)} handled drug {len(tally.hits)} times while not on "
            f"shift ({percent(tally.share)} of {tally.observations} events; other nurses {percent(peers)})?"
        )

    tallies = tallied((access.nurse, not access.on_shift, access.event_id) for access in books.accesses)
    return more_often_than_peers(Rule.OFF_SHIFT, tallies, limits, worded)

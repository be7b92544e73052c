"""Is a nurse's waste often without a witness of the company?"""

from uuid import UUID

from dispatch.custody.signals.model import Books, Limits, Question, Rule
from dispatch.custody.signals.rules.excess import Tally, more_often_than_peers, percent, tallied


def weak_witness(books: Books, limits: Limits) -> list[Question]:
    """Ask where more of a nurse's waste than of the others' was seen by nobody, or by a companion only.

    custody-rules.md ranks witnesses at home: a licensed person over live video, the sealed residual carried
    back, a companion who saw it (weak).
    """

    def worded(nurse: UUID, tally: Tally, peers: float) -> str:
        return (
            f"Is there a reason why {percent(tally.share)} of {books.name(nurse)}'s waste had no witness of "
            f"the company (other nurses {percent(peers)}, {tally.observations} vials)?"
        )

    tallies = tallied((use.nurse, use.weak, use.events[-1]) for use in books.uses if use.wasted_at)
    return more_often_than_peers(Rule.WEAK_WITNESS, tallies, limits, worded)

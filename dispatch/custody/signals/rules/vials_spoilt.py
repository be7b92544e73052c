"""Do sealed vials come to grief in a nurse's hands?"""

from uuid import UUID

from dispatch.custody.signals.model import Books, Limits, Question, Rule
from dispatch.custody.signals.rules.excess import Tally, more_often_than_peers, percent, tallied


def vials_spoilt(books: Books, limits: Limits) -> list[Question]:
    """Ask where more of the sealed vials that a nurse took broke, were lost or came back with a wrong seal.

    Each by itself is a case already (21 CFR 1301.76(b)); together they are a pattern.
    """

    def worded(nurse: UUID, tally: Tally, peers: float) -> str:
        return (
            f"Is there a reason why {len(tally.hits)} of the {tally.observations} vials that "
            f"{books.name(nurse)} took broke, were lost or came back with a wrong seal "
            f"(other nurses {percent(peers)})?"
        )

    tallies = tallied((taken.nurse, taken.spoilt, taken.event_id) for taken in books.taken)
    return more_often_than_peers(Rule.VIALS_SPOILT, tallies, limits, worded)

"""Do a nurse's events reach the ledger late?"""

from uuid import UUID

from dispatch.custody.signals.model import Books, Limits, Question, Rule
from dispatch.custody.signals.rules.excess import Tally, more_often_than_peers, percent, tallied


def late_entry(books: Books, limits: Limits) -> list[Question]:
    """Ask where more of a nurse's events than of the others' were entered long after they happened.

    No signal on the phone is the usual reason. But an entry made afterwards can be made to fit (attack 10;
    policy ``custody.device_time``).
    """

    def worded(nurse: UUID, tally: Tally, peers: float) -> str:
        return (
            f"Is there a reason why {percent(tally.share)} of {books.name(nurse)}'s events arrived late "
            f"(other nurses {percent(peers)}, {tally.observations} events)? "
            "Is the phone often without signal?"
        )

    tallies = tallied((access.nurse, access.late, access.event_id) for access in books.accesses)
    return more_often_than_peers(Rule.LATE_ENTRY, tallies, limits, worded)

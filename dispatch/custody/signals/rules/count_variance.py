"""Do counts of a nurse's box differ from the ledger?"""

from uuid import UUID

from dispatch.custody.signals.model import Books, Limits, Question, Rule
from dispatch.custody.signals.rules.excess import Tally, more_often_than_peers, percent, tallied


def count_variance(books: Books, limits: Limits) -> list[Question]:
    """Ask where more of a nurse's finished blind counts than of the others' differ from the ledger.

    Half of all variances are charting errors (custody-rules.md); one is a case, many are a question
    (21 CFR 1304.11(a)).
    """
    missing: dict[UUID, int] = {}
    for count in books.counts:
        missing[count.nurse] = missing.get(count.nurse, 0) - count.variance_units

    def worded(nurse: UUID, tally: Tally, peers: float) -> str:
        net = missing[nurse]
        sense = f"{net} vials missing" if net >= 0 else f"{-net} vials too many"
        return (
            f"Is there a reason why {len(tally.hits)} of {tally.observations} counts of "
            f"{books.name(nurse)}'s box differed from the ledger, {sense} in sum "
            f"(other nurses {percent(peers)})?"
        )

    tallies = tallied((count.nurse, count.variance_units != 0, count.count_id) for count in books.counts)
    return more_often_than_peers(Rule.COUNT_VARIANCE, tallies, limits, worded)

"""Does drug wait long between the broken seal and the patient?"""

from datetime import timedelta
from uuid import UUID

from dispatch.custody.signals.model import Books, Limits, Question, Rule
from dispatch.custody.signals.rules.excess import Tally, more_often_than_peers, percent, tallied
from dispatch.custody.signals.rules.waste_ratio import upper_limit


def slow_to_give(books: Books, limits: Limits) -> list[Question]:
    """Ask where many of a nurse's vials were open longer than nearly all before the first dose.

    In a hospital the time runs from the cabinet; here a sealed vial rides in a locked box until its visit, as
    the route has it, so drug is removed when the seal breaks. USP <797> limits how long it may wait
    (policy ``custody.beyond_use_h``); long before that a wait is worth a question.
    """
    waits = [
        (use.nurse, minutes(use.given_at - use.opened_at), use.events[0])
        for use in books.uses
        if use.given_at is not None
    ]
    if not waits:
        return []
    limit = upper_limit([wait for _, wait, _ in waits], limits)

    def worded(nurse: UUID, tally: Tally, peers: float) -> str:
        return (
            f"Is there a reason why {percent(tally.share)} of {books.name(nurse)}'s vials were open for more "
            f"than {limit:.0f} minutes before any of it was given (other nurses {percent(peers)}, "
            f"{tally.observations} vials)?"
        )

    return more_often_than_peers(
        Rule.SLOW_TO_GIVE,
        tallied((nurse, wait > limit, event_id) for nurse, wait, event_id in waits),
        limits,
        worded,
        shown=(("unusual from", f"{limit:.1f} minutes between opening and the first dose"),),
    )


def minutes(span: timedelta) -> float:
    """Return a span in minutes."""
    return span.total_seconds() / 60

"""The prescriber's queue: what waits, the most urgent first. Chapters above register what they have.

A line holds no name: the screen looks up whom it is about when it shows it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session


@dataclass(frozen=True, kw_only=True)
class QueueLine:
    """One thing that waits for a prescriber.

    Attributes
    ----------
    kind
        A word such as ``alarm``, ``hold``, ``countersign``; lines of one kind stand together.
    text
        One sentence without a patient's data.
    due_at
        By when; what has no time waits behind what has.
    since
        Since when it waits, where that is known and no time is set for it.
    rank
        Of two urgent ones the smaller stands first.
    link
        Where on the screens it is dealt with, from the root.
    """

    kind: str
    text: str
    due_at: datetime | None
    case_id: UUID | None = None
    patient_id: UUID | None = None
    since: datetime | None = None
    link: str = ""
    urgent: bool = False
    rank: int = 9


Source = Callable[[Session, datetime], Sequence[QueueLine]]
SOURCES: list[Source] = []


def register(source: Source) -> Source:
    """Add what a chapter has for the queue. Also a decorator."""
    if source not in SOURCES:
        SOURCES.append(source)
    return source

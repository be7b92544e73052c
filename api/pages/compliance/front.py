"""What stands above the vials on the compliance screen: figures as of an instant, each with its events."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import request
from sqlalchemy.orm import Session

from dispatch.custody.model import LOST, QUARANTINE, RETURNED, WASTE
from dispatch.custody.reports.daybook import Holding, inventory_as_of
from dispatch.custody.reports.figures import figure
from dispatch.custody.reports.model import Measure, Sought, bound_after
from dispatch.custody.reports.words import words_of
from dispatch.kernel.local_time import instant
from dispatch.kernel.refusals import Invalid, refuse


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A number with what it counts, and the words by which its events are found.

    Attributes
    ----------
    units, amount_ug
        Whole vials, or micrograms; the other one is None.
    words
        The filter of the figure's events; empty where the inventory itself shows what it is made of.
    odd
        Somebody should look.
    """

    name: str
    units: int | None = None
    amount_ug: int | None = None
    words: dict[str, str]
    odd: bool = False


def instant_asked(now: datetime, zone: ZoneInfo) -> datetime:
    """Read the instant as of which figures are wanted, on the area's clock; now when none is.

    Raises
    ------
    Invalid
        When it is no instant, or lies in the future.
    """
    text = request.args.get("at", "").strip()
    if not text:
        return now
    try:
        local = datetime.fromisoformat(text)
        if local.tzinfo is not None or not 2000 <= local.year <= 2100:
            raise ValueError
        at = instant(local.date(), local.time(), zone)
    except ValueError:
        raise refuse(
            Invalid, "instant_not_valid", "An instant is written as 2026-11-23T10:20.", field="at",
            way_out="Choose day and time.",
        ) from None  # fmt: skip
    # The page shows minutes: the one under way counts up to now.
    return min(at + timedelta(seconds=59), now) if at <= now else now


def figures(session: Session, area_id: UUID, since: datetime, at: datetime) -> list[Figure]:
    """Return what is on hand at `at`, and what was given, wasted, returned and lost since `since`."""
    held = inventory_as_of(session, at, area_id)
    ends = bound_after(at)
    moved = {
        account: Sought(measure=measure, account=account, since=since, before=ends)
        for account, measure in (
            ("patient", Measure.MOVED),
            (WASTE, Measure.MOVED),
            (RETURNED, Measure.UNITS),
            (QUARANTINE, Measure.MOVED),
            (LOST, Measure.MOVED),
        )
    }
    sums = {account: figure(session, area_id, sought)[0] for account, sought in moved.items()}
    opened = Sought(measure=Measure.MOVED, account="open", before=ends)
    drawn = Sought(measure=Measure.MOVED, account="drawn", before=ends)
    open_ug, drawn_ug = _amount(held, "open"), _amount(held, "drawn")
    return [
        Figure(name="At stock points", units=_units(held, "custody:pharmacy:"), words={}),
        Figure(name="Sealed, with nurses", units=_units(held, "custody:nurse:"), words={}),
        Figure(name="In opened vials", amount_ug=open_ug, words=words_of(opened), odd=bool(open_ug)),
        Figure(name="In syringes", amount_ug=drawn_ug, words=words_of(drawn)),
        Figure(name="Given", amount_ug=sums["patient"], words=words_of(moved["patient"])),
        Figure(name="Wasted", amount_ug=sums[WASTE], words=words_of(moved[WASTE])),
        Figure(name="Returned", units=sums[RETURNED], words=words_of(moved[RETURNED])),
        Figure(
            name="To quarantine",
            amount_ug=sums[QUARANTINE],
            words=words_of(moved[QUARANTINE]),
            odd=bool(sums[QUARANTINE]),
        ),
        Figure(name="Lost", amount_ug=sums[LOST], words=words_of(moved[LOST]), odd=bool(sums[LOST])),
    ]


def _units(held: list[Holding], place: str) -> int:
    return sum(each.units for each in held if each.place.startswith(place))


def _amount(held: list[Holding], place: str) -> int:
    return sum(each.amount_ug for each in held if each.place == place)

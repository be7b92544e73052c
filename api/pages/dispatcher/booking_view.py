"""How an offered time reads: "Tue 24 Nov, 09:00-11:00, between two visits nearby, +$6, 5 nurses could"."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from api.pages.dispatcher import words
from dispatch.assignment.slot_model import Slot, SlotDay

NEARBY_S = 10 * 60
MOST_NAMED = 4


@dataclass(frozen=True, kw_only=True)
class OfferView:
    """One line of the list; `value` is what its button sends."""

    value: str
    day: str
    hours: str
    fits: str
    added: str
    could: str
    named: tuple[str, ...]
    more: bool
    fragile: bool


@dataclass(frozen=True, kw_only=True)
class ReasonView:
    """A day without a time, and why."""

    day: str
    reasons: list[str]


def offer_view(slot: Slot, zone: ZoneInfo) -> OfferView:
    """Put an offer into words."""
    begins, ends = words.reading(slot.begins_at, zone), words.reading(slot.ends_at, zone)
    count = len(slot.nurses)
    return OfferView(
        value=f"{slot.day.isoformat()} {begins}-{ends}",
        day=f"{slot.day:%a} {slot.day.day} {slot.day:%b}",
        hours=f"{begins}–{ends}",
        fits=_fits(slot),
        added=words.added_dollars(slot.added_mc),
        could=f"{count} nurses could" if count > 1 else "one nurse could",
        named=slot.nurses[:MOST_NAMED],
        more=count > MOST_NAMED,
        fragile=count == 1,
    )


def _fits(slot: Slot) -> str:
    nearby = " nearby" if slot.detour_s < NEARBY_S else ""
    if slot.before and slot.after:
        return f"between two visits{nearby}"
    if slot.before:
        return f"after a last visit{nearby}"
    if slot.after:
        return f"before a first visit{nearby}"
    return "a route of its own"


def reason_view(day: SlotDay) -> ReasonView:
    """Put into words why a day has no time."""
    return ReasonView(
        day=f"{day.day:%a} {day.day.day} {day.day:%b}",
        reasons=[
            f"{reason.nurses} × {reason.text}" if at and reason.nurses else reason.text
            for at, reason in enumerate(day.reasons)
        ],
    )

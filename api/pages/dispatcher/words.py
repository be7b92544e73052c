"""How the board writes money, times and states."""

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from api.pages.dispatcher.day_view import Against
from dispatch.routes.model import BoardVisit, Left, Span
from routing.plan import ReasonLeft

MC_PER_DOLLAR = 100_000
# The nurse is bound: also while she watches a patient after an infusion, until she leaves.
UNDER_WAY = frozenset(
    {
        "en_route", "arrived", "screening", "held", "ready", "infusing", "paused", "recovery", "discharged",
        "emergency",
    }
)  # fmt: skip
STATES = {
    "planned": "",
    "assigned": "",
    "en_route": "the nurse is on her way",
    "arrived": "the nurse is there",
    "infusing": "infusing",
    "screening": "screening",
    "held": "held for a prescriber",
    "ready": "ready to start",
    "paused": "infusion paused",
    "recovery": "infusion ended",
    "discharged": "discharged",
    "emergency": "emergency",
    "transferred": "handed over to a crew",
    "completed": "done",
    "no_show": "nobody at home",
    "aborted": "broken off",
    "cancelled": "cancelled",
}


# Of a service that gives no controlled drug.
PLAIN_STATES = STATES | {"infusing": "under way", "paused": "interrupted", "recovery": "finished"}


def state(visit: BoardVisit) -> str:
    """Say where a visit stands, in the words of its service; nothing while it is only planned."""
    return (STATES if visit.controlled else PLAIN_STATES).get(visit.state, visit.state)


def dollars(amount_mc: int) -> str:
    """Write millicents as whole dollars, as a plan's cost is read."""
    return f"${amount_mc / MC_PER_DOLLAR:,.0f}"


def added_dollars(amount_mc: int) -> str:
    """Write what a move adds or saves."""
    return f"{'−' if amount_mc < 0 else '+'}${abs(amount_mc) / MC_PER_DOLLAR:,.2f}"


def hours(seconds: int) -> str:
    """Write a sum of time: 24 h 05."""
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02d}"


def reading(at: datetime, zone: ZoneInfo) -> str:
    """Write an instant as the area's clocks show it."""
    return f"{at.astimezone(zone):%H:%M}"


def windows(spans: Iterable[Span], zone: ZoneInfo) -> str:
    """Write the windows in which a visit begins."""
    return ", ".join(f"{reading(span.begins_at, zone)}–{reading(span.ends_at, zone)}" for span in spans)


def look(state: str) -> str:
    """Return how a visit of this state is drawn: planned, under_way or done."""
    if state in ("planned", "assigned"):
        return "planned"
    return "under_way" if state in UNDER_WAY else "done"


def service(visit: BoardVisit) -> str:
    """Write what is given, first infusions marked: they need more time and care."""
    return f"{visit.service}, first infusion" if visit.first_infusion else visit.service


def against(reasons: Iterable[Left | ReasonLeft]) -> list[Against]:
    """Write why nobody goes, what keeps most nurses away first."""
    return [
        Against(count=f"{reason.nurses} ×", text=reason.code.replace("_", " "))
        if reason.nurses
        else Against(count="", text=reason.text)
        for reason in sorted(reasons, key=lambda reason: -reason.nurses)
    ]

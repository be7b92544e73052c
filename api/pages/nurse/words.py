"""The words of the nurse's screen: every button says its deed."""

import re
from datetime import date, datetime
from zoneinfo import ZoneInfo

from dispatch.custody.model import EventKind, State, WasteMethod
from dispatch.kernel.quantities import mg_text as exact_mg_text
from dispatch.visits.model import Deed, RouteStop, Visit, VisitState

DEEDS = {
    Deed.EN_ROUTE: "Drive",
    Deed.CHECK_IN: "I have arrived",
    Deed.START: "Start infusion",
    Deed.STOP: "Stop infusion",
    Deed.CHECK_OUT: "Leave",
    Deed.NO_SHOW: "Nobody is there",
    Deed.ABORT: "The visit cannot go on",
    Deed.SCREEN: "Start screening",
    Deed.READY: "Ready",
    Deed.HOLD: "Hold for the prescriber",
    Deed.PAUSE: "Pause infusion",
    Deed.RESUME: "Resume infusion",
    Deed.DISCHARGE: "Discharge",
    Deed.EMERGENCY: "Emergency: I called 911",
    Deed.TRANSFER: "Handed over to the crew",
}
# Where the reason is asked beside the button.
WHY = frozenset({Deed.HOLD, Deed.NO_SHOW, Deed.ABORT})
# What a set of readings asks for, said large after it was recorded.
LEVELS = {
    "amber": "Raised: let the patient rest ten minutes, then repeat.",
    "watch": "Raised: readings every five minutes; the prescriber is told.",
    "red": "Beyond the limit: repeat after five minutes. Two such sets hold the visit for a prescriber.",
    "pause": "Pause the infusion and call the prescriber.",
    "abort": "No infusion today. The visit is ended; nobody overrides that here.",
    "stop": "Stop the infusion and call 911.",
}
SECTIONS = {
    "rate": "Change the rate",
    "side_effect": "Side effect",
    "incident": "Report an incident",
}
SAVES = {"rate": "Change rate", "side_effect": "Record side effect", "incident": "Report incident"}
STATES = {
    VisitState.ASSIGNED: "planned",
    VisitState.EN_ROUTE: "on the way",
    VisitState.ARRIVED: "there",
    VisitState.INFUSING: "infusing",
    VisitState.SCREENING: "screening",
    VisitState.HELD: "held for a prescriber",
    VisitState.READY: "ready",
    VisitState.PAUSED: "infusion paused",
    VisitState.RECOVERY: "infusion stopped",
    VisitState.DISCHARGED: "discharged",
    VisitState.EMERGENCY: "emergency",
    VisitState.TRANSFERRED: "handed over to the crew",
    VisitState.COMPLETED: "done",
    VisitState.NO_SHOW: "nobody was there",
    VisitState.ABORTED: "given up",
    VisitState.CANCELLED: "cancelled",
}
# Of a service that gives no controlled drug: an IV of fluid, a dressing, a consultation.
PLAIN_DEEDS = DEEDS | {Deed.START: "Begin", Deed.STOP: "Finish"}
PLAIN_STATES = STATES | {
    VisitState.INFUSING: "under way",
    VisitState.PAUSED: "interrupted",
    VisitState.RECOVERY: "finished",
}
VIAL_STATES = {
    State.PICKED_UP: "sealed, in your box",
    State.IN_TRANSIT: "sealed, in your box",
    State.OPENED: "open",
    State.ADMINISTERING: "in use",
    State.RESIDUAL_PENDING: "waits for its waste",
    State.SEAL_MISMATCH: "wrong seal: do not use",
}
WASTE_METHODS = {
    WasteMethod.DEACTIVATION_POUCH: "Deactivation pouch",
    WasteMethod.SOLIDIFYING_CONTAINER: "Solidifying container",
    WasteMethod.CONTROLLED_SUBSTANCE_BIN: "Controlled-substance bin",
}
COMPANIONS = ("spouse", "parent", "child", "relative", "friend", "carer")
MISHAPS = {
    EventKind.BROKEN: "It broke",
    EventKind.SEAL_MISMATCH: "Its seal is wrong",
    EventKind.LOST: "It is lost",
    EventKind.STOLEN: "It was stolen",
}
# The place is taken at these two deeds and at no other time.
PLACED = frozenset({Deed.CHECK_IN, Deed.CHECK_OUT})
LANGUAGES = {"en": "English", "es": "Spanish", "so": "Somali", "ar": "Arabic", "ne": "Nepali", "fr": "French"}
PLACES = {"start": "Home", "end": "Home", "break": "Meal break"}


def deed_text(deed: Deed, visit: Visit) -> str:
    """Name a deed as its button says it at this visit."""
    return (DEEDS if visit.controlled else PLAIN_DEEDS)[deed]


def state_text(visit: Visit) -> str:
    """Say where a visit stands, in the words of its service."""
    return (STATES if visit.controlled else PLAIN_STATES)[visit.state]


def mg_text(amount_ug: int) -> str:
    """Write micrograms as milligrams, exact, without idle zeros: 35000 -> "35.0", 31025 -> "31.025"."""
    whole, _, part = exact_mg_text(amount_ug).partition(".")
    return f"{whole}.{part.rstrip('0') or '0'}"


def vial_named(field: str) -> str:
    """Say which vial of a list a reason is about: ``vials[1]`` -> "Vial 2: "."""
    found = re.match(r"vials\[(\d+)\]", field)
    return f"Vial {int(found.group(1)) + 1}: " if found else ""


def clock_text(at: datetime, zone: ZoneInfo) -> str:
    """Write an instant as the wall clock shows it: 10:15."""
    return f"{at.astimezone(zone):%H:%M}"


def day_text(day: date) -> str:
    """Write a date as people say it: Mon 23 Nov."""
    return f"{day:%a} {day.day} {day:%b}"


def distance_text(metres: int) -> str:
    """Write a distance: 340 m, 1.1 km."""
    return f"{metres} m" if metres < 1000 else f"{metres / 1000:.1f} km"


def window_text(visit: Visit, zone: ZoneInfo) -> str:
    """Write the windows in which service begins: 10:15-10:45."""
    spans = [f"{clock_text(begins, zone)}–{clock_text(ends, zone)}" for begins, ends in visit.windows]
    return " or ".join(spans)


def minutes(seconds: int) -> int:
    """Return whole minutes, rounded up: who plans a drive of 61 s leaves two minutes early."""
    return -(-seconds // 60)


def place_name(stop: RouteStop) -> str:
    """Name a stop that is no visit."""
    if stop.pharmacy is not None:
        deed = "Pick up at" if stop.kind == "pickup" else "Return to"
        return f"{deed} {stop.pharmacy.name}"
    return PLACES.get(stop.kind, stop.kind.capitalize())


def language_name(code: str) -> str:
    """Name a language by its code, the code itself where it is not known."""
    return LANGUAGES.get(code, code)

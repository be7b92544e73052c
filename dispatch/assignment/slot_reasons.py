"""Why a day has no time to offer, in the words of whoever asks."""

from collections import Counter
from collections.abc import Iterable, Mapping
from enum import StrEnum
from uuid import UUID

from dispatch.assignment.ready_days import Ready
from dispatch.kernel.refusals import Reason
from routing.plan import ReasonLeft

LICENCE = ("licence_", "state_", "compact_", "residence_", "home_state_", "disciplined_")
# What is said of some nurses, and what when it keeps all away who work that day.
TEXTS = {
    "licence": ("not licensed in {state}", "No nurse licensed in {state} works that day."),
    "competency": (
        "lacks a proof that the service asks for",
        "No nurse who works that day has proof of what the service asks for.",
    ),
    "authorisation": (
        "not authorised to carry the drug there",
        "No nurse who works that day may carry the drug in {state}.",
    ),
    "role": ("may not give it in {state}", "No nurse who may give it in {state} works that day."),
    "patient_excluded": (
        "must not meet the patient",
        "Only nurses who must not meet the patient work that day.",
    ),
    "language_required": (
        "does not speak the required language",
        "No nurse who speaks the required language works that day.",
    ),
    "gender_required": ("not of the required gender", "No nurse of the required gender works that day."),
    "pet_allergy": (
        "allergic to an animal of that home",
        "Only nurses allergic to an animal of that home work that day.",
    ),
    "lock_box_too_small": ("lock-box too small", "No nurse with a lock-box large enough works that day."),
    "shift_too_short": (
        "shift too short for it",
        "No shift of that day is long enough in the hours asked for.",
    ),
    "no_state_rule": (
        "no rule says who may give it in {state}",
        "No rule says who may give it in {state}, so nobody may.",
    ),
}


class CannotBegin(StrEnum):
    """What is left to say when no nurse can keep any window of a day."""

    NOBODY_WORKS = "nobody_works"
    DAY_IS_OVER = "day_is_over"
    NO_ROOM = "no_room_in_day"
    TOO_DEAR = "costs_more_than_leaving_it"


SENTENCES = {
    CannotBegin.NOBODY_WORKS: "No nurse works that day.",
    CannotBegin.DAY_IS_OVER: "No window is left in the hours asked for.",
    CannotBegin.NO_ROOM: "The visits already booked leave no room.",
    CannotBegin.TOO_DEAR: "Making it would cost more than leaving it.",
}


def stated(reasons: Iterable[Reason]) -> tuple[ReasonLeft, ...]:
    """Return reasons of a rule as reasons of a day."""
    return tuple(ReasonLeft(code=r.code, text=f"{r.text} {r.way_out}".strip()) for r in reasons)


def reasons_for_none(
    ready: Ready, state: str, against: Mapping[UUID, tuple[Reason, ...]], otherwise: CannotBegin
) -> tuple[ReasonLeft, ...]:
    """Return why a day has no offer: what keeps all nurses away, or how many are kept away by what.

    `against` holds what stands against each nurse on shift; what keeps the others away is `otherwise`.
    """
    nurses = len({key.nurse_id for key in ready.nurses.values()})
    kept = Counter(kind for reasons in against.values() for kind in {_kind(r.code) for r in reasons})
    everybody = sorted(kind for kind, count in kept.items() if count == nurses)
    if everybody:
        return tuple(ReasonLeft(code=kind, text=_texts(kind, state)[1], nurses=nurses) for kind in everybody)
    free = nurses - sum(bool(reasons) for reasons in against.values())
    first = ReasonLeft(code=otherwise.value, text=SENTENCES[otherwise], nurses=free)
    rest = sorted(kept.items(), key=lambda item: (-item[1], item[0]))
    return (first, *(ReasonLeft(code=kind, text=_texts(kind, state)[0], nurses=n) for kind, n in rest))


def _kind(code: str) -> str:
    if code in TEXTS:
        return code
    if code.startswith(LICENCE):
        return "licence"
    return next((kind for kind in ("competency", "authorisation", "role") if code.startswith(kind)), code)


def _texts(kind: str, state: str) -> tuple[str, str]:
    """Return what is said of some nurses and of all; a rule that has no words here says its name."""
    plain = kind.replace("_", " ")
    some, everybody = TEXTS.get(kind, (plain, f"Against every nurse who works that day: {plain}."))
    return some.format(state=state), everybody.format(state=state)

"""Is a prescriber on call, licensed and reachable for the whole of a visit? Decided on plain values."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from dispatch.kernel.refusals import Reason
from dispatch.visits.safety.model import Duty, NewDuty

Span = tuple[datetime, datetime]
ROSTER = "The dispatcher enters who is on call."


def uncovered(spans: Iterable[Span], begins_at: datetime, ends_at: datetime) -> tuple[Span, ...]:
    """Return the parts of [`begins_at`, `ends_at`] that no span covers, in order."""
    gaps: list[Span] = []
    here = begins_at
    for begins, ends in sorted(spans):
        if ends <= here:
            continue
        if begins > here:
            gaps.append((here, min(begins, ends_at)))
        here = max(here, ends)
        if here >= ends_at:
            break
    if here < ends_at:
        gaps.append((here, ends_at))
    return tuple(gap for gap in gaps if gap[0] < gap[1])


def duty_faults(new: NewDuty, now: datetime, states_known: frozenset[str]) -> tuple[Reason, ...]:
    """Return every fault of a turn on call as entered."""
    found = []
    if new.begins_at.tzinfo is None or new.ends_at.tzinfo is None:
        text = "Give both moments with their offset."
        return (Reason(code="date_out_of_range", text=text, field="begins_at"),)
    if new.ends_at <= new.begins_at:
        found.append(Reason(code="ends_before_it_begins", text="It ends after it begins.", field="ends_at"))
    if new.ends_at <= now:
        found.append(Reason(code="duty_in_the_past", text="This turn is over already.", field="ends_at"))
    if not new.states:
        found.append(Reason(code="value_missing", text="Name at least one state.", field="states"))
    if unknown := sorted(new.states - states_known):
        text = f"There is no such state: {', '.join(unknown)}."
        found.append(Reason(code="state_unknown", text=text, field="states"))
    return tuple(found)


def in_force(duties: Iterable[Duty], state: str, at: datetime) -> tuple[Duty, ...]:
    """Return the turns that hold in a state at an instant: whoever confirmed last first."""
    found = [duty for duty in duties if state in duty.states and duty.begins_at <= at < duty.ends_at]
    unheard = min((duty.begins_at for duty in found), default=at)
    return tuple(sorted(found, key=lambda duty: (duty.confirmed_at or unheard, duty.duty_id), reverse=True))


def not_covered(state: str, gaps: Sequence[Span]) -> Reason | None:
    """Say from when to when nobody licensed in the state is on call, if so."""
    if not gaps:
        return None
    spans = ", ".join(f"{begins:%H:%M} to {ends:%H:%M} UTC" for begins, ends in gaps)
    return Reason(
        code="no_prescriber_on_call",
        text=f"No prescriber licensed in {state} is on call from {spans}.",
        way_out=ROSTER,
    )


def is_confirmed(duty: Duty, at: datetime) -> bool:
    """Tell whether the prescriber was found reachable so lately that it still counts."""
    return (
        duty.confirmed_at is not None
        and duty.confirmed_until is not None
        and duty.confirmed_at <= at <= duty.confirmed_until
    )


NOT_REACHED = Reason(
    code="prescriber_not_reached",
    text="The prescriber on call has not been confirmed reachable for this start.",
    way_out="Ring the prescriber and record the call, or let the prescriber confirm on the on-call page.",
)
NOT_ON_SITE = Reason(
    code="prescriber_not_on_site",
    text="The state's rule asks for a prescriber on site; nobody has recorded that one is there.",
    way_out="Record who is on site, or refer the patient to a clinic.",
)
NO_RULE = Reason(
    code="supervision_unknown",
    text="No verified rule of the state says how the prescriber has to be present.",
    way_out="Compliance enters the state's rule once it is checked against the law.",
)

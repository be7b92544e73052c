"""What the bedside says of a deed: refused when it is asked for, flagged when it happened."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from dispatch.appointments.records import AppointmentRow
from dispatch.kernel.actor import Actor
from dispatch.kernel.clock import Clock
from dispatch.kernel.refusals import Conflict, Reason
from dispatch.visits.bedside.casework import case_of, standing_against
from dispatch.visits.bedside.loading import keeps_checklist
from dispatch.visits.bedside.model import Class, Unmet
from dispatch.visits.model import ASKED_FIRST, Deed, NewFact, Story, VisitState
from dispatch.visits.rules import NEXT_OF, UNSAFE_TO_LEAVE
from dispatch.visits.system_deeds import note_deed

JUST_BEFORE = timedelta(milliseconds=1)
FLAG_OF = {
    Deed.READY: "ready_unmet",
    Deed.START: "start_unmet",
    Deed.RESUME: "resume_unmet",
    Deed.DISCHARGE: "discharge_unmet",
}
HELD = Reason(
    code="visit_held",
    text="The visit is held.",
    field="state",
    way_out="Only a prescriber can release it.",
)


@dataclass(frozen=True, kw_only=True)
class Said:
    """Whether the visit keeps the checklist, what stands against the deed, and by which limits.

    Attributes
    ----------
    story
        The visit before the deed.
    at
        When the deed happened, or the present for one that was asked for.
    """

    checklist: bool
    story: Story
    at: datetime
    unmet: tuple[Unmet, ...] = ()
    limits: dict[str, Any] = field(default_factory=dict)


def bedside_says(
    session: Session,
    fact: NewFact,
    row: AppointmentRow,
    nurse_id: UUID,
    story: Story,
    at: datetime,
) -> Said:
    """Say what stands against a deed, and refuse one that is asked for and has not happened.

    Parameters
    ----------
    story
        The visit before the deed.
    at
        When it happened, or the present for one that is asked for.

    Raises
    ------
    Conflict
        With everything that is missing, each with who can release it.
    """
    checklist = story.checklist or keeps_checklist(session, row)
    if not checklist or fact.deed not in ASKED_FIRST:
        return Said(checklist=checklist, story=story, at=at)
    if fact.deed is Deed.CHECK_OUT:
        if fact.asked and story.state in UNSAFE_TO_LEAVE:
            raise Conflict([_not_alone(story.state)])
        return Said(checklist=True, story=story, at=at)
    case = case_of(session, row, nurse_id, at, story)
    unmet = (*_against_state(story, fact.deed), *standing_against(case, fact.deed))
    if fact.asked and unmet:
        raise Conflict(each.reason for each in unmet)
    limits = {key: dict(value) for key, value in case.limits.items()}
    return Said(checklist=True, story=story, at=at, unmet=unmet, limits=limits)


def _not_alone(state: VisitState) -> Reason:
    text = "The patient is neither discharged nor handed over to a crew."
    if state is VisitState.EMERGENCY:
        text = "The emergency services have not taken over."
    way_out = "Discharge first; or record the hand-over to the crew, or why the visit cannot go on."
    return Reason(code="left_without_discharge", text=text, field="state", way_out=way_out)


def _against_state(story: Story, deed: Deed) -> list[Unmet]:
    """Return what the state itself holds against a deed; screening that is complete counts as ready."""
    if story.state is VisitState.HELD and deed in {Deed.START, Deed.READY}:
        return [Unmet(reason=HELD, kind=Class.BLOCK, step=9)]
    ready = deed is Deed.START and story.state is VisitState.SCREENING
    if ready or (story.state, deed) in NEXT_OF[True]:
        return []
    text = f"This does not follow on {story.state.value.replace('_', ' ')}."
    reason = Reason(code="not_now", text=text, field="state", way_out="Record what comes before it first.")
    return [Unmet(reason=reason, kind=Class.REQUIRED, step=0)]


def make_ready(
    session: Session,
    fact: NewFact,
    row: AppointmentRow,
    nurse_id: UUID,
    said: Said,
    actor: Actor,
    clock: Clock,
) -> bool:
    """Note that a visit was ready where its start shows it: nothing stood against it. Tell whether it was."""
    if not said.checklist or said.unmet or fact.deed is not Deed.START:
        return False
    if said.story.state is not VisitState.SCREENING:
        return False
    note_deed(session, row, nurse_id, Deed.READY, fact.event_id, said.at - JUST_BEFORE, "", actor, clock)
    return True


def told_by(said: Said) -> dict[str, Any]:
    """Return what a fact's verdict keeps of the bedside: the checklist, what was unmet, the limits."""
    if not said.checklist:
        return {}
    unmet = [each.reason.code for each in said.unmet]
    more: dict[str, Any] = {"unmet": unmet} if unmet else {}
    return {"checklist": True, **more, **({"limits": said.limits} if said.limits else {})}

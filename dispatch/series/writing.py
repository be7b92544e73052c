"""What every deed on a series leaves: its audit entry, and the state that `model.STEPS` leads to."""

from typing import Any

from sqlalchemy.orm import Session

from dispatch.audit.model import AuditEntry
from dispatch.audit.service import record
from dispatch.kernel.actor import Actor
from dispatch.kernel.clock import Clock
from dispatch.kernel.refusals import Conflict, Reason, refuse
from dispatch.series.loading import series_policy
from dispatch.series.model import InfusionState
from dispatch.series.records import SeriesRow
from dispatch.series.rules.responding import review_is_due
from dispatch.series.rules.stepping import after
from dispatch.series.states import SeriesDeed, SeriesState

SAYS = {
    SeriesState.PROPOSED: "The series waits for its order.",
    SeriesState.ORDERED: "The series is ordered; no infusion was given yet.",
    SeriesState.ACTIVE: "The series goes on.",
    SeriesState.REVIEW_DUE: "The response to the infusions so far waits for review.",
    SeriesState.PAUSED: "The series is paused; a prescriber resumes it.",
    SeriesState.STOPPED: "The series was stopped.",
    SeriesState.COMPLETED: "The series is complete.",
}


def audit(session: Session, action: str, row: SeriesRow, actor: Actor, clock: Clock, **detail: Any) -> None:
    """Note a deed on a series."""
    entry = AuditEntry(
        action=f"series.{action}",
        subject_kind="series",
        subject_id=row.id,
        patient_id=row.patient_id,
        detail=detail,
    )
    record(session, entry, actor, clock)


def given_of(row: SeriesRow) -> int:
    """Return how many infusions of a series were given."""
    return sum(each.status == InfusionState.GIVEN for each in row.infusions)


def target_of(session: Session, row: SeriesRow, deed: SeriesDeed) -> SeriesState | None:
    """Return where a deed would lead the series, None where the table does not know it."""
    due = review_is_due(given_of(row), row.reviewed_after, series_policy(session, row)["series.response"])
    return after(SeriesState(row.status), deed, given=given_of(row), review_due=due)


def not_now(row: SeriesRow, deed: SeriesDeed) -> Reason:
    """Return why a deed is not possible in the state the series is in."""
    text = f"{SAYS[SeriesState(row.status)]} It cannot be: {deed.value.replace('_', ' ')}."
    return Reason(code="series_step_not_allowed", text=text, way_out="Look at the series' state.")


def move(session: Session, row: SeriesRow, deed: SeriesDeed) -> None:
    """Take a step of the table, or refuse with ``series_step_not_allowed``."""
    target = target_of(session, row, deed)
    if target is None:
        raise Conflict([not_now(row, deed)])
    row.status = target.value


def require_seen(row: SeriesRow, seen: int | None) -> None:
    """Refuse when somebody changed the series since version `seen`."""
    if seen is not None and row.version != seen:
        raise refuse(
            Conflict, "series_changed", "Somebody changed this series since you looked.",
            way_out="Look again, then decide.",
        )  # fmt: skip

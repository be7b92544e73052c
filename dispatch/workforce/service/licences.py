"""Licences, and what a board of nursing does to them."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.kernel.actor import Actor
from dispatch.kernel.changes import Saved, assign
from dispatch.kernel.clock import Clock
from dispatch.kernel.ids import new_id
from dispatch.kernel.refusals import Conflict, Invalid, NotFound, refuse
from dispatch.workforce.model import DISCIPLINE, Licence, LicenceStatus
from dispatch.workforce.records import LicenceRow, NurseRow
from dispatch.workforce.rules.compact import the_compact
from dispatch.workforce.rules.drafts import FIRST_YEAR, LAST_YEAR, licence_faults
from dispatch.workforce.service.boards import audit, audit_saved, nurse_changed, today_in
from dispatch.workforce.service.nurses import nurse_by_id

# What chapters above do in the same transaction when a board has disciplined a nurse: they list themselves.
WhenDisciplined = Callable[[Session, UUID, Actor, Clock], None]
WHEN_DISCIPLINED: list[WhenDisciplined] = []


def enter_licence(
    session: Session, nurse_id: UUID, licence: Licence, actor: Actor, clock: Clock
) -> LicenceRow:
    """Enter a licence, or its renewal: state, kind and number tell which.

    Raises
    ------
    Invalid
        With every fault.
    Conflict
        ``licence_of_another_nurse``; ``licence_disciplined`` when it would lift a discipline in passing.
    """
    nurse = nurse_by_id(session, nurse_id)
    if faults := licence_faults(licence, today_in(session, nurse.area_id, clock), the_compact()):
        raise Invalid(faults)
    known = session.scalar(
        select(LicenceRow).where(
            LicenceRow.state == licence.state,
            LicenceRow.kind == licence.kind.value,
            LicenceRow.number == licence.number,
        )
    )
    if known is not None and known.nurse_id != nurse.id:
        text = "Another nurse holds a licence of that state, kind and number."
        raise refuse(Conflict, "licence_of_another_nurse", text, field="number")
    if known is not None and lifts_discipline(known, licence.status):
        raise refuse(
            Conflict,
            "licence_disciplined",
            f"The licence is {known.status}: a renewal does not lift that.",
            field="status",
            way_out="Reinstate the licence once the board of nursing has.",
        )
    row, _ = save_licence(session, nurse, licence, known, actor, clock)
    nurse_changed(session, nurse, "licence", clock)
    _tell_of_discipline(session, row, actor, clock)
    return row


def lifts_discipline(row: LicenceRow, status: LicenceStatus) -> bool:
    """Say whether a licence that is disciplined would pass for active."""
    return LicenceStatus(row.status) in DISCIPLINE and status not in DISCIPLINE


def save_licence(
    session: Session,
    nurse: NurseRow,
    licence: Licence,
    known: LicenceRow | None,
    actor: Actor,
    clock: Clock,
    *,
    keep_status: bool = False,
) -> tuple[LicenceRow, Saved]:
    """Write a faultless licence into the row that is known, or into a new one.

    Parameters
    ----------
    keep_status
        Leave the status of a known licence as it is.
    """
    row = known or LicenceRow(
        id=new_id(), nurse_id=nurse.id, state=licence.state, kind=licence.kind.value, number=licence.number
    )
    values = {
        "multistate": licence.multistate,
        "valid_from": licence.valid_from,
        "expires_on": licence.expires_on,
    }
    if known is None or not keep_status:
        values["status"] = licence.status.value
        if known is None or known.status != licence.status.value or licence.status_since is not None:
            values["status_since"] = licence.status_since
    changed = assign(row, values)
    saved = Saved.ADDED if known is None else Saved.CHANGED if changed else Saved.UNCHANGED
    if known is None:
        nurse.licences.append(row)
    audit_saved(session, "licence", row.id, saved, changed, actor, clock, nurse=nurse.code, state=row.state)
    return row, saved


def suspend_licence(
    session: Session,
    licence_id: UUID,
    actor: Actor,
    clock: Clock,
    *,
    since: datetime | None = None,
    source: str = "by hand",
) -> LicenceRow:
    """Act on a notice of suspension at once: from `since` (now) on the licence covers nothing.

    Boards are told of every day she works from then on, and eligibility refuses her there. What she may
    not do any more is taken off her route in the same transaction (`WHEN_DISCIPLINED`, care-rules.md
    section 4).
    """
    return set_licence_status(
        session, licence_id, LicenceStatus.SUSPENDED, actor, clock, since=since, source=source
    )


def reinstate_licence(
    session: Session,
    licence_id: UUID,
    actor: Actor,
    clock: Clock,
    *,
    since: datetime | None = None,
    source: str = "by hand",
) -> LicenceRow:
    """Enter that the board of nursing gave a licence back; it covers visits from `since` (now) on."""
    return set_licence_status(
        session, licence_id, LicenceStatus.ACTIVE, actor, clock, since=since, source=source
    )


def set_licence_status(
    session: Session,
    licence_id: UUID,
    status: LicenceStatus,
    actor: Actor,
    clock: Clock,
    *,
    since: datetime | None = None,
    source: str = "by hand",
) -> LicenceRow:
    """Enter how a board of nursing holds a licence, and since when.

    Parameters
    ----------
    source
        Where the notice came from, e.g. ``nursys e-notify`` or ``by hand``.
    """
    row = session.get(LicenceRow, licence_id)
    if row is None:
        raise refuse(NotFound, "no_such_licence", "There is no such licence.", field="licence")
    before = row.status
    at = since or clock.now()
    if at.tzinfo is None or not FIRST_YEAR <= at.year <= LAST_YEAR:
        text = "Give the moment with its offset, in a year that can be."
        raise refuse(Invalid, "date_out_of_range", text, field="since")
    assign(row, {"status": status.value, "status_since": at})
    nurse = nurse_by_id(session, row.nurse_id)
    audit(
        session, f"licence.{status.value}", "licence", row.id, actor, clock,
        nurse=nurse.code, state=row.state, before=before, since=at.isoformat(), source=source[:80],
    )  # fmt: skip
    nurse_changed(session, nurse, "licence", clock, since=at)
    _tell_of_discipline(session, row, actor, clock)
    return row


def _tell_of_discipline(session: Session, row: LicenceRow, actor: Actor, clock: Clock) -> None:
    if LicenceStatus(row.status) in DISCIPLINE:
        session.flush()
        for deed in WHEN_DISCIPLINED:
            deed(session, row.nurse_id, actor, clock)

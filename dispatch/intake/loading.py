"""What services and queries read alike: a case's row, its view, its place in the calendar."""

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dispatch.areas.service import area_by_id, zone_of
from dispatch.intake.model import LINK_SESSION, CaseState, CaseView, Channel, Contact, Party, party_of
from dispatch.intake.records import CaseRow
from dispatch.intake.sentences import reason
from dispatch.kernel.actor import Actor
from dispatch.kernel.local_time import local_day
from dispatch.kernel.refusals import Conflict, Forbidden, NotFound, refuse

OVER = frozenset({CaseState.DECLINED, CaseState.CLOSED})


def case_row(session: Session, case_id: UUID) -> CaseRow:
    """Return the case's row, or refuse with `NotFound`."""
    row = session.get(CaseRow, case_id)
    if row is None:
        raise NotFound([reason("no_such_case")])
    return row


def locked_case(session: Session, case_id: UUID) -> CaseRow:
    """Return the case's row, and let nobody else write to the case until this transaction ends."""
    wanted = select(CaseRow).where(CaseRow.id == case_id).with_for_update()
    row = session.scalar(wanted.execution_options(populate_existing=True))
    if row is None:
        raise NotFound([reason("no_such_case")])
    return row


def open_case_row(session: Session, case_id: UUID, actor: Actor) -> CaseRow:
    """Return the locked row of a case that still goes on, for somebody who may add to it."""
    if party_of(actor).isdisjoint(Party):
        text = "Only who cares for the patient may do this."
        raise refuse(Forbidden, "role_missing", text, way_out="Ask a dispatcher or a prescriber.")
    row = locked_case(session, case_id)
    if CaseState(row.state) in OVER:
        raise Conflict([reason("case_over")])
    return row


def view_of(row: CaseRow) -> CaseView:
    """Return a case as other chapters read it."""
    return CaseView(
        case_id=row.id,
        area_id=row.area_id,
        patient_id=row.patient_id,
        state=CaseState(row.state),
        held_from=CaseState(row.held_from) if row.held_from else None,
        channel=Channel(row.channel),
        opened_at=row.opened_at,
        answer_due_at=row.answer_due_at,
        contacted_at=row.contacted_at,
        self_pay=row.self_pay,
        contact=Contact(
            name=row.name or "",
            phone=row.phone or "",
            email=row.email or "",
            born_on=date.fromisoformat(row.born_on) if row.born_on else None,
            address=row.address or "",
            state=row.patient_state,
        ),
        reason=row.reason or "",
    )


def next_sequence(session: Session, row: Any, case_id: UUID) -> int:
    """Return the next number of a case's rows in an append-only table; the case has to be locked."""
    return (session.scalar(select(func.max(row.sequence)).where(row.case_id == case_id)) or 0) + 1


def day_of(session: Session, area_id: UUID, at: datetime) -> date:
    """Return the date in the area."""
    return local_day(at, zone_of(area_by_id(session, area_id)))


def packed(content: Mapping[str, Any]) -> str:
    """Write what is to be sealed."""
    return json.dumps(content, sort_keys=True, ensure_ascii=False)


def unpacked(content: str) -> dict[str, Any]:
    """Read what `packed` wrote."""
    found: dict[str, Any] = json.loads(content)
    return found


def account_of(actor: Actor) -> UUID | None:
    """Return the account behind a deed; None for the patient herself and for Housecall."""
    return None if actor.session_ref.startswith(LINK_SESSION) else actor.account_id

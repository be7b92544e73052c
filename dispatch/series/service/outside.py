"""An order that somebody outside signed: its scan is kept and who signed is transcribed, until one of our
prescribers countersigns it as a version of the series' order (row D10).
"""

import json
from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.areas.service import area_by_id, zone_of
from dispatch.intake.commands import NewDocument
from dispatch.intake.queries import case_of_patient
from dispatch.intake.service import add_document
from dispatch.kernel.actor import Actor, Role
from dispatch.kernel.clock import Clock
from dispatch.kernel.ids import new_id
from dispatch.kernel.local_time import local_day
from dispatch.kernel.plain_text import text_fault
from dispatch.kernel.refusals import Conflict, Invalid, NotFound, Reason, refuse
from dispatch.series.commands import NoteOutsideOrder
from dispatch.series.loading import series_row
from dispatch.series.model import ExternalOrder, OutsideOrder
from dispatch.series.records import OutsideOrderRow
from dispatch.series.states import ENDS, SeriesState
from dispatch.series.writing import SAYS, audit
from dispatch.workforce.rules.compact import the_compact

EXTERNAL_TEXTS = ("prescriber_name", "licence_number", "licence_state")


def note_outside_order(
    session: Session, command: NoteOutsideOrder, actor: Actor, clock: Clock
) -> OutsideOrder:
    """Keep the scan of an order signed outside, and who signed it. It orders nothing by itself.

    Raises
    ------
    Invalid
        ``external_incomplete``, ``no_such_state``, ``signed_in_the_future``, or the faults of the scan.
    Conflict
        ``series_over``; ``no_case``: the scan belongs to the patient's case, and she has none.
    """
    actor.require((Role.DISPATCHER, Role.PRESCRIBER))
    row = series_row(session, command.series_id)
    if SeriesState(row.status) in ENDS:
        text = SAYS[SeriesState(row.status)]
        raise refuse(Conflict, "series_over", text, way_out="Propose a new series.")
    today = local_day(clock.now(), zone_of(area_by_id(session, row.area_id)))
    if wrong := external_faults(command.external, today):
        raise Invalid(wrong)
    case = case_of_patient(session, row.patient_id)
    if case is None:
        text = "The patient has no case of the care path, to which the scan would belong."
        raise refuse(Conflict, "no_case", text, way_out="Begin her intake first.")
    scan = NewDocument(case_id=case.case_id, name=command.scan_name, content=command.scan)
    kept = OutsideOrderRow(
        id=new_id(),
        series_id=row.id,
        document_id=add_document(session, scan, actor, clock),
        entered_by=actor.account_id,
        entered_at=clock.now(),
    )
    kept.content = json.dumps(
        {name: getattr(command.external, name).strip() for name in EXTERNAL_TEXTS}
        | {"signed_on": command.external.signed_on.isoformat()}
    )
    session.add(kept)
    session.flush()
    audit(session, "note_outside_order", row, actor, clock, outside=str(kept.id))
    return _value(kept)


def outside_orders(session: Session, series_id: UUID) -> Sequence[OutsideOrder]:
    """Return the orders from outside of a series, the newest first."""
    wanted = select(OutsideOrderRow).where(OutsideOrderRow.series_id == series_id)
    newest = wanted.order_by(OutsideOrderRow.entered_at.desc(), OutsideOrderRow.id.desc())
    return [_value(row) for row in session.scalars(newest)]


def outside_order(session: Session, series_id: UUID, outside_id: UUID) -> OutsideOrder:
    """Return an order from outside of this series, or refuse with `NotFound`."""
    row = session.get(OutsideOrderRow, outside_id)
    if row is None or row.series_id != series_id:
        text = "The series has no such order from outside."
        raise refuse(NotFound, "no_such_outside_order", text, field="outside")
    return _value(row)


def external_faults(external: ExternalOrder, today: date) -> list[Reason]:
    """Return what is missing or wrong of who signed outside: name, licence and its state, day."""
    found = []
    for name in EXTERNAL_TEXTS:
        said = getattr(external, name).strip()
        if not said:
            text = "The outside order lacks this."
            found.append(Reason(code="external_incomplete", text=text, field=f"external.{name}"))
        elif fault := text_fault(said):
            found.append(Reason(code=fault[0], text=fault[1], field=f"external.{name}"))
    if external.licence_state.strip() and external.licence_state.strip() not in the_compact().states:
        text = "There is no such state."
        found.append(Reason(code="no_such_state", text=text, field="external.licence_state"))
    if external.signed_on > today:
        text = "The outside order was signed in the future."
        found.append(Reason(code="signed_in_the_future", text=text, field="external.signed_on"))
    return found


def _value(row: OutsideOrderRow) -> OutsideOrder:
    read = json.loads(row.content or "{}")
    external = ExternalOrder(
        **read | {"signed_on": date.fromisoformat(read["signed_on"]), "outside_id": row.id}
    )
    return OutsideOrder(
        outside_id=row.id, document_id=row.document_id, external=external, entered_at=row.entered_at
    )

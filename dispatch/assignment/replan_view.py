"""A proposal as people read it: appointments, shifts and instants in place of the day file's names."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.appointments.records import AppointmentRow
from dispatch.areas.records import ServiceAreaRow
from dispatch.areas.service import zone_of
from dispatch.assignment.day_rows import disturbances_of
from dispatch.assignment.day_shape import instant_of
from dispatch.assignment.records import DisturbanceRow, ReplanRow
from dispatch.assignment.replan import reports_of
from dispatch.assignment.replan_model import Report
from dispatch.kernel.local_time import day_bounds
from dispatch.workforce.records import NurseRow, ShiftRow


@dataclass(frozen=True, kw_only=True)
class SlotView:
    """Who makes a visit, and when."""

    nurse: str
    shift_id: UUID | None
    begins_at: datetime


@dataclass(frozen=True, kw_only=True)
class MovedView:
    """A visit that is not as it was promised (`routing.replan.diff.MovedVisit`); `anyway`: always."""

    visit: str
    appointment_id: UUID | None
    part: int
    change: str
    promised: SlotView | None
    nothing: SlotView | None
    after: SlotView | None
    moved_mc: int
    late_s: int
    anyway: bool


@dataclass(frozen=True, kw_only=True)
class ProposalView:
    """A proposal and what it would change; `diff` as `routing.replan.diff.diff_as_json` has it.

    `shifts` are the day's, by the names of their nurses.
    """

    row: ReplanRow
    reports: tuple[Report, ...]
    moved: tuple[MovedView, ...]
    diff: Mapping[str, Any]
    shifts: Mapping[str, UUID]


def proposal_view(session: Session, row: ReplanRow) -> ProposalView:
    """Return a proposal, ready to be shown."""
    diff: dict[str, Any] = json.loads(row.answer)["diff"]
    area = session.get_one(ServiceAreaRow, row.area_id)
    origin, ends_at = day_bounds(row.day, zone_of(area))
    visits = _visits(session, row)
    shifts = _shifts(session, row, origin, ends_at)

    def slot(found: Mapping[str, Any] | None) -> SlotView | None:
        if found is None:
            return None
        begins_at = instant_of(found["begin_s"], origin)
        return SlotView(nurse=found["nurse"], shift_id=shifts.get(found["nurse"]), begins_at=begins_at)

    moved = tuple(
        MovedView(
            visit=entry["visit"],
            appointment_id=visits.get(entry["visit"].partition(" (")[0]),
            part=2 if entry["visit"].endswith("(2 of 2)") else 1,
            change=entry["change"],
            promised=slot(entry["promised"]),
            nothing=slot(entry["nothing"]),
            after=slot(entry["after"]),
            moved_mc=entry["moved_mc"],
            late_s=entry["late_s"],
            anyway=entry["anyway"],
        )
        for entry in diff["moved"]
    )
    return ProposalView(
        row=row, reports=reports_of(row), moved=moved, diff=diff | {"moved": moved}, shifts=shifts
    )


def reports_in_force(session: Session, area_id: UUID, day: date) -> Sequence[DisturbanceRow]:
    """Return what was reported of a day and not withdrawn, the oldest first."""
    return disturbances_of(session, area_id, day)


def _visits(session: Session, row: ReplanRow) -> dict[str, UUID]:
    wanted = select(AppointmentRow.reference, AppointmentRow.id).where(
        AppointmentRow.area_id == row.area_id, AppointmentRow.day == row.day
    )
    rows = [(reference, appointment_id) for reference, appointment_id in session.execute(wanted)]
    return {str(appointment_id): appointment_id for _, appointment_id in rows} | dict(rows)


def _shifts(session: Session, row: ReplanRow, begins_at: datetime, ends_at: datetime) -> dict[str, UUID]:
    """Return the shifts by the names that planning gives their nurses (`gather_nurses`)."""
    wanted = (
        select(NurseRow.code, ShiftRow.id)
        .join(ShiftRow, ShiftRow.nurse_id == NurseRow.id)
        .where(NurseRow.area_id == row.area_id, NurseRow.active)
        .where(ShiftRow.starts_at >= begins_at, ShiftRow.starts_at < ends_at)
        .order_by(NurseRow.code, ShiftRow.starts_at)
    )
    found: dict[str, UUID] = {}
    count: dict[str, int] = {}
    for code, shift_id in session.execute(wanted):
        count[code] = count.get(code, 0) + 1
        found[code if count[code] == 1 else f"{code} (shift {count[code]})"] = shift_id
    return found

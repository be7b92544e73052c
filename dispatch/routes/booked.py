"""What is booked on a day, patients by initials."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.appointments.records import AppointmentRow, PatientRow, ServiceRow, WindowRow
from dispatch.assignment.plan_model import Progress
from dispatch.kernel.sealing import Keyring, keyring_of
from dispatch.routes.model import BoardVisit, Point, Span
from dispatch.routes.rules import initials


def booked_visits(
    session: Session,
    area_id: UUID,
    day: date,
    met: Mapping[UUID, Progress],
    only: Collection[UUID] | None = None,
) -> dict[UUID, BoardVisit]:
    """Return every appointment of the day, or `only` some of them, by id."""
    booked, patient = AppointmentRow, PatientRow
    columns = (
        booked.id, booked.reference, booked.minutes, booked.priority, booked.units, booked.first_infusion,
        booked.nurses_needed, booked.status, booked.pinned_nurse_id, booked.pinned_begin_at, booked.version,
        booked.patient_id, patient.name_sealed, patient.point_sealed, patient.point_verified,
        ServiceRow.name.label("service"), ServiceRow.controlled,
    )  # fmt: skip
    wanted = (
        select(*columns)
        .join(patient, patient.id == booked.patient_id)
        .join(ServiceRow, ServiceRow.id == booked.service_id)
        .where(booked.area_id == area_id, booked.day == day)
        .order_by(booked.reference)
    )
    if only is not None:
        wanted = wanted.where(booked.id.in_(only))
    spans: dict[UUID, list[Span]] = defaultdict(list)
    windows = (
        select(WindowRow.appointment_id, WindowRow.begins_at, WindowRow.ends_at)
        .join(booked, booked.id == WindowRow.appointment_id)
        .where(booked.area_id == area_id, booked.day == day)
        .order_by(WindowRow.begins_at)
    )
    if only is not None:
        windows = windows.where(booked.id.in_(only))
    for appointment_id, begins_at, ends_at in session.execute(windows):
        spans[appointment_id].append(Span(begins_at=begins_at, ends_at=ends_at))
    keyring = keyring_of(session)
    return {
        row.id: _visit(row, tuple(spans[row.id]), met.get(row.id), keyring) for row in session.execute(wanted)
    }


def _visit(row: Any, windows: tuple[Span, ...], met: Progress | None, keyring: Keyring) -> BoardVisit:
    name = _opened(keyring, row.name_sealed, f"patient.name.{row.patient_id}")
    place = _opened(keyring, row.point_sealed, f"patient.point.{row.patient_id}")
    state = "planned" if met is None else str(met.state)
    return BoardVisit(
        appointment_id=row.id,
        patient_id=row.patient_id,
        reference=row.reference,
        initials=initials(name),
        service=row.service,
        minutes=row.minutes,
        priority=row.priority,
        controlled=row.controlled,
        units=row.units,
        first_infusion=row.first_infusion,
        nurses_needed=row.nurses_needed,
        windows=windows,
        point=_point(place) if row.point_verified else None,
        state="cancelled" if row.status == "cancelled" else state,
        pinned_nurse_id=row.pinned_nurse_id,
        pinned_begin_at=row.pinned_begin_at,
        version=row.version,
    )


def _opened(keyring: Keyring, sealed: bytes | None, bound_to: str) -> str | None:
    return None if sealed is None else keyring.open(sealed, bound_to)


def _point(text: str | None) -> Point | None:
    if not text:
        return None
    lat, _, lon = text.partition(",")
    return Point(lat=float(lat), lon=float(lon))

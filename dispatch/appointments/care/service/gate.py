"""The one gate through which every booking of a controlled service goes: page, API, offer, phone, import."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.appointments.care.model import Passage, Requirement, ResponsibleAdult
from dispatch.appointments.care.queries import responsible_adult, signed_over
from dispatch.appointments.care.rules.path import (
    adult_requirements,
    blocking,
    fasting_of_day,
    late_requirements,
    order_requirements,
    spacing_requirements,
    still_missing,
)
from dispatch.appointments.care.sources import Standing, link_infusion, standing_of
from dispatch.appointments.model import AppointmentStatus, BookingDraft, Service, Window
from dispatch.appointments.records import AppointmentRow, PatientRow, ServiceRow
from dispatch.areas.records import ServiceAreaRow
from dispatch.areas.service import policies, zone_of
from dispatch.intake.queries import case_of_patient
from dispatch.kernel.actor import Actor
from dispatch.kernel.clock import Clock

POLICIES = ("booking.spacing", "booking.late_start", "visit.fasting")


@dataclass(frozen=True, kw_only=True)
class Path:
    """What is read once of a patient's care path, before any day is looked at."""

    standing: Standing
    adult: ResponsibleAdult | None
    other_days: tuple[date, ...]
    signed: frozenset[str]
    values: dict[str, dict[str, int]]
    zone: ZoneInfo
    now: datetime

    def of_patient(self) -> tuple[Requirement, ...]:
        """Return what stands against any visit of hers."""
        return (*blocking(self.standing.reasons), *adult_requirements(self.adult))

    def of_day(self, draft: BookingDraft, windows: Sequence[Window]) -> tuple[Requirement, ...]:
        """Return what stands against a visit on a day in these windows."""
        return (
            *spacing_requirements(draft.day, self.other_days, self.values["booking.spacing"]),
            *late_requirements(draft.day, windows, self.values["booking.late_start"], self.zone),
            *fasting_of_day(draft.fasting, windows, self.now, self.values["visit.fasting"]),
        )


def care_path_required(
    session: Session, area_id: UUID, service: Service | ServiceRow, patient: PatientRow | None
) -> bool:
    """Tell whether a service is given to a patient only with clearance, order and series.

    Whoever has a case goes the whole path. Who has none (None: a patient whom a file brings) is let through
    only where the area signed so, policy ``booking.without_case``.
    """
    if not service.controlled:
        return False
    keys = ("booking.care_path", "booking.without_case")
    law = policies(session, keys, area_id, None if patient is None else patient.state)
    if not law["booking.care_path"]["required"]:
        return False
    if law["booking.without_case"]["refused"]:
        return True
    return patient is not None and case_of_patient(session, patient.id) is not None


def path_of(
    session: Session, patient: PatientRow, at: datetime, clock: Clock, *, but: UUID | None = None
) -> Path:
    """Read how a patient's care path stands for a visit that is over at an instant."""
    area = session.get_one(ServiceAreaRow, patient.area_id)
    found = policies(session, POLICIES, area.id)
    return Path(
        standing=standing_of(session, patient.id, at, but=but),
        adult=responsible_adult(session, patient.id, but),
        other_days=_controlled_days(session, patient.id, but),
        signed=signed_over(session, patient.id, at),
        values={key: dict(value) for key, value in found.items()},
        zone=zone_of(area),
        now=clock.now(),
    )


def pass_gate(
    session: Session,
    patient: PatientRow,
    service: Service,
    draft: BookingDraft,
    windows: Sequence[Window],
    clock: Clock,
    *,
    but: UUID | None = None,
) -> Passage | None:
    """Collect every reason against a booking of a controlled service; None where the gate does not stand.

    Clearance and order have to hold to the end of the visit at its latest.

    Parameters
    ----------
    but
        The appointment that is being changed.
    """
    if not service.offered or not care_path_required(session, patient.area_id, service, patient):
        return None
    length = timedelta(minutes=min(max(draft.minutes or service.minutes, 1), 24 * 60))
    over_at = max((window.ends_at + length for window in windows), default=clock.now())
    path = path_of(session, patient, over_at, clock, but=but)
    order = path.standing.order
    named: tuple[Requirement, ...] = ()
    if order is not None:
        named = order_requirements(draft.dose_order_ref, draft.dose_ug, order.reference, order.dose.drawn_ug)
    found = (*path.of_patient(), *named, *path.of_day(draft, windows))
    missing, passed = still_missing(found, path.signed, draft.acknowledged)
    return Passage(
        missing=missing,
        passed=passed,
        policies=path.values,
        order_ref=None if order is None else order.reference,
        dose_ug=None if order is None else order.dose.drawn_ug,
        task=path.standing.task,
    )


def link_to_series(session: Session, row: AppointmentRow, actor: Actor, clock: Clock) -> None:
    """Count a visit that was booked by itself, not with its whole series, as the next infusion of it."""
    if care_path_required(session, row.area_id, row.service, row.patient):
        link_infusion(session, row.id, row.patient_id, actor, clock)


def with_order(draft: BookingDraft, passage: Passage | None) -> BookingDraft:
    """Return the draft with the order in force in the place of what was left blank."""
    if passage is None or passage.order_ref is None:
        return draft
    return replace(
        draft,
        dose_order_ref=draft.dose_order_ref or passage.order_ref,
        dose_ug=draft.dose_ug or passage.dose_ug,
    )


def _controlled_days(session: Session, patient_id: UUID, but: UUID | None) -> tuple[date, ...]:
    wanted = (
        select(AppointmentRow.id, AppointmentRow.day)
        .join(ServiceRow, ServiceRow.id == AppointmentRow.service_id)
        .where(AppointmentRow.patient_id == patient_id, ServiceRow.controlled)
        .where(AppointmentRow.status == AppointmentStatus.CONFIRMED.value)
    )
    return tuple(row.day for row in session.execute(wanted) if row.id != but)

"""Appointments: booked, changed, cancelled."""

from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from dispatch.appointments.care.model import CarePathRefused, Passage
from dispatch.appointments.care.service.gate import pass_gate, with_order
from dispatch.appointments.care.service.reminders import drop_reminders, plan_reminders
from dispatch.appointments.loading import patient_by_id, windows_of
from dispatch.appointments.model import (
    APPOINTMENT_STEPS,
    AppointmentStatus,
    BookingDraft,
    BookingPolicy,
    Occupied,
    Window,
    occupied_by,
)
from dispatch.appointments.records import AppointmentRow, PatientRow, ServiceRow, WindowRow
from dispatch.appointments.rules.booking import EARLIEST, LATEST, booking_faults, laid_of, resolve_windows
from dispatch.appointments.rules.catalogue import FIRST_INFUSIONS
from dispatch.appointments.service.catalogue import service_of, services
from dispatch.appointments.service.patients import born_on
from dispatch.appointments.service.traces import audit, audit_saved
from dispatch.areas.records import ServiceAreaRow
from dispatch.areas.service import note_change, policy, zone_of
from dispatch.kernel.actor import Actor
from dispatch.kernel.changes import Saved, assign, require_version
from dispatch.kernel.clock import Clock
from dispatch.kernel.ids import new_id
from dispatch.kernel.local_time import local_day
from dispatch.kernel.refusals import Conflict, Invalid, NotFound, Reason, refuse
from dispatch.series.service import note_missed, note_moved
from dispatch.workforce.service import nurse_by_id

# Broken ones are a matter of the state of things; all others are faults of the input.
OF_THE_DAY = frozenset({"patient_double_booked"})
STEPS = {(step.source, step.deed): step.target for step in APPOINTMENT_STEPS}
# The gate says these itself, and better.
SAID_BY_THE_GATE = frozenset({"order_missing", "dose_missing"})


def appointment_by_id(session: Session, appointment_id: UUID) -> AppointmentRow:
    """Return the appointment, or refuse with `NotFound`."""
    row = session.get(AppointmentRow, appointment_id)
    if row is None:
        raise refuse(NotFound, "no_such_appointment", "There is no such appointment.", field="appointment")
    return row


def appointment_by_reference(session: Session, area_id: UUID, reference: str) -> AppointmentRow | None:
    """Return the area's appointment of that reference, None when there is none."""
    wanted = select(AppointmentRow).where(
        AppointmentRow.area_id == area_id, AppointmentRow.reference == reference
    )
    return session.scalar(wanted)


def book_appointment(
    session: Session, patient_id: UUID, draft: BookingDraft, actor: Actor, clock: Clock
) -> AppointmentRow:
    """Book a service for a patient.

    Raises
    ------
    Invalid
        With every fault of the draft, among them ``local_time_does_not_exist``,
        ``local_time_exists_twice``, ``service_not_offered``, ``ends_too_late``.
    Conflict
        ``patient_double_booked``, ``reference_taken``.
    CarePathRefused
        A controlled service without clearance, order, responsible adult ... : every reason at once, those of
        the draft among them (`care.service.gate`).
    """
    patient = patient_by_id(session, patient_id)
    windows, service, draft, passage = _judged(session, patient, draft, clock, but=None)
    if appointment_by_reference(session, patient.area_id, draft.reference) is not None:
        text = "There is an appointment of that reference already."
        raise refuse(Conflict, "reference_taken", text, field="reference")
    row, _ = save_appointment(session, patient, service, draft, windows, None, actor, clock)
    session.flush()
    note_passage(session, row, draft, passage, actor, clock)
    plan_reminders(session, row, actor, clock)
    note_change(session, row.area_id, row.day, "appointment", clock, row.id)
    return row


def change_appointment(
    session: Session,
    appointment_id: UUID,
    draft: BookingDraft,
    actor: Actor,
    clock: Clock,
    *,
    seen: int | None = None,
) -> AppointmentRow:
    """Change a booking as a whole; a pinned time that its windows no longer hold is unpinned.

    Raises
    ------
    Stale
        When somebody changed it since version `seen`.
    Conflict
        ``appointment_cancelled``, or as `book_appointment`.
    """
    row = appointment_by_id(session, appointment_id)
    require_version(row, seen)
    _require_step(row, "change")
    if draft.reference != row.reference:
        text = "An appointment keeps its reference."
        raise refuse(Invalid, "reference_never_changes", text, field="reference")
    windows, service, draft, passage = _judged(session, row.patient, draft, clock, but=row.id)
    days = {row.day, draft.day}
    _, saved = save_appointment(session, row.patient, service, draft, windows, row, actor, clock)
    session.flush()
    note_passage(session, row, draft, passage, actor, clock)
    if saved is Saved.CHANGED:
        plan_reminders(session, row, actor, clock, changed=True)
        laid = laid_of(row.day, windows, zone_of(session.get_one(ServiceAreaRow, row.area_id)))
        note_moved(session, row.id, laid, actor, clock)
    for day in sorted(days):
        note_change(session, row.area_id, day, "appointment", clock, row.id)
    return row


def cancel_appointment(
    session: Session,
    appointment_id: UUID,
    reason_code: str,
    actor: Actor,
    clock: Clock,
    *,
    seen: int | None = None,
) -> AppointmentRow:
    """Call an appointment off; it stays on record. Before the nurse arrives, says the visits chapter."""
    row = appointment_by_id(session, appointment_id)
    require_version(row, seen)
    _require_step(row, "cancel")
    row.status = STEPS[AppointmentStatus.CONFIRMED, "cancel"].value
    row.pinned_nurse_id = row.pinned_begin_at = None
    session.flush()
    audit(session, "appointment.cancel", row.id, row.patient_id, actor, clock, reason=reason_code[:40])
    drop_reminders(session, row, actor, clock)
    note_missed(session, row.id, actor, clock)
    note_change(session, row.area_id, row.day, "appointment", clock, row.id)
    return row


def note_passage(
    session: Session,
    row: AppointmentRow,
    draft: BookingDraft,
    passage: Passage | None,
    actor: Actor,
    clock: Clock,
) -> None:
    """Keep with a booking by which values the gate let it pass, and what was signed over or acknowledged."""
    if passage is None:
        return
    audit(
        session, "appointment.gate", row.id, row.patient_id, actor, clock,
        passed=list(passage.passed), policies=dict(passage.policies), channel=draft.channel.value,
    )  # fmt: skip


def _require_step(row: AppointmentRow, deed: str) -> None:
    if (AppointmentStatus(row.status), deed) not in STEPS:
        text = "The appointment is cancelled."
        raise refuse(Conflict, "appointment_cancelled", text, way_out="Book a new one.")


def _judged(
    session: Session, patient: PatientRow, draft: BookingDraft, clock: Clock, *, but: UUID | None
) -> tuple[tuple[Window, ...], ServiceRow, BookingDraft, Passage | None]:
    area = session.get_one(ServiceAreaRow, patient.area_id)
    zone = zone_of(area)
    service = services(session).get(draft.service_code)
    windows, faults = resolve_windows(draft.day, draft.windows, zone)
    others = [
        span
        for row in confirmed_around(session, [patient.id], *_near(draft.day))
        if row.id != but
        for span in occupied(row)
    ]
    obeyed = booking_policy(session, area, clock)
    value = service_of(service) if service is not None else None
    passage = None if value is None else pass_gate(session, patient, value, draft, windows, clock, but=but)
    draft = with_order(draft, passage)
    found = [
        *faults, *booking_faults(draft, value, windows, born_on(patient), others, obeyed, zone)
    ]  # fmt: skip
    if draft.preferred_nurse_id is not None:
        nurse_by_id(session, draft.preferred_nurse_id)
    if passage is not None and passage.missing:
        rest = [reason for reason in found if reason.code not in SAID_BY_THE_GATE]
        raise CarePathRefused([*rest, *passage.reasons], passage.task)
    _refuse(found)
    assert service is not None
    return windows, service, draft, passage


def _near(day: date) -> tuple[date, date]:
    """Return the days around which the patient may be busy; far beyond any calendar there are none."""
    near = min(max(day, EARLIEST), LATEST)
    return near, near


def _refuse(found: Sequence[Reason]) -> None:
    if found and all(reason.code in OF_THE_DAY for reason in found):
        raise Conflict(found)
    if found:
        raise Invalid(found)


def booking_policy(session: Session, area: ServiceAreaRow, clock: Clock) -> BookingPolicy:
    """Return the policies that bookings of the area obey at present."""
    latest = policy(session, "visit.latest_end_minute", area.id)
    return BookingPolicy(
        latest_end_minute=min(latest["planned"], latest["at_most"]),
        today=local_day(clock.now(), zone_of(area)),
    )


def confirmed_around(
    session: Session, patient_ids: Sequence[UUID], first: date, last: date
) -> Sequence[AppointmentRow]:
    """Return the patients' confirmed appointments from the day before `first` to the day after `last`."""
    wanted = select(AppointmentRow).where(
        AppointmentRow.patient_id.in_(patient_ids),
        AppointmentRow.day.between(first - timedelta(days=1), last + timedelta(days=1)),
        AppointmentRow.status == AppointmentStatus.CONFIRMED.value,
    )
    return session.scalars(wanted).unique().all()


def occupied(row: AppointmentRow) -> tuple[Occupied, ...]:
    """Return when the visit may be going on."""
    return occupied_by(row.reference, windows_of(row), row.minutes)


def save_appointment(
    session: Session,
    patient: PatientRow,
    service: ServiceRow,
    draft: BookingDraft,
    windows: tuple[Window, ...],
    known: AppointmentRow | None,
    actor: Actor,
    clock: Clock,
) -> tuple[AppointmentRow, Saved]:
    """Write a faultless booking into the row that is known, or into a new one."""
    row = known or AppointmentRow(
        id=new_id(),
        area_id=patient.area_id,
        patient=patient,
        patient_id=patient.id,
        reference=draft.reference,
        status=AppointmentStatus.CONFIRMED.value,
        booked_at=clock.now(),
    )
    values = {
        "service_id": service.id,
        "day": draft.day,
        "minutes": draft.minutes or service.minutes,
        "units": service.units if draft.units is None else draft.units,
        "first_infusion": service.code in FIRST_INFUSIONS,
        "dose_order_ref": draft.dose_order_ref,
        "dose_ug": draft.dose_ug,
        "priority": draft.priority,
        "nurses_needed": service.nurses_needed if draft.nurses_needed is None else draft.nurses_needed,
        "preferred_nurse_id": draft.preferred_nurse_id,
    }
    changed = list(assign(row, values))
    if "service_id" in changed:
        row.service = service
    if known is None or windows_of(known) != windows:
        changed.append("windows")
        _replace_windows(row, windows, is_new=known is None)
    saved = Saved.ADDED if known is None else Saved.CHANGED if changed else Saved.UNCHANGED
    if known is None:
        session.add(row)
    verbs = ("appointment.book", "appointment.change")
    audit_saved(
        session, verbs, saved, changed, row.id, patient.id, actor, clock,
        day=draft.day.isoformat(), service=service.code,
    )  # fmt: skip
    return row, saved


def _replace_windows(row: AppointmentRow, windows: Sequence[Window], *, is_new: bool) -> None:
    row.windows = [WindowRow(id=new_id(), begins_at=w.begins_at, ends_at=w.ends_at) for w in windows]
    if is_new:
        return
    # Windows are rows of their own: the appointment's version must count their change as well.
    flag_modified(row, "day")
    pin = row.pinned_begin_at
    if pin is not None and not any(w.begins_at <= pin <= w.ends_at for w in windows):
        row.pinned_begin_at = None

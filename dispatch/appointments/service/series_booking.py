"""A laid series becomes appointments: each infusion is booked through the one gate, in its order."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, time
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.appointments.model import AppointmentStatus, BookingDraft, LocalWindow
from dispatch.appointments.records import AppointmentRow, ExclusionRow
from dispatch.appointments.rules.booking import NOON_MINUTE
from dispatch.appointments.service.bookings import appointment_by_id, book_appointment
from dispatch.appointments.service.traces import audit
from dispatch.areas.service import area_by_id, note_change, policy, zone_of
from dispatch.kernel.actor import Actor
from dispatch.kernel.changes import assign
from dispatch.kernel.clock import Clock
from dispatch.kernel.local_time import local_day
from dispatch.kernel.refusals import Reason, Refusal
from dispatch.series.model import Infusion, InfusionState, Order, Series
from dispatch.series.queries import order_in_force, series_by_id, series_of_patient
from dispatch.series.service import PARTS, Around, note_booked

SHORT_MINUTES = 40


@dataclass(frozen=True, kw_only=True)
class Booked:
    """What became of one infusion: its appointment, or every reason why it has none."""

    number: int
    appointment_id: UUID | None
    reasons: tuple[Reason, ...] = ()


def book_series(session: Session, series_id: UUID, actor: Actor, clock: Clock) -> tuple[Booked, ...]:
    """Book every infusion that is laid and not booked yet, in order, until one is refused.

    What is refused leaves nothing behind; the infusions after it wait, because what it lacks they lack, too
    (from number 4 on, usually the review of the response).

    Returns
    -------
    tuple of Booked
        One for each infusion that was tried.
    """
    series = series_by_id(session, series_id)
    found = []
    for infusion in series.infusions:
        if infusion.state is not InfusionState.PLANNED or infusion.day is None:
            continue
        found.append(_book(session, series, infusion, actor, clock))
        if found[-1].appointment_id is None:
            break
    return tuple(found)


def _book(session: Session, series: Series, infusion: Infusion, actor: Actor, clock: Clock) -> Booked:
    try:
        with session.begin_nested():
            draft = _draft(session, series, infusion, clock)
            row = book_appointment(session, series.patient_id, draft, actor, clock)
            note_booked(session, series.series_id, infusion.number, row.id, actor, clock)
    except Refusal as refused:
        return Booked(number=infusion.number, appointment_id=None, reasons=refused.reasons)
    return Booked(number=infusion.number, appointment_id=row.id)


def _draft(session: Session, series: Series, infusion: Infusion, clock: Clock) -> BookingDraft:
    assert infusion.day is not None
    order = order_in_force(session, series.patient_id, clock.now())
    parts = policy(session, "series.horizon", series.area_id)
    part = infusion.part or PARTS[0]
    times = sum(each.appointment_id is not None for each in series.infusions)
    return BookingDraft(
        reference=f"S-{series.series_id.hex[-10:]}-{infusion.number}-{times + 1}",
        service_code=_service(session, series, infusion, order),
        day=infusion.day,
        windows=(
            LocalWindow(
                begins=_reading(parts[f"{part}_from_minute"]), ends=_reading(parts[f"{part}_to_minute"])
            ),
        ),
        dose_order_ref=order.reference if order else None,
        dose_ug=order.dose.drawn_ug if order else None,
        preferred_nurse_id=infusion.nurse_id,
    )


def _service(session: Session, series: Series, infusion: Infusion, order: Order | None) -> str:
    """Name the service: the first ever takes longer; 40 ordered minutes make a repeat shorter."""
    given = any(
        each.given_at is not None
        for one in series_of_patient(session, series.patient_id)
        for each in one.infusions
    )
    if infusion.number == 1 and not given:
        return "ketamine_first"
    short = order is not None and order.dose.minutes <= SHORT_MINUTES
    return "ketamine_repeat_40" if short else "ketamine_repeat"


def _reading(minute: int) -> time:
    return time(minute // 60, minute % 60)


def carry_order(session: Session, order: Order, actor: Actor, clock: Clock) -> int:
    """Write a new version of the order into the appointments to come; return how many changed."""
    today = local_day(clock.now(), zone_of(area_by_id(session, order.area_id)))
    changed = 0
    for infusion in series_by_id(session, order.series_id).infusions:
        if infusion.state is not InfusionState.BOOKED or infusion.appointment_id is None:
            continue
        row = appointment_by_id(session, infusion.appointment_id)
        if row.day < today or row.status != AppointmentStatus.CONFIRMED:
            continue
        values = {"dose_order_ref": order.reference, "dose_ug": order.dose.drawn_ug}
        if assign(row, values):
            changed += 1
            audit(session, "appointment.carry_order", row.id, row.patient_id, actor, clock)
            note_change(session, row.area_id, row.day, "appointment", clock, row.id)
    session.flush()
    return changed


def around_of(session: Session, series: Series, clock: Clock) -> Around:
    """Return what keeps nurses from the patient: her exclusions, and their promises to others."""
    zone = zone_of(area_by_id(session, series.area_id))
    excluded = session.scalars(
        select(ExclusionRow.nurse_id).where(ExclusionRow.patient_id == series.patient_id)
    )
    mine = {each.appointment_id for each in series.infusions}
    promised = session.scalars(
        select(AppointmentRow).where(
            AppointmentRow.area_id == series.area_id,
            AppointmentRow.status == AppointmentStatus.CONFIRMED.value,
            AppointmentRow.day >= local_day(clock.now(), zone),
            AppointmentRow.pinned_nurse_id.is_not(None),
        )
    ).unique()
    busy: dict[tuple[UUID, date, int], int] = {}
    for row in promised:
        if row.id in mine or row.pinned_nurse_id is None or not row.windows:
            continue
        begins = (row.pinned_begin_at or row.windows[0].begins_at).astimezone(zone)
        key = (row.pinned_nurse_id, row.day, int(begins.hour * 60 >= NOON_MINUTE))
        busy[key] = busy.get(key, 0) + row.minutes
    return Around(busy=busy, excluded=frozenset(excluded))


def numbers_booked(booked: Collection[Booked]) -> tuple[int, ...]:
    """Return the numbers of the infusions that got an appointment."""
    return tuple(each.number for each in booked if each.appointment_id is not None)

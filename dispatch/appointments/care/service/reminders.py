"""What a patient is told around her visit: queued when it is booked, moved and called off with it."""

from collections.abc import Iterator, Mapping
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from dispatch.appointments.care.queries import office_phone
from dispatch.appointments.care.rules.fasting import eat_until
from dispatch.appointments.care.rules.telling import day_text, no_driving_hours, outside_quiet, time_text
from dispatch.appointments.records import AppointmentRow
from dispatch.areas.records import ServiceAreaRow
from dispatch.areas.service import policies, policy, zone_of
from dispatch.kernel.actor import Actor, Role
from dispatch.kernel.clock import Clock
from dispatch.kernel.refusals import NotFound, refuse
from dispatch.messages.model import NewMessage, Recipient
from dispatch.messages.service import cancel_messages, queue_message

BEFORE = ("visit_booked", "visit_changed", "prepare", "fasting")
KEYS = ("messages.reminders", "visit.fasting", "visit.after", "visit.day_after")


def plan_reminders(
    session: Session,
    row: AppointmentRow,
    actor: Actor,
    clock: Clock,
    *,
    changed: bool = False,
    told_elsewhere: bool = False,
) -> None:
    """Queue what the patient is told before a confirmed visit; what was queued for an earlier time goes.

    Parameters
    ----------
    told_elsewhere
        The booking was made and confirmed in another system: what to prepare is told here, that it is
        booked is not told a second time.
    """
    if changed:
        cancel_messages(session, row.id, actor, clock, kinds=BEFORE)
    if _begins_at(row) <= clock.now():
        return
    zone, values = _zone_and_values(session, row)
    for message in _before(row, zone, values, clock.now(), changed=changed):
        if not (told_elsewhere and message.kind == "visit_booked"):
            queue_message(session, message, actor, clock)


def drop_reminders(session: Session, row: AppointmentRow, actor: Actor, clock: Clock) -> None:
    """Call off all that waits about an appointment, and tell the patient that it is called off."""
    cancel_messages(session, row.id, actor, clock)
    zone, values = _zone_and_values(session, row)
    begins_at = _begins_at(row)
    if begins_at < clock.now():
        return
    message = NewMessage(
        kind="visit_cancelled",
        to=Recipient(patient_id=row.patient_id),
        due_at=outside_quiet(clock.now(), values["messages.reminders"], zone),
        lapses_at=begins_at + timedelta(days=1),
        values={"day": day_text(begins_at, zone)},
        about=row.id,
    )
    queue_message(session, message, actor, clock)


def fasting_times(session: Session, area_id: UUID, begins_at: datetime) -> Mapping[str, datetime]:
    """Return until when a patient may eat and drink before a visit that may begin at an instant."""
    return eat_until(begins_at, policy(session, "visit.fasting", area_id))


def queue_after_visit(
    session: Session, appointment_id: UUID, at: datetime, actor: Actor, clock: Clock
) -> None:
    """Queue what follows a controlled visit that ended `at`: after-care, the check, the driving rule, a form.

    The check two hours later asks how she is (B23). Driving waits 24 hours and a night's sleep (B26). On the
    next day, at the same reading of the clock, her form waits (PHQ-9).
    """
    row = session.get(AppointmentRow, appointment_id)
    if row is None:
        raise refuse(NotFound, "no_such_appointment", "There is no such appointment.", field="appointment")
    if not row.service.controlled:
        return
    zone, values = _zone_and_values(session, row)
    for kind, due_at, lapses_at, filled in _after(at, zone, values, office_phone(session, row.area_id)):
        message = NewMessage(
            kind=kind,
            to=Recipient(patient_id=row.patient_id),
            due_at=due_at,
            lapses_at=lapses_at,
            values=filled,
            about=row.id,
            once="after",
        )
        queue_message(session, message, actor, clock)


def _after(
    at: datetime, zone: ZoneInfo, values: Mapping[str, Mapping[str, Any]], phone: str
) -> Iterator[tuple[str, datetime, datetime, Mapping[str, str]]]:
    """Give what is told after a visit: kind, when it is due, when it loses its sense, values."""
    reminders, hours = values["messages.reminders"], no_driving_hours(values["visit.after"])
    sense = timedelta(hours=hours)
    yield "after_visit", at, at + sense, {"hours": str(hours)}
    asked_at = at + timedelta(minutes=values["visit.after"]["check_minutes"])
    if phone:
        yield "how_are_you", asked_at, asked_at + sense, {"phone": phone}
    else:
        yield "how_are_you_page", asked_at, asked_at + sense, {}
    drive_at, early = at + sense, outside_quiet(_morning_after(at, zone), reminders, zone)
    yield "drive_reminder", early, early + sense, {
        "day": day_text(drive_at, zone), "time": time_text(drive_at, zone)
    }  # fmt: skip
    next_day = outside_quiet(at.astimezone(zone) + timedelta(days=1), reminders, zone)
    last_day = _morning_after(at, zone) + timedelta(days=values["visit.day_after"]["open_days"])
    yield "next_day", next_day, last_day.replace(hour=0), {}


def tell_late(
    session: Session,
    appointment_id: UUID,
    late_s: int,
    expected_at: datetime,
    stages: frozenset[str],
    clock: Clock,
    actor: Actor,
) -> None:
    """Tell of a delay, once for each stage it has reached.

    Parameters
    ----------
    stages
        Of ``patient``, ``dispatcher``, ``replan``: who must hear of it (policy ``visit.late_minutes``).
    """
    row = session.get(AppointmentRow, appointment_id)
    if row is None:
        raise refuse(NotFound, "no_such_appointment", "There is no such appointment.", field="appointment")
    zone, _ = _zone_and_values(session, row)
    patient, office = Recipient(patient_id=row.patient_id), _dispatchers(row)
    about = {"reference": row.reference, "minutes": str(min(late_s // 60, 9999))}
    told = {
        "patient": ("running_late", patient, {"time": time_text(expected_at, zone)}),
        "dispatcher": ("late_for_dispatcher", office, about),
        "replan": ("late_replan", office, about),
    }
    for stage in sorted(stages):
        kind, to, filled = told[stage]
        message = NewMessage(
            kind=kind,
            to=to,
            due_at=clock.now(),
            lapses_at=expected_at + timedelta(hours=1),
            values=filled,
            about=row.id,
            once=f"late {row.day.isoformat()} {_begins_at(row):%H%M}",
        )
        queue_message(session, message, actor, clock)


def _dispatchers(row: AppointmentRow) -> Recipient:
    return Recipient(role=Role.DISPATCHER, area_id=row.area_id)


def _before(
    row: AppointmentRow,
    zone: ZoneInfo,
    values: Mapping[str, Mapping[str, Any]],
    now: datetime,
    *,
    changed: bool,
) -> Iterator[NewMessage]:
    reminders = values["messages.reminders"]
    begins_at = _begins_at(row)
    ends_at = max(window.ends_at for window in row.windows)
    to = Recipient(patient_id=row.patient_id)
    day = {"day": day_text(begins_at, zone)}
    window = day | {"begins": time_text(begins_at, zone), "ends": time_text(ends_at, zone)}
    told = [("visit_changed" if changed else "visit_booked", now, window)]
    if row.service.controlled:
        told.append(("prepare", begins_at - timedelta(hours=reminders["prepare_hours"]), day))
        until = eat_until(begins_at, values["visit.fasting"])
        times = {name: time_text(at, zone) for name, at in until.items()}
        told.append(("fasting", begins_at - timedelta(hours=reminders["fasting_hours"]), day | times))
    for kind, due_at, filled in told:
        yield NewMessage(
            kind=kind,
            to=to,
            due_at=outside_quiet(max(due_at, now), reminders, zone),
            lapses_at=begins_at,
            values=filled,
            about=row.id,
        )


def _begins_at(row: AppointmentRow) -> datetime:
    return min(window.begins_at for window in row.windows)


def _morning_after(at: datetime, zone: ZoneInfo) -> datetime:
    return datetime.combine(at.astimezone(zone).date() + timedelta(days=1), time(8), tzinfo=zone)


def _zone_and_values(
    session: Session, row: AppointmentRow
) -> tuple[ZoneInfo, Mapping[str, Mapping[str, Any]]]:
    area = session.get_one(ServiceAreaRow, row.area_id)
    return zone_of(area), policies(session, KEYS, area.id)

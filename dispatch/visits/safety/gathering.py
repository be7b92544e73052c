"""Read what the clocks look at, deeds, readings, signs, the plan in force."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import Row as Line
from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.appointments.records import AppointmentRow, ServiceRow
from dispatch.assignment.records import PlannedStopRow
from dispatch.visits.bedside.records import EntryRow, ReadingRow
from dispatch.visits.facts import plan_in_force
from dispatch.visits.model import NURSES_DEEDS, Deed
from dispatch.visits.records import VisitFactRow
from dispatch.visits.safety.model import PatientAnswer, Watched
from dispatch.visits.safety.records import PatientAnswerRow, SignRow

# A visit of the day before yesterday is nobody's to watch any more; its alarms stay until a person ends them.
LOOKS_BACK = timedelta(days=2)
Key = tuple[UUID, UUID]
Booked = Line[UUID, UUID, date, int, str, bool]


def visits_watched(session: Session, now: datetime) -> list[Watched]:
    """Return every visit of these days of which a nurse has reported something."""
    days = (now - LOOKS_BACK).date(), (now + timedelta(days=1)).date()
    return _watched(session, AppointmentRow.day.between(*days))


def visits_of(session: Session, appointment_ids: Iterable[UUID]) -> list[Watched]:
    """Return these visits as the clocks see them."""
    return _watched(session, AppointmentRow.id.in_(list(appointment_ids)))


def _watched(session: Session, which: object) -> list[Watched]:
    booked = _booked(session, which)
    deeds = _deeds(session, booked)
    readings = _readings(session, booked)
    signs = _signs(session, booked)
    charted = _charted(session, booked)
    answers = _answers(session, booked)
    stops = _stops(
        session, {booked[appointment_id] for (appointment_id, _), told in deeds.items() if _is_driving(told)}
    )
    found = []
    for (appointment_id, nurse_id), told in sorted(deeds.items(), key=lambda each: str(each[0])):
        row, key = booked[appointment_id], (appointment_id, nurse_id)
        times: dict[Deed, datetime] = {}
        for deed, at in told:
            times[deed] = min(at, times.get(deed, at))
        stop = stops.get(key)
        taken = tuple(sorted(readings.get(key, ())))
        heard = [at for deed, at in told if deed in NURSES_DEEDS]
        found.append(
            Watched(
                appointment_id=appointment_id,
                nurse_id=nurse_id,
                area_id=row.area_id,
                day=row.day,
                minutes=row.minutes,
                controlled=row.controlled,
                # Who set off to a visit that is somebody else's by now is not expected there.
                cancelled=row.status == "cancelled" or (_is_driving(told) and stop is None),
                times=times,
                signs=(
                    *heard,
                    *(at for at, _ in taken),
                    *charted.get(key, ()),
                    *(s[0] for s in signs.get(key, ())),
                ),
                readings=taken,
                longer=timedelta(minutes=sum(minutes for _, minutes in signs.get(key, ()))),
                arrives_at=stop.arrives_at if stop else None,
                travel=timedelta(seconds=stop.travel_s) if stop else timedelta(),
                patient_told=answers.get(appointment_id),
            )
        )
    return found


def _booked(session: Session, which: object) -> dict[UUID, Booked]:
    rows = session.execute(
        select(
            AppointmentRow.id, AppointmentRow.area_id, AppointmentRow.day, AppointmentRow.minutes,
            AppointmentRow.status, ServiceRow.controlled,
        )
        .join(ServiceRow, ServiceRow.id == AppointmentRow.service_id)
        .where(which)  # type: ignore[arg-type]
    )  # fmt: skip
    return {row.id: row for row in rows}


def _deeds(session: Session, ids: Iterable[UUID]) -> Mapping[Key, Sequence[tuple[Deed, datetime]]]:
    found: dict[Key, list[tuple[Deed, datetime]]] = defaultdict(list)
    rows = session.execute(
        select(
            VisitFactRow.appointment_id, VisitFactRow.nurse_id, VisitFactRow.deed, VisitFactRow.happened_at
        ).where(VisitFactRow.appointment_id.in_(list(ids)))
    )
    for row in rows:
        found[row.appointment_id, row.nurse_id].append((Deed(row.deed), row.happened_at))
    return found


def _readings(session: Session, ids: Iterable[UUID]) -> Mapping[Key, Sequence[tuple[datetime, int]]]:
    found: dict[Key, list[tuple[datetime, int]]] = defaultdict(list)
    rows = session.execute(
        select(
            ReadingRow.appointment_id, ReadingRow.nurse_id, ReadingRow.happened_at, ReadingRow.moaas
        ).where(ReadingRow.appointment_id.in_(list(ids)))
    )
    for row in rows:
        found[row.appointment_id, row.nurse_id].append((row.happened_at, row.moaas))
    return found


def _charted(session: Session, ids: Iterable[UUID]) -> Mapping[Key, Sequence[datetime]]:
    found: dict[Key, list[datetime]] = defaultdict(list)
    rows = session.execute(
        select(EntryRow.appointment_id, EntryRow.nurse_id, EntryRow.happened_at).where(
            EntryRow.appointment_id.in_(list(ids))
        )
    )
    for row in rows:
        found[row.appointment_id, row.nurse_id].append(row.happened_at)
    return found


def _signs(session: Session, ids: Iterable[UUID]) -> Mapping[Key, Sequence[tuple[datetime, int]]]:
    found: dict[Key, list[tuple[datetime, int]]] = defaultdict(list)
    for row in session.scalars(select(SignRow).where(SignRow.appointment_id.in_(list(ids)))):
        found[row.appointment_id, row.nurse_id].append((row.happened_at, row.longer_minutes))
    return found


def _answers(session: Session, ids: Iterable[UUID]) -> Mapping[UUID, datetime]:
    """Return when each patient last gave an answer; that nobody reached her is none."""
    rows = session.execute(
        select(PatientAnswerRow.appointment_id, PatientAnswerRow.at)
        .where(PatientAnswerRow.appointment_id.in_(list(ids)))
        .where(PatientAnswerRow.answer != PatientAnswer.NOT_REACHED.value)
        .order_by(PatientAnswerRow.at)
    )
    return {row.appointment_id: row.at for row in rows}


def _is_driving(told: Sequence[tuple[Deed, datetime]]) -> bool:
    return {deed for deed, _ in told} == {Deed.EN_ROUTE}


def _stops(session: Session, rows: Iterable[Booked]) -> Mapping[Key, PlannedStopRow]:
    """Return the stops of the plans in force for visits that a nurse is driving to."""
    wanted: dict[tuple[UUID, date], list[UUID]] = defaultdict(list)
    for row in rows:
        wanted[row.area_id, row.day].append(row.id)
    found: dict[Key, PlannedStopRow] = {}
    for (area_id, day), ids in wanted.items():
        stops = session.scalars(
            select(PlannedStopRow).where(
                PlannedStopRow.plan_id == plan_in_force(area_id, day).scalar_subquery(),
                PlannedStopRow.appointment_id.in_(ids),
            )
        )
        found |= {(stop.appointment_id, stop.nurse_id): stop for stop in stops if stop.appointment_id}
    return found

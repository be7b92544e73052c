"""Read alarms back from their rows: opening, stages told, steps."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from dispatch.kernel.refusals import NotFound, refuse
from dispatch.visits.safety.model import Alarm, AlarmDeed, AlarmKind, AlarmStep, Audience, Due, Rung, Told
from dispatch.visits.safety.records import AlarmRow, AlarmStepRow, ToldRow
from dispatch.visits.safety.rules.states import state_after

ENDING = (AlarmDeed.RESOLVE.value, AlarmDeed.CLEAR.value)


def alarms_where(session: Session, *which: ColumnElement[bool], words: bool = False) -> list[Alarm]:
    """Return alarms, the earliest first; what people wrote stays sealed unless it is wanted."""
    rows = list(session.scalars(select(AlarmRow).where(*which).order_by(AlarmRow.raised_at, AlarmRow.id)))
    told, steps = _told(session, rows), _steps(session, rows, words)
    return [alarm_of(row, told[row.id], steps[row.id]) for row in rows]


def open_ones() -> ColumnElement[bool]:
    """Select the alarms that nobody and nothing has ended."""
    ended = select(AlarmStepRow.id).where(AlarmStepRow.alarm_id == AlarmRow.id, AlarmStepRow.deed.in_(ENDING))
    return ~ended.exists()


def alarm_by_id(session: Session, alarm_id: UUID, *, words: bool = False, lock: bool = False) -> Alarm:
    """Return an alarm; locked, nobody else tells, clears or answers it until the transaction ends.

    Raises
    ------
    NotFound
        ``no_such_alarm``.
    """
    wanted = select(AlarmRow).where(AlarmRow.id == alarm_id)
    row = session.scalar(wanted.with_for_update() if lock else wanted)
    if row is None:
        raise refuse(NotFound, "no_such_alarm", "There is no such alarm.")
    return alarm_of(row, _told(session, [row])[row.id], _steps(session, [row], words)[row.id])


def alarm_of(row: AlarmRow, told: Sequence[Told], steps: Sequence[AlarmStep]) -> Alarm:
    """Return the value of an alarm's rows."""
    return Alarm(
        alarm_id=row.id,
        due=due_of(row),
        raised_at=row.raised_at,
        state=state_after(steps),
        told=tuple(told),
        steps=tuple(steps),
    )


def due_of(row: AlarmRow) -> Due:
    """Return the clock that ran out, as it was judged then."""
    return Due(
        key=row.key,
        kind=AlarmKind(row.kind),
        area_id=row.area_id,
        day=row.day,
        due_at=row.due_at,
        rungs=tuple(_rung(stored) for stored in row.rungs),
        appointment_id=row.appointment_id,
        nurse_id=row.nurse_id,
        values=row.judged_by,
    )


def rung_as_json(rung: Rung) -> dict[str, Any]:
    """Return a rung as it is kept."""
    return {"after_s": int(rung.after.total_seconds()), "audience": [each.value for each in rung.audience]}


def _rung(stored: Mapping[str, Any]) -> Rung:
    audience = tuple(Audience(each) for each in stored["audience"])
    return Rung(after=timedelta(seconds=stored["after_s"]), audience=audience)


def _told(session: Session, rows: Iterable[AlarmRow]) -> Mapping[UUID, list[Told]]:
    found: dict[UUID, list[Told]] = defaultdict(list)
    wanted = select(ToldRow).where(ToldRow.alarm_id.in_([row.id for row in rows])).order_by(ToldRow.number)
    for row in session.scalars(wanted):
        audience = tuple(Audience(each) for each in row.audience)
        found[row.alarm_id].append(
            Told(number=row.number, due_at=row.due_at, told_at=row.told_at, audience=audience)
        )
    return found


def _steps(session: Session, rows: Iterable[AlarmRow], words: bool) -> Mapping[UUID, list[AlarmStep]]:
    found: dict[UUID, list[AlarmStep]] = defaultdict(list)
    wanted = select(AlarmStepRow).where(AlarmStepRow.alarm_id.in_([row.id for row in rows]))
    for row in session.scalars(wanted.order_by(AlarmStepRow.sequence)):
        found[row.alarm_id].append(
            AlarmStep(
                sequence=row.sequence,
                deed=AlarmDeed(row.deed),
                at=row.at,
                by=row.by_name,
                words=(row.words or "") if words else "",
            )
        )
    return found

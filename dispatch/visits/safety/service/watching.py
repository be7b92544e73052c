"""The watch: what waits to be done now, and doing it, one transaction a piece.

`due_checks` only reads; `act_on` looks again under a lock before it writes. So it may be asked at any
moment, by any number of processes, and may die between any two pieces: what was missed is made up, nothing
is doubled.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dispatch.areas.service import policies
from dispatch.kernel.actor import SYSTEM
from dispatch.kernel.clock import Clock
from dispatch.visits.safety.gathering import visits_of, visits_watched
from dispatch.visits.safety.loading import alarm_by_id, alarms_where, open_ones
from dispatch.visits.safety.model import Alarm, AlarmDeed, AlarmKind, AlarmState, Due, Lateness, Watched
from dispatch.visits.safety.records import AlarmRow, WatcherRow
from dispatch.visits.safety.rules.clocks import POLICIES, run_out, running, stages_due
from dispatch.visits.safety.rules.states import BY_A_PERSON_ONLY
from dispatch.visits.safety.service.returning import is_returned, is_taken_off, returns_due
from dispatch.visits.safety.telling import add_step, raise_alarm, tell_stage


@dataclass(frozen=True, kw_only=True)
class Piece:
    """One thing to do: tell stage `number` of a clock that ran out, or clear its alarm (`number` 0).

    `since` is the moment from which it waits; pieces are done in that order.
    """

    since: datetime
    due: Due
    number: int
    alarm_id: UUID | None = None


def due_checks(session: Session, clock: Clock) -> list[Piece]:
    """Return everything that waits to be done now, what has waited longest first. Only reads."""
    now = clock.now()
    watched = visits_watched(session, now)
    alarms = alarms_where(session, open_ones())
    values: dict[UUID, Mapping[str, Any]] = {}
    waiting = [piece for alarm in alarms for piece in _of_alarm(session, alarm, watched, values, clock)]
    known = {alarm.due.key for alarm in alarms}
    fresh = [due for each in watched for due in run_out(each, _values(session, each.area_id, values), now)]
    fresh = [due for due in (*fresh, *returns_due(session, clock)) if due.key not in known]
    ended = set(session.scalars(select(AlarmRow.key).where(AlarmRow.key.in_([due.key for due in fresh]))))
    waiting += [
        Piece(since=due_at, due=due, number=number)
        for due in fresh
        if due.key not in ended
        for number, due_at, _ in stages_due(due, now)
    ]
    return sorted(waiting, key=lambda piece: (piece.since, piece.due.key, piece.number))


def act_on(session: Session, piece: Piece, clock: Clock) -> bool:
    """Do one piece, as the facts stand now, and tell whether there was still something to do."""
    alarm_id = piece.alarm_id or raise_alarm(session, piece.due, SYSTEM, clock)
    if alarm_id is None:  # raised before: by the stage before this one, or by another process
        alarm_id = session.scalar(select(AlarmRow.id).where(AlarmRow.key == piece.due.key))
    assert alarm_id is not None
    alarm = alarm_by_id(session, alarm_id, lock=True)
    if not alarm.is_open:
        return False
    if _is_over(session, alarm, visits_of(session, _visits_named(alarm)), {}, clock):
        add_step(session, alarm, AlarmDeed.CLEAR, SYSTEM, clock)
        return True
    if alarm.state is not AlarmState.RAISED or not piece.number:
        return False
    return tell_stage(session, alarm, piece.number, SYSTEM, clock)


def note_look(session: Session, worker: str, waiting_since: datetime | None, clock: Clock) -> None:
    """Keep when a process last looked, and since when the oldest piece waited before it did."""
    row = session.get(WatcherRow, worker)
    if row is None:
        session.add(WatcherRow(worker=worker, looked_at=clock.now(), waiting_since=waiting_since))
        return
    row.looked_at, row.waiting_since = clock.now(), waiting_since


def lateness(session: Session) -> Lateness:
    """Return how the watch does: the newest look of any process, and what waited then."""
    looked_at = session.scalar(select(func.max(WatcherRow.looked_at)))
    newest = session.scalar(select(WatcherRow).where(WatcherRow.looked_at == looked_at).limit(1))
    return Lateness(looked_at=looked_at, waiting_since=newest.waiting_since if newest else None)


def _of_alarm(
    session: Session,
    alarm: Alarm,
    watched: Iterable[Watched],
    values: dict[UUID, Mapping[str, Any]],
    clock: Clock,
) -> list[Piece]:
    due = alarm.due
    if _is_over(session, alarm, watched, values, clock):
        return [Piece(since=due.due_at, due=due, number=0, alarm_id=alarm.alarm_id)]
    if alarm.state is not AlarmState.RAISED:
        return []
    told = {each.number for each in alarm.told}
    return [
        Piece(since=due_at, due=due, number=number, alarm_id=alarm.alarm_id)
        for number, due_at, _ in stages_due(due, clock.now())
        if number not in told
    ]


def _is_over(
    session: Session,
    alarm: Alarm,
    watched: Iterable[Watched],
    values: dict[UUID, Mapping[str, Any]],
    clock: Clock,
) -> bool:
    """Tell whether the facts have ended an alarm. Once help was called, only a person ends it."""
    due = alarm.due
    if due.kind in BY_A_PERSON_ONLY or alarm.calls_for_help:
        return False
    if due.kind is AlarmKind.SUPERVISED_RETURN:
        return is_returned(session, due)
    if due.kind is AlarmKind.STILL_ASSIGNED:
        return is_taken_off(session, due, clock)
    hers = [
        each for each in watched if (each.appointment_id, each.nurse_id) == (due.appointment_id, due.nurse_id)
    ]
    still = {each.key for visit in hers for each in running(visit, _values(session, visit.area_id, values))}
    return bool(hers) and due.key not in still


def _visits_named(alarm: Alarm) -> list[UUID]:
    return [alarm.due.appointment_id] if alarm.due.appointment_id is not None else []


def _values(
    session: Session, area_id: UUID, known: dict[UUID, Mapping[str, Any]]
) -> Mapping[str, Mapping[str, Any]]:
    if area_id not in known:
        known[area_id] = policies(session, POLICIES, area_id)
    return known[area_id]

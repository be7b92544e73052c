"""Which clock has run out for a visit: rules over facts, so that a restart forgets none and doubles none.

A clock has no timer. From the facts known now it says whether something is missing, since when, and under
which `key`: the same facts give the same key, whoever asks and however often. A later fact moves the clock to
another key, and the old alarm is then cleared.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from dispatch.visits.model import Deed
from dispatch.visits.safety.model import AlarmKind, Audience, Due, Rung, Watched

A, K = Audience, AlarmKind
Values = Mapping[str, Mapping[str, Any]]
# She is at the door once she has done any of these; a step before may have gone unreported.
AT_THE_DOOR = (
    Deed.CHECK_IN,
    Deed.SCREEN,
    Deed.HOLD,
    Deed.READY,
    Deed.START,
    Deed.PAUSE,
    Deed.RESUME,
    Deed.STOP,
    Deed.DISCHARGE,
    Deed.NO_SHOW,
    Deed.ABORT,
    Deed.EMERGENCY,
    Deed.TRANSFER,
)
# The patient is no longer hers to watch.
PATIENT_LEFT = frozenset({Deed.DISCHARGE, Deed.TRANSFER, Deed.CHECK_OUT})


@dataclass(frozen=True)
class Clock:
    """One clock: its kind, the policies it reads, and its rule."""

    kind: AlarmKind
    policy: str
    runs_out: Callable[[Watched, Values], tuple[str, datetime, tuple[Rung, ...]] | None]


def after(minutes: Any, *audience: Audience) -> Rung:
    """Return a rung so many minutes after the due moment."""
    return Rung(after=timedelta(minutes=int(minutes)), audience=audience)


def ladder(law: Mapping[str, Any]) -> tuple[Rung, ...]:
    """Return the rungs after a missed check-in: the nurse, a call, the lead, emergency services."""
    return (
        after(law["nurse_after_minutes"], A.NURSE),
        after(law["call_after_minutes"], A.DISPATCHER, A.CALL),
        after(law["lead_after_minutes"], A.DISPATCHER, A.LEAD),
        after(law["emergency_after_minutes"], A.DISPATCHER, A.LEAD, A.EMERGENCY),
    )


def arrived_at(watched: Watched) -> datetime | None:
    """Return since when she has been at the patient's home, None when she is not known to be."""
    return min((watched.times[deed] for deed in AT_THE_DOOR if deed in watched.times), default=None)


def last_sign(watched: Watched, since: datetime) -> datetime:
    """Return when she was last heard of, from an instant on."""
    return max((sign for sign in watched.signs if sign >= since), default=since)


def _missed_arrival(watched: Watched, values: Values) -> tuple[str, datetime, tuple[Rung, ...]] | None:
    left = watched.times.get(Deed.EN_ROUTE)
    gone_on = arrived_at(watched) is not None or Deed.CHECK_OUT in watched.times
    if left is None or gone_on or watched.cancelled:
        return None
    law, heard = values["safety.check_in"], last_sign(watched, left)
    expected = max(watched.arrives_at or left, left + watched.travel)
    due_at = expected + timedelta(minutes=law["arrival_grace_minutes"])
    if heard > left:
        due_at = max(due_at, heard + timedelta(minutes=law["every_minutes"]))
    return heard.isoformat(), due_at, ladder(law)


def _missed_check_in(watched: Watched, values: Values) -> tuple[str, datetime, tuple[Rung, ...]] | None:
    came = arrived_at(watched)
    if came is None or Deed.CHECK_OUT in watched.times:
        return None
    law, heard = values["safety.check_in"], last_sign(watched, came)
    return heard.isoformat(), heard + timedelta(minutes=law["every_minutes"]), ladder(law)


def _lone_worker(watched: Watched, values: Values) -> tuple[str, datetime, tuple[Rung, ...]] | None:
    came = arrived_at(watched)
    if came is None or Deed.CHECK_OUT in watched.times:
        return None
    law = values["safety.check_in"]
    due_at = came + timedelta(minutes=watched.minutes + law["exit_grace_minutes"]) + watched.longer
    return f"+{int(watched.longer.total_seconds()) // 60}", due_at, ladder(law)


def _missed_reading(watched: Watched, values: Values) -> tuple[str, datetime, tuple[Rung, ...]] | None:
    began = watched.times.get(Deed.START)
    if began is None or not watched.controlled or not PATIENT_LEFT.isdisjoint(watched.times):
        return None
    law = values["safety.readings"]
    anchor = max((taken for taken, _ in watched.readings if taken >= began), default=began)
    running = Deed.STOP not in watched.times and Deed.ABORT not in watched.times
    first_min = law["infusing_minutes"] + law["infusing_grace_minutes"] if running else law["after_minutes"]
    alarm = after(law["alarm_minutes"], A.NURSE, A.DISPATCHER)
    early = after(first_min, A.NURSE)
    return anchor.isoformat(), anchor, (early, alarm) if early.after < alarm.after else (alarm,)


def _not_alert(watched: Watched, values: Values) -> tuple[str, datetime, tuple[Rung, ...]] | None:
    began = watched.times.get(Deed.START)
    if began is None or not PATIENT_LEFT.isdisjoint(watched.times):
        return None
    law = values["safety.alertness"]
    _, moaas = max((each for each in watched.readings if each[0] >= began), default=(began, 5))
    if moaas >= law["least_moaas"]:
        return None
    since = _low_since(watched, began, law["least_moaas"])
    told = after(0, A.NURSE, A.DISPATCHER, A.PRESCRIBER)
    return since.isoformat(), since, (told, after(law["lead_after_minutes"], A.DISPATCHER, A.LEAD))


def _low_since(watched: Watched, began: datetime, least: int) -> datetime:
    """Return when the last unbroken run of low readings began."""
    low: datetime | None = None
    for at, moaas in sorted(watched.readings):
        if at >= began:
            low = (low or at) if moaas < least else None
    return low or began


def _long_recovery(watched: Watched, values: Values) -> tuple[str, datetime, tuple[Rung, ...]] | None:
    ended = [watched.times[deed] for deed in (Deed.STOP, Deed.ABORT) if deed in watched.times]
    if not watched.controlled or Deed.START not in watched.times or not ended:
        return None
    if not PATIENT_LEFT.isdisjoint(watched.times):
        return None
    law = values["safety.recovery"]
    rungs = (
        after(law["nurse_after_minutes"], A.NURSE),
        after(law["dispatcher_after_minutes"], A.DISPATCHER, A.PRESCRIBER),
    )
    return "once", min(ended), rungs


def treated_left_at(watched: Watched) -> datetime | None:
    """Return when a treated patient was left at home; None while she is not, or was handed to a crew."""
    left = [watched.times[deed] for deed in (Deed.DISCHARGE, Deed.CHECK_OUT) if deed in watched.times]
    treated = watched.controlled and Deed.START in watched.times and Deed.TRANSFER not in watched.times
    return min(left) if treated and left else None


def _patient_unanswered(watched: Watched, values: Values) -> tuple[str, datetime, tuple[Rung, ...]] | None:
    left_at = treated_left_at(watched)
    if left_at is None or (watched.patient_told is not None and watched.patient_told >= left_at):
        return None
    law = values["safety.patient_check"]
    due_at = left_at + timedelta(minutes=law["asked_after_minutes"])
    rungs = (
        after(law["wait_minutes"], A.DISPATCHER, A.CALL),
        after(law["wait_minutes"] + law["lead_after_minutes"], A.DISPATCHER, A.LEAD),
    )
    return "once", due_at, rungs


CLOCKS = (
    Clock(K.MISSED_ARRIVAL, "safety.check_in", _missed_arrival),
    Clock(K.MISSED_CHECK_IN, "safety.check_in", _missed_check_in),
    Clock(K.LONE_WORKER, "safety.check_in", _lone_worker),
    Clock(K.MISSED_READING, "safety.readings", _missed_reading),
    Clock(K.NOT_ALERT, "safety.alertness", _not_alert),
    Clock(K.LONG_RECOVERY, "safety.recovery", _long_recovery),
    Clock(K.PATIENT_UNANSWERED, "safety.patient_check", _patient_unanswered),
)
POLICIES = ("safety.clocks", *dict.fromkeys(clock.policy for clock in CLOCKS))


def running(watched: Watched, values: Values) -> Iterator[Due]:
    """Return every clock that runs for a visit, run out or not, with the moment its stages count from."""
    on = values["safety.clocks"]["on"]
    for clock in CLOCKS:
        found = clock.runs_out(watched, values) if clock.kind in on else None
        if found is None:
            continue
        mark, due_at, rungs = found
        yield Due(
            key=f"{clock.kind}:{watched.appointment_id}:{watched.nurse_id}:{mark}",
            kind=clock.kind,
            area_id=watched.area_id,
            day=watched.day,
            due_at=due_at,
            rungs=tuple(sorted(rungs, key=lambda rung: rung.after)),
            appointment_id=watched.appointment_id,
            nurse_id=watched.nurse_id,
            values={clock.policy: values[clock.policy]},
        )


def run_out(watched: Watched, values: Values, now: datetime) -> list[Due]:
    """Return the clocks of a visit whose first stage is due, the earliest first."""
    found = [due for due in running(watched, values) if due.raised_from <= now]
    return sorted(found, key=lambda due: (due.raised_from, due.key))


def stages_due(due: Due, now: datetime) -> list[tuple[int, datetime, Rung]]:
    """Return an alarm's stages that are due: number from 1, due moment, rung; earliest first."""
    return [
        (number, due.due_at + rung.after, rung)
        for number, rung in enumerate(due.rungs, 1)
        if due.due_at + rung.after <= now
    ]

"""Planning a day: the states of a run, what was gathered, and the prices that hold unless policy says."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from dispatch.assignment.model import AppointmentFacts, LawFacts, NurseFacts
from dispatch.kernel.refusals import Conflict, Reason, refuse
from routing.problem import PENALTY_MC_BY_PRIORITY, Problem

# Appointment id -> nurse id -> every law against her, empty when she is eligible.
Law = Mapping[UUID, Mapping[UUID, tuple[Reason, ...]]]

LEAST_SECONDS, MOST_SECONDS = 1, 600
# The exact engine, which proves how good its plan is; the others are baselines (`routing.engine.solve`).
EXACT = "columns"
ENGINES = (EXACT, "routing", "greedy", "first_come")

# An area's `weights` may state each of these; millicents (routing.problem). Priorities go from 1 (may
# wait) to 5 (must happen).
PENALTY_MC: Mapping[int, int] = {
    1: PENALTY_MC_BY_PRIORITY["low"],
    2: 45_000_000,
    3: PENALTY_MC_BY_PRIORITY["routine"],
    4: PENALTY_MC_BY_PRIORITY["high"],
    5: PENALTY_MC_BY_PRIORITY["critical"],
}
# What a missed wish costs, by its code in `rules.preferences`: $20 and $10.
PREFERENCE_MC: Mapping[str, int] = {
    "preferred_nurse": 2_000_000,
    "continuity": 2_000_000,
    "preferred_language": 1_000_000,
    "preferred_gender": 1_000_000,
}
# A rest right after leaving home is none; the law (care-rules.md section 4) only says the latest begin.
BREAK_NOT_BEFORE_H = 2


class RunState(StrEnum):
    """Where an order to plan stands."""

    QUEUED = "queued"
    SOLVING = "solving"
    SOLVED = "solved"
    PUBLISHED = "published"
    FAILED = "failed"
    SUPERSEDED = "superseded"
    STOPPED = "stopped"


# What each says to a reader of docs/states.md.
RUN_MEANINGS: Mapping[RunState, str] = {
    RunState.QUEUED: "waits for a worker",
    RunState.SOLVING: "a worker solves it and its heart beats; goes back to the queue when the worker dies",
    RunState.SOLVED: "its plan, whole or the best when it was stopped, waits to be published or discarded",
    RunState.PUBLISHED: "its plan is in force",
    RunState.FAILED: "it cannot be solved, or its workers died too often; the reason is kept",
    RunState.SUPERSEDED: "discarded, or another plan was published after it",
    RunState.STOPPED: "stopped without a plan: before it began, or its solver handed in none",
}
# Which state may follow which (docs/states.md is drawn from this table). `solving -> queued` is a worker
# that died. A solve that is stopped hands in its best plan so far and becomes `solved`; `stopped` keeps no
# plan: the solve had not begun, or its solver died or was silent after it was asked.
RUN_STEPS: Mapping[RunState, frozenset[RunState]] = {
    RunState.QUEUED: frozenset({RunState.SOLVING, RunState.STOPPED}),
    RunState.SOLVING: frozenset({RunState.SOLVED, RunState.QUEUED, RunState.FAILED, RunState.STOPPED}),
    RunState.SOLVED: frozenset({RunState.PUBLISHED, RunState.SUPERSEDED}),
    RunState.PUBLISHED: frozenset({RunState.SUPERSEDED}),
    RunState.FAILED: frozenset(),
    RunState.SUPERSEDED: frozenset(),
    RunState.STOPPED: frozenset(),
}
RUNNING = (RunState.QUEUED, RunState.SOLVING)


def require_step(before: str, after: RunState) -> None:
    """Raise `Conflict` unless a run may go from `before` to `after`."""
    if after not in RUN_STEPS[RunState(before)]:
        raise refuse(
            Conflict,
            "run_step_not_possible",
            f"A run that is {before} cannot become {after}.",
            state=before,
        )


class Progress(Protocol):
    """How far a visit has come, as its nurse's facts say; None for what has not happened.

    The chapter `visits`, which is above this one, has the value; whoever calls hands it down. A visit to
    which nobody has set off has no progress.
    """

    @property
    def appointment_id(self) -> UUID: ...  # noqa: D102
    @property
    def nurse_id(self) -> UUID: ...  # noqa: D102
    @property
    def state(self) -> str: ...  # noqa: D102
    @property
    def en_route_at(self) -> datetime | None: ...  # noqa: D102
    @property
    def arrived_at(self) -> datetime | None: ...  # noqa: D102
    @property
    def started_at(self) -> datetime | None: ...  # noqa: D102
    @property
    def stopped_at(self) -> datetime | None: ...  # noqa: D102
    @property
    def finished_at(self) -> datetime | None: ...  # noqa: D102


# A visit in one of these states holds its nurse no longer.
OVER = frozenset({"completed", "no_show", "aborted", "cancelled", "transferred"})


def begun_at(met: Progress, planned_at: datetime | None) -> datetime | None:
    """Return when a visit's service began, None while its nurse is not there.

    Service begins with its nurse's arrival: consent, screening, vitals and the line come before the
    infusion and belong to its planned minutes (care-rules.md section 6). Who came before the planned time
    waits for it, unless an earlier start of the infusion shows that she did not.
    """
    if met.arrived_at is None or planned_at is None:
        return met.arrived_at or met.started_at
    agreed_at = min(planned_at, met.started_at) if met.started_at else planned_at
    return max(met.arrived_at, agreed_at)


@dataclass(frozen=True, kw_only=True)
class VisitKey:
    """Which appointment a visit of the day file is, and which half where two nurses are needed."""

    appointment_id: UUID
    part: int = 1


@dataclass(frozen=True, kw_only=True)
class NurseKey:
    """Which nurse and shift a nurse of the day file is."""

    nurse_id: UUID
    shift_id: UUID


@dataclass(frozen=True, kw_only=True)
class Source:
    """A row that was read: the name people know it by and a mark that changes when it does."""

    name: str
    mark: str


@dataclass(frozen=True, kw_only=True)
class Change:
    """Something that is no longer as it was when the day was gathered."""

    key: str
    name: str
    what: str  # changed, added, gone

    @property
    def text(self) -> str:
        """One sentence."""
        return f"{self.name[:1].upper()}{self.name[1:]}: {self.what}."


@dataclass(frozen=True, kw_only=True)
class Gathered:
    """An area's day as it stands in the database, ready to be planned.

    Attributes
    ----------
    problem
        The day file.
    sources
        Key such as ``appointment/<id>`` -> what was read.
    left_out
        Appointments of the day that cannot even be given to a planner, with every reason.
    visits, nurses, pharmacies
        Ids of the day file -> ids of the database.
    law
        Every reason of law against each nurse and appointment.
    people, booked
        The facts of nurses and appointments by which they were judged.
    origin, zone
        The UTC instant of second 0, and the area's zone.
    plan_number
        The plan in force when it was gathered, 0 before the first.
    planned_end_s
        The second by which the planner lets visits end; by hand they may end later.
    latest_end_s
        The second by which visits end at the latest in what was gathered.
    rules
        The law and the policies by which they were judged.
    """

    area_id: UUID
    day: date
    origin: datetime
    zone: ZoneInfo
    problem: Problem
    sources: Mapping[str, Source]
    law: Law
    people: Mapping[UUID, NurseFacts]
    booked: Mapping[UUID, AppointmentFacts]
    visits: Mapping[str, VisitKey]
    nurses: Mapping[str, NurseKey]
    pharmacies: Mapping[str, UUID]
    left_out: Mapping[UUID, tuple[Reason, ...]] = field(default_factory=dict)
    plan_number: int = 0
    planned_end_s: int = 0
    latest_end_s: int = 0
    rules: LawFacts | None = None

    @property
    def fingerprint(self) -> str:
        """A digest of everything that was read."""
        return fingerprint_of(self.sources)

    def visit_ids(self, appointment_id: UUID) -> tuple[str, ...]:
        """Return the visits still to plan of an appointment: one, two where two nurses go, or none."""
        return tuple(
            name
            for name, key in self.visits.items()
            if key.appointment_id == appointment_id and name in self.problem.visit
        )


def fingerprint_of(sources: Mapping[str, Source]) -> str:
    """Return the digest of what was read, independent of its order."""
    lines = (f"{key}={source.mark}" for key, source in sorted(sources.items()))
    return sha256("\n".join(lines).encode()).hexdigest()


def changes_between(then: Mapping[str, Source], now: Mapping[str, Source]) -> tuple[Change, ...]:
    """Return what changed from one gathering to another, by name."""
    found = []
    for key in then.keys() | now.keys():
        before, after = then.get(key), now.get(key)
        if before is None and after is not None:
            found.append(Change(key=key, name=after.name, what="added"))
        elif after is None and before is not None:
            found.append(Change(key=key, name=before.name, what="no longer part of the day"))
        elif before is not None and after is not None and before.mark != after.mark:
            found.append(Change(key=key, name=after.name, what="changed"))
    return tuple(sorted(found, key=lambda change: (change.name, change.key)))

"""Plan runs, plans and their stops; what was reported of running days, and what was proposed about it."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dispatch.kernel.row import Identified, Row, Versioned
from dispatch.kernel.sealing import SealedText
from routing.plan import gap_of


class PlanRunRow(Identified, Versioned, Row):
    """One order to plan a day. The row is the truth; any message about it is only a hint.

    Attributes
    ----------
    state
        See `plan_model.RUN_STEPS` and docs/states.md.
    day_file
        The gathered Problem, as the solver gets it. Sealed: its places are patients' homes.
    sources
        Every row that was gathered, with its version and the name people know it by; `fingerprint` is
        their digest. Publishing compares them with the day as it is then.
    left_out
        Appointment id -> reasons: those that could not even be given to the solver.
    progress
        What the solver last told: cost, bound, gap, unassigned, seconds, doing.
    stop_asked
        The dispatcher wants the best plan so far, now.
    """

    __tablename__ = "plan_run"

    area_id: Mapped[UUID] = mapped_column(ForeignKey("service_area.id"))
    day: Mapped[date]
    state: Mapped[str] = mapped_column(default="queued")
    asked_by: Mapped[UUID | None]
    asked_at: Mapped[datetime]
    seconds: Mapped[int]
    seed: Mapped[int]
    engine: Mapped[str]
    publish_when_done: Mapped[bool] = mapped_column(default=False)
    stop_asked: Mapped[bool] = mapped_column(default=False)
    day_file_text = SealedText()
    day_file_text_sealed: Mapped[bytes] = mapped_column(deferred=True)
    fingerprint: Mapped[str]
    sources: Mapped[Mapping[str, Any]] = mapped_column(deferred=True)
    left_out: Mapped[Mapping[str, Any]] = mapped_column(deferred=True)
    progress: Mapped[Mapping[str, Any]] = mapped_column(default=dict)
    plan: Mapped[Mapping[str, Any] | None] = mapped_column(deferred=True)
    reason: Mapped[str | None]
    worker: Mapped[str | None]
    beat_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    ended_at: Mapped[datetime | None]

    __table_args__ = (Index("ix_plan_run_state", "state"), Index("ix_plan_run_day", "area_id", "day"))

    @property
    def day_file(self) -> Mapping[str, Any]:
        """Open the day file."""
        opened: Mapping[str, Any] = json.loads(self.day_file_text)
        return opened


class PlanRow(Identified, Versioned, Row):
    """A published plan of an area's day; the highest `number` of a day is the one in force.

    Attributes
    ----------
    origin
        What made it: published (a solve) or moved (by hand).
    cost, bound
        Millicents; `bound` is None while nothing is proven: by a baseline, or since a deed by hand.
    relaxed
        Where the bound is that of an easier day (`routing.plan.Plan`).
    terms
        Cost term -> millicents, and the day's figures (`travel_s`, `idle_s`, `overtime_s`, `service_s`).
    unassigned
        Appointment id -> list of {code, text}: why nobody goes.
    """

    __tablename__ = "plan"

    area_id: Mapped[UUID] = mapped_column(ForeignKey("service_area.id"))
    day: Mapped[date]
    number: Mapped[int]
    run_id: Mapped[UUID | None] = mapped_column(ForeignKey("plan_run.id"))
    published_by: Mapped[UUID | None]
    publisher: Mapped[str]
    published_at: Mapped[datetime]
    origin: Mapped[str]
    status: Mapped[str]
    cost: Mapped[int] = mapped_column(BigInteger)
    bound: Mapped[int | None] = mapped_column(BigInteger)
    relaxed: Mapped[Sequence[str]] = mapped_column(JSON, default=list)
    terms: Mapped[Mapping[str, Any]]
    unassigned: Mapped[Mapping[str, Any]]
    fingerprint: Mapped[str]

    stops: Mapped[list["PlannedStopRow"]] = relationship(
        lazy="selectin",
        order_by="PlannedStopRow.nurse_id, PlannedStopRow.shift_id, PlannedStopRow.sequence",
    )

    __table_args__ = (UniqueConstraint("area_id", "day", "number"),)

    @property
    def gap(self) -> float | None:
        """What could at most be saved, as a share of the cost; None while nothing is proven."""
        return None if self.bound is None else gap_of(self.cost, self.bound)

    @property
    def is_optimal(self) -> bool:
        """Whether it is proven that no plan of the day costs less."""
        return self.bound is not None and self.bound >= self.cost


class PlannedStopRow(Identified, Row):
    """One stop of a nurse's route: start, pickup, visit, break, return or end.

    A nurse has a route a shift (a shift may be taken out of the roster later: no foreign key). `part` tells
    the two halves of a visit by two nurses apart.
    """

    __tablename__ = "planned_stop"

    plan_id: Mapped[UUID] = mapped_column(ForeignKey("plan.id"))
    nurse_id: Mapped[UUID] = mapped_column(ForeignKey("nurse.id"))
    shift_id: Mapped[UUID]
    sequence: Mapped[int]
    kind: Mapped[str]
    appointment_id: Mapped[UUID | None] = mapped_column(ForeignKey("appointment.id"))
    part: Mapped[int] = mapped_column(default=1)
    pharmacy_id: Mapped[UUID | None] = mapped_column(ForeignKey("pharmacy.id"))
    arrives_at: Mapped[datetime]
    begins_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    travel_s: Mapped[int] = mapped_column(default=0)
    units: Mapped[int] = mapped_column(default=0)
    frozen: Mapped[bool] = mapped_column(default=False)

    __table_args__ = (
        UniqueConstraint("plan_id", "shift_id", "sequence"),
        Index("ix_planned_stop_appointment", "appointment_id"),
        Index("ix_planned_stop_nurse", "nurse_id", "plan_id"),
        CheckConstraint("arrives_at <= begins_at AND begins_at <= ends_at", name="in_order"),
    )


class DisturbanceRow(Identified, Versioned, Row):
    """Something that holds on a day from when a proposal about it was accepted until it is withdrawn.

    Attributes
    ----------
    kind
        See `replan_model.LASTING`.
    at
        From when on, until when, or since when (`replan_model.Report.at`).
    """

    __tablename__ = "disturbance"

    area_id: Mapped[UUID] = mapped_column(ForeignKey("service_area.id"))
    day: Mapped[date]
    kind: Mapped[str]
    shift_id: Mapped[UUID | None]
    appointment_id: Mapped[UUID | None] = mapped_column(ForeignKey("appointment.id"))
    pharmacy_id: Mapped[UUID | None] = mapped_column(ForeignKey("pharmacy.id"))
    at: Mapped[datetime | None]
    replan_id: Mapped[UUID]
    reported_by: Mapped[UUID | None]
    reporter: Mapped[str]
    reported_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]

    __table_args__ = (Index("ix_disturbance_day", "area_id", "day"),)


class ReplanRow(Identified, Versioned, Row):
    """A proposal to re-plan a day that runs.

    Attributes
    ----------
    state, better
        `replan_model.ReplanState`, `replan_model.Better`.
    step
        1 for the first answer, 2 once a better one has come: what a dispatcher saw.
    events
        ``reports``: what was reported (`replan_model.Report.as_json`).
    reason
        What the dispatcher wrote about it. Sealed: it may name a patient.
    asked, answer
        JSON of `routing.replan.asked`: what a planning process is asked, and the proposal. Sealed: the day
        in them holds patients' homes.
    sources, fingerprint
        As of a plan run: accepting compares them with the day as it is then.
    total_mc, nothing_mc
        What the proposal costs and what doing nothing costs.
    """

    __tablename__ = "replan"

    area_id: Mapped[UUID] = mapped_column(ForeignKey("service_area.id"))
    day: Mapped[date]
    plan_number: Mapped[int]
    state: Mapped[str]
    better: Mapped[str]
    step: Mapped[int] = mapped_column(default=1)
    events: Mapped[Mapping[str, Any]]
    freeze_minutes: Mapped[int]
    reason = SealedText()
    reason_sealed: Mapped[bytes | None]
    asked = SealedText()
    asked_sealed: Mapped[bytes] = mapped_column(deferred=True)
    answer = SealedText()
    answer_sealed: Mapped[bytes] = mapped_column(deferred=True)
    engine: Mapped[str]
    total_mc: Mapped[int] = mapped_column(BigInteger)
    nothing_mc: Mapped[int] = mapped_column(BigInteger)
    fingerprint: Mapped[str]
    sources: Mapped[Mapping[str, Any]] = mapped_column(deferred=True)
    asked_by: Mapped[UUID | None]
    asker: Mapped[str]
    asked_at: Mapped[datetime]
    searched_at: Mapped[datetime | None]
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[datetime | None]

    __table_args__ = (Index("ix_replan_better", "better"), Index("ix_replan_day", "area_id", "day"))

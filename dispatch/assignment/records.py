"""Plan runs, plans and their stops."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dispatch.kernel.row import Identified, Row, Versioned


class PlanRunRow(Identified, Versioned, Row):
    """One order to plan a day. The row is the truth; any message about it is only a hint.

    States: queued, solving, solved, published, failed, superseded (see docs/states.md).
    `day_file` is the gathered Problem; `fingerprint` tells whether the day changed since.
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
    day_file: Mapped[Mapping[str, Any]]
    fingerprint: Mapped[str]
    progress: Mapped[Mapping[str, Any]] = mapped_column(default=dict)
    plan: Mapped[Mapping[str, Any] | None]
    reason: Mapped[str | None]
    worker: Mapped[str | None]
    beat_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    ended_at: Mapped[datetime | None]

    __table_args__ = (Index("ix_plan_run_state", "state"), Index("ix_plan_run_day", "area_id", "day"))


class PlanRow(Identified, Versioned, Row):
    """A published plan of an area's day; the highest `number` of a day is the one in force."""

    __tablename__ = "plan"

    area_id: Mapped[UUID] = mapped_column(ForeignKey("service_area.id"))
    day: Mapped[date]
    number: Mapped[int]
    run_id: Mapped[UUID | None] = mapped_column(ForeignKey("plan_run.id"))
    published_by: Mapped[UUID | None]
    published_at: Mapped[datetime]
    # What made it: published (a solve), moved (by hand), replanned.
    origin: Mapped[str]
    cost: Mapped[int]
    terms: Mapped[Mapping[str, Any]]
    # Appointment id -> list of {code, text}: why nobody goes.
    unassigned: Mapped[Mapping[str, Any]]
    fingerprint: Mapped[str]

    stops: Mapped[list["PlannedStopRow"]] = relationship(
        lazy="selectin", order_by="PlannedStopRow.nurse_id, PlannedStopRow.sequence"
    )

    __table_args__ = (UniqueConstraint("area_id", "day", "number"),)


class PlannedStopRow(Identified, Row):
    """One stop of a nurse's route: start, pickup, visit, break, return or end."""

    __tablename__ = "planned_stop"

    plan_id: Mapped[UUID] = mapped_column(ForeignKey("plan.id"))
    nurse_id: Mapped[UUID] = mapped_column(ForeignKey("nurse.id"))
    sequence: Mapped[int]
    kind: Mapped[str]
    appointment_id: Mapped[UUID | None] = mapped_column(ForeignKey("appointment.id"))
    pharmacy_id: Mapped[UUID | None] = mapped_column(ForeignKey("pharmacy.id"))
    arrives_at: Mapped[datetime]
    begins_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    travel_s: Mapped[int] = mapped_column(default=0)

    __table_args__ = (
        UniqueConstraint("plan_id", "nurse_id", "sequence"),
        Index("ix_planned_stop_appointment", "appointment_id"),
        CheckConstraint("arrives_at <= begins_at AND begins_at <= ends_at", name="in_order"),
    )

"""Service areas: a metro with its zone, its policies and its travel model; pharmacies; what changed."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.kernel.row import Identified, Row, Versioned, append_only


class ServiceAreaRow(Identified, Versioned, Row):
    """A metro for which one plan a day is made.

    `travel_base_s` and `travel_s_per_km` are the affine great-circle model (planner.md, "Travel times").
    `weights` are the planner's costs, policy with units (see `routing.problem.Weights`).
    """

    __tablename__ = "service_area"

    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    time_zone: Mapped[str]
    travel_base_s: Mapped[int] = mapped_column(default=118)
    travel_s_per_km: Mapped[int] = mapped_column(default=79)
    weights: Mapped[Mapping[str, Any]] = mapped_column(default=dict)

    __table_args__ = (
        CheckConstraint("travel_base_s >= 0 AND travel_s_per_km > 0", name="travel_model_positive"),
    )


class PharmacyRow(Identified, Versioned, Row):
    """A stock point where nurses pick up and bring back drug (21 CFR 1301.75(b))."""

    __tablename__ = "pharmacy"

    area_id: Mapped[UUID] = mapped_column(ForeignKey("service_area.id"))
    code: Mapped[str]
    name: Mapped[str]
    address: Mapped[str]
    state: Mapped[str]
    lat: Mapped[float]
    lon: Mapped[float]
    opens_minute: Mapped[int] = mapped_column(default=360)
    closes_minute: Mapped[int] = mapped_column(default=1260)
    pickup_s: Mapped[int] = mapped_column(default=600)

    __table_args__ = (
        UniqueConstraint("area_id", "code"),
        CheckConstraint(
            "opens_minute >= 0 AND closes_minute <= 1440 AND opens_minute < closes_minute",
            name="opens_before_it_closes",
        ),
    )


class PolicyRow(Identified, Row):
    """One signed version of a policy value; the newest version in force counts. Never edited.

    Attributes
    ----------
    key
        e.g. ``visit.latest_end_minute``, ``geofence_m``, ``competencies.ketamine_infusion``.
    registrant, area_id, state
        Where it holds; None is everywhere. What names more counts before what names less.
    """

    __tablename__ = "policy"

    area_id: Mapped[UUID | None] = mapped_column(ForeignKey("service_area.id"))
    registrant: Mapped[str | None]
    state: Mapped[str | None]
    key: Mapped[str]
    value: Mapped[Mapping[str, Any]]
    version: Mapped[int]
    signed_by: Mapped[str]
    signed_at: Mapped[datetime]
    reason: Mapped[str]

    __table_args__ = (UniqueConstraint("area_id", "key", "version"),)


append_only(PolicyRow)


@append_only
class DayChangeRow(Row):
    """What changed on an area's day: the feed that boards follow. Carries ids only."""

    __tablename__ = "day_change"

    position: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=True
    )
    area_id: Mapped[UUID] = mapped_column(ForeignKey("service_area.id"))
    day: Mapped[date]
    at: Mapped[datetime]
    kind: Mapped[str]
    subject_id: Mapped[UUID | None]

    __table_args__ = (Index("ix_day_change_day", "area_id", "day", "position"),)

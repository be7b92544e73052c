"""Nurses, licences, competencies, shifts, authorisations and the states' rules."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dispatch.kernel.row import Identified, Row, Versioned


class NurseRow(Identified, Versioned, Row):
    """A licensed nurse. `code` (N-07) is what the boards show; homes are staff data, not shown."""

    __tablename__ = "nurse"

    area_id: Mapped[UUID] = mapped_column(ForeignKey("service_area.id"))
    code: Mapped[str]
    name: Mapped[str]
    gender: Mapped[str | None]
    languages: Mapped[list[str]] = mapped_column(default=lambda: ["en"])
    pet_allergies: Mapped[list[str]] = mapped_column(default=list)
    home_address: Mapped[str]
    home_lat: Mapped[float]
    home_lon: Mapped[float]
    # Units (vials) of controlled drug that her locked box holds (21 CFR 1301.75(b)).
    lock_box_units: Mapped[int] = mapped_column(default=6)
    active: Mapped[bool] = mapped_column(default=True)

    licences: Mapped[list["LicenceRow"]] = relationship(lazy="selectin")
    competencies: Mapped[list["CompetencyRow"]] = relationship(lazy="selectin")
    residences: Mapped[list["ResidenceRow"]] = relationship(lazy="selectin")
    authorisations: Mapped[list["AuthorisationRow"]] = relationship(lazy="selectin")

    __table_args__ = (
        UniqueConstraint("area_id", "code"),
        CheckConstraint("lock_box_units >= 0", name="lock_box_not_negative"),
    )


class LicenceRow(Identified, Versioned, Row):
    """A nursing licence. For a multistate one, `state` is the state that issued it (the home state)."""

    __tablename__ = "licence"

    nurse_id: Mapped[UUID] = mapped_column(ForeignKey("nurse.id"))
    state: Mapped[str]
    kind: Mapped[str]  # RN, LPN, APRN
    number: Mapped[str]
    multistate: Mapped[bool] = mapped_column(default=False)
    valid_from: Mapped[date]
    expires_on: Mapped[date]
    # active, suspended, encumbered, surrendered, inactive; `status_since` the instant it changed.
    status: Mapped[str] = mapped_column(default="active")
    status_since: Mapped[datetime | None]

    __table_args__ = (UniqueConstraint("state", "kind", "number"), Index("ix_licence_nurse", "nurse_id"))


class ResidenceRow(Identified, Row):
    """A nurse's primary state of residence since a date (Nurse Licensure Compact, Article III)."""

    __tablename__ = "residence"

    nurse_id: Mapped[UUID] = mapped_column(ForeignKey("nurse.id"))
    state: Mapped[str]
    since: Mapped[date]

    __table_args__ = (UniqueConstraint("nurse_id", "since"),)


class CompetencyRow(Identified, Versioned, Row):
    """A proven skill: acls, bls, iv, ketamine, line_care, nad, antibiotic."""

    __tablename__ = "competency"

    nurse_id: Mapped[UUID] = mapped_column(ForeignKey("nurse.id"))
    code: Mapped[str]
    valid_from: Mapped[date]
    expires_on: Mapped[date]

    __table_args__ = (UniqueConstraint("nurse_id", "code"),)


class AuthorisationRow(Identified, Versioned, Row):
    """The nurse acts as agent of a DEA registrant in a state (21 USC 822(c), 21 CFR 1301.22)."""

    __tablename__ = "authorisation"

    nurse_id: Mapped[UUID] = mapped_column(ForeignKey("nurse.id"))
    registrant: Mapped[str]
    state: Mapped[str]
    valid_from: Mapped[date]
    expires_on: Mapped[date]

    __table_args__ = (UniqueConstraint("nurse_id", "registrant", "state"),)


class ShiftRow(Identified, Versioned, Row):
    """When a nurse works. Overtime beyond `ends_at` is priced, up to the area's policy."""

    __tablename__ = "shift"

    nurse_id: Mapped[UUID] = mapped_column(ForeignKey("nurse.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]

    nurse: Mapped[NurseRow] = relationship(lazy="joined", innerjoin=True)

    __table_args__ = (
        UniqueConstraint("nurse_id", "starts_at"),
        CheckConstraint("starts_at < ends_at", name="starts_before_it_ends"),
        Index("ix_shift_starts_at", "starts_at"),
    )


class StateRuleRow(Identified, Versioned, Row):
    """Who may give ketamine at home in a state. No row means: nobody (care-rules.md section 4)."""

    __tablename__ = "state_rule"

    state: Mapped[str] = mapped_column(unique=True)
    roles: Mapped[list[str]]
    setting: Mapped[str]
    supervision: Mapped[str]
    bolus_allowed: Mapped[bool] = mapped_column(default=False)
    citation: Mapped[str]
    verified_on: Mapped[date | None]

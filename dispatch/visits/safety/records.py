"""What the safety clocks keep: signs of being well, alarms, their stages and steps, the on-call roster."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

import dispatch.visits.records  # noqa: F401 - the same nurses, appointments and accounts
from dispatch.kernel.row import Identified, Row, Versioned, append_only
from dispatch.kernel.sealing import SealedText


@append_only
class SignRow(Row):
    """A nurse showed that she is well. `id` is the event id that the device made."""

    __tablename__ = "safety_sign"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    appointment_id: Mapped[UUID] = mapped_column(ForeignKey("appointment.id"))
    nurse_id: Mapped[UUID] = mapped_column(ForeignKey("nurse.id"))
    account_id: Mapped[UUID | None]
    device_id: Mapped[UUID | None]
    kind: Mapped[str]
    longer_minutes: Mapped[int]
    happened_at: Mapped[datetime]
    received_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("kind IN ('well', 'longer')", name="kind_known"),
        CheckConstraint("(kind = 'longer') = (longer_minutes > 0)", name="longer_counted"),
        Index("ix_safety_sign_appointment", "appointment_id", "nurse_id"),
    )


@append_only
class PatientAnswerRow(Identified, Row):
    """What came of asking a patient how she is after a visit."""

    __tablename__ = "safety_patient_answer"

    appointment_id: Mapped[UUID] = mapped_column(ForeignKey("appointment.id"), index=True)
    answer: Mapped[str]
    account_id: Mapped[UUID | None]
    at: Mapped[datetime]
    words = SealedText()
    words_sealed: Mapped[bytes | None]

    __table_args__ = (CheckConstraint("answer IN ('well', 'unwell', 'not_reached')", name="answer_known"),)


@append_only
class AlarmRow(Identified, Row):
    """An alarm's opening. `key` names one instance of one clock: it is the claim by which two processes
    never raise the same alarm twice. `rungs` and `judged_by` are what judged it, whatever policy says later.
    """

    __tablename__ = "safety_alarm"

    key: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    area_id: Mapped[UUID] = mapped_column(ForeignKey("service_area.id"))
    day: Mapped[date]
    appointment_id: Mapped[UUID | None] = mapped_column(ForeignKey("appointment.id"))
    nurse_id: Mapped[UUID | None] = mapped_column(ForeignKey("nurse.id"))
    due_at: Mapped[datetime]
    raised_at: Mapped[datetime]
    rungs: Mapped[list[Mapping[str, Any]]] = mapped_column(JSON)
    judged_by: Mapped[Mapping[str, Any]]
    # Of a panic: "39.961200,-82.998800,15", where the phone was.
    place = SealedText()
    place_sealed: Mapped[bytes | None]

    __table_args__ = (
        Index("ix_safety_alarm_day", "area_id", "day"),
        Index("ix_safety_alarm_nurse", "nurse_id", "raised_at"),
    )


@append_only
class ToldRow(Identified, Row):
    """A stage of an alarm that was told; `number` counts from 1 and is the claim of that stage."""

    __tablename__ = "safety_told"

    alarm_id: Mapped[UUID] = mapped_column(ForeignKey("safety_alarm.id"))
    number: Mapped[int]
    due_at: Mapped[datetime]
    told_at: Mapped[datetime]
    audience: Mapped[list[str]]

    __table_args__ = (
        UniqueConstraint("alarm_id", "number"),
        CheckConstraint("number > 0", name="number_positive"),
        CheckConstraint("told_at >= due_at", name="never_early"),
    )


@append_only
class AlarmStepRow(Identified, Row):
    """What a person, or the facts (`account_id` None), did with an alarm."""

    __tablename__ = "safety_alarm_step"

    alarm_id: Mapped[UUID] = mapped_column(ForeignKey("safety_alarm.id"))
    sequence: Mapped[int]
    deed: Mapped[str]
    at: Mapped[datetime]
    account_id: Mapped[UUID | None]
    by_name: Mapped[str]
    words = SealedText()
    words_sealed: Mapped[bytes | None]

    __table_args__ = (
        UniqueConstraint("alarm_id", "sequence"),
        CheckConstraint("deed IN ('again', 'acknowledge', 'resolve', 'clear')", name="deed_known"),
        CheckConstraint("sequence > 0", name="sequence_positive"),
    )


class DutyRow(Identified, Versioned, Row):
    """A prescriber's turn on call."""

    __tablename__ = "safety_duty"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    states: Mapped[list[str]]
    begins_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    phone = SealedText()
    phone_sealed: Mapped[bytes | None]
    entered_by: Mapped[UUID | None]
    withdrawn_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("begins_at < ends_at", name="begins_before_it_ends"),
        Index("ix_safety_duty_ends_at", "ends_at"),
    )


@append_only
class ContactRow(Identified, Row):
    """A prescriber on call was found reachable, or on site."""

    __tablename__ = "safety_contact"

    duty_id: Mapped[UUID] = mapped_column(ForeignKey("safety_duty.id"))
    appointment_id: Mapped[UUID | None] = mapped_column(ForeignKey("appointment.id"))
    how: Mapped[str]
    account_id: Mapped[UUID | None]
    at: Mapped[datetime]
    valid_until: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("how IN ('own_word', 'live_call', 'live_video', 'on_site')", name="how_known"),
        CheckConstraint("at < valid_until", name="valid_for_a_while"),
        Index("ix_safety_contact_duty", "duty_id", "valid_until"),
    )


class WatcherRow(Row):
    """A process that watches: when it last looked, and since when the oldest due stage waited then."""

    __tablename__ = "safety_watcher"

    worker: Mapped[str] = mapped_column(primary_key=True)
    looked_at: Mapped[datetime]
    waiting_since: Mapped[datetime | None]

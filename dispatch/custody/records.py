"""The ledger's tables. What the database itself holds is listed in `ledger_ddl`.

Events, postings, signatures, closings, counts and discrepancies are append-only. A container row and a
balance row change, but only as the fold of the events and postings beside them.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dispatch.custody.ledger_ddl import attach
from dispatch.kernel.row import Identified, Row, append_only


class ProductRow(Identified, Row):
    """A controlled drug in one form and strength."""

    __tablename__ = "custody_product"

    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    form: Mapped[str]
    concentration_ug_per_ml: Mapped[int]
    label_ug: Mapped[int] = mapped_column(BigInteger)
    overfill_percent: Mapped[int]
    # The GTIN on its package as 14 digits (GS1 General Specifications, AI 01); None where none was entered.
    gtin: Mapped[str | None]

    __table_args__ = (
        CheckConstraint("label_ug > 0 AND concentration_ug_per_ml > 0", name="amounts_positive"),
        CheckConstraint("overfill_percent BETWEEN 0 AND 30", name="overfill_capped"),
        Index("uq_custody_product_gtin", "gtin", unique=True),
    )


class LotRow(Identified, Row):
    """A manufacturer's lot of a product."""

    __tablename__ = "custody_lot"

    product_id: Mapped[UUID] = mapped_column(ForeignKey("custody_product.id"))
    number: Mapped[str]
    expires_on: Mapped[date]

    product: Mapped[ProductRow] = relationship(lazy="joined", innerjoin=True)

    __table_args__ = (UniqueConstraint("product_id", "number"),)


class ContainerRow(Identified, Row):
    """A vial. `state`, `holder` and `sequence` are what its last event says, never anything else."""

    __tablename__ = "custody_container"

    area_id: Mapped[UUID] = mapped_column(ForeignKey("service_area.id"))
    pharmacy_id: Mapped[UUID] = mapped_column(ForeignKey("pharmacy.id"))
    lot_id: Mapped[UUID] = mapped_column(ForeignKey("custody_lot.id"))
    serial: Mapped[str] = mapped_column(unique=True)
    label_ug: Mapped[int] = mapped_column(BigInteger)
    overfill_cap_ug: Mapped[int] = mapped_column(BigInteger)
    basis: Mapped[str]
    seal: Mapped[str]
    state: Mapped[str] = mapped_column(index=True)
    # "nurse:<id>", "pharmacy:<id>" or "" when nobody has it: one holder at a time (invariant 5).
    holder: Mapped[str] = mapped_column(index=True)
    sequence: Mapped[int] = mapped_column(default=0)
    offered_to: Mapped[str | None]
    offered_until: Mapped[datetime | None]
    # The order that a supplier dispensed it for, where there was one.
    order_id: Mapped[UUID | None]
    opened_at: Mapped[datetime | None]
    drawn_at: Mapped[datetime | None]
    last_at: Mapped[datetime | None]

    lot: Mapped[LotRow] = relationship(lazy="joined", innerjoin=True)

    __table_args__ = (
        CheckConstraint("label_ug > 0 AND overfill_cap_ug >= 0", name="amounts_positive"),
        Index("ix_custody_container_area", "area_id", "state"),
    )


class CustodyShiftRow(Identified, Row):
    """The time between a nurse's first pickup and the moment all her drug is accounted for."""

    __tablename__ = "custody_shift"

    nurse_id: Mapped[UUID] = mapped_column(ForeignKey("nurse.id"))
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    # The blind counts (`CountRow.round_id`) that it was opened and closed with.
    opening_round_id: Mapped[UUID | None]
    closing_round_id: Mapped[UUID | None]

    __table_args__ = (
        Index(
            "uq_custody_shift_open",
            "nurse_id",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
        CheckConstraint("closed_at IS NULL OR closed_at >= opened_at", name="opens_before_it_closes"),
    )


@append_only
class ClosingRow(Row):
    """Ends the writing of an event: from here on it takes no posting and no signature.

    An event without its closing cannot be committed (deferred foreign key of `EventRow.id`), and a
    closing is refused unless the event is whole and balanced (`ledger_ddl`).
    """

    __tablename__ = "custody_closing"

    event_id: Mapped[UUID] = mapped_column(primary_key=True)


@append_only
class EventRow(Row):
    """One deed on one container. `canonical` is what is signed and what an auditor re-hashes."""

    __tablename__ = "custody_event"

    id: Mapped[UUID] = mapped_column(
        ForeignKey("custody_closing.event_id", deferrable=True, initially="DEFERRED"), primary_key=True
    )
    container_id: Mapped[UUID] = mapped_column(ForeignKey("custody_container.id"))
    sequence: Mapped[int]
    kind: Mapped[str]
    from_state: Mapped[str]
    to_state: Mapped[str]
    from_holder: Mapped[str]
    to_holder: Mapped[str]
    actor_account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    actor_person_ref: Mapped[str]
    witness_account_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    shift_id: Mapped[UUID | None] = mapped_column(ForeignKey("custody_shift.id"))
    device_id: Mapped[UUID | None]
    device_seq: Mapped[int | None] = mapped_column(BigInteger)
    device_time: Mapped[datetime | None]
    clock_offset_ms: Mapped[int | None] = mapped_column(BigInteger)
    server_time: Mapped[datetime]
    old_seal: Mapped[str]
    new_seal: Mapped[str]
    place: Mapped[str]
    reason: Mapped[str]
    supersedes: Mapped[UUID | None] = mapped_column(ForeignKey("custody_event.id"))
    visit_id: Mapped[UUID | None] = mapped_column(index=True)
    # Random: the canonical bytes name the visit only by a salted digest, so a proof reveals no patient.
    visit_salt: Mapped[bytes | None]
    # Random, too: what somebody typed may name a patient, so the canonical bytes only commit to it. None in
    # events of before, whose bytes tell it as typed.
    text_salt: Mapped[bytes | None]
    amount_ug: Mapped[int | None] = mapped_column(BigInteger)
    method: Mapped[str | None]
    # Of a waste: in which way it was seen; see `witnessing.WitnessKind`.
    witness_kind: Mapped[str | None]
    # Of an infusion: the pump's rate, the residual as measured, what the line holds.
    rate_ug_per_min: Mapped[int | None] = mapped_column(BigInteger)
    measured_ug: Mapped[int | None] = mapped_column(BigInteger)
    prime_ug: Mapped[int | None] = mapped_column(BigInteger)
    standing: Mapped[Mapping[str, Any]]
    # False for a claim: kept, but it moved neither state nor drug.
    applied: Mapped[bool]
    exception: Mapped[bool]
    reasons: Mapped[list[str]]
    override_reason: Mapped[str | None]
    override_authority: Mapped[str | None]
    canonical: Mapped[bytes]
    body_hash: Mapped[bytes]
    event_hash: Mapped[bytes]
    leaf_index: Mapped[int | None] = mapped_column(BigInteger, unique=True)

    __table_args__ = (
        UniqueConstraint("container_id", "sequence"),
        UniqueConstraint("device_id", "device_seq"),
        UniqueConstraint("id", "event_hash"),
        CheckConstraint("sequence > 0", name="sequence_positive"),
        CheckConstraint("amount_ug IS NULL OR amount_ug >= 0", name="amount_not_negative"),
        CheckConstraint("applied OR exception", name="claim_is_exception"),
        CheckConstraint(
            "applied OR (from_state = to_state AND from_holder = to_holder)", name="claim_moves_nothing"
        ),
        CheckConstraint(
            "witness_account_id IS NULL OR witness_account_id <> actor_account_id",
            name="witness_is_not_actor",
        ),
        CheckConstraint("length(body_hash) = 32 AND length(event_hash) = 32", name="hashes_whole"),
        Index("ix_custody_event_server_time", "server_time"),
        Index("ix_custody_event_supersedes", "supersedes"),
        # An entry is reversed once.
        Index(
            "uq_custody_event_reversed",
            "supersedes",
            unique=True,
            sqlite_where=text("kind = 'reversed'"),
            postgresql_where=text("kind = 'reversed'"),
        ),
    )


@append_only
class SignatureRow(Identified, Row):
    """Somebody signed an event: the same hash for actor and witness (invariant 4).

    The unique keys say that no account, no person, no session and no device signs an event twice.

    Attributes
    ----------
    device_id
        The signer's own device, where its token authenticated them; it is bound to their account.
    given_on
        The device at which a secret was typed, which may be the actor's phone.
    """

    __tablename__ = "custody_signature"

    event_id: Mapped[UUID]
    event_hash: Mapped[bytes]
    role: Mapped[str]
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    person_ref: Mapped[str]
    session_ref: Mapped[str]
    # When the person last proved who they are; None where the deed asked for no fresh proof.
    proved_at: Mapped[datetime | None]
    signed_at: Mapped[datetime]
    device_id: Mapped[UUID | None]
    given_on: Mapped[UUID | None]

    __table_args__ = (
        Index("uq_custody_signature_device", "event_id", "device_id", unique=True),
        ForeignKeyConstraint(["event_id", "event_hash"], ["custody_event.id", "custody_event.event_hash"]),
        UniqueConstraint("event_id", "role"),
        UniqueConstraint("event_id", "account_id"),
        UniqueConstraint("event_id", "person_ref"),
        UniqueConstraint("event_id", "session_ref"),
        CheckConstraint("role IN ('actor', 'witness')", name="role_known"),
        CheckConstraint("session_ref <> '' AND person_ref <> ''", name="signer_named"),
    )


@append_only
class PostingRow(Row):
    """One line of an event: drug enters (positive) or leaves (negative) an account."""

    __tablename__ = "custody_posting"

    id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=True
    )
    event_id: Mapped[UUID] = mapped_column(ForeignKey("custody_event.id"))
    lot_id: Mapped[UUID] = mapped_column(ForeignKey("custody_lot.id"))
    account: Mapped[str]
    account_kind: Mapped[str]
    amount_ug: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (
        UniqueConstraint("event_id", "lot_id", "account"),
        CheckConstraint("amount_ug <> 0", name="moves_something"),
        CheckConstraint(
            "account = account_kind OR account LIKE account_kind || ':%'", name="account_of_kind"
        ),
        Index("ix_custody_posting_account", "account", "lot_id"),
    )


class BalanceRow(Row):
    """What an account holds of a lot. Only a trigger of `PostingRow` changes it."""

    __tablename__ = "custody_balance"

    account: Mapped[str] = mapped_column(primary_key=True)
    lot_id: Mapped[UUID] = mapped_column(ForeignKey("custody_lot.id"), primary_key=True)
    balance_ug: Mapped[int] = mapped_column(BigInteger)
    last_posting_id: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (CheckConstraint("balance_ug >= 0 OR account LIKE 'source:%'", name="never_negative"),)


@append_only
class CountRow(Identified, Row):
    """A blind count: the figure is kept before anybody is shown what the ledger expects."""

    __tablename__ = "custody_count"

    round_id: Mapped[UUID]
    attempt: Mapped[int]
    holder: Mapped[str]
    product_id: Mapped[UUID | None] = mapped_column(ForeignKey("custody_product.id"))
    counted_units: Mapped[int]
    expected_units: Mapped[int]
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("round_id", "attempt"),
        CheckConstraint("attempt BETWEEN 1 AND 2", name="two_attempts"),
        CheckConstraint("counted_units >= 0 AND expected_units >= 0", name="units_not_negative"),
        Index("ix_custody_count_holder", "holder", "at"),
    )


@append_only
class DiscrepancyRow(Identified, Row):
    """Something that does not add up. `discovered_at` is the earliest signal and never changes:
    the clocks of 21 CFR 1301.76(b) start there."""

    __tablename__ = "custody_discrepancy"

    area_id: Mapped[UUID] = mapped_column(ForeignKey("service_area.id"))
    kind: Mapped[str]
    container_id: Mapped[UUID | None] = mapped_column(ForeignKey("custody_container.id"), index=True)
    event_id: Mapped[UUID | None]
    count_id: Mapped[UUID | None] = mapped_column(ForeignKey("custody_count.id"))
    discovered_at: Mapped[datetime]
    discovered_by: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    expected_ug: Mapped[int | None] = mapped_column(BigInteger)
    found_ug: Mapped[int | None] = mapped_column(BigInteger)
    detail: Mapped[Mapping[str, Any]]

    __table_args__ = (Index("ix_custody_discrepancy_area", "area_id", "discovered_at"),)


attach(Row.metadata)

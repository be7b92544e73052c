"""The words and values of the custody ledger: states, kinds of event, accounts, proofs, receipts.

Amounts are whole micrograms. Accounts are named as in a double-entry ledger: every event moves drug
from one account to another and creates none (21 CFR 1304.21(a): records complete and accurate).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

SOURCE_PHARMACY = "source:pharmacy"
SOURCE_OVERFILL = "source:overfill"
WASTE = "waste"
RETURNED = "returned"
QUARANTINE = "quarantine"
LOST = "lost"
NOBODY = ""


class State(StrEnum):
    """Where a container stands in its life (custody-rules.md, "Model")."""

    ORDERED = "ordered"
    DISPENSED = "dispensed"
    PICKED_UP = "picked_up"
    IN_TRANSIT = "in_transit"
    OPENED = "opened"
    ADMINISTERING = "administering"
    RESIDUAL_PENDING = "residual_pending"
    WASTED = "wasted"
    RECONCILED = "reconciled"
    RETURNED = "returned"
    RECALLED = "recalled"
    EXPIRED = "expired"
    QUARANTINE = "quarantine"
    DESTROYED = "destroyed"
    BROKEN = "broken"
    LOST = "lost"
    STOLEN = "stolen"
    SEAL_MISMATCH = "seal_mismatch"


class EventKind(StrEnum):
    """What was done to a container."""

    DISPENSED = "dispensed"
    RECEIVED = "received"
    PICKED_UP = "picked_up"
    SET_OUT = "set_out"
    HAND_OFF_OFFERED = "hand_off_offered"
    HAND_OFF_ACCEPTED = "hand_off_accepted"
    HAND_OFF_DECLINED = "hand_off_declined"
    OPENED = "opened"
    DRAWN = "drawn"
    ADMINISTERED = "administered"
    INFUSION_STARTED = "infusion_started"
    RATE_CHANGED = "rate_changed"
    INFUSION_STOPPED = "infusion_stopped"
    RESIDUAL_MEASURED = "residual_measured"
    WASTED = "wasted"
    RESIDUAL_SEALED = "residual_sealed"
    RESIDUAL_RETURNED = "residual_returned"
    RETURNED = "returned"
    RESTOCKED = "restocked"
    QUARANTINED = "quarantined"
    RECALLED = "recalled"
    EXPIRED = "expired"
    DESTROYED = "destroyed"
    BROKEN = "broken"
    LOST = "lost"
    STOLEN = "stolen"
    SEAL_MISMATCH = "seal_mismatch"
    RECONCILED = "reconciled"
    REVERSED = "reversed"


class Basis(StrEnum):
    """Whose vial it is: decides whether an unopened one may go back to stock."""

    REGISTRANT_STOCK = "registrant_stock"
    PATIENT_RX = "patient_rx"


class WasteMethod(StrEnum):
    """How leftover drug was made non-retrievable. The sewer is no choice (40 CFR 266.505)."""

    DEACTIVATION_POUCH = "deactivation_pouch"
    SOLIDIFYING_CONTAINER = "solidifying_container"
    CONTROLLED_SUBSTANCE_BIN = "controlled_substance_bin"


class SignatureRole(StrEnum):
    """In which part somebody signs. The pharmacist at pickup and return signs as witness."""

    ACTOR = "actor"
    WITNESS = "witness"


class Verdict(StrEnum):
    """What became of an event that was sent.

    ``stored``: in the ledger. ``flagged``: in the ledger, drug moved, kept as an exception.
    ``claim``: kept as an exception *without* moving drug, because the arithmetic or the chain of
    custody contradicts it; a discrepancy is open. ``id_reused``: refused and alarmed (invariant 7).
    """

    STORED = "stored"
    FLAGGED = "flagged"
    CLAIM = "claim"
    ID_REUSED = "id_reused"


def nurse_holder(nurse_id: UUID) -> str:
    """Name a nurse as the holder of a container."""
    return f"nurse:{nurse_id}"


def pharmacy_holder(pharmacy_id: UUID) -> str:
    """Name a stock point as the holder of a container."""
    return f"pharmacy:{pharmacy_id}"


def custody_of(holder: str) -> str:
    """Account of the sealed drug that `holder` has."""
    return f"custody:{holder}"


def open_in(container_id: UUID) -> str:
    """Account of what an opened vial still holds, not yet drawn up."""
    return f"open:{container_id}"


def drawn_from(container_id: UUID) -> str:
    """Account of what was drawn up and is neither given nor wasted yet: drawn = given + wasted + this."""
    return f"drawn:{container_id}"


def patient_of(visit_id: UUID) -> str:
    """Account of what was given at a visit."""
    return f"patient:{visit_id}"


def account_kind(account: str) -> str:
    """Return the class of an account: ``custody`` of ``custody:nurse:...``."""
    return account.partition(":")[0]


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Whether the actor was licensed in the visit's state, on shift and the registrant's agent (invariant 3).

    `employed`: the registrant named her as its agent or employee there (21 USC 822(c), 21 CFR 1301.22).
    `snapshot` is what the caller looked at (licence number, state, shift id ...): ids and codes only.
    It is stored with the event, so that a later change of the licence changes no history.
    """

    licensed: bool
    on_shift: bool
    employed: bool = True
    snapshot: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class DeviceStamp:
    """What the phone says about the moment: its id, its own contiguous sequence, its clock.

    `clock_offset_ms` is the phone's last measured difference to the server's clock.
    """

    device_id: UUID
    device_seq: int
    device_time: datetime
    clock_offset_ms: int = 0


@dataclass(frozen=True, kw_only=True)
class Override:
    """A recorded decision to go on although a blocking rule is not met, and on whose word."""

    reason: str
    authority: str


@dataclass(frozen=True, kw_only=True)
class Posting:
    """One line of an event: `amount_ug` is negative where drug leaves the account."""

    account: str
    amount_ug: int


@dataclass(frozen=True, kw_only=True)
class Vial:
    """A container as the rules see it, read under its lock.

    Attributes
    ----------
    open_ug, drawn_ug
        Balances of `open_in` and `drawn_from`.
    overfill_left_ug
        How much more than its label the vial may still give.
    offered_until
        When an offered hand-off expires and the vial is the giver's alone again.
    recalled
        Whether its lot was recalled.
    last_at
        When the last event on it happened, by the clock of whoever sent it.
    """

    container_id: UUID
    serial: str
    lot_id: UUID
    label_ug: int
    state: State
    holder: str
    seal: str
    basis: Basis
    expires_on: date
    sequence: int
    offered_to: str | None = None
    offered_until: datetime | None = None
    recalled: bool = False
    opened_at: datetime | None = None
    drawn_at: datetime | None = None
    last_at: datetime | None = None
    open_ug: int = 0
    drawn_ug: int = 0
    overfill_left_ug: int = 0

    @property
    def residual_ug(self) -> int:
        """What an opened vial and its syringe still hold."""
        return self.open_ug + self.drawn_ug


@dataclass(frozen=True, kw_only=True)
class Moment:
    """When something is judged, and the policies in force then; `policy` holds the legal choices by key."""

    now: datetime
    today: date
    happened_at: datetime
    fresh_for: timedelta
    beyond_use: timedelta
    late_after: timedelta
    skew: timedelta
    policy: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What an event does to its container and to the ledger; pure, before anything is written.

    Attributes
    ----------
    applied
        False for a claim: kept, but neither state nor drug moves.
    reasons
        Codes of the rules that were not met, see `sentences`.
    drawn_at
        Since when the syringe holds drug: the beyond-use time runs from there.
    expected_ug, found_ug
        The two figures of the discrepancy, where it has figures.
    """

    kind: EventKind
    to_state: State
    to_holder: str
    postings: tuple[Posting, ...] = ()
    applied: bool = True
    exception: bool = False
    reasons: tuple[str, ...] = ()
    offered_to: str | None = None
    offered_until: datetime | None = None
    drawn_at: datetime | None = None
    expected_ug: int | None = None
    found_ug: int | None = None


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """The answer to an event. Sent again with the same bytes, the event gets an equal receipt."""

    event_id: UUID
    container_id: UUID
    sequence: int
    kind: EventKind
    state: State
    verdict: Verdict
    reasons: tuple[str, ...]
    event_hash: str
    stored_at: datetime
    replayed: bool = field(default=False, compare=False)


@dataclass(frozen=True, kw_only=True)
class CountResult:
    """The answer to a blind count; what the ledger expects stays None until the count is finished."""

    count_id: UUID
    round_id: UUID
    attempt: int
    counted_units: int
    finished: bool
    expected_units: int | None
    variance_units: int | None

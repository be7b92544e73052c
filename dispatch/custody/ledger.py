"""Write one event: the header, its container's new state, postings, signatures, closing, audit.

The only place that writes to the ledger. Services decide first; this records what they decided, all in
the caller's transaction, so that event, drug, signatures and audit entry stand or fall together.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dispatch.areas.records import ServiceAreaRow
from dispatch.areas.service import note_change, zone_of
from dispatch.audit.model import AuditEntry
from dispatch.audit.service import record
from dispatch.custody.canonical import canonical_bytes, commitment, digest
from dispatch.custody.model import (
    Decision,
    DeviceStamp,
    EventKind,
    Moment,
    Override,
    Receipt,
    SignatureRole,
    Standing,
    account_kind,
    patient_of,
)
from dispatch.custody.receipts import already_written, open_case, receipt_of
from dispatch.custody.records import (
    ClosingRow,
    ContainerRow,
    EventRow,
    PostingRow,
    SignatureRow,
)
from dispatch.custody.rules.keeping import opens_a_case
from dispatch.identity.model import ProofOfIdentity
from dispatch.kernel.actor import Actor
from dispatch.kernel.clock import Clock
from dispatch.kernel.ids import new_id
from dispatch.kernel.local_time import local_day


@dataclass(frozen=True, kw_only=True)
class Writing:
    """All that goes into one event besides its decision."""

    event_id: UUID
    stated: bytes
    actor: Actor
    account_id: UUID
    person_ref: str
    moment: Moment
    standing: Standing
    stamp: DeviceStamp | None = None
    proof: ProofOfIdentity | None = None
    witness: ProofOfIdentity | None = None
    shift_id: UUID | None = None
    old_seal: str = ""
    new_seal: str = ""
    place: str = ""
    reason: str = ""
    visit_id: UUID | None = None
    amount_ug: int | None = None
    method: str | None = None
    override: Override | None = None
    more: Mapping[str, str] = field(default_factory=dict)


def write_event(
    session: Session, row: ContainerRow, decision: Decision, writing: Writing, clock: Clock
) -> Receipt:
    """Write a decided event on a locked container and return its receipt.

    The order is the one the database demands (`ledger_ddl`): event, container, postings, signatures,
    closing.
    """
    header = _header(row, decision, writing)
    session.flush()
    try:
        with session.begin_nested():
            session.execute(insert(EventRow), [header])
    except IntegrityError:
        # Two phones sent one id for two vials at the same moment: the lock of the vial did not help.
        alarm = already_written(
            session, writing.event_id, writing.stated, writing.stamp, writing.actor, clock
        )
        if alarm is None:
            raise
        return alarm
    _fold(row, decision, writing)
    session.flush()
    _post(session, row, decision, writing)
    _sign(session, header, writing)
    session.execute(insert(ClosingRow), [{"event_id": writing.event_id}])
    if opens_a_case(decision):
        open_case(
            session,
            row.area_id,
            decision.reasons[0],
            row.id,
            writing.event_id,
            writing.actor,
            clock,
            {"kind": decision.kind.value, "applied": decision.applied, "reasons": list(decision.reasons)},
            decision.expected_ug,
            decision.found_ug,
        )
    _tell(session, row, decision, writing, clock)
    return receipt_of(session.get_one(EventRow, writing.event_id), replayed=False)


def _header(row: ContainerRow, decision: Decision, writing: Writing) -> dict[str, Any]:
    stamp, override = writing.stamp, writing.override
    header: dict[str, Any] = {
        "id": writing.event_id,
        "container_id": row.id,
        "sequence": row.sequence + 1,
        "kind": decision.kind.value,
        "from_state": row.state,
        "to_state": decision.to_state.value,
        "from_holder": row.holder,
        "to_holder": decision.to_holder,
        "actor_account_id": writing.account_id,
        "actor_person_ref": writing.person_ref,
        "witness_account_id": writing.witness.account_id if writing.witness else None,
        "shift_id": writing.shift_id,
        "device_id": stamp.device_id if stamp else None,
        "device_seq": stamp.device_seq if stamp else None,
        "device_time": stamp.device_time if stamp else None,
        "clock_offset_ms": stamp.clock_offset_ms if stamp else None,
        "server_time": writing.moment.now,
        "old_seal": writing.old_seal,
        "new_seal": writing.new_seal,
        "place": writing.place,
        "reason": writing.reason,
        "supersedes": None,
        "amount_ug": writing.amount_ug,
        "method": writing.method,
        "standing": {
            "licensed": writing.standing.licensed,
            "on_shift": writing.standing.on_shift,
            "snapshot": dict(writing.standing.snapshot) | dict(writing.more),
        },
        "applied": decision.applied,
        "exception": decision.exception,
        "reasons": list(decision.reasons),
        "override_reason": override.reason if override else None,
        "override_authority": override.authority if override else None,
        "body_hash": digest(writing.stated),
        "leaf_index": None,
    }
    salt = secrets.token_bytes(16) if writing.visit_id else None
    canonical = canonical_bytes(_told(header, row, decision, writing, salt))
    return header | {
        "visit_id": writing.visit_id,
        "visit_salt": salt,
        "canonical": canonical,
        "event_hash": digest(canonical),
    }


def _told(
    header: dict[str, Any], row: ContainerRow, decision: Decision, writing: Writing, salt: bytes | None
) -> dict[str, Any]:
    """Return what the canonical bytes tell: the whole event, its lines and signers, but no patient."""
    hidden = {}
    if salt is not None and writing.visit_id is not None:
        seal = commitment(salt, writing.visit_id)
        hidden = {patient_of(writing.visit_id): f"patient:{seal}"}
    told = {key: value for key, value in header.items() if key != "leaf_index"}
    return told | {
        "v": 1,
        "serial": row.serial,
        "lot_id": row.lot_id,
        "visit_commitment": commitment(salt, writing.visit_id) if salt and writing.visit_id else None,
        "postings": [[hidden.get(line.account, line.account), line.amount_ug] for line in decision.postings],
        "signers": [
            {"role": role, "account_id": account_id, "person": person, "session": session_ref}
            for role, account_id, person, session_ref, _proved_at in _signers(writing)
        ],
    }


def _signers(writing: Writing) -> list[tuple[SignatureRole, UUID, str, str, Any]]:
    proved_at = writing.proof.proved_at if writing.proof else None
    found: list[tuple[SignatureRole, UUID, str, str, Any]] = [
        (
            SignatureRole.ACTOR,
            writing.account_id,
            writing.person_ref,
            writing.proof.session_ref if writing.proof else writing.actor.session_ref,
            proved_at or writing.actor.signed_in_at,
        )
    ]
    if writing.witness is not None:
        seen = writing.witness
        found.append(
            (SignatureRole.WITNESS, seen.account_id, seen.person_ref, seen.session_ref, seen.proved_at)
        )
    return found


def _fold(row: ContainerRow, decision: Decision, writing: Writing) -> None:
    """Bring the container to where its newest event says it stands."""
    row.sequence += 1
    row.last_at = max(row.last_at or writing.moment.happened_at, writing.moment.happened_at)
    if not decision.applied:
        return
    row.state = decision.to_state.value
    row.holder = decision.to_holder
    row.offered_to = decision.offered_to
    if decision.kind is EventKind.OPENED:
        row.opened_at = writing.moment.happened_at
    row.drawn_at = decision.drawn_at or row.drawn_at


def _post(session: Session, row: ContainerRow, decision: Decision, writing: Writing) -> None:
    lines = [
        {
            "event_id": writing.event_id,
            "lot_id": row.lot_id,
            "account": line.account,
            "account_kind": account_kind(line.account),
            "amount_ug": line.amount_ug,
        }
        for line in decision.postings
    ]
    if lines:
        session.execute(insert(PostingRow), lines)


def _sign(session: Session, header: dict[str, Any], writing: Writing) -> None:
    signatures = [
        {
            "id": new_id(),
            "event_id": writing.event_id,
            "event_hash": header["event_hash"],
            "role": role.value,
            "account_id": account_id,
            "person_ref": person_ref,
            "session_ref": session_ref,
            "proved_at": proved_at,
            "signed_at": writing.moment.now,
        }
        for role, account_id, person_ref, session_ref, proved_at in _signers(writing)
    ]
    session.execute(insert(SignatureRow), signatures)


def _tell(session: Session, row: ContainerRow, decision: Decision, writing: Writing, clock: Clock) -> None:
    """Write the audit entry (45 CFR 164.312(b)) and let the boards know."""
    entry = AuditEntry(
        action=f"custody.{decision.kind.value}",
        subject_kind="container",
        subject_id=row.id,
        detail={
            "event_id": str(writing.event_id),
            "sequence": row.sequence,
            "amount_ug": writing.amount_ug,
            "visit_id": str(writing.visit_id) if writing.visit_id else None,
            "applied": decision.applied,
            "reasons": list(decision.reasons),
        },
    )
    record(session, entry, writing.actor, clock)
    zone = zone_of(session.get_one(ServiceAreaRow, row.area_id))
    day = local_day(writing.moment.now, zone)
    note_change(session, row.area_id, day, "custody", clock, row.id)

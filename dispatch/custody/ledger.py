"""Write one event: the header, its container's new state, postings, signatures, closing, audit.

The only place that writes to the ledger. Services decide first; this records what they decided, all in
the caller's transaction, so that event, drug, signatures and audit entry stand or fall together.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, insert, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from dispatch.areas.service import change_as_row
from dispatch.audit import service as audit
from dispatch.audit.model import AuditEntry
from dispatch.custody.canonical import canonical_bytes, commitment, digest, text_commitment
from dispatch.custody.cases.opening import later_fact
from dispatch.custody.log import service as log
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
from dispatch.kernel.one_trip import in_one_trip
from dispatch.kernel.row import Row, table_of

# Made once: an event is written in one statement a table, each of them prepared.
_MOVED = (
    "sequence", "last_at", "state", "holder", "offered_to", "offered_until", "drawn_at", "opened_at", "seal",
)  # fmt: skip
# Columns that the canonical bytes only commit to. The body's hash with them: it would confirm a guess.
COMMITTED = ("reason", "override_reason", "body_hash")
_VIALS = table_of(ContainerRow)
_FOLLOW = (
    update(_VIALS).where(_VIALS.c.id == bindparam("of")).values({name: bindparam(name) for name in _MOVED})
)
_POST, _SIGN, _CLOSE = (insert(table_of(each)).inline() for each in (PostingRow, SignatureRow, ClosingRow))


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
    supersedes: UUID | None = None
    witness_kind: str | None = None
    rate_ug_per_min: int | None = None
    measured_ug: int | None = None
    prime_ug: int | None = None
    more: Mapping[str, str] = field(default_factory=dict)


def write_event(
    session: Session, row: ContainerRow, decision: Decision, writing: Writing, clock: Clock
) -> Receipt:
    """Write a decided event on a locked container and return its receipt.

    The order is the one the database demands (`ledger_ddl`): event, leaf, container, postings, signatures,
    closing.
    """
    after, signatures = _after(row, decision, writing), _signatures(writing)
    header = _header(row, decision, writing, after, signatures)
    rest = _rest(session, row, decision, writing, after, signatures, header, clock)
    session.flush()
    place = log.insert_at_next_place(session, EventRow, header)
    if place is None:
        # Two phones sent one id for two vials at the same moment: the lock of the vial did not help.
        alarm = already_written(
            session, writing.event_id, writing.stated, writing.stamp, writing.actor, clock
        )
        if alarm is not None:
            return alarm
        place = log.next_place(session)
        header["leaf_index"] = place.leaf_index
        session.execute(insert(EventRow), [header])  # the database says what it has against it
    # From here to the end of the transaction every other writer waits for the head of the log.
    with in_one_trip(session) as trip:
        log.append(session, log.EVENT, writing.event_id, header["canonical"], place, trip)
        for statement, values in rest:
            trip.execute(statement, values)
    for name, value in after.items():
        set_committed_value(row, name, value)
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
    elif decision.exception:
        later_fact(session, row.id, writing.event_id, decision.reasons, writing.actor, clock)
    return receipt_of(header, replayed=False)


def _rest(
    session: Session,
    row: ContainerRow,
    decision: Decision,
    writing: Writing,
    after: Mapping[str, Any],
    signatures: Sequence[Mapping[str, Any]],
    header: Mapping[str, Any],
    clock: Clock,
) -> list[tuple[Any, Any]]:
    """Return what is written behind an event and its leaf, in order: made before anybody waits for it."""
    signed = {"event_id": writing.event_id, "event_hash": header["event_hash"]}
    lines = _lines(row, decision, writing)
    entry = _audit_entry(row, decision, writing, header["sequence"])
    return [
        (_FOLLOW, {name: getattr(row, name) for name in _MOVED} | {**after, "of": row.id}),
        *([(_POST, lines)] if lines else []),
        (_SIGN, [{**signature, **signed} for signature in signatures]),
        (_CLOSE, {"event_id": writing.event_id}),
        audit.as_row(session, entry, writing.actor, clock),
        change_as_row(row.area_id, writing.moment.today, "custody", clock, row.id),
    ]


def _header(
    row: ContainerRow,
    decision: Decision,
    writing: Writing,
    after: Mapping[str, Any],
    signatures: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
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
        "supersedes": writing.supersedes,
        "amount_ug": writing.amount_ug,
        "method": writing.method,
        "witness_kind": writing.witness_kind,
        "rate_ug_per_min": writing.rate_ug_per_min,
        "measured_ug": writing.measured_ug,
        "prime_ug": writing.prime_ug,
        "standing": {
            "licensed": writing.standing.licensed,
            "on_shift": writing.standing.on_shift,
            "employed": writing.standing.employed,
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
    text_salt = secrets.token_bytes(16)
    told = _told(header, row, decision, writing, salt, text_salt) | {"signers": signatures}
    told["container"] |= after
    canonical = canonical_bytes(told)
    return header | {
        "visit_id": writing.visit_id,
        "visit_salt": salt,
        "text_salt": text_salt,
        "canonical": canonical,
        "event_hash": digest(canonical),
    }


def _told(
    header: dict[str, Any],
    row: ContainerRow,
    decision: Decision,
    writing: Writing,
    salt: bytes | None,
    text_salt: bytes,
) -> dict[str, Any]:
    """Return what the canonical bytes tell: the whole event and its lines, but no patient, and no free text.

    With it the container, its lot and its product, every column, so that an auditor sees any of those rows
    contradict its newest event.
    """
    hidden = {}
    if salt is not None and writing.visit_id is not None:
        seal = commitment(salt, writing.visit_id)
        hidden = {patient_of(writing.visit_id): f"patient:{seal}"}
    told = {key: value for key, value in header.items() if key not in ("leaf_index", *COMMITTED)}
    texts = {"reason": writing.reason, "body_hash": header["body_hash"].hex()}
    if writing.override:
        texts["override_reason"] = writing.override.reason
    return told | {
        # Form 1 told neither the container nor all of a signature, form 2 told texts as typed; the auditor's
        # program knows all three.
        "v": 3,
        **{
            f"{name}_commitment": text_commitment(text_salt, name, texts[name]) if name in texts else None
            for name in COMMITTED
        },
        "container": _columns(row),
        "lot": _columns(row.lot),
        "product": _columns(row.lot.product),
        "visit_commitment": commitment(salt, writing.visit_id) if salt and writing.visit_id else None,
        "postings": [[hidden.get(line.account, line.account), line.amount_ug] for line in decision.postings],
    }


def _columns(row: Row) -> dict[str, Any]:
    return {column.name: getattr(row, column.name) for column in row.__table__.columns}


def _signatures(writing: Writing) -> list[dict[str, Any]]:
    """Return the signatures as rows, but for the event they sign: the signed bytes tell every column."""
    proof, seen = writing.proof, writing.witness
    session_ref = proof.session_ref if proof else writing.actor.session_ref
    proved_at = proof.proved_at if proof else writing.actor.signed_in_at
    people = [(SignatureRole.ACTOR, writing.account_id, writing.person_ref, session_ref, proved_at)]
    if seen is not None:
        witness = (SignatureRole.WITNESS, seen.account_id, seen.person_ref, seen.session_ref, seen.proved_at)
        people.append(witness)
    devices = [
        (writing.actor.device_id, proof.given_on if proof else None),
        (seen.device_id if seen else None, seen.given_on if seen else None),
    ]
    return [
        {
            "id": new_id(),
            "role": role.value,
            "account_id": account_id,
            "person_ref": person_ref,
            "session_ref": session_ref,
            "proved_at": proved_at,
            "signed_at": writing.moment.now,
            "device_id": device_id,
            "given_on": given_on,
        }
        for (role, account_id, person_ref, session_ref, proved_at), (device_id, given_on) in zip(
            people, devices, strict=False
        )
    ]


def _after(row: ContainerRow, decision: Decision, writing: Writing) -> dict[str, Any]:
    """Return where the event leaves its container: the columns that it moves."""
    happened_at = writing.moment.happened_at
    last_at = max(row.last_at or happened_at, happened_at)
    after: dict[str, Any] = {"sequence": row.sequence + 1, "last_at": last_at}
    if not decision.applied:
        return after
    after |= {
        "state": decision.to_state.value,
        "holder": decision.to_holder,
        "offered_to": decision.offered_to,
        "offered_until": decision.offered_until,
        "drawn_at": decision.drawn_at or row.drawn_at,
    }
    if decision.kind is EventKind.OPENED:
        after["opened_at"] = happened_at
    if decision.kind is EventKind.RESIDUAL_SEALED:
        after["seal"] = writing.new_seal
    return after


def _lines(row: ContainerRow, decision: Decision, writing: Writing) -> list[dict[str, Any]]:
    return [
        {
            "event_id": writing.event_id,
            "lot_id": row.lot_id,
            "account": line.account,
            "account_kind": account_kind(line.account),
            "amount_ug": line.amount_ug,
        }
        for line in decision.postings
    ]


def _audit_entry(row: ContainerRow, decision: Decision, writing: Writing, sequence: int) -> AuditEntry:
    """Return the audit entry (45 CFR 164.312(b))."""
    return AuditEntry(
        action=f"custody.{decision.kind.value}",
        subject_kind="container",
        subject_id=row.id,
        detail={
            "event_id": str(writing.event_id),
            "sequence": sequence,
            "amount_ug": writing.amount_ug,
            "visit_id": str(writing.visit_id) if writing.visit_id else None,
            "applied": decision.applied,
            "reasons": list(decision.reasons),
        },
    )

"""The way out when the log's key is lost, or was stolen: two people name a new one, as an entry of the log.

Nothing that the old key signed is lost: its checkpoints stay, and the first one of the new key must continue
the last of them. Only the step from key to key is another: no signature of the old key leads to the new one,
so witnesses and inspectors have to be given the new key in person.
"""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dispatch.areas.service import policy
from dispatch.audit.model import AuditEntry
from dispatch.audit.service import record
from dispatch.custody.log.checkpoint import declared_lost
from dispatch.custody.log.note import Signer, Verifier
from dispatch.custody.log.publishing import add_key, keys_so_far
from dispatch.custody.log.records import LogKeyRow
from dispatch.custody.log.service import next_place
from dispatch.custody.rules.signing import actor_is_proved, is_fresh, witness_is_not_actor
from dispatch.custody.sentences import reason
from dispatch.identity.model import ProofOfIdentity
from dispatch.identity.records import AccountRow, RoleRow, account_role
from dispatch.kernel.actor import Actor, Role
from dispatch.kernel.clock import Clock
from dispatch.kernel.refusals import Conflict, Forbidden, refuse

APPROVERS = (Role.COMPLIANCE, Role.ADMIN)


def replace_lost_key(
    session: Session,
    signers: Sequence[Signer],
    proofs: tuple[ProofOfIdentity, ProofOfIdentity],
    why: str,
    actor: Actor,
    clock: Clock,
) -> LogKeyRow:
    """Adopt the last of `signers` in the place of a key that is lost.

    Two persons approve by fresh signatures, both of compliance or administration; the note that names both
    keys and the two becomes a leaf.

    Raises
    ------
    Forbidden
        Whatever is wrong with one of the signatures, all of it.
    Conflict
        ``log_key_not_lost`` where the key is still there: then it hands over by itself;
        ``log_key_of_another_log``; ``log_key_was_replaced``; ``reason_missing``.
    """
    actor.require(APPROVERS)
    _two_approved(session, proofs, actor, clock)
    if not why.strip():
        raise refuse(Conflict, "reason_missing", "Say how the key was lost.", field="reason")
    place = next_place(session)
    rows, new = keys_so_far(session), signers[-1]
    if not rows or any(str(each.verifier) == rows[-1].verifier for each in signers):
        raise refuse(
            Conflict, "log_key_not_lost", "The key that signed last is still there, or there was none yet.",
            field="log_keys", way_out="Name the old key before the new one: it hands over by itself.",
        )  # fmt: skip
    lost = Verifier.read(rows[-1].verifier)
    if lost.name != new.name:
        raise refuse(
            Conflict, "log_key_of_another_log", "The new key bears another log's name.", field="log_keys",
            way_out=f"Make one by `housecall log-key {lost.name}`.",
        )  # fmt: skip
    approvers = [(each.account_id, each.proved_at) for each in proofs]
    row = add_key(session, new, str(declared_lost(lost, new, place.leaf_index, approvers)), place, clock)
    entry = AuditEntry(
        action="custody.log_key_lost",
        subject_kind="custody_log_key",
        subject_id=row.id,
        detail={"lost": str(lost), "approved_by": [str(each.account_id) for each in proofs], "why": why},
    )
    record(session, entry, actor, clock)
    return row


def _two_approved(
    session: Session, proofs: tuple[ProofOfIdentity, ProofOfIdentity], actor: Actor, clock: Clock
) -> None:
    own, other = proofs
    fresh_for = timedelta(minutes=policy(session, "identity.fresh_minutes")["minutes"])
    found = list(actor_is_proved(own.account_id, own, clock.now(), fresh_for))
    if own.account_id != actor.account_id:
        found.append("proof_of_another")
    found += witness_is_not_actor(
        own.account_id, own.person_ref, frozenset({actor.session_ref, own.session_ref}), other
    )
    if not is_fresh(other, clock.now(), fresh_for):
        found.append("witness_not_fresh")
    may = (
        select(func.count())
        .select_from(AccountRow)
        .where(
            AccountRow.id == other.account_id,
            AccountRow.active,
            AccountRow.person_ref == other.person_ref,
            AccountRow.id.in_(
                select(account_role.c.account_id)
                .join(RoleRow, RoleRow.id == account_role.c.role_id)
                .where(RoleRow.name.in_([role.value for role in APPROVERS]))
            ),
        )
    )
    if not session.scalar(may):
        found.append("witness_without_authority")
    if found:
        raise Forbidden([reason(code) for code in found])

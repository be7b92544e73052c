"""The people behind a deed: looked up, and refused where they may not sign."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Uuid, bindparam, func, select
from sqlalchemy.orm import Session

from dispatch.areas.service import policy
from dispatch.custody.loading import account_of
from dispatch.custody.model import EventKind, Moment
from dispatch.custody.rules import signing
from dispatch.custody.sentences import reason
from dispatch.identity.model import ProofOfIdentity
from dispatch.identity.records import AccountRow, RoleRow, account_role
from dispatch.kernel.actor import Actor
from dispatch.kernel.clock import Clock
from dispatch.kernel.refusals import Forbidden
from dispatch.kernel.row import table_of


@dataclass(frozen=True, kw_only=True)
class Signer:
    """The actor as the ledger names them."""

    account_id: UUID
    person_ref: str


@dataclass(frozen=True, kw_only=True)
class Witness:
    """An active account, as the record has it."""

    person_ref: str
    roles: frozenset[str]


_account = table_of(AccountRow)
_roles = (
    select(func.aggregate_strings(RoleRow.name, ","))
    .join(account_role, account_role.c.role_id == RoleRow.id)
    .where(account_role.c.account_id == bindparam("witness_id", type_=Uuid()))
)
# For a statement that reads more: who witnesses, by the account `witness_id`.
WITNESS_COLUMNS = (
    select(_account.c.person_ref)
    .where(_account.c.id == bindparam("witness_id", type_=Uuid()), _account.c.active)
    .scalar_subquery()
    .label("witness_ref"),
    _roles.scalar_subquery().label("witness_roles"),
)
_WITNESS = select(*WITNESS_COLUMNS)


def signer_of(session: Session, actor: Actor) -> Signer:
    """Return who signs as actor, or refuse: the system signs nothing."""
    account_id = account_of(actor)
    person_ref = session.scalars(select(AccountRow.person_ref).where(AccountRow.id == account_id)).one()
    return Signer(account_id=account_id, person_ref=person_ref)


def witness_in(facts: Row[*tuple[Any, ...]]) -> Witness | None:
    """Return the witness that `WITNESS_COLUMNS` found; None for an unknown or closed account."""
    if facts.witness_ref is None:
        return None
    roles = frozenset((facts.witness_roles or "").split(","))
    return Witness(person_ref=facts.witness_ref, roles=roles)


def check_own_proof(
    session: Session, signer: Signer, proof: ProofOfIdentity | None, clock: Clock
) -> ProofOfIdentity:
    """Return the actor's proof of identity where it is own and fresh; for a deed that is on no one vial.

    Raises
    ------
    Forbidden
        ``actor_proof_missing``, ``proof_of_another`` or ``actor_not_fresh`` (policy
        ``identity.fresh_minutes``).
    """
    if proof is None:
        raise Forbidden([reason("actor_proof_missing", "proof")])
    fresh_for = timedelta(minutes=policy(session, "identity.fresh_minutes")["minutes"])
    wrong = signing.actor_is_proved(signer.account_id, proof, clock.now(), fresh_for)
    if wrong:
        raise Forbidden([reason(code, "proof") for code in wrong])
    return proof


def check_who_takes_away(
    session: Session, proof: ProofOfIdentity | None, actor: Actor, clock: Clock
) -> ProofOfIdentity:
    """Return the fresh proof of whoever takes the ledger's figures away as a file, or refuse.

    A session left open hands out nothing; raises what `check_own_proof` does.
    """
    return check_own_proof(session, signer_of(session, actor), proof, clock)


def check_signatures(
    session: Session,
    actor: Actor,
    signer: Signer,
    proof: ProofOfIdentity | None,
    witness: ProofOfIdentity | None,
    moment: Moment,
    kind: EventKind,
    witness_licensed: bool | None = None,
) -> None:
    """Refuse a signature that is not what it says, with all reasons at once."""
    seen = None
    if witness is not None:
        seen = witness_in(session.connection().execute(_WITNESS, {"witness_id": witness.account_id}).one())
    judge_signatures(actor, signer, proof, witness, seen, moment, kind, witness_licensed)


def judge_signatures(
    actor: Actor,
    signer: Signer,
    proof: ProofOfIdentity | None,
    witness: ProofOfIdentity | None,
    seen: Witness | None,
    moment: Moment,
    kind: EventKind,
    witness_licensed: bool | None = None,
) -> None:
    """Refuse a signature that is not what it says, with all reasons at once.

    It is the signature that is refused, not the deed: a phone may send the deed again with another
    witness, or without one, and then it is kept as an exception.

    Parameters
    ----------
    seen
        The witness's account by its record.
    """
    found = list(signing.actor_is_proved(signer.account_id, proof, moment.now, moment.fresh_for))
    if witness is not None:
        used = frozenset({actor.session_ref} | ({proof.session_ref} if proof else set()))
        found += signing.witness_is_not_actor(signer.account_id, signer.person_ref, used, witness)
        found += signing.witness_is_fresh(witness, moment)
        found += signing.witness_on_own_device(actor.device_id, used, witness, moment)
        if seen is None or seen.person_ref != witness.person_ref:
            found.append("witness_unknown")
        else:
            found += signing.witness_has_authority(kind, seen.roles, witness_licensed, moment)
    if found:
        raise Forbidden([reason(code) for code in found])

"""The people behind a deed: looked up, and refused where they may not sign."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from dispatch.custody.loading import account_of
from dispatch.custody.model import Moment
from dispatch.custody.rules import signing
from dispatch.custody.sentences import reason
from dispatch.identity.model import ProofOfIdentity
from dispatch.identity.records import AccountRow
from dispatch.kernel.actor import Actor, Role
from dispatch.kernel.refusals import Forbidden


@dataclass(frozen=True, kw_only=True)
class Signer:
    """The actor as the ledger names them."""

    account_id: UUID
    person_ref: str


def signer_of(session: Session, actor: Actor) -> Signer:
    """Return who signs as actor, or refuse: the system signs nothing."""
    account_id = account_of(actor)
    return Signer(account_id=account_id, person_ref=session.get_one(AccountRow, account_id).person_ref)


def check_signatures(
    session: Session,
    actor: Actor,
    signer: Signer,
    proof: ProofOfIdentity | None,
    witness: ProofOfIdentity | None,
    moment: Moment,
    witness_role: Role | None = None,
) -> None:
    """Refuse a signature that is not what it says, with all reasons at once.

    It is the signature that is refused, not the deed: a phone may send the deed again with another
    witness, or without one, and then it is kept as an exception.
    """
    found = list(signing.actor_is_proved(signer.account_id, proof, moment))
    if witness is not None:
        used = frozenset({actor.session_ref} | ({proof.session_ref} if proof else set()))
        found += signing.witness_is_not_actor(signer.account_id, signer.person_ref, used, witness)
        found += signing.witness_is_fresh(witness, moment)
        seen = session.get(AccountRow, witness.account_id)
        if seen is None or not seen.active or seen.person_ref != witness.person_ref:
            found.append("witness_unknown")
        elif witness_role is not None and witness_role.value not in {role.name for role in seen.roles}:
            found.append("pharmacist_missing")
    if found:
        raise Forbidden([reason(code) for code in found])

"""Who may sign, and when a proof of identity counts (21 CFR 1304.22(c), 1317.95(d))."""

from datetime import timedelta
from uuid import UUID

from dispatch.custody.model import Moment
from dispatch.identity.model import ProofOfIdentity


def actor_is_proved(account_id: UUID, proof: ProofOfIdentity | None, moment: Moment) -> tuple[str, ...]:
    """Return what is wrong with the actor's own proof; nothing when none was given."""
    if proof is None:
        return ()
    if proof.account_id != account_id:
        return ("proof_of_another",)
    return () if is_fresh(proof, moment) else ("actor_not_fresh",)


def witness_is_not_actor(
    account_id: UUID, person_ref: str, session_refs: frozenset[str], witness: ProofOfIdentity
) -> tuple[str, ...]:
    """Return in which way the witness is the actor: by account, by person, by session (invariant 4).

    Two people have to see leftover drug destroyed (21 CFR 1317.95(d) by analogy; for residuals it is
    the practice of every custody programme). One person with two accounts is one person.
    `session_refs` are the sign-ins the actor used: the running session and the proof.
    """
    found = []
    if witness.account_id == account_id:
        found.append("witness_is_actor")
    if witness.person_ref == person_ref:
        found.append("witness_is_same_person")
    if witness.session_ref in session_refs:
        found.append("witness_in_same_session")
    return tuple(found)


def witness_is_fresh(witness: ProofOfIdentity, moment: Moment) -> tuple[str, ...]:
    """The witness authenticated separately and just now (policy ``identity.fresh_minutes``)."""
    return () if is_fresh(witness, moment) else ("witness_not_fresh",)


def is_fresh(proof: ProofOfIdentity, moment: Moment) -> bool:
    """Tell whether the proof was given within the policy's minutes, and not in the future."""
    return timedelta(0) <= moment.now - proof.proved_at <= moment.fresh_for


def both_have_signed(proof: ProofOfIdentity | None, witness: ProofOfIdentity | None) -> tuple[str, ...]:
    """Return whose fresh signature is missing where two are needed."""
    found = []
    if proof is None:
        found.append("actor_proof_missing")
    if witness is None:
        found.append("witness_missing")
    return tuple(found)

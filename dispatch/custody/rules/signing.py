"""Who may sign, and when a proof of identity counts (21 CFR 1304.22(c), 1317.95(d))."""

from datetime import datetime, timedelta
from uuid import UUID

from dispatch.custody.model import EventKind, Moment
from dispatch.identity.model import ProofOfIdentity


def actor_is_proved(
    account_id: UUID, proof: ProofOfIdentity | None, now: datetime, fresh_for: timedelta
) -> tuple[str, ...]:
    """Return what is wrong with the actor's own proof; nothing when none was given."""
    if proof is None:
        return ()
    if proof.account_id != account_id:
        return ("proof_of_another",)
    return () if is_fresh(proof, now, fresh_for) else ("actor_not_fresh",)


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


def witness_has_authority(
    kind: EventKind, roles: frozenset[str], licensed: bool | None, moment: Moment
) -> tuple[str, ...]:
    """The second signer may sign this kind of event (policy ``custody.witnesses``), and is licensed now.

    Parameters
    ----------
    licensed
        Of a nurse as witness, by what the web floor looked up; None where no licence is judged.
    """
    wanted = moment.policy["custody.witnesses"].get(kind.value)
    found = []
    if wanted is not None and roles.isdisjoint(wanted):
        found.append("pharmacist_missing" if wanted == ["pharmacist"] else "witness_without_authority")
    if licensed is False:
        found.append("witness_not_licensed")
    return tuple(found)


def witness_on_own_device(
    actor_device: UUID | None, session_refs: frozenset[str], witness: ProofOfIdentity, moment: Moment
) -> tuple[str, ...]:
    """The witness did not sign by the actor's device; whether a secret may be typed there is policy."""
    found = []
    if (witness.device_id is not None and witness.device_id == actor_device) or (
        witness.given_in in session_refs and not moment.policy["custody.witnesses"]["typed_on_actors_device"]
    ):
        found.append("witness_on_actors_device")
    return tuple(found)


def witness_is_fresh(witness: ProofOfIdentity, moment: Moment) -> tuple[str, ...]:
    """The witness authenticated separately and just now (policy ``identity.fresh_minutes``)."""
    return () if is_fresh(witness, moment.now, moment.fresh_for) else ("witness_not_fresh",)


def is_fresh(proof: ProofOfIdentity, now: datetime, fresh_for: timedelta) -> bool:
    """Tell whether the proof was given within the policy's minutes, and not in the future."""
    return timedelta(0) <= now - proof.proved_at <= fresh_for


def both_have_signed(
    proof: ProofOfIdentity | None, witness: ProofOfIdentity | None, weak: bool = False
) -> tuple[str, ...]:
    """Return whose fresh signature is missing where two are needed; a companion's is weak, not none."""
    found = []
    if proof is None:
        found.append("actor_proof_missing")
    if witness is None:
        found.append("witness_weak" if weak else "witness_missing")
    return tuple(found)

"""Make and read proofs of identity: signed, short-lived, for one event and one person."""

import secrets
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from flask import current_app
from flask_security import verify_password
from itsdangerous import BadSignature, URLSafeSerializer

from api.accounts import hashing
from api.actor import actor, clock
from api.db import current_session
from dispatch.areas.service import policy
from dispatch.audit.model import AuditEntry
from dispatch.audit.service import record
from dispatch.identity.model import ProofOfIdentity
from dispatch.identity.service import account_by_email, actor_of_account
from dispatch.kernel.actor import Actor
from dispatch.kernel.refusals import Forbidden, Invalid, refuse

NOT_PROVED = "That address and secret do not go together."
# Checked when nobody has the address, so that the answer takes as long.
NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21lc2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"


def _sealer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt="proof-of-identity")


def make(email: str, secret: str, event_id: UUID, actor_email: str = "") -> dict[str, Any]:
    """Check the secret and return a proof for `event_id`.

    Parameters
    ----------
    actor_email
        Whose deed it is, where a witness signs from an own session (by live video); the proof is then good
        in that person's hands only.

    Raises
    ------
    Forbidden
        ``identity_not_proved``; says no more, and is logged by the one who asked.
    """
    session = current_session()
    account = account_by_email(session, email)
    digest = account.password if account is not None and account.password else NOBODY
    with hashing:
        right = verify_password(secret, digest)
    if not right or account is None:
        raise refuse(Forbidden, "identity_not_proved", NOT_PROVED, field="secret", way_out="Try again.")
    made: dict[str, Any] = {
        "account": str(account.id),
        "event": str(event_id),
        "ref": f"proof:{secrets.token_hex(12)}",
        "at": clock().now().timestamp(),
        # A proof is only good in the hands of the session that asked for it.
        "for": actor().session_ref,
    }
    if actor_email:
        made |= _for_another(email, actor_email)
    entry = AuditEntry(action="identity.prove", subject_kind="account", subject_id=account.id)
    record(session, entry, actor(), clock())
    fresh = policy(session, "identity.fresh_minutes")["minutes"]
    return {"proof": _sealer().dumps(made), "name": account.name, "expires_in_s": fresh * 60}


def _for_another(email: str, actor_email: str) -> dict[str, Any]:
    """Return what binds an own proof to the hands of somebody else."""
    session = current_session()
    own, other = account_by_email(session, email), account_by_email(session, actor_email)
    if own is None or own.id != actor().account_id or other is None:
        raise refuse(
            Forbidden, "identity_not_proved", "For somebody else's deed one signs in one's own session.",
            field="actor_email", way_out="Sign in yourself, and name the person who acts.",
        )  # fmt: skip
    device_id = actor().device_id
    return {"for": f"account:{other.id}", "device": str(device_id) if device_id else None}


def read(text: str, event_id: UUID, field: str = "proof") -> tuple[Actor, ProofOfIdentity]:
    """Return who signed, and the proof, when `text` was made here for `event_id` and this session or person.

    Whether it is still fresh is the custody rules' to say, because they name it in the refusal.
    """
    try:
        made = _sealer().loads(text)
    except BadSignature:
        raise refuse(Invalid, "proof_not_valid", "This is no proof of identity.", field=field) from None
    here = made["for"] == actor().session_ref
    if made["event"] != str(event_id) or not (here or made["for"] == f"account:{actor().account_id}"):
        raise refuse(
            Invalid, "proof_for_another_event", "This proof was made for another event or on another phone.",
            field=field, way_out="Sign again for this event.",
        )  # fmt: skip
    signer = actor_of_account(current_session(), UUID(made["account"]), made["ref"], made["at"])
    if signer is None or signer.account_id is None:
        raise refuse(Forbidden, "account_closed", "The signing account was closed.", field=field)
    return signer, ProofOfIdentity(
        account_id=signer.account_id,
        person_ref=signer.person_ref,
        session_ref=made["ref"],
        proved_at=datetime.fromtimestamp(made["at"], UTC),
        device_id=UUID(made["device"]) if made.get("device") else None,
        given_in=made["for"] if here else "",
        given_on=actor().device_id if here else None,
    )

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


def make(email: str, secret: str, event_id: UUID) -> dict[str, Any]:
    """Check the secret and return a proof for `event_id`.

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
    made = {
        "account": str(account.id),
        "event": str(event_id),
        "ref": f"proof:{secrets.token_hex(12)}",
        "at": clock().now().timestamp(),
        # A proof is only good in the hands of the session that asked for it.
        "for": actor().session_ref,
    }
    entry = AuditEntry(action="identity.prove", subject_kind="account", subject_id=account.id)
    record(session, entry, actor(), clock())
    fresh = policy(session, "identity.fresh_minutes")["minutes"]
    return {"proof": _sealer().dumps(made), "name": account.name, "expires_in_s": fresh * 60}


def read(text: str, event_id: UUID, field: str = "proof") -> tuple[Actor, ProofOfIdentity]:
    """Return who signed, and the proof, when `text` was made here for `event_id` and this session.

    Whether it is still fresh is the custody rules' to say, because they name it in the refusal.
    """
    try:
        made = _sealer().loads(text)
    except BadSignature:
        raise refuse(Invalid, "proof_not_valid", "This is no proof of identity.", field=field) from None
    if made["event"] != str(event_id) or made["for"] != actor().session_ref:
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
    )

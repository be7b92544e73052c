"""Signatures on one screen: whoever acts and a second person each type a secret of their own.

Each proof counts as a sign-in of its own and is made for one event only (see `api.proofs`). No secret is
kept, written back into the page, or logged.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from flask import current_app
from flask_limiter.util import get_remote_address
from flask_login import current_user

from api import proofs
from api.actor import actor
from dispatch.identity.model import ProofOfIdentity
from dispatch.kernel.refusals import Forbidden, Reason, Reasons


@dataclass(frozen=True, kw_only=True)
class Signed:
    """The proofs of whoever acts and of whoever signs with them; `other` None where nobody did."""

    own: ProofOfIdentity
    other: ProofOfIdentity | None = None


def signatures(form: Mapping[str, str], event_id: UUID, other: str) -> Signed:
    """Check both secrets for one event, or refuse with everything that is missing or wrong.

    Parameters
    ----------
    other
        Who the second signer is, e.g. "witness" or "pharmacist", for the sentences.
    """
    wrong = Reasons()
    own = _own(form, event_id, wrong)
    second = _other(form, event_id, other, wrong)
    wrong.raise_if_any(Forbidden)
    assert own is not None
    return Signed(own=own, other=second)


def signature(form: Mapping[str, str], event_id: UUID) -> Signed:
    """Check the secret of the person who acts, where nobody else has to sign."""
    wrong = Reasons()
    own = _own(form, event_id, wrong)
    wrong.raise_if_any(Forbidden)
    assert own is not None
    return Signed(own=own)


def _own(form: Mapping[str, str], event_id: UUID, wrong: Reasons) -> ProofOfIdentity | None:
    address = str(getattr(current_user, "email", ""))
    return _proved(address, form.get("own_secret", ""), "You have", "own_secret", event_id, wrong)


def _other(form: Mapping[str, str], event_id: UUID, who: str, wrong: Reasons) -> ProofOfIdentity | None:
    address = form.get("other_email", "").strip()
    return _proved(address, form.get("other_secret", ""), f"The {who} has", "other_secret", event_id, wrong)


def _proved(
    address: str, secret: str, who: str, name: str, event_id: UUID, wrong: Reasons
) -> ProofOfIdentity | None:
    if not address or not secret:
        wrong.add("signature_missing", f"{who} not signed.", field=name, way_out="Sign with the password.")
        return None
    try:
        return proofs.read(proofs.make(address, secret, event_id)["proof"], event_id)[1]
    except Forbidden as refusal:
        wrong.found += [
            Reason(
                code=reason.code, text=f"{who} not signed: {reason.text}", field=name, way_out=reason.way_out
            )
            for reason in refusal.reasons
        ]
        return None


def login_limit() -> str:
    """How often secrets may be tried: as often as at the login."""
    limit: str = current_app.extensions["housecall_settings"].login_limit
    return limit


def who_tries() -> str:
    """Whose tries are counted."""
    return f"{get_remote_address()} {actor().account_id}"

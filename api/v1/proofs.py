"""Proofs of identity for signatures: a person shows who they are, for one event, just now.

A witness at the bedside types address and secret on the nurse's phone; a pharmacist at the counter
likewise. Each proof counts as a sign-in of its own and is good for a single event id, so it can neither
be replayed for another event nor be taken for the nurse's own session (custody-rules.md, invariant 4).
"""

from typing import Any

from flask import current_app
from flask_limiter.util import get_remote_address
from marshmallow import Schema, fields, validate

from api import proofs
from api.accounts import limiter
from api.actor import SIGNED_IN, actor, policy
from api.json_input import Blueprint

blueprint = Blueprint("proofs", __name__, description="Proofs of identity for signatures")


class ProofRequestSchema(Schema):
    """Who signs, and for which event."""

    email = fields.Email(required=True)
    secret = fields.String(required=True, validate=validate.Length(1, 200), load_only=True)
    event_id = fields.UUID(required=True)
    actor_email = fields.Email(
        metadata={"description": "whose deed it is, when you witness it from a session of your own"}
    )


class ProofSchema(Schema):
    """A proof, to be sent along with the event."""

    proof = fields.String()
    name = fields.String()
    expires_in_s = fields.Integer()


def _login_limit() -> str:
    limit: str = current_app.extensions["housecall_settings"].login_limit
    return limit


@blueprint.route("/proofs", methods=["POST"])
@blueprint.arguments(ProofRequestSchema)
@blueprint.response(201, ProofSchema)
@limiter.limit(_login_limit, key_func=lambda: f"{get_remote_address()} {actor().account_id}")
@policy(SIGNED_IN)
def prove_identity(asked: dict[str, Any]) -> dict[str, Any]:
    """Check a person's secret and return a proof for one event; the secret is not kept."""
    return proofs.make(asked["email"], asked["secret"], asked["event_id"], asked.get("actor_email", ""))

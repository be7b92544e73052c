"""The custody log: its checkpoints for everybody, proofs for compliance (docs/custody-proofs.md)."""

from typing import Any
from uuid import UUID

from flask import Response
from marshmallow import Schema, fields, validate

from api.actor import PUBLIC, policy, roles
from api.db import current_session
from api.json_input import Blueprint
from dispatch.custody.log import queries
from dispatch.custody.log.note import encoded
from dispatch.kernel.actor import Role
from dispatch.kernel.refusals import NotFound, refuse

blueprint = Blueprint(
    "custody-log", __name__, url_prefix="/custody/log", description="The custody log: checkpoints and proofs"
)
READERS = roles(Role.COMPLIANCE)


class Base64(fields.Field[bytes]):
    """Bytes as standard base64."""

    def _serialize(self, value: bytes | None, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else encoded(value)


def _size(**more: Any) -> fields.Integer:
    return fields.Integer(strict=False, validate=validate.Range(0, 2**53 - 1), **more)


class InclusionQuerySchema(Schema):
    """Which tree the proof is to lead to."""

    size = _size(metadata={"description": "leaves of the checkpoint to be met; by default the present log's"})
    kind = fields.String(load_default="event", validate=validate.Regexp(r"[a-z_]{1,50}\Z"))


class ConsistencyQuerySchema(Schema):
    """Between which two trees."""

    old = _size(required=True, data_key="from")
    new = _size(data_key="to", metadata={"description": "by default the present log's size"})


class InclusionSchema(Schema):
    """That an entry stands in the log (RFC 9162 section 2.1.3); hashes in base64."""

    leaf_index = fields.Integer()
    tree_size = fields.Integer()
    kind = fields.String()
    entry_id = fields.UUID()
    leaf_hash = Base64()
    proof = fields.List(Base64())
    root_hash = Base64()


class ConsistencySchema(Schema):
    """That one log is the beginning of another (RFC 9162 section 2.1.4); hashes in base64."""

    old_size = fields.Integer()
    new_size = fields.Integer()
    proof = fields.List(Base64())
    old_root = Base64()
    new_root = Base64()


class LogKeySchema(Schema):
    """A key of the log, and the signed note by which the one before handed over to it."""

    number = fields.Integer()
    verifier = fields.String()
    hand_over = fields.String(allow_none=True)
    adopted_at = fields.AwareDateTime()


@blueprint.route("/checkpoint")
@blueprint.alt_response(
    200, description="The newest checkpoint, a C2SP signed note", content_type="text/plain"
)
@policy(PUBLIC)
def checkpoint() -> Response:
    """Publish the newest checkpoint with its cosignatures, as c2sp.org/tlog-checkpoint writes it."""
    return _note(queries.checkpoint(current_session()))


@blueprint.route("/checkpoint/<int:number>")
@blueprint.alt_response(200, description="That checkpoint, a C2SP signed note", content_type="text/plain")
@policy(PUBLIC)
def checkpoint_of_number(number: int) -> Response:
    """Publish the checkpoint of a number."""
    return _note(queries.checkpoint(current_session(), number) if number < 2**53 else None)


def _note(found: queries.PublishedCheckpoint | None) -> Response:
    if found is None:
        raise refuse(
            NotFound, "no_checkpoint", "There is no such checkpoint.",
            way_out="One is signed when the log has grown and a key for it is set (HOUSECALL_LOG_KEYS).",
        )  # fmt: skip
    return Response(found.note, content_type="text/plain; charset=utf-8")


@blueprint.route("/keys")
@blueprint.response(200, LogKeySchema(many=True))
@policy(PUBLIC)
def keys() -> list[queries.LogKey]:
    """Publish the keys that sign or signed checkpoints, the first one first."""
    return list(queries.keys(current_session()))


@blueprint.route("/entries/<uuid:entry_id>/inclusion")
@blueprint.arguments(InclusionQuerySchema, location="query")
@blueprint.response(200, InclusionSchema)
@policy(READERS)
def inclusion(asked: dict[str, Any], entry_id: UUID) -> queries.Inclusion:
    """Prove that an event, or another entry, stands in the log."""
    return queries.prove_inclusion(current_session(), entry_id, asked.get("size"), asked["kind"])


@blueprint.route("/consistency")
@blueprint.arguments(ConsistencyQuerySchema, location="query")
@blueprint.response(200, ConsistencySchema)
@policy(READERS)
def consistency(asked: dict[str, Any]) -> queries.Consistency:
    """Prove that the log of an earlier size is the beginning of a later one."""
    return queries.prove_consistency(current_session(), asked["old"], asked.get("new"))

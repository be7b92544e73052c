"""Policies: every legal and clinical choice, its default, what it stands on, and who signed another."""

from typing import Any

from marshmallow import Schema, fields, validate

from api.actor import actor, clock, policy, roles
from api.db import current_session
from api.json_input import Blueprint
from dispatch.areas import service
from dispatch.areas.model import NewPolicy, PolicyLine
from dispatch.kernel.actor import Role

blueprint = Blueprint("policies", __name__, description="Signed, versioned policies")
SIGNERS = roles(Role.COMPLIANCE, Role.ADMIN)


class PolicySchema(Schema):
    """A policy's value; version 0 is the default."""

    key = fields.String()
    value = fields.Dict()
    citation = fields.String()
    version = fields.Integer()
    registrant = fields.String(allow_none=True)
    state = fields.String(allow_none=True)
    company_wide = fields.Boolean()
    signed_by = fields.String()
    signed_at = fields.AwareDateTime(allow_none=True)
    reason = fields.String()


class NewPolicySchema(Schema):
    """A value to be signed, in this area or everywhere; a state and a registrant narrow it further."""

    key = fields.String(required=True, validate=validate.Length(1, 100))
    value = fields.Dict(keys=fields.String(), required=True)
    reason = fields.String(required=True, validate=validate.Length(3, 500))
    state = fields.String(load_default=None, validate=validate.Regexp(r"^[A-Z]{2}\Z"))
    registrant = fields.String(load_default=None, validate=validate.Length(1, 40))
    everywhere = fields.Boolean(load_default=False)


@blueprint.route("/areas/<area>/policies")
@blueprint.response(200, PolicySchema(many=True))
@policy(SIGNERS)
def list_policies(area: str) -> list[PolicyLine]:
    """List every policy with its default, its citation, and each signed value that may hold in the area."""
    session = current_session()
    return service.policy_lines(session, service.area_by_slug(session, area).id)


@blueprint.route("/areas/<area>/policies", methods=["POST"])
@blueprint.arguments(NewPolicySchema)
@blueprint.response(201, PolicySchema)
@policy(SIGNERS)
def sign_policy(sent: dict[str, Any], area: str) -> Any:
    """Sign a new version of a policy."""
    session = current_session()
    area_id = None if sent.pop("everywhere") else service.area_by_slug(session, area).id
    return service.sign_policy(session, NewPolicy(**sent, area_id=area_id), actor(), clock())

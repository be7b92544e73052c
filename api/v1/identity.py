"""Who is asking, and the devices of the person who asks."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from marshmallow import Schema, fields, validate

from api.actor import SIGNED_IN, actor, clock, policy
from api.db import current_session
from api.json_input import Blueprint
from dispatch.identity import service
from dispatch.identity.model import NewDevice

if TYPE_CHECKING:
    from dispatch.identity.records import DeviceRow

blueprint = Blueprint("identity", __name__, description="Who is asking")


class MeSchema(Schema):
    """The person who asks."""

    account_id = fields.UUID()
    name = fields.String()
    roles = fields.List(fields.String())
    nurse_id = fields.UUID(allow_none=True)


class DeviceRequestSchema(Schema):
    """A phone that asks for a token."""

    name = fields.String(required=True, validate=validate.Length(1, 80))


class NewDeviceSchema(Schema):
    """A token, shown this once."""

    device_id = fields.UUID()
    token = fields.String()
    expires_at = fields.AwareDateTime()


class DeviceSchema(Schema):
    """A phone that holds a token."""

    id = fields.UUID()
    name = fields.String()
    created_at = fields.AwareDateTime()
    expires_at = fields.AwareDateTime()
    revoked_at = fields.AwareDateTime(allow_none=True)


@blueprint.route("/me")
@blueprint.response(200, MeSchema)
@policy(SIGNED_IN)
def me() -> dict[str, Any]:
    """Tell who is signed in."""
    who = actor()
    return {
        "account_id": who.account_id,
        "name": who.name,
        "roles": sorted(role.value for role in who.roles),
        "nurse_id": who.nurse_id,
    }


@blueprint.route("/devices")
@blueprint.response(200, DeviceSchema(many=True))
@policy(SIGNED_IN)
def list_devices() -> "list[DeviceRow]":
    """List one's own devices."""
    return service.devices_of(current_session(), actor())


@blueprint.route("/devices", methods=["POST"])
@blueprint.arguments(DeviceRequestSchema)
@blueprint.response(201, NewDeviceSchema)
@policy(SIGNED_IN)
def register_device(asked: dict[str, Any]) -> NewDevice:
    """Register a phone of one's own; the token is shown this once."""
    return service.register_device(current_session(), asked["name"], actor(), clock())


@blueprint.route("/devices/<uuid:device_id>", methods=["DELETE"])
@blueprint.response(204)
@policy(SIGNED_IN)
def revoke_device(device_id: UUID) -> None:
    """Revoke a device's token at once."""
    service.revoke_device(current_session(), device_id, actor(), clock())

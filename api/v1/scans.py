"""What a scanned code is, and which product and vial of the ledger it names."""

from typing import Any

from marshmallow import Schema, fields, validate

from api.actor import actor, clock, note_read, policy, roles
from api.db import current_session
from api.json_input import Blueprint
from api.v1.custody_schemas import CustodyReasonSchema
from dispatch.audit.model import AuditEntry
from dispatch.custody.scans.model import ScanPurpose
from dispatch.custody.scans.service import identify
from dispatch.kernel.actor import Role

blueprint = Blueprint("scans", __name__, url_prefix="/custody", description="Codes on packages and labels")


class ScanRequestSchema(Schema):
    """A code as the scanner sent it, and what the person is about to do."""

    scan = fields.String(
        required=True,
        validate=validate.Length(1, 1000),
        metadata={"description": "GS1 element string, its human-readable form, or the text of our own label"},
    )
    purpose = fields.String(
        load_default=ScanPurpose.FIND.value,
        validate=validate.OneOf([each.value for each in ScanPurpose]),
        metadata={"description": "receive and use refuse an expired lot; use also an unknown vial"},
    )
    pharmacy_id = fields.UUID(load_default=None, metadata={"description": "where a delivery is received"})


class ScanAnswerSchema(Schema):
    """What was scanned; the seal on record is never told."""

    kind = fields.String(attribute="scan.kind", metadata={"description": "package or label"})
    gtin = fields.String(attribute="scan.gtin")
    serial = fields.String(attribute="scan.serial")
    lot = fields.String(attribute="scan.lot")
    expires_on = fields.Date(attribute="scan.expires_on")
    product_code = fields.String()
    product_name = fields.String()
    container_id = fields.UUID(allow_none=True)
    state = fields.String(allow_none=True)
    findings = fields.List(fields.Nested(CustodyReasonSchema))


@blueprint.route("/scans", methods=["POST"])
@blueprint.arguments(ScanRequestSchema)
@blueprint.response(200, ScanAnswerSchema)
@policy(roles(Role.NURSE, Role.PHARMACIST, Role.COMPLIANCE))
def say_what_it_is(asked: dict[str, Any]) -> Any:
    """Say what a scan is and which vial it names, or everything that forbids to go on with it."""
    seen = identify(
        current_session(),
        asked["scan"],
        ScanPurpose(asked["purpose"]),
        actor(),
        clock(),
        asked["pharmacy_id"],
    )
    if seen.container_id is not None:
        note_read(AuditEntry(action="custody.scan", subject_kind="container", subject_id=seen.container_id))
    return seen

"""What prescribers sign over for patients' bookings, with an end."""

from typing import Any
from uuid import UUID

from api import proofs
from api.actor import actor, clock, note_reads, policy, roles
from api.db import current_session
from api.idempotency import answered_once
from api.json_input import Blueprint
from api.v1 import appointments_schemas as forms
from dispatch.appointments.care.model import NewOverride
from dispatch.appointments.care.service import StandingOverride, sign_booking_override, standing_overrides
from dispatch.kernel.actor import Role

blueprint = Blueprint("overrides", __name__, description="Rules of bookings that a prescriber signed over")


@blueprint.route("/patients/<uuid:patient_id>/overrides")
@blueprint.response(200, forms.StandingOverrideSchema(many=True))
@policy(roles(Role.DISPATCHER, Role.PRESCRIBER))
def list_overrides(patient_id: UUID) -> list[StandingOverride]:
    """Show what is signed over for a patient's bookings at present, what ends first first."""
    found = standing_overrides(current_session(), patient_id, clock().now())
    note_reads("patient.overrides", [patient_id])
    return list(found)


@blueprint.route("/patients/<uuid:patient_id>/overrides", methods=["POST"])
@answered_once
@blueprint.arguments(forms.NewOverrideSchema)
@blueprint.response(201, forms.StandingOverrideSchema)
@policy(roles(Role.PRESCRIBER))
def sign_override(sent: dict[str, Any], patient_id: UUID) -> StandingOverride:
    """Sign over one requirement of class OVERRIDE, until it expires."""
    _, proof = proofs.read(sent.pop("proof"), sent["event_id"])
    new = NewOverride(patient_id=patient_id, proof=proof, **sent)
    return sign_booking_override(current_session(), new, actor(), clock())

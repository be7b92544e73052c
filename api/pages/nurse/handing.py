"""On the nurse's screen: vials from nurse to nurse, and a residual that nobody here can witness."""

from uuid import UUID

from flask import request
from werkzeug.wrappers import Response

from api.accounts import limiter
from api.actor import actor, clock, policy, roles
from api.db import current_session
from api.pages import pages
from api.pages.nurse.lockbox import answered, told, way_of_wasting
from api.pages.reading import amount_from_form, id_from_form, text_from_form
from api.pages.signing import login_limit, signature, signatures, who_tries
from dispatch.custody import service
from dispatch.custody.commands import AcceptHandOff, DeclineHandOff, OfferHandOff, WasteResidual
from dispatch.custody.infusion_commands import ReturnResidual, SealResidual
from dispatch.custody.model import Receipt, Standing
from dispatch.custody.witnessing import WitnessKind
from dispatch.kernel.actor import Role
from dispatch.visits import standing

NURSE = roles(Role.NURSE)


def _here() -> Standing:
    return standing.standing_in_area(current_session(), actor(), clock())


@pages.route("/today/vials/<uuid:container_id>/offer", methods=["POST"])
@policy(NURSE)
def offer_vial(container_id: UUID) -> Response:
    """Offer a vial to another nurse; it stays the giver's until she accepts."""

    def deed() -> Receipt:
        command = OfferHandOff(
            **told(_here(), container_id),
            to_nurse_id=id_from_form("to_nurse_id"),
            seal=text_from_form("seal"),
        )
        return service.offer_hand_off(current_session(), command, actor(), clock())

    return answered(deed)


@pages.route("/today/vials/<uuid:container_id>/accept", methods=["POST"])
@policy(NURSE)
def accept_vial(container_id: UUID) -> Response:
    """Take an offered vial in hand."""

    def deed() -> Receipt:
        command = AcceptHandOff(**told(_here(), container_id), seal=text_from_form("seal"))
        return service.accept_hand_off(current_session(), command, actor(), clock())

    return answered(deed)


@pages.route("/today/vials/<uuid:container_id>/decline", methods=["POST"])
@policy(NURSE)
def decline_vial(container_id: UUID) -> Response:
    """Do not take an offered vial."""

    def deed() -> Receipt:
        command = DeclineHandOff(**told(_here(), container_id))
        return service.decline_hand_off(current_session(), command, actor(), clock())

    return answered(deed)


@pages.route("/today/vials/<uuid:container_id>/waste-with-companion", methods=["POST"])
@limiter.limit(login_limit, key_func=who_tries)
@policy(NURSE)
def waste_with_companion(container_id: UUID) -> Response:
    """Destroy what is left before somebody of the patient's: the weakest witness, kept as an exception."""

    def deed() -> Receipt:
        session, visit_id, event_id = current_session(), id_from_form("visit_id"), id_from_form()
        command = WasteResidual(
            **told(standing.standing_at_visit(session, visit_id, actor(), clock()), container_id),
            place="visit",
            amount_ug=amount_from_form(),
            method=way_of_wasting(),
            visit_id=visit_id,
            witness_kind=WitnessKind.COMPANION,
            companion=text_from_form("companion", 40),
            proof=signature(request.form, event_id).own,
        )
        return service.waste_residual(session, command, actor(), clock())

    return answered(deed)


@pages.route("/today/vials/<uuid:container_id>/seal-residual", methods=["POST"])
@policy(NURSE)
def seal_residual(container_id: UUID) -> Response:
    """Measure and seal what is left, to carry it back to a pharmacy."""

    def deed() -> Receipt:
        session, visit_id = current_session(), id_from_form("visit_id")
        command = SealResidual(
            **told(standing.standing_at_visit(session, visit_id, actor(), clock()), container_id),
            place="visit",
            measured_ug=amount_from_form(),
            seal=text_from_form("seal", 100),
            visit_id=visit_id,
        )
        return service.seal_residual(session, command, actor(), clock())

    return answered(deed)


@pages.route("/today/vials/<uuid:container_id>/bring-back", methods=["POST"])
@limiter.limit(login_limit, key_func=who_tries)
@policy(NURSE)
def bring_back(container_id: UUID) -> Response:
    """Hand in a sealed residual: the pharmacist reads the seal, measures and signs."""

    def deed() -> Receipt:
        session, event_id, pharmacy_id = current_session(), id_from_form(), id_from_form("pharmacy_id")
        signed = signatures(request.form, event_id, "pharmacist")
        command = ReturnResidual(
            **told(standing.standing_at_pharmacy(session, pharmacy_id, actor(), clock()), container_id),
            place="pharmacy",
            pharmacy_id=pharmacy_id,
            measured_ug=amount_from_form(),
            seal=text_from_form("seal", 100),
            proof=signed.own,
            witness=signed.other,
        )
        return service.return_residual(session, command, actor(), clock())

    return answered(deed)

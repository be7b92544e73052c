"""A waste that is seen by video: the witness signs on an own screen, and the nurse enters what they signed.

The witness opens the link of the deed in a session of their own (a colleague, the pharmacist, compliance) and
types a password there; what comes out is a proof for this one deed in this one nurse's hands (`api.proofs`),
good for a few minutes. It says nothing of a patient, so it may be sent by any message.
"""

from uuid import UUID

from flask import Response as Page
from flask import make_response, render_template, request
from flask_login import current_user
from werkzeug.wrappers import Response

from api import proofs
from api.accounts import limiter
from api.actor import actor, clock, policy, roles
from api.db import current_session
from api.pages import pages
from api.pages.nurse.lockbox import answered, told, way_of_wasting
from api.pages.reading import amount_from_form, id_from_form, text_from_form
from api.pages.signing import login_limit, signature, who_tries
from dispatch.custody import service
from dispatch.custody.commands import WasteResidual
from dispatch.custody.model import Receipt
from dispatch.custody.witnessing import WitnessKind
from dispatch.kernel.actor import Role
from dispatch.kernel.refusals import Forbidden, Invalid, Refusal, refuse
from dispatch.visits import standing

WITNESSES = roles(Role.NURSE, Role.PHARMACIST, Role.COMPLIANCE)
LONGEST_PROOF = 1000


@pages.route("/witness/<uuid:deed_id>")
@policy(WITNESSES)
def witness_by_video(deed_id: UUID) -> Page:
    """Show the form by which somebody signs another person's deed as its witness."""
    return _form(deed_id)


@pages.route("/witness/<uuid:deed_id>", methods=["POST"])
@limiter.limit(login_limit, key_func=who_tries)
@policy(WITNESSES)
def sign_by_video(deed_id: UUID) -> Page:
    """Hand the witness a proof for this deed and this nurse."""
    try:
        nurse = text_from_form("actor_email", 200)
        if not nurse:
            raise refuse(Invalid, "field_missing", "Say whose deed you saw.", field="actor_email")
        made = proofs.make(
            str(getattr(current_user, "email", "")), request.form.get("own_secret", ""), deed_id, nurse
        )
    except Refusal as refusal:
        return _form(deed_id, refusal=refusal)
    return _form(deed_id, proof=made["proof"], minutes=made["expires_in_s"] // 60)


def _form(deed_id: UUID, refusal: Refusal | None = None, proof: str = "", minutes: int = 0) -> Page:
    page = render_template(
        "nurse/witness.html", deed_id=deed_id, refusal=refusal, proof=proof, minutes=minutes
    )
    answer = make_response(page, refusal.status if refusal else 200)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@pages.route("/today/vials/<uuid:container_id>/waste-by-video", methods=["POST"])
@limiter.limit(login_limit, key_func=who_tries)
@policy(roles(Role.NURSE))
def waste_by_video(container_id: UUID) -> Response:
    """Destroy what is left before a licensed person who sees it live by video."""

    def deed() -> Receipt:
        session, visit_id, event_id = current_session(), id_from_form("visit_id"), id_from_form()
        sent = text_from_form("witness_proof", LONGEST_PROOF)
        if not sent:
            raise refuse(
                Forbidden, "signature_missing", "The witness has not signed.", field="witness_proof",
                way_out="Send them the link; they sign on their own screen and send you the proof.",
            )  # fmt: skip
        here = standing.standing_at_visit(session, visit_id, actor(), clock())
        witness, seen = proofs.read(sent, event_id, "witness_proof")
        command = WasteResidual(
            **told(here, container_id),
            place="visit",
            amount_ug=amount_from_form(),
            method=way_of_wasting(),
            visit_id=visit_id,
            witness_kind=WitnessKind.LIVE_VIDEO,
            proof=signature(request.form, event_id).own,
            witness=seen,
            witness_licensed=standing.witness_is_licensed(session, witness, here, clock()),
        )
        return service.waste_residual(session, command, actor(), clock())

    return answered(deed)

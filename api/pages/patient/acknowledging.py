"""/acknowledge: the one page that an outside provider's link opens, to read and sign."""

from http import HTTPStatus

from flask import make_response, render_template, request
from werkzeug.wrappers import Response

from api.actor import PROVIDER_LINK, clock, policy, visitor, visitor_token
from api.db import current_session
from api.pages import pages
from dispatch.intake import queries
from dispatch.intake.commands import SIGNER_ROLES, NewAcknowledgement
from dispatch.intake.service import sign_acknowledgement
from dispatch.intake.service.acknowledging import WORDS
from dispatch.kernel.refusals import Refusal


@pages.route("/acknowledge")
@policy(PROVIDER_LINK)
def acknowledge() -> Response:
    """Show what is to be signed, for whom, and by whom it was signed."""
    return _page()


@pages.route("/acknowledge", methods=["POST"])
@policy(PROVIDER_LINK)
def sign_acknowledge() -> Response:
    """Keep the provider's signature."""
    session, who = current_session(), visitor()
    form = request.form
    new = NewAcknowledgement(
        case_id=who.case_id,
        signer=form.get("signer", "").strip(),
        role=form.get("role", ""),
        licence_number=form.get("licence_number", "").strip(),
        licence_state=form.get("licence_state", "").strip().upper(),
        link_id=who.link_id,
    )
    try:
        sign_acknowledgement(session, new, who.actor, clock())
    except Refusal as refusal:
        session.rollback()
        return _page(refusal)
    return _page()


def _page(refusal: Refusal | None = None) -> Response:
    session, who = current_session(), visitor()
    page = render_template(
        "patient/acknowledge.html",
        token=visitor_token(who),
        contact=queries.case_view(session, who.case_id).contact,
        signed=queries.acknowledgement_of(session, who.case_id),
        words=WORDS,
        signer_roles=SIGNER_ROLES,
        form=request.form,
        refused=refusal.reasons if refusal else (),
    )
    return make_response(page, refusal.status if refusal else HTTPStatus.OK)

"""/visit/feedback: what the patient tells us, private; and a report that somebody crossed a boundary."""

from http import HTTPStatus

from flask import make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from api.actor import PATIENT_LINK, clock, policy, visitor, visitor_token
from api.db import current_session
from api.pages import pages
from api.pages.patient.visit import patient_id
from dispatch.appointments.care.queries import last_visit
from dispatch.appointments.care.service import give_feedback
from dispatch.kernel.refusals import Refusal


@pages.route("/visit/feedback")
@policy(PATIENT_LINK)
def my_feedback() -> Response:
    """Show the form; what was written before is not shown again."""
    return _page()


@pages.route("/visit/feedback", methods=["POST"])
@policy(PATIENT_LINK)
def tell_feedback() -> Response:
    """Keep what the patient tells, or send her report to compliance alone."""
    session, who = current_session(), visitor()
    try:
        row = last_visit(session, patient_id(), clock().now())
        give_feedback(
            session,
            patient_id(),
            request.form.get("words", "").replace("\r\n", "\n"),
            who.actor,
            clock(),
            appointment_id=None if row is None else row.id,
            may_be_shared=request.form.get("share") == "yes",
            boundary=request.form.get("kind") == "boundary",
        )
    except Refusal as refusal:
        session.rollback()
        return _page(refusal)
    return redirect(url_for("pages.my_visit", done="told"), HTTPStatus.SEE_OTHER)


def _page(refusal: Refusal | None = None) -> Response:
    page = render_template(
        "patient/feedback.html",
        token=visitor_token(visitor()),
        refused=refusal.reasons if refusal else (),
        form=request.form,
    )
    return make_response(page, refusal.status if refusal else HTTPStatus.OK)

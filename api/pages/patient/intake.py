"""/my: the patient's own intake, part by part, on the device that her link opened."""

from collections.abc import Callable
from functools import partial
from http import HTTPStatus

from flask import make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from api.actor import PATIENT_LINK, clock, policy, visitor, visitor_cookie, visitor_token
from api.db import current_session
from api.pages import pages
from api.pages.patient.parts import ABOUT, TITLES, part_page, parts_of
from api.pages.patient.saving import save
from dispatch.intake import queries
from dispatch.intake.service import LinkPurpose, make_link
from dispatch.intake.service.links import close_device
from dispatch.kernel.refusals import Refusal

FRAME = "patient/_frame.html"


@pages.route("/my")
@policy(PATIENT_LINK)
def my_page() -> str:
    """Show how far the intake is, and the way to each part."""
    return _whole()


def _whole(**more: object) -> str:
    session, who = current_session(), visitor()
    reasons = queries.consultation_blocks(session, who.case_id, clock().now())
    return render_template(
        "patient/whole.html",
        frame=FRAME,
        base=url_for("pages.my_page"),
        token=visitor_token(who),
        parts=parts_of(reasons),
        case=queries.case_view(session, who.case_id),
        acknowledged=queries.acknowledgement_of(session, who.case_id),
        **more,
    )


@pages.route("/my/<part>")
@policy(PATIENT_LINK)
def my_part(part: str) -> str:
    """Show one part of the intake."""
    return _part(part)


def _part(part: str, refusal: Refusal | None = None) -> str:
    who = visitor()
    return part_page(
        current_session(),
        who.case_id,
        part,
        clock().now(),
        frame=FRAME,
        base=url_for("pages.my_page"),
        token=visitor_token(who),
        refused=refusal.reasons if refusal else (),
    )


@pages.route("/my/<part>", methods=["POST"])
@policy(PATIENT_LINK)
def save_my_part(part: str) -> Response:
    """Save one item; the page's own script asks for a line in answer, a plain form for the page."""
    session, who = current_session(), visitor()
    try:
        item = save(session, who.case_id, who.actor, clock())
    except Refusal as refusal:
        session.rollback()
        if refusal.status == HTTPStatus.NOT_FOUND:
            raise
        return refused_answer(refusal, partial(_part, part if part in TITLES else ABOUT, refusal))
    return saved_answer(item, url_for("pages.my_part", part=part))


def saved_answer(item: str, place: str) -> Response:
    """Answer a deed that was done: a line for autosave, else back to the page."""
    if request.headers.get("X-Autosave"):
        return make_response({"item": item, "saved": True})
    anchor = f"#{item}" if request.form.get("deed") == "answer" else ""
    return redirect(place + anchor, HTTPStatus.SEE_OTHER)


def refused_answer(refusal: Refusal, page: Callable[[], str]) -> Response:
    """Answer a deed that was refused, with its reasons."""
    if request.headers.get("X-Autosave"):
        texts = [f"{each.text} {each.way_out}".strip() for each in refusal.reasons]
        return make_response({"saved": False, "texts": texts}, refusal.status)
    return make_response(page(), refusal.status)


@pages.route("/my/links", methods=["POST"])
@policy(PATIENT_LINK)
def my_link() -> str:
    """Make a link for another device of the patient, or the one that her own provider signs behind."""
    who = visitor()
    provider = request.form.get("purpose") == LinkPurpose.PROVIDER.value
    purpose = LinkPurpose.PROVIDER if provider else LinkPurpose.PATIENT
    link = make_link(current_session(), who.case_id, purpose, who.actor, clock(), other_device=not provider)
    return _whole(link=url_for("pages.link_door", secret=link.secret, _external=True), purpose=purpose.value)


@pages.route("/my/leave", methods=["POST"])
@policy(PATIENT_LINK)
def my_leave() -> Response:
    """Sign this device off."""
    close_device(current_session(), visitor(), clock())
    answer = make_response(render_template("patient/door.html", purpose=None, secret="", left=True))
    answer.delete_cookie(visitor_cookie())
    return answer

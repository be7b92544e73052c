"""/board/<area>/requests: what patients ask for and let others read, failed messages, their pages' links."""

from http import HTTPStatus
from uuid import UUID

from flask import make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from api.actor import actor, clock, note_reads, policy, roles
from api.db import current_session
from api.pages import pages
from dispatch.appointments.care.queries import failed_in, references_in, shared_feedback_in, wishes_in
from dispatch.appointments.care.service import answer_wish, link_of_patient, tell_of_link
from dispatch.areas.service import area_by_slug, zone_of
from dispatch.kernel.actor import Role
from dispatch.kernel.refusals import NotFound, Refusal, refuse
from dispatch.messages.service import retry_message

DISPATCHERS = roles(Role.DISPATCHER)
WISH_WORDS = {"another_time": "another time", "chaperone": "a chaperone", "call": "a call"}
ANSWER_WORDS = {"done": "Done", "not_possible": "Not possible", "called": "I called"}
# Why a message did not go out, by the code of its last try.
WHY_WORDS = {
    "no_address": "no telephone number or address is on file",
    "no_text_gateway": "texts are not set up here",
    "refused_for_good": "the address does not exist",
    "refused": "the mail server refused it",
    "sign_in_refused": "the mail server did not let us in",
    "timed_out": "the mail server did not answer in time",
    "unreachable": "the mail server could not be reached",
}
CONTACT_WORDS = {"self": "the patient", "provider": "her own provider", "adult": "her responsible adult"}


@pages.route("/board/<slug>/requests")
@policy(DISPATCHERS)
def requests(slug: str) -> Response:
    """List open wishes, feedback that was shared, and messages that failed in the last 14 days."""
    return _page(slug)


@pages.route("/board/<slug>/requests/<uuid:wish_id>", methods=["POST"])
@policy(DISPATCHERS)
def answer_request(slug: str, wish_id: UUID) -> Response:
    """Close a wish by a button: done, not possible, or the patient was called."""
    session = current_session()
    area = area_by_slug(session, slug)
    try:
        if wish_id not in {row.id for row in wishes_in(session, area.id)}:
            raise refuse(NotFound, "no_such_wish", "There is no such wish any more: somebody answered it.")
        answer_wish(session, wish_id, request.form.get("answer", ""), actor(), clock())
    except Refusal as refusal:
        session.rollback()
        return _page(slug, refusal)
    return redirect(url_for("pages.requests", slug=slug), HTTPStatus.SEE_OTHER)


@pages.route("/board/<slug>/requests/messages/<uuid:message_id>", methods=["POST"])
@policy(DISPATCHERS)
def send_again(slug: str, message_id: UUID) -> Response:
    """Send a failed message once more; pressed twice, it goes out once."""
    try:
        retry_message(current_session(), message_id, actor(), clock())
    except Refusal as refusal:
        current_session().rollback()
        return _page(slug, refusal)
    return redirect(url_for("pages.requests", slug=slug, done="retried"), HTTPStatus.SEE_OTHER)


@pages.route("/board/<slug>/requests/links", methods=["POST"])
@policy(DISPATCHERS)
def send_page_link(slug: str) -> Response:
    """Make a link to a patient's own pages, with a case or without, text it to her and show it this once."""
    session = current_session()
    try:
        area = area_by_slug(session, slug)
        reference = request.form.get("reference", "").strip()
        made, patient_id = link_of_patient(session, area.id, reference, actor(), clock())
        link = url_for("pages.link_door", secret=made.secret, _external=True)
        tell_of_link(session, patient_id, link, made.expires_at, actor(), clock())
    except Refusal as refusal:
        session.rollback()
        return _page(slug, refusal)
    return _page(slug, link=link, link_for=reference)


def _page(slug: str, refusal: Refusal | None = None, **more: object) -> Response:
    session, now = current_session(), clock().now()
    area = area_by_slug(session, slug)
    wishes, told = wishes_in(session, area.id), shared_feedback_in(session, area.id)
    ids = {row.patient_id for row in wishes} | {row.patient_id for row in told}
    note_reads("patient.requests", ids)
    page = render_template(
        "dispatcher/requests.html",
        area=area,
        zone=zone_of(area),
        wishes=wishes,
        told=told,
        references=references_in(session, area.id, ids),
        failed=failed_in(session, area.id, now),
        wish_words=WISH_WORDS,
        answer_words=ANSWER_WORDS,
        contact_words=CONTACT_WORDS,
        why_words=WHY_WORDS,
        retried=request.args.get("done") == "retried",
        refused=refusal.reasons if refusal else (),
        form=request.form,
        **more,
    )
    return make_response(page, refusal.status if refusal else HTTPStatus.OK)

"""/board/<area>/requests: what patients ask for, what they let others read, messages that did not go out."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from uuid import UUID

from flask import make_response, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from api.actor import actor, clock, note_reads, policy, roles
from api.db import current_session
from api.pages import pages
from dispatch.appointments.care.queries import references_in, shared_feedback_in, wishes_in
from dispatch.appointments.care.service import answer_wish
from dispatch.areas.service import area_by_slug, zone_of
from dispatch.intake.queries import case_view
from dispatch.kernel.actor import Role
from dispatch.kernel.refusals import NotFound, Refusal, refuse
from dispatch.messages.queries import failed_messages

DISPATCHERS = roles(Role.DISPATCHER)
LOOK_BACK = timedelta(days=14)
WISH_WORDS = {"another_time": "another time", "chaperone": "a chaperone", "call": "a call"}
ANSWER_WORDS = {"done": "Done", "not_possible": "Not possible", "called": "I called"}
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


def _page(slug: str, refusal: Refusal | None = None) -> Response:
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
        failed=_failed(session, area.id, now),
        wish_words=WISH_WORDS,
        answer_words=ANSWER_WORDS,
        contact_words=CONTACT_WORDS,
        refused=refusal.reasons if refusal else (),
    )
    return make_response(page, refusal.status if refusal else HTTPStatus.OK)


def _failed(session: Session, area_id: UUID, now: datetime) -> Sequence[tuple[object, str, UUID | None]]:
    """Return the area's failed messages, each with whom it was for and the case, if any: never its words."""
    rows = failed_messages(session, now - LOOK_BACK)
    references = references_in(session, area_id, {row.patient_id for row in rows if row.patient_id})
    found: list[tuple[object, str, UUID | None]] = []
    for row in rows:
        if row.patient_id is not None:
            if row.patient_id in references:
                found.append((row, references[row.patient_id], None))
        elif row.case_id is not None:
            if case_view(session, row.case_id).area_id == area_id:
                found.append((row, "", row.case_id))
        elif row.area_id == area_id:
            found.append((row, "", None))
    return found

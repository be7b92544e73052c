"""/visit: the patient's next visit on the device that her link opened: when, who, how to prepare."""

from http import HTTPStatus
from uuid import UUID

from flask import make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from api.actor import PATIENT_LINK, clock, policy, visitor, visitor_token
from api.db import current_session
from api.pages import pages
from api.pages.patient.visit_view import REASONS, VISIT_PARTS, care_view, visit_view
from dispatch.appointments.care.model import PATIENTS_REASONS, ResponsibleAdult
from dispatch.appointments.care.queries import next_visit, open_wishes, responsible_adult
from dispatch.appointments.care.service import name_adult, wish
from dispatch.kernel.refusals import Invalid, NotFound, Refusal, refuse
from dispatch.visits.cancelling import cancel_visit

DONE = {
    "adult": "We know who is with you.",
    "wish": "We have your wish and will answer it.",
    "cancelled": "Your visit is called off.",
    "told": "Thank you. What you wrote is kept private.",
    "well": "Thank you. We are glad.",
    "unwell": "We have your call for help and ring you up now.",
}


@pages.route("/visit")
@policy(PATIENT_LINK)
def my_visit() -> Response:
    """Show the next visit: when and who, what to eat and drink until when, what to do."""
    return _page()


@pages.route("/visit/cancel", methods=["POST"])
@policy(PATIENT_LINK)
def cancel_my_visit() -> Response:
    """Call the next visit off, for a reason that the patient chooses."""
    session, who = current_session(), visitor()
    try:
        row = next_visit(session, patient_id(), clock().now())
        reason = request.form.get("reason", "")
        if row is None or str(row.id) != request.form.get("visit"):
            raise refuse(NotFound, "no_such_appointment", "There is no such visit any more.")
        if reason not in PATIENTS_REASONS:
            raise refuse(Invalid, "reason_missing", "Choose why.", field="reason")
        cancel_visit(session, row.id, reason, who.actor, clock())
    except Refusal as refusal:
        return refused(refusal)
    return _done("cancelled")


@pages.route("/visit/wish", methods=["POST"])
@policy(PATIENT_LINK)
def my_wish() -> Response:
    """Ask for another time, a chaperone or a call."""
    session, who = current_session(), visitor()
    try:
        row = next_visit(session, patient_id(), clock().now())
        words = request.form.get("words", "").replace("\r\n", "\n")
        wish(
            session, patient_id(), request.form.get("kind", ""), words, who.actor, clock(),
            appointment_id=None if row is None else row.id,
        )  # fmt: skip
    except Refusal as refusal:
        return refused(refusal)
    return _done("wish")


@pages.route("/visit/adult", methods=["POST"])
@policy(PATIENT_LINK)
def my_adult() -> Response:
    """Name the adult who is there from beginning to end."""
    session, who = current_session(), visitor()
    try:
        name_adult(session, patient_id(), adult_from_form(), who.actor, clock())
    except Refusal as refusal:
        return refused(refusal)
    return _done("adult")


def adult_from_form() -> ResponsibleAdult:
    """Read who is with the patient; what was not answered stays unknown, which blocks (B25)."""
    return ResponsibleAdult(
        name=request.form.get("name", "").strip(),
        phone=request.form.get("phone", "").strip(),
        relation=request.form.get("relation", "").strip(),
        of_age=_said("of_age"),
        can_drive=_said("can_drive"),
        chosen_by_patient=_said("chosen_by_patient"),
    )


def _said(name: str) -> bool | None:
    return {"yes": True, "no": False}.get(request.form.get(name, ""))


def patient_id() -> UUID:
    """Return whose page it is; nobody's before the patient is registered."""
    found = visitor().patient_id
    if found is None:
        raise refuse(
            NotFound, "no_visit_yet", "There is no visit yet.", way_out="We call you to find a time."
        )
    return found


def _done(what: str) -> Response:
    return redirect(url_for("pages.my_visit", done=what), HTTPStatus.SEE_OTHER)


def refused(refusal: Refusal) -> Response:
    """Show the page again with what was refused."""
    current_session().rollback()
    return _page(refusal)


def _page(refusal: Refusal | None = None) -> Response:
    session, who = current_session(), visitor()
    now = clock().now()
    row = next_visit(session, who.patient_id, now) if who.patient_id else None
    visit_id = None if row is None else row.id
    adult = responsible_adult(session, who.patient_id, visit_id) if who.patient_id else None
    page = render_template(
        "patient/visit.html",
        token=visitor_token(who),
        visit=visit_view(session, row, clock()) if row is not None else None,
        adult=adult,
        wishes=open_wishes(session, [who.patient_id]) if who.patient_id else (),
        registered=who.patient_id is not None,
        has_intake=who.known_case_id is not None,
        care=care_view(session, who.patient_id, clock()) if who.patient_id else None,
        parts=VISIT_PARTS,
        reasons=REASONS,
        done=DONE.get(request.args.get("done", "")),
        refused=refusal.reasons if refusal else (),
        form=request.form,
    )
    return make_response(page, refusal.status if refusal else HTTPStatus.OK)

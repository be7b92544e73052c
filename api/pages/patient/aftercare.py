"""/visit/check and /visit/day-after: how she is two hours after a visit, and PHQ-9 on the following day."""

from http import HTTPStatus

from flask import make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from api.actor import PATIENT_LINK, clock, policy, visitor, visitor_token
from api.db import current_session
from api.pages import pages
from api.pages.patient.visit import patient_id, refused
from dispatch.appointments.care.queries import office_phone
from dispatch.clearance.model import Scale
from dispatch.clearance.queries import SCALE_ITEMS
from dispatch.kernel.refusals import Invalid, Refusal, refuse
from dispatch.visits.aftercare import aftercare_due, answer_check, answer_day_after
from dispatch.visits.safety.model import PatientAnswer

ITEMS = {f"p{number}": text for number, text in enumerate(SCALE_ITEMS[Scale.PHQ9], 1)}
HOW_OFTEN = ("Not at all", "Several days", "More than half the days", "Nearly every day")
SAYINGS = {each.value: each for each in (PatientAnswer.WELL, PatientAnswer.UNWELL)}


@pages.route("/visit/check", methods=["POST"])
@policy(PATIENT_LINK)
def say_how_i_am() -> Response:
    """Take her word: well closes the check, help calls the office at once."""
    try:
        said = SAYINGS.get(request.form.get("answer", ""))
        if said is None:
            raise refuse(Invalid, "field_not_valid", "Press one of the two buttons.", field="answer")
        words = request.form.get("words", "").replace("\r\n", "\n")
        answer_check(current_session(), patient_id(), said, words, visitor().actor, clock())
    except Refusal as refusal:
        return refused(refusal)
    return redirect(url_for("pages.my_visit", done=said.value), HTTPStatus.SEE_OTHER)


@pages.route("/visit/day-after")
@policy(PATIENT_LINK)
def my_day_after() -> Response:
    """Show the form of the day after, or that it is answered, or when it opens."""
    return _page()


@pages.route("/visit/day-after", methods=["POST"])
@policy(PATIENT_LINK)
def answer_my_day_after() -> Response:
    """Keep the form; thoughts of self-harm reach a prescriber, and she reads at once whom to call."""
    try:
        answers = tuple(_answer(name) for name in ITEMS)
        answer_day_after(current_session(), patient_id(), answers, visitor().actor, clock())
    except Refusal as refusal:
        current_session().rollback()
        return _page(refusal)
    return redirect(url_for("pages.my_day_after"), HTTPStatus.SEE_OTHER)


def _answer(name: str) -> int | None:
    said = request.form.get(name, "")
    if not said:
        return None
    if said not in {str(number) for number in range(len(HOW_OFTEN))}:
        raise refuse(Invalid, "field_not_valid", "Choose one of the answers shown.", field=name)
    return int(said)


def _page(refusal: Refusal | None = None) -> Response:
    session, who = current_session(), visitor()
    care = aftercare_due(session, patient_id(), clock())
    page = render_template(
        "patient/day_after.html",
        token=visitor_token(who),
        care=care,
        items=ITEMS,
        how_often=HOW_OFTEN,
        phone=office_phone(session, care.area_id),
        refused=refusal.reasons if refusal else (),
        form=request.form,
    )
    return make_response(page, refusal.status if refusal else HTTPStatus.OK)

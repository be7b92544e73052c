"""/clearance/tasks/<id>: an alarm or a question, answered by a prescriber; an alarm is signed."""

from http import HTTPStatus
from uuid import UUID

from flask import make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from api.accounts import limiter
from api.actor import actor, clock, note_read, policy, roles
from api.db import current_session
from api.pages import pages
from api.pages.prescriber import reading
from api.pages.reading import id_from_form
from api.pages.signing import login_limit, signature, who_tries
from dispatch.areas.service import areas, zone_of
from dispatch.audit.model import AuditEntry
from dispatch.clearance import queries, service
from dispatch.clearance.commands import AnswerTask
from dispatch.clearance.model import ALARMS, Scale, TaskKind, TaskLine
from dispatch.intake.queries import case_of_patient, case_view
from dispatch.kernel.actor import Role
from dispatch.kernel.ids import new_id
from dispatch.kernel.refusals import NotFound, Refusal
from dispatch.visits.bedside.model import Held
from dispatch.visits.bedside.queries import held_visit

PRESCRIBERS = roles(Role.PRESCRIBER)


@pages.route("/clearance/tasks/<uuid:task_id>")
@policy(PRESCRIBERS)
def clearance_task(task_id: UUID) -> Response:
    """Show one task."""
    return task_page(task_id)


@pages.route("/clearance/tasks/<uuid:task_id>", methods=["POST"])
@limiter.limit(login_limit, key_func=who_tries)
@policy(PRESCRIBERS)
def answer_task(task_id: UUID) -> Response:
    """Answer it; what speaks against that shows on the same page, with the words kept."""
    session = current_session()
    task = queries.task_of(session, task_id)
    try:
        proof = signature(request.form, id_from_form()).own if task.kind in ALARMS else None
        command = AnswerTask(task_id=task_id, answer=reading.words("answer"), proof=proof)
        service.answer_alarm(session, command, actor(), clock())
    except Refusal as refusal:
        session.rollback()
        return task_page(task_id, refusal)
    return redirect(url_for("pages.clearance_queue"), 303)


def task_page(task_id: UUID, refusal: Refusal | None = None) -> Response:
    """Render a task, with what speaks against what was asked of it at its top."""
    session = current_session()
    task = queries.task_of(session, task_id)
    subject = task.subject
    case = None
    if subject.case_id is not None:
        case = case_view(session, subject.case_id)
    elif subject.patient_id is not None:
        case = case_of_patient(session, subject.patient_id)
    patient_id = subject.patient_id or (case.patient_id if case else None)
    note_read(
        AuditEntry(
            action="clearance.read_task",
            subject_kind="prescriber_task",
            subject_id=task_id,
            patient_id=patient_id,
        )
    )
    known = areas(session)
    page = render_template(
        "prescriber/task.html",
        task=task,
        case=case,
        alarm=task.kind in ALARMS,
        words=queries.TASK_WORDS[task.kind],
        screeners=queries.scores_of(session, subject, Scale.CSSRS),
        zone=zone_of(known[0]),
        event_id=new_id(),
        release_id=new_id(),
        refusal=refusal,
        form=request.form,
        visit=_held(task),
    )
    return make_response(page, refusal.status if refusal else HTTPStatus.OK)


def _held(task: TaskLine) -> Held | None:
    """Return the visit that a task is about, while something of it waits for a signature."""
    if task.kind is not TaskKind.VITALS_HELD or task.about is None or task.answered_at is not None:
        return None
    try:
        found = held_visit(current_session(), task.about, actor(), clock())
    except NotFound:
        return None  # it was cancelled, or handed on between two nurses: nothing to sign here
    return found if found.held or found.due else None

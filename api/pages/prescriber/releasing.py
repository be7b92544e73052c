"""/clearance/tasks/<id>/release: a held visit goes on, with the reason, signed by the own password."""

from uuid import UUID

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from api.accounts import limiter
from api.actor import actor, clock, policy, roles
from api.db import current_session
from api.pages import pages
from api.pages.prescriber import reading
from api.pages.prescriber.tasks import task_page
from api.pages.reading import id_from_form
from api.pages.signing import login_limit, signature, who_tries
from dispatch.clearance import queries
from dispatch.clearance import service as clearance
from dispatch.clearance.commands import AnswerTask
from dispatch.kernel.actor import Role
from dispatch.kernel.refusals import Refusal
from dispatch.visits.bedside import service
from dispatch.visits.bedside.model import NewRelease
from dispatch.visits.model import VisitState

MOST_CODES = 20


@pages.route("/clearance/tasks/<uuid:task_id>/release", methods=["POST"])
@limiter.limit(login_limit, key_func=who_tries)
@policy(roles(Role.PRESCRIBER))
def release_visit(task_id: UUID) -> Response:
    """Sign what is ticked; once nothing holds the visit any more, the task is answered by it."""
    session = current_session()
    task = queries.task_of(session, task_id)
    if task.about is None:
        return task_page(task_id, reading.not_valid("visit", "This question is about no visit."))
    try:
        proof = signature(request.form, id_from_form()).own
        new = NewRelease(
            appointment_id=task.about,
            codes=frozenset(request.form.getlist("codes")[:MOST_CODES]),
            reason=reading.words("reason"),
            proof=proof,
        )
        state = service.release_hold(session, new, actor(), clock())
        if state is not VisitState.HELD:
            answer = AnswerTask(task_id=task_id, answer=new.reason, proof=proof)
            clearance.answer_alarm(session, answer, actor(), clock())
    except Refusal as refusal:
        session.rollback()
        return task_page(task_id, refusal)
    return redirect(url_for("pages.clearance_task", task_id=task_id), 303)

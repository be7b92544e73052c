"""Re-planning a day that runs: report what happened, look at the proposal, accept or discard it."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import Response, jsonify, make_response, url_for

from api.actor import actor, clock, policy, roles
from api.db import current_session
from api.etags import seen_version
from api.idempotency import answered_once
from api.jobs import call_workers
from api.json_input import Blueprint
from api.replans import accept_proposal
from api.v1 import replans_schemas as forms
from api.v1.plans import DAY, area_and_day, plan_answer, progress_of
from api.v1.plans_schemas import PlanSchema
from dispatch.assignment.replan import Reported, discard, propose, replan_by_id, withdraw
from dispatch.assignment.replan_model import Report
from dispatch.assignment.replan_view import proposal_view, reports_in_force
from dispatch.kernel.actor import Role

if TYPE_CHECKING:
    from dispatch.assignment.records import DisturbanceRow, ReplanRow

blueprint = Blueprint("replans", __name__, description="What to do when a running day goes otherwise")
DISPATCHER = roles(Role.DISPATCHER)


def replan_answer(row: "ReplanRow", status: int = 200) -> Response:
    """Answer with a proposal, its step as the ETag."""
    current_session().flush()
    answer = make_response(jsonify(forms.ReplanSchema().dump(proposal_view(current_session(), row))), status)
    answer.set_etag(str(row.step))
    return answer


@blueprint.route(f"{DAY}/replans", methods=["POST"])
@answered_once
@blueprint.arguments(forms.HappenedSchema)
@blueprint.response(201, forms.ReplanSchema, headers={"Location": {"description": "The proposal."}})
@policy(DISPATCHER)
def report(asked: dict[str, Any], slug: str, day: str) -> Response:
    """Report what happened and get a proposal at once; a better one may follow within seconds."""
    area, on = area_and_day(slug, day)
    reports = tuple(Report(**event) for event in asked.pop("events"))
    reported = Reported(area=slug, day=on, reports=reports, **asked)
    row = propose(current_session(), reported, actor(), clock(), progress_of(area.id, on))
    call_workers()
    answer = replan_answer(row, 201)
    answer.headers["Location"] = url_for("replans.one_replan", replan_id=row.id)
    return answer


@blueprint.route("/replans/<uuid:replan_id>")
@blueprint.response(200, forms.ReplanSchema)
@policy(DISPATCHER)
def one_replan(replan_id: UUID) -> Response:
    """Show a proposal: who moves, whose time changes, what it costs and saves."""
    return replan_answer(replan_by_id(current_session(), replan_id))


@blueprint.route("/replans/<uuid:replan_id>/accept", methods=["POST"])
@answered_once
@blueprint.response(201, PlanSchema)
@policy(DISPATCHER)
def accept(replan_id: UUID) -> Response:
    """Publish the proposal's plan (If-Match: its ETag); 412 names what changed since it was made."""
    step = seen_version()
    return plan_answer(accept_proposal(current_session(), replan_id, step, actor(), clock()), status=201)


@blueprint.route("/replans/<uuid:replan_id>/discard", methods=["POST"])
@answered_once
@blueprint.response(200, forms.ReplanSchema)
@policy(DISPATCHER)
def set_aside(replan_id: UUID) -> Response:
    """Set the proposal aside."""
    return replan_answer(discard(current_session(), replan_id, actor(), clock()))


@blueprint.route(f"{DAY}/disturbances")
@blueprint.response(200, forms.DisturbanceSchema(many=True))
@policy(DISPATCHER)
def list_disturbances(slug: str, day: str) -> "list[DisturbanceRow]":
    """List what was reported of the day and still holds."""
    area, on = area_and_day(slug, day)
    return list(reports_in_force(current_session(), area.id, on))


@blueprint.route("/disturbances/<uuid:disturbance_id>", methods=["DELETE"])
@blueprint.response(204)
@policy(DISPATCHER)
def take_back(disturbance_id: UUID) -> None:
    """Take back what was reported: the nurse is well again, the drug has come."""
    withdraw(current_session(), disturbance_id, actor(), clock())

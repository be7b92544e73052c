"""Planning a day: order, follow and publish a run; move, pin and ask why on the plan in force.

Two dispatchers race for the plan's number: it is the ETag of the plan, and every deed by hand sends it back
in If-Match.
"""

import json
from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import Response, jsonify, make_response, request, url_for

from api.actor import actor, clock, policy, roles
from api.days import day_from, note_day_read, present_days, progress_when_needed
from api.db import current_session
from api.etags import seen_version
from api.idempotency import answered_once
from api.jobs import call_workers
from api.json_input import Blueprint
from api.v1 import plans_schemas as forms
from dispatch.areas.service import area_by_slug, areas
from dispatch.assignment.compare import PlanDiff, diff_plans, plan_numbered
from dispatch.assignment.gather import gather
from dispatch.assignment.moves import MoveVisit, PinVisit, move_visit, pin_visit, unpin_visit
from dispatch.assignment.publish import publish
from dispatch.assignment.queries import day_of_run, plan_in_force_or_refuse, plans_of_day, runs_of_day
from dispatch.assignment.service import PlanOrder, discard_run, order_plan, plan_run, stop_run
from dispatch.assignment.why import Why, why
from dispatch.kernel.actor import Role
from dispatch.visits.model import Progress
from dispatch.visits.queries import progress
from routing.dayfile import day_as_json

if TYPE_CHECKING:
    from dispatch.areas.records import ServiceAreaRow
    from dispatch.assignment.records import PlanRow, PlanRunRow

blueprint = Blueprint("plans", __name__, description="Plans of a day and how they come about")
DISPATCHER = roles(Role.DISPATCHER)
DAY = "/areas/<slug>/days/<day>"


def progress_of(area_id: UUID, day: date) -> Iterable[Progress]:
    """Return how far the day's visits have come."""
    return progress(current_session(), area_id, day).values()


def area_and_day(slug: str, day: str) -> "tuple[ServiceAreaRow, date]":
    """Return the area and the day that an address names, or refuse with `NotFound`."""
    return area_by_slug(current_session(), slug), day_from(day)


def plan_answer(row: "PlanRow", status: int = 200) -> Response:
    """Answer with a plan, its number as the ETag."""
    current_session().flush()
    current_session().refresh(row, attribute_names=["stops"])
    answer = make_response(jsonify(forms.PlanSchema().dump(row)), status)
    answer.set_etag(str(row.number))
    return answer


@blueprint.route("/areas")
@blueprint.response(200, forms.AreaSchema(many=True))
@policy(roles(Role.DISPATCHER, Role.COMPLIANCE, Role.PHARMACIST, Role.ADMIN))
def list_areas() -> "list[ServiceAreaRow]":
    """List the service areas."""
    return areas(current_session())


@blueprint.route(f"{DAY}/plan-runs", methods=["POST"])
@answered_once
@blueprint.arguments(forms.OrderSchema)
@blueprint.response(202, forms.RunSchema, headers={"Location": {"description": "The run."}})
@policy(DISPATCHER)
def order(asked: dict[str, Any], slug: str, day: str) -> Response:
    """Order a plan of the day; it is solved beside the server."""
    area, on = area_and_day(slug, day)
    command = PlanOrder(area=slug, day=on, **asked)
    row = order_plan(current_session(), command, actor(), clock(), progress_of(area.id, on))
    call_workers()
    answer = jsonify(forms.RunSchema().dump(row))
    answer.status_code = 202
    answer.headers["Location"] = url_for("plans.one_run", run_id=row.id)
    return answer


@blueprint.route(f"{DAY}/plan-runs")
@blueprint.response(200, forms.RunSchema(many=True))
@policy(DISPATCHER)
def list_runs(slug: str, day: str) -> "list[PlanRunRow]":
    """List the day's newest runs, newest first."""
    area, on = area_and_day(slug, day)
    return runs_of_day(current_session(), area.id, on)


@blueprint.route("/plan-runs/<uuid:run_id>")
@blueprint.response(200, forms.RunSchema)
@policy(DISPATCHER)
def one_run(run_id: UUID) -> "PlanRunRow":
    """Tell how far a run is."""
    return plan_run(current_session(), run_id)


@blueprint.route("/plan-runs/<uuid:run_id>/stop", methods=["POST"])
@answered_once
@blueprint.response(202, forms.RunSchema)
@policy(DISPATCHER)
def stop(run_id: UUID) -> "PlanRunRow":
    """Stop a run.

    A queued one is ``stopped`` at once, without a plan. One being solved (``stop_asked``) hands in the
    best plan so far: within seconds it is ``solved`` and may be published or discarded, but is not
    published by itself, whatever was ordered. It ends ``stopped`` only if its solver hands in nothing.
    """
    return stop_run(current_session(), run_id, actor(), clock())


@blueprint.route("/plan-runs/<uuid:run_id>/discard", methods=["POST"])
@answered_once
@blueprint.response(200, forms.RunSchema)
@policy(DISPATCHER)
def discard(run_id: UUID) -> "PlanRunRow":
    """Set a solved run aside."""
    return discard_run(current_session(), run_id, actor(), clock())


@blueprint.route("/plan-runs/<uuid:run_id>/publish", methods=["POST"])
@answered_once
@blueprint.response(201, forms.PlanSchema)
@policy(DISPATCHER)
def publish_run(run_id: UUID) -> Response:
    """Make a solved run the plan in force; 412 names what changed since it was ordered."""
    area_id, on = day_of_run(current_session(), run_id)
    return plan_answer(
        publish(current_session(), run_id, actor(), clock(), progress_of(area_id, on)), status=201
    )


@blueprint.route("/plan-runs/<uuid:run_id>/day-file")
@blueprint.response(200, description="The day file (docs/day-file.md)")
@policy(DISPATCHER)
def run_day_file(run_id: UUID) -> Response:
    """Export the day that a run was given."""
    row = plan_run(current_session(), run_id)
    note_day_read("day_file.export", row.area_id, row.day)
    return jsonify(row.day_file)


@blueprint.route(f"{DAY}/day-file")
@blueprint.response(200, description="The day file (docs/day-file.md)")
@policy(DISPATCHER)
def present_day_file(slug: str, day: str) -> Response:
    """Export the day as it stands now."""
    area, on = area_and_day(slug, day)
    found = gather(current_session(), area, on, clock(), progress_of(area.id, on))
    note_day_read("day_file.export", area.id, on)
    return jsonify(json.loads(json.dumps(day_as_json(found.problem))))


@blueprint.route(f"{DAY}/plan")
@blueprint.response(200, forms.PlanSchema)
@policy(DISPATCHER)
def present_plan(slug: str, day: str) -> Response:
    """Show the plan in force; its number is the ETag."""
    area, on = area_and_day(slug, day)
    answer = plan_answer(plan_in_force_or_refuse(current_session(), area.id, on))
    answer.make_conditional(request)
    return answer


@blueprint.route(f"{DAY}/plans")
@blueprint.response(200, forms.PlanHeadSchema(many=True))
@policy(DISPATCHER)
def list_plans(slug: str, day: str) -> "list[PlanRow]":
    """List the day's plans, newest first."""
    area, on = area_and_day(slug, day)
    return plans_of_day(current_session(), area.id, on)


@blueprint.route(f"{DAY}/plans/<int(max=2147483647):number>")
@blueprint.response(200, forms.PlanSchema)
@policy(DISPATCHER)
def one_plan(slug: str, day: str, number: int) -> Response:
    """Show a plan of the day, in force or not."""
    area, on = area_and_day(slug, day)
    return plan_answer(plan_numbered(current_session(), area.id, on, number))


@blueprint.route(f"{DAY}/plans/<int(max=2147483647):before>/diff/<int(max=2147483647):after>")
@blueprint.response(200, forms.PlanDiffSchema)
@policy(DISPATCHER)
def compare(slug: str, day: str, before: int, after: int) -> PlanDiff:
    """Compare two plans of the day."""
    session = current_session()
    area, on = area_and_day(slug, day)
    old, new = (plan_numbered(session, area.id, on, number) for number in (before, after))
    return diff_plans(session, old, new)


@blueprint.route(f"{DAY}/moves", methods=["POST"])
@answered_once
@blueprint.arguments(forms.MoveSchema)
@blueprint.response(201, forms.PlanSchema)
@policy(DISPATCHER)
def move(asked: dict[str, Any], slug: str, day: str) -> Response:
    """Move a visit by hand (If-Match: the plan's ETag); 409 with every reason, or a question about a wish."""
    number = seen_version()
    area, on = area_and_day(slug, day)
    command = MoveVisit(area=slug, day=on, plan_number=number, **asked)
    row = move_visit(current_session(), command, actor(), clock(), progress_of(area.id, on))
    return plan_answer(row, status=201)


@blueprint.route(f"{DAY}/pins/<uuid:appointment_id>", methods=["PUT"])
@blueprint.arguments(forms.PinSchema)
@blueprint.response(200, forms.PlanSchema)
@policy(DISPATCHER)
def pin(asked: dict[str, Any], slug: str, day: str, appointment_id: UUID) -> Response:
    """Pin a visit to the nurse who has it (If-Match: the plan's ETag)."""
    number = seen_version()
    area, on = area_and_day(slug, day)
    command = PinVisit(area=slug, day=on, appointment_id=appointment_id, plan_number=number, **asked)
    return plan_answer(pin_visit(current_session(), command, actor(), clock(), progress_of(area.id, on)))


@blueprint.route(f"{DAY}/pins/<uuid:appointment_id>", methods=["DELETE"])
@blueprint.response(200, forms.PlanSchema)
@policy(DISPATCHER)
def unpin(slug: str, day: str, appointment_id: UUID) -> Response:
    """Unpin a visit (If-Match: the plan's ETag)."""
    number = seen_version()
    area, on = area_and_day(slug, day)
    command = PinVisit(area=slug, day=on, appointment_id=appointment_id, plan_number=number)
    return plan_answer(unpin_visit(current_session(), command, actor(), clock(), progress_of(area.id, on)))


@blueprint.route(f"{DAY}/visits/<uuid:appointment_id>/why")
@blueprint.arguments(forms.PartQuerySchema, location="query")
@blueprint.response(200, forms.WhySchema)
@policy(DISPATCHER)
def explain(asked: dict[str, Any], slug: str, day: str, appointment_id: UUID) -> Why:
    """Rank every nurse on shift for a visit: what a move to her would cost, or what stands against it."""
    area, on = area_and_day(slug, day)
    return why(
        current_session(),
        slug,
        on,
        appointment_id,
        clock(),
        progress_when_needed(area.id, on),
        part=asked["part"],
        days=present_days(),
    )

"""Explanations: what would make a visit possible that nobody makes, and what a plan's cost is made of."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

from marshmallow import Schema, fields

from api.actor import clock, policy, roles
from api.days import note_day_read, present_days, progress_when_needed
from api.db import current_session
from api.json_input import Blueprint
from api.v1.plans import DAY, area_and_day
from api.v1.plans_schemas import PartQuerySchema
from dispatch.assignment.ways import WaysOfVisit, plan_explained, ways_of
from dispatch.kernel.actor import Role
from routing.explain.costs import in_words

blueprint = Blueprint("explaining", __name__, description="Why a plan is as it is")
DISPATCHER = roles(Role.DISPATCHER)


class WaySchema(Schema):
    """One proven change that would make the visit possible."""

    way = fields.String()
    text = fields.String(metadata={"description": "what would have to be so: possible if ..."})
    needs_nobody = fields.Boolean(metadata={"description": "no rule gives way: the dispatcher may do it"})
    added_mc = fields.Integer()
    nurse_id = fields.UUID()
    shift_id = fields.UUID()
    code = fields.String()
    begins_at = fields.AwareDateTime()
    minutes = fields.Integer()
    units = fields.Integer()
    codes = fields.List(fields.String(), metadata={"description": "rules that a person would lift"})
    other_appointment_id = fields.UUID(allow_none=True)
    other_shift_id = fields.UUID(allow_none=True)
    other_begins_at = fields.AwareDateTime(allow_none=True)


class AgainstSchema(Schema):
    """Something that stands in the way; a law is never relaxed."""

    name = fields.String()
    text = fields.String()
    way_out = fields.String()
    is_law = fields.Boolean()
    nurses = fields.Integer()


class WaysSchema(Schema):
    """How a visit could be made: nothing for one that somebody makes."""

    appointment_id = fields.UUID()
    part = fields.Integer()
    plan_number = fields.Integer()
    ways = fields.List(fields.Nested(WaySchema))
    facts = fields.List(fields.Nested(AgainstSchema))


class NurseShareSchema(Schema):
    """One nurse's part of the cost."""

    nurse_id = fields.UUID()
    shift_id = fields.UUID()
    code = fields.String()
    cost_mc = fields.Integer()
    terms = fields.Dict(keys=fields.String(), values=fields.Integer())
    travel_s = fields.Integer()
    idle_s = fields.Integer()
    overtime_s = fields.Integer()
    service_s = fields.Integer()
    visits = fields.Integer()


class VisitShareSchema(Schema):
    """What the day would save without a visit; null where its route needs it."""

    appointment_id = fields.UUID()
    part = fields.Integer()
    shift_id = fields.UUID()
    saves_mc = fields.Integer(allow_none=True)


class LeftShareSchema(Schema):
    """A visit that nobody makes, and its penalty."""

    appointment_id = fields.UUID()
    part = fields.Integer()
    penalty_mc = fields.Integer()


class PlanExplainedSchema(Schema):
    """A plan's cost, taken apart: by term, by nurse and by visit, the dearest first."""

    plan_number = fields.Integer()
    cost_mc = fields.Integer()
    terms = fields.Dict(keys=fields.String(), values=fields.Integer())
    bound_mc = fields.Integer(allow_none=True)
    gap = fields.Float(allow_none=True, metadata={"description": "null while nothing is proven"})
    words = fields.List(fields.String())
    nurses = fields.List(fields.Nested(NurseShareSchema))
    visits = fields.List(fields.Nested(VisitShareSchema))
    left = fields.List(fields.Nested(LeftShareSchema))


@blueprint.route(f"{DAY}/visits/<uuid:appointment_id>/ways")
@blueprint.arguments(PartQuerySchema, location="query")
@blueprint.response(200, WaysSchema)
@policy(DISPATCHER)
def ways(asked: dict[str, Any], slug: str, day: str, appointment_id: UUID) -> WaysOfVisit:
    """Say what would make an unassigned visit possible: the least changes, each proven, and the facts."""
    area, on = area_and_day(slug, day)
    return ways_of(
        current_session(),
        slug,
        on,
        appointment_id,
        clock(),
        progress_when_needed(area.id, on),
        part=asked["part"],
        days=present_days(),
    )


@blueprint.route(f"{DAY}/plan/explanation")
@blueprint.response(200, PlanExplainedSchema)
@policy(DISPATCHER)
def explain_plan(slug: str, day: str) -> dict[str, Any]:
    """Take the cost of the plan in force apart, as it stands on the day as it is now."""
    area, on = area_and_day(slug, day)
    present, explained = plan_explained(
        current_session(), slug, on, clock(), progress_when_needed(area.id, on), days=present_days()
    )
    gathered = present.now.gathered
    note_day_read("plan.explain", area.id, on)
    return {
        "plan_number": present.plan_number,
        "cost_mc": explained.summary.cost.total_mc,
        "terms": asdict(explained.summary.cost),
        "bound_mc": explained.bound_mc,
        "gap": explained.gap,
        "words": in_words(explained),
        "nurses": [
            asdict(share)
            | asdict(gathered.nurses[share.nurse])
            | {
                "code": gathered.people[gathered.nurses[share.nurse].nurse_id].code,
                "terms": asdict(share.cost),
                "cost_mc": share.cost.total_mc,
            }
            for share in explained.nurses
        ],
        "visits": [
            asdict(gathered.visits[share.visit])
            | {"shift_id": gathered.nurses[share.nurse].shift_id, "saves_mc": share.saves_mc}
            for share in explained.visits
        ],
        "left": [
            asdict(gathered.visits[name]) | {"penalty_mc": penalty_mc} for name, penalty_mc in explained.left
        ],
    }

"""Forms of planning in the JSON API. Money is millicents, durations seconds, instants UTC."""

from marshmallow import Schema, fields, validate

from api.fields import Instant
from dispatch.assignment.plan_model import ENGINES, LEAST_SECONDS, MOST_SECONDS, RunState

NO_PLAN_COSTS_LESS = "no plan of the day costs less; null while nothing is proven"
GAP = "(cost - bound) / cost: what could at most be saved; null while nothing is proven"
RELAXED = "where the bound is that of an easier day: double_visits"
KINDS = ("start", "pickup", "visit", "break", "return", "end")


class AreaSchema(Schema):
    """A service area."""

    id = fields.UUID()
    slug = fields.String()
    name = fields.String()
    time_zone = fields.String()


class OrderSchema(Schema):
    """An order to plan a day."""

    seconds = fields.Integer(
        strict=True, load_default=10, validate=validate.Range(LEAST_SECONDS, MOST_SECONDS)
    )
    seed = fields.Integer(strict=True, load_default=1, validate=validate.Range(0, 2**31 - 1))
    engine = fields.String(load_default=ENGINES[0], validate=validate.OneOf(ENGINES))
    publish_when_done = fields.Boolean(load_default=False)


class FiguresSchema(Schema):
    """A plan in numbers."""

    cost_mc = fields.Integer()
    travel_s = fields.Integer()
    idle_s = fields.Integer()
    overtime_s = fields.Integer()
    service_s = fields.Integer()
    assigned = fields.Integer()
    unassigned = fields.Integer()
    nurses = fields.Integer()


class ProgressSchema(Schema):
    """What the solver told last; empty before its first word."""

    cost_mc = fields.Integer()
    bound_mc = fields.Integer(allow_none=True, metadata={"description": NO_PLAN_COSTS_LESS})
    gap = fields.Float(allow_none=True, metadata={"description": GAP})
    optimal = fields.Boolean(metadata={"description": "once it is solved"})
    relaxed = fields.List(fields.String(), metadata={"description": RELAXED})
    unassigned = fields.Integer()
    seconds = fields.Float()
    doing = fields.String()
    figures = fields.Nested(FiguresSchema, metadata={"description": "of the plan, once it is solved"})


class RunSchema(Schema):
    """A plan run."""

    id = fields.UUID()
    day = fields.Date()
    state = fields.String(validate=validate.OneOf([state.value for state in RunState]))
    seconds = fields.Integer()
    seed = fields.Integer()
    engine = fields.String()
    publish_when_done = fields.Boolean()
    stop_asked = fields.Boolean()
    asked_at = fields.AwareDateTime()
    ended_at = fields.AwareDateTime(allow_none=True)
    attempts = fields.Integer()
    progress = fields.Nested(ProgressSchema)
    reason = fields.String(allow_none=True)


class LeftSchema(Schema):
    """One reason why nobody goes; `nurses` counts those whom it keeps away."""

    code = fields.String()
    text = fields.String()
    nurses = fields.Integer()


class StopSchema(Schema):
    """One stop of a route."""

    nurse_id = fields.UUID()
    shift_id = fields.UUID()
    sequence = fields.Integer()
    kind = fields.String(validate=validate.OneOf(KINDS))
    appointment_id = fields.UUID(allow_none=True)
    part = fields.Integer(metadata={"description": "1 or 2: which half of a visit by two nurses"})
    pharmacy_id = fields.UUID(allow_none=True)
    arrives_at = fields.AwareDateTime()
    begins_at = fields.AwareDateTime()
    ends_at = fields.AwareDateTime()
    travel_s = fields.Integer()
    units = fields.Integer()
    frozen = fields.Boolean()


class PlanHeadSchema(Schema):
    """A plan without its stops."""

    number = fields.Integer()
    origin = fields.String(metadata={"description": "published (a solve), moved or pinned (by hand)"})
    run_id = fields.UUID(allow_none=True)
    publisher = fields.String()
    published_at = fields.AwareDateTime()
    status = fields.String()
    cost_mc = fields.Integer(attribute="cost")
    bound_mc = fields.Integer(
        attribute="bound", allow_none=True, metadata={"description": NO_PLAN_COSTS_LESS}
    )
    gap = fields.Float(allow_none=True, metadata={"description": GAP})
    optimal = fields.Boolean(attribute="is_optimal")
    relaxed = fields.List(fields.String(), metadata={"description": RELAXED})
    terms = fields.Dict(keys=fields.String(), values=fields.Integer())


class PlanSchema(PlanHeadSchema):
    """A plan of a day."""

    stops = fields.List(fields.Nested(StopSchema))
    unassigned = fields.Dict(
        keys=fields.String(metadata={"format": "uuid"}), values=fields.List(fields.Nested(LeftSchema))
    )


class PlannedVisitSchema(Schema):
    """Who makes a visit, and when."""

    nurse_id = fields.UUID()
    shift_id = fields.UUID()
    nurse = fields.String()
    begins_at = fields.AwareDateTime()


class MovedSchema(Schema):
    """A visit that one plan has otherwise than the other; null stands for nobody."""

    appointment_id = fields.UUID()
    reference = fields.String()
    part = fields.Integer()
    before = fields.Nested(PlannedVisitSchema, allow_none=True)
    after = fields.Nested(PlannedVisitSchema, allow_none=True)


class PlanDiffSchema(Schema):
    """Two plans side by side."""

    before = fields.Integer()
    after = fields.Integer()
    publisher = fields.String()
    published_at = fields.AwareDateTime()
    moved = fields.List(fields.Nested(MovedSchema))
    cost_before_mc = fields.Integer()
    cost_after_mc = fields.Integer()
    bound_before_mc = fields.Integer(allow_none=True)
    bound_after_mc = fields.Integer(allow_none=True)
    terms_before = fields.Dict(keys=fields.String(), values=fields.Integer())
    terms_after = fields.Dict(keys=fields.String(), values=fields.Integer())


class MoveSchema(Schema):
    """A visit given to a nurse's shift by hand."""

    appointment_id = fields.UUID(required=True)
    shift_id = fields.UUID(
        required=True, allow_none=True, metadata={"description": "null takes the visit off its route"}
    )
    part = fields.Integer(strict=True, load_default=1, validate=validate.OneOf([1, 2]))
    begins_at = Instant(load_default=None, allow_none=True)
    position = fields.Integer(
        strict=True, load_default=None, allow_none=True, validate=validate.Range(0, 100)
    )
    accept_warnings = fields.Boolean(load_default=False)


class PinSchema(Schema):
    """A visit fixed to the nurse who has it."""

    begin = fields.Boolean(load_default=False, metadata={"description": "true fixes its begin, too"})


class PartQuerySchema(Schema):
    """Which half of a visit by two nurses."""

    part = fields.Integer(load_default=1, validate=validate.OneOf([1, 2]))


class WishSchema(Schema):
    """A wish of the patient and how well a nurse meets it."""

    code = fields.String()
    grade = fields.String()
    share = fields.Float(metadata={"description": "how much of the wish is missed, 0 to 1"})
    text = fields.String()


class ReasonSchema(Schema):
    """Something that stands against a nurse."""

    code = fields.String()
    text = fields.String()
    way_out = fields.String()


class CandidateSchema(Schema):
    """A nurse's shift as an answer to "who could go?"."""

    nurse_id = fields.UUID()
    shift_id = fields.UUID()
    code = fields.String()
    fit = fields.String(metadata={"description": "A, B, C, or - when something stands against her"})
    is_present = fields.Boolean()
    added_mc = fields.Integer(allow_none=True)
    begins_at = fields.AwareDateTime(allow_none=True)
    position = fields.Integer(allow_none=True)
    wishes = fields.List(fields.Nested(WishSchema))
    reasons = fields.List(fields.Nested(ReasonSchema))


class WhySchema(Schema):
    """A visit, who makes it, who else could, and every reason why the others could not."""

    appointment_id = fields.UUID()
    part = fields.Integer()
    plan_number = fields.Integer()
    shift_id = fields.UUID(allow_none=True)
    begins_at = fields.AwareDateTime(allow_none=True)
    movable = fields.Boolean()
    reasons = fields.List(fields.Nested(LeftSchema))
    candidates = fields.List(fields.Nested(CandidateSchema))

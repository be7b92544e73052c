"""Forms of re-planning in the JSON API. Money is millicents, durations seconds, instants UTC."""

from marshmallow import Schema, fields, validate

from api.fields import Instant, Line
from dispatch.assignment.replan_model import (
    FREEZE_MINUTES,
    LONGEST_REASON,
    MOST_FREEZE_MINUTES,
    MOST_REPORTS,
    Better,
    Happening,
    ReplanState,
)


class HappeningSchema(Schema):
    """Something that happened; which of the ids it needs depends on its kind."""

    kind = fields.Enum(Happening, by_value=True, required=True)
    shift_id = fields.UUID(load_default=None, allow_none=True)
    appointment_id = fields.UUID(load_default=None, allow_none=True)
    pharmacy_id = fields.UUID(load_default=None, allow_none=True)
    at = Instant(
        load_default=None,
        allow_none=True,
        metadata={
            "description": "ill: from when on; overrun, vehicle, drug: until when; no-show: since when"
        },
    )


class HappenedSchema(Schema):
    """What happened on a day that runs; nothing re-plans it as the facts have it by now."""

    events = fields.List(
        fields.Nested(HappeningSchema), load_default=list, validate=validate.Length(max=MOST_REPORTS)
    )
    reason = Line(load_default="", validate=validate.Length(max=LONGEST_REASON))
    freeze_minutes = fields.Integer(
        strict=True, load_default=FREEZE_MINUTES, validate=validate.Range(0, MOST_FREEZE_MINUTES)
    )


class ReplanSlotSchema(Schema):
    """Who makes a visit, and when."""

    nurse = fields.String()
    shift_id = fields.UUID()
    begins_at = fields.AwareDateTime()


class ReplannedVisitSchema(Schema):
    """A visit that is not as it was promised; null stands for nobody."""

    appointment_id = fields.UUID()
    part = fields.Integer()
    reference = fields.String(attribute="visit")
    change = fields.String(validate=validate.OneOf(["left", "taken_on", "other_nurse", "other_time"]))
    promised = fields.Nested(ReplanSlotSchema, allow_none=True)
    nothing = fields.Nested(
        ReplanSlotSchema, allow_none=True, metadata={"description": "if nobody does anything"}
    )
    after = fields.Nested(ReplanSlotSchema, allow_none=True)
    moved_mc = fields.Integer(metadata={"description": "the price of moving it"})
    late_s = fields.Integer(metadata={"description": "behind its own windows"})
    anyway = fields.Boolean(metadata={"description": "just so if nobody does anything, too"})


class ReplanBillSchema(Schema):
    """What a day costs from now on."""

    terms = fields.Dict(keys=fields.String(), values=fields.Integer())
    moved_mc = fields.Integer()
    total_mc = fields.Integer()


class ReplanDiffSchema(Schema):
    """A proposal beside doing nothing."""

    moved = fields.List(fields.Nested(ReplannedVisitSchema))
    nothing = fields.Nested(ReplanBillSchema)
    after = fields.Nested(ReplanBillSchema)
    saves_mc = fields.Integer()


class ReplanSchema(Schema):
    """A proposal to re-plan a day; its step is the ETag, and goes back in If-Match when it is accepted."""

    id = fields.UUID(attribute="row.id")
    day = fields.Date(attribute="row.day")
    plan_number = fields.Integer(attribute="row.plan_number")
    state = fields.String(
        attribute="row.state", validate=validate.OneOf([state.value for state in ReplanState])
    )
    better = fields.String(attribute="row.better", validate=validate.OneOf([state.value for state in Better]))
    step = fields.Integer(attribute="row.step")
    engine = fields.String(attribute="row.engine")
    events = fields.List(fields.Nested(HappeningSchema), attribute="reports")
    freeze_minutes = fields.Integer(attribute="row.freeze_minutes")
    reason = fields.String(attribute="row.reason", allow_none=True)
    asker = fields.String(attribute="row.asker")
    asked_at = fields.AwareDateTime(attribute="row.asked_at")
    diff = fields.Nested(ReplanDiffSchema)


class DisturbanceSchema(Schema):
    """Something that was reported and holds."""

    id = fields.UUID()
    kind = fields.String()
    shift_id = fields.UUID(allow_none=True)
    appointment_id = fields.UUID(allow_none=True)
    pharmacy_id = fields.UUID(allow_none=True)
    at = fields.AwareDateTime(allow_none=True)
    reporter = fields.String()
    reported_at = fields.AwareDateTime()

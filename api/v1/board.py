"""The day board as JSON, for other programs than the board's own page."""

from typing import Any

from marshmallow import Schema, fields

from api.actor import clock, policy, roles
from api.days import note_day_read
from api.db import current_session
from api.json_input import Blueprint
from api.v1.plans import DAY, area_and_day, progress_of
from api.v1.plans_schemas import (
    GAP,
    NO_PLAN_COSTS_LESS,
    RELAXED,
    FiguresSchema,
    LeftSchema,
    ProgressSchema,
)
from dispatch.kernel.actor import Role
from dispatch.routes.queries import board as read_board

blueprint = Blueprint("board", __name__, description="A day as dispatchers see it")


class BoardSpanSchema(Schema):
    """From an instant to another."""

    begins_at = fields.AwareDateTime()
    ends_at = fields.AwareDateTime()


class BoardPointSchema(Schema):
    """A place in degrees (WGS 84)."""

    lat = fields.Float()
    lon = fields.Float()


class BoardVisitSchema(Schema):
    """An appointment; the patient by initials only."""

    appointment_id = fields.UUID()
    reference = fields.String()
    initials = fields.String()
    service = fields.String()
    minutes = fields.Integer()
    priority = fields.Integer()
    controlled = fields.Boolean()
    units = fields.Integer()
    first_infusion = fields.Boolean()
    nurses_needed = fields.Integer()
    windows = fields.List(fields.Nested(BoardSpanSchema))
    point = fields.Nested(BoardPointSchema, allow_none=True)
    state = fields.String()
    pinned_nurse_id = fields.UUID(allow_none=True)
    pinned_begin_at = fields.AwareDateTime(allow_none=True)


class ExpectedSchema(Schema):
    """When a stop is expected now; `late_s` counts from the planned begin."""

    begins_at = fields.AwareDateTime()
    ends_at = fields.AwareDateTime()
    late_s = fields.Integer()


class BoardStopSchema(Schema):
    """One stop of a lane."""

    kind = fields.String()
    arrives_at = fields.AwareDateTime()
    begins_at = fields.AwareDateTime()
    ends_at = fields.AwareDateTime()
    travel_s = fields.Integer()
    expected = fields.Nested(ExpectedSchema)
    frozen = fields.Boolean()
    units = fields.Integer()
    part = fields.Integer()
    visit = fields.Nested(BoardVisitSchema, allow_none=True)
    pharmacy_id = fields.UUID(allow_none=True)
    late = fields.String()
    misses_window_s = fields.Integer()


class LaneSchema(Schema):
    """One nurse's shift and route."""

    nurse_id = fields.UUID()
    shift_id = fields.UUID()
    code = fields.String()
    shift = fields.Nested(BoardSpanSchema)
    stops = fields.List(fields.Nested(BoardStopSchema))


class UnassignedSchema(Schema):
    """An appointment that nobody makes, and every reason."""

    visit = fields.Nested(BoardVisitSchema)
    reasons = fields.List(fields.Nested(LeftSchema))


class BoardPharmacySchema(Schema):
    """A pharmacy on the map."""

    pharmacy_id = fields.UUID()
    code = fields.String()
    name = fields.String()
    point = fields.Nested(BoardPointSchema)


class BoardPlanSchema(Schema):
    """The plan in force."""

    number = fields.Integer()
    origin = fields.String()
    publisher = fields.String()
    published_at = fields.AwareDateTime()
    status = fields.String()
    bound_mc = fields.Integer(allow_none=True, metadata={"description": NO_PLAN_COSTS_LESS})
    gap = fields.Float(allow_none=True, metadata={"description": GAP})
    optimal = fields.Boolean(attribute="is_optimal")
    relaxed = fields.List(fields.String(), metadata={"description": RELAXED})
    figures = fields.Nested(FiguresSchema)


class BoardRunSchema(Schema):
    """The day's newest plan run."""

    run_id = fields.UUID()
    state = fields.String()
    seconds = fields.Integer()
    progress = fields.Nested(ProgressSchema)
    reason = fields.String(allow_none=True)
    figures = fields.Nested(FiguresSchema, allow_none=True)


class BoardSchema(Schema):
    """One area's day."""

    area_name = fields.String()
    slug = fields.String()
    zone = fields.String(attribute="zone.key")
    day = fields.Date()
    midnight = fields.AwareDateTime()
    length_s = fields.Integer()
    now = fields.AwareDateTime()
    position = fields.Integer(metadata={"description": "where the live stream goes on: ?after="})
    total = fields.Integer()
    assigned = fields.Integer()
    late = fields.Integer()
    lanes = fields.List(fields.Nested(LaneSchema))
    unassigned = fields.List(fields.Nested(UnassignedSchema))
    pharmacies = fields.List(fields.Nested(BoardPharmacySchema))
    plan = fields.Nested(BoardPlanSchema, allow_none=True)
    before = fields.Nested(FiguresSchema, allow_none=True)
    run = fields.Nested(BoardRunSchema, allow_none=True)


@blueprint.route(f"{DAY}/board")
@blueprint.response(200, BoardSchema)
@policy(roles(Role.DISPATCHER))
def show_board(slug: str, day: str) -> Any:
    """Show a day: lanes with what is expected now, and who is left, with reasons."""
    area, on = area_and_day(slug, day)
    found = read_board(current_session(), slug, on, clock(), progress_of(area.id, on))
    note_day_read("board.read", area.id, on)
    return found

"""Forms of offered times in the JSON API: asked by the area's clocks, told as instants, too."""

from marshmallow import Schema, fields, validate

from api.fields import ClockReading, Day, Instant
from api.v1.plans_schemas import LeftSchema

ABOUT_NONE = "the service's own, or the policy's, where left out"


class SlotQuerySchema(Schema):
    """What a time is wanted for."""

    service = fields.String(required=True, metadata={"description": "a code of the catalogue"})
    minutes = fields.Integer(load_default=None, metadata={"description": ABOUT_NONE})
    units = fields.Integer(load_default=None, metadata={"description": ABOUT_NONE})
    priority = fields.Integer(load_default=3, metadata={"description": "1 (may wait) to 5 (must happen)"})
    preferred_nurse_id = fields.UUID(load_default=None)
    first_day = Day(load_default=None, metadata={"description": "today where left out"})
    days = fields.Integer(load_default=None, metadata={"description": ABOUT_NONE})
    earliest = ClockReading(load_default=None, metadata={"description": "begin not before, such as 09:00"})
    latest = ClockReading(load_default=None, metadata={"description": "begin not after"})
    per_day = fields.Integer(load_default=3, validate=validate.Range(1, 12))
    last_solids_at = Instant(load_default=None, metadata={"description": "when she last ate; with the next"})
    last_clear_at = Instant(load_default=None, metadata={"description": "when she last drank"})
    last_fatty_at = Instant(load_default=None, metadata={"description": "her last fatty meal, if any"})


class SlotSchema(Schema):
    """A window in which the visit may be promised to begin."""

    day = fields.Date()
    begins = fields.String(metadata={"description": "by the area's clocks"})
    ends = fields.String()
    begins_at = fields.AwareDateTime()
    ends_at = fields.AwareDateTime()
    added_mc = fields.Integer(metadata={"description": "what it adds to the cost of the day, millicents"})
    added_cents = fields.Integer(metadata={"description": "the same in whole cents"})
    expected_at = fields.AwareDateTime(metadata={"description": "the begin of least cost in the window"})
    nurses = fields.List(
        fields.String(), metadata={"description": "all who could keep the promise as the day stands"}
    )
    before = fields.Integer(metadata={"description": "visits that the cheapest nurse has before it"})
    after = fields.Integer()
    detour_s = fields.Integer(metadata={"description": "driving that it adds to her route"})
    leeway_s = fields.Integer(metadata={"description": "how much her begin could still shift in the window"})


class SlotDaySchema(Schema):
    """A day that was looked at, and why it has no offer where it has none."""

    day = fields.Date()
    offers = fields.Integer()
    planned = fields.Boolean(metadata={"description": "false: judged by a quick plan of what is booked"})
    unplaced = fields.Integer(metadata={"description": "booked visits that have no nurse yet"})
    reasons = fields.List(fields.Nested(LeftSchema))


class SlotsSchema(Schema):
    """Offers, best first, and the days that were looked at."""

    patient_id = fields.UUID()
    service = fields.String(attribute="service_code")
    minutes = fields.Integer()
    zone = fields.String()
    offers = fields.List(fields.Nested(SlotSchema))
    days = fields.List(fields.Nested(SlotDaySchema))

"""Forms of the bedside in the JSON API. Pressures in mmHg, rates per minute, oxygen in percent."""

from marshmallow import Schema, fields, validate

from api.v1.clearance_schemas import ClearanceSignedSchema
from api.v1.visits_schemas import MOST_SEQUENCE, FlagSchema, sensible_year
from dispatch.visits.bedside.model import Section

SYMPTOMS = ("chest_pain", "seizure", "anaphylaxis")
RHYTHMS = ("sinus", "atrial_fibrillation", "extrasystoles", "other")
# The database's integers; what is no reading the rules say with the signed limits.
FIGURE = validate.Range(0, 100_000)


class BedsideReportSchema(Schema):
    """What every report of a device carries."""

    event_id = fields.UUID(required=True, metadata={"description": "UUIDv7 made on the device"})
    at = fields.AwareDateTime(
        required=True,
        validate=sensible_year,
        metadata={"description": "the device's clock, with its UTC offset"},
    )
    sent_at = fields.AwareDateTime(validate=sensible_year)
    device_seq = fields.Integer(strict=True, validate=validate.Range(1, MOST_SEQUENCE))


class ReadingSchema(BedsideReportSchema):
    """One set of readings."""

    sbp = fields.Integer(required=True, strict=True, validate=FIGURE)
    dbp = fields.Integer(required=True, strict=True, validate=FIGURE)
    hr = fields.Integer(required=True, strict=True, validate=FIGURE)
    rr = fields.Integer(required=True, strict=True, validate=FIGURE)
    spo2 = fields.Integer(required=True, strict=True, validate=FIGURE)
    rhythm = fields.String(load_default="", validate=validate.OneOf(["", *RHYTHMS]))
    moaas = fields.Integer(required=True, strict=True, validate=validate.Range(0, 5))
    agitation = fields.Integer(load_default=0, strict=True, validate=validate.Range(0, 3))
    spo2_low_s = fields.Integer(strict=True, allow_none=True, validate=FIGURE)
    symptoms = fields.List(fields.String(validate=validate.OneOf(SYMPTOMS)), load_default=list)


class BedsideEntrySchema(BedsideReportSchema):
    """A section of the checklist, as it was charted."""

    section = fields.String(
        required=True,
        validate=validate.OneOf([each.value for each in Section if each is not Section.RELEASE]),
    )
    answers = fields.Dict(
        keys=fields.String(validate=validate.Length(1, 60)),
        values=fields.String(validate=validate.Length(0, 2000)),
        required=True,
    )
    asked = fields.Boolean(load_default=False, metadata={"description": "of a rate that is not set yet"})


class MissingSchema(Schema):
    """One thing that is open or stands in the way."""

    code = fields.String()
    text = fields.String()
    field = fields.String()
    way_out = fields.String()


class ReadingReceiptSchema(Schema):
    """What the device gets for a set of readings; the same again for the same set."""

    event_id = fields.UUID()
    position = fields.Integer()
    received_at = fields.AwareDateTime()
    phase = fields.String()
    level = fields.String(metadata={"description": "green, amber, watch, red, pause, abort or stop"})
    codes = fields.List(fields.String())
    flags = fields.List(fields.Nested(FlagSchema))
    state = fields.String(metadata={"description": "where the visit stands now"})


class EntryReceiptSchema(Schema):
    """What the device gets for a section."""

    event_id = fields.UUID()
    position = fields.Integer()
    received_at = fields.AwareDateTime()
    section = fields.String()
    missing = fields.List(fields.Nested(MissingSchema))
    flags = fields.List(fields.Nested(FlagSchema))
    state = fields.String()


class StepSchema(Schema):
    """One of the 22 steps."""

    number = fields.Integer()
    title = fields.String()
    state = fields.String(metadata={"description": "done, open or later"})
    sections = fields.List(fields.String())
    released_by = fields.String()
    unmet = fields.List(fields.Nested(MissingSchema))


class BedsideSchema(Schema):
    """A visit at the bedside."""

    checklist = fields.Boolean()
    steps = fields.List(fields.Nested(StepSchema))
    standing = fields.List(
        fields.Nested(MissingSchema), metadata={"description": "what refuses the next deed"}
    )
    due_at = fields.AwareDateTime(allow_none=True, metadata={"description": "of the next set of readings"})
    given_ug = fields.Integer(allow_none=True, metadata={"description": "rate x time, in micrograms"})
    order = fields.String()


class ReleaseSchema(ClearanceSignedSchema):
    """A prescriber's signature that a held visit may go on."""

    codes = fields.List(
        fields.String(validate=validate.Length(1, 80)),
        required=True,
        validate=validate.Length(0, 20),
        metadata={"description": "what stands and may go on; none for a hold under which nothing stands"},
    )
    reason = fields.String(required=True, validate=validate.Length(3, 2000))


class ReleasedSchema(Schema):
    """Where the visit stands after it."""

    state = fields.String()

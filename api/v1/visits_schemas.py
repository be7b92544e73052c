"""Forms of visits in the JSON API. Amounts are micrograms, instants are UTC, distances metres."""

from marshmallow import Schema, fields, validate, validates_schema
from marshmallow.exceptions import ValidationError

from dispatch.visits.model import NURSES_DEEDS

# A phone that lost its clock wakes up in 1970; beyond these years it is no instant.
YEARS = range(1970, 2101)
MOST_SEQUENCE = 2**53 - 1  # what JavaScript counts exactly


def sensible_year(value: object) -> None:
    """Refuse an instant that no phone could mean."""
    if getattr(value, "year", 0) not in YEARS:
        raise ValidationError(f"The year must lie between {YEARS[0]} and {YEARS[-1]}.")


class FactSchema(Schema):
    """A deed of the nurse, as her device reports it."""

    event_id = fields.UUID(required=True, metadata={"description": "UUIDv7 made on the device"})
    kind = fields.String(required=True, validate=validate.OneOf([deed.value for deed in NURSES_DEEDS]))
    at = fields.AwareDateTime(
        required=True,
        validate=sensible_year,
        metadata={"description": "the device's clock at the deed, with its UTC offset"},
    )
    sent_at = fields.AwareDateTime(
        validate=sensible_year, metadata={"description": "the device's clock when it sent"}
    )
    device_seq = fields.Integer(strict=True, validate=validate.Range(1, MOST_SEQUENCE))
    lat = fields.Float(validate=validate.Range(-90, 90))
    lon = fields.Float(validate=validate.Range(-180, 180))
    accuracy_m = fields.Float(allow_none=True, validate=validate.Range(0, 10_000_000))
    reason = fields.String(load_default="", validate=validate.Length(0, 500))
    calls_made = fields.Integer(strict=True, validate=validate.Range(0, 100))
    asked = fields.Boolean(
        load_default=False,
        metadata={"description": "it has not happened yet: refused where something stands against it"},
    )

    @validates_schema
    def _whole_point(self, sent: dict[str, object], **_: object) -> None:
        if ("lat" in sent) != ("lon" in sent):
            raise ValidationError("Give both lat and lon, or neither.", "lat")


class FlagSchema(Schema):
    """What is odd about a fact; it is kept all the same."""

    code = fields.String()
    text = fields.String()


class ReceiptSchema(Schema):
    """What the device gets for a fact; the same again for the same fact."""

    event_id = fields.UUID()
    position = fields.Integer(metadata={"description": "place in the server's order"})
    received_at = fields.AwareDateTime()
    state = fields.String(metadata={"description": "where the visit stood after it"})
    flags = fields.List(fields.Nested(FlagSchema))
    distance_m = fields.Integer(allow_none=True)


class PlaceSchema(Schema):
    """A place in degrees (WGS 84)."""

    lat = fields.Float()
    lon = fields.Float()


class CareSchema(Schema):
    """What the nurse needs of the patient she goes to now."""

    name = fields.String()
    address = fields.String()
    access_notes = fields.String()
    phone = fields.String()
    point = fields.Nested(PlaceSchema, allow_none=True)
    pets = fields.List(fields.String())
    language = fields.String(allow_none=True)


class WindowSchema(Schema):
    """Service begins inside it."""

    begins_at = fields.AwareDateTime()
    ends_at = fields.AwareDateTime()


class VisitSchema(Schema):
    """One appointment on the nurse's route."""

    appointment_id = fields.UUID()
    reference = fields.String()
    initials = fields.String()
    service = fields.String()
    minutes = fields.Integer()
    first_infusion = fields.Boolean()
    controlled = fields.Boolean()
    units = fields.Integer()
    dose_ug = fields.Integer(allow_none=True)
    windows = fields.List(fields.Nested(WindowSchema))
    state = fields.String()
    times = fields.Dict(keys=fields.String(), values=fields.AwareDateTime())
    next_deeds = fields.List(fields.String())
    flags = fields.List(fields.Nested(FlagSchema))
    care = fields.Nested(CareSchema, allow_none=True)


class PharmacyStopSchema(Schema):
    """Where vials are picked up or brought back."""

    pharmacy_id = fields.UUID()
    name = fields.String()
    address = fields.String()
    point = fields.Nested(PlaceSchema)


class RouteStopSchema(Schema):
    """One stop of the route."""

    kind = fields.String()
    arrives_at = fields.AwareDateTime()
    begins_at = fields.AwareDateTime()
    ends_at = fields.AwareDateTime()
    travel_s = fields.Integer()
    units = fields.Integer(metadata={"description": "vials to take or bring back"})
    visit = fields.Nested(VisitSchema, allow_none=True)
    pharmacy = fields.Nested(PharmacyStopSchema, allow_none=True)


class NursesDaySchema(Schema):
    """A nurse's own day."""

    day = fields.Date()
    area = fields.String(attribute="area_name")
    time_zone = fields.String()
    plan_number = fields.Integer(allow_none=True)
    stops = fields.List(fields.Nested(RouteStopSchema))


class DayQuerySchema(Schema):
    """Which day; today's when left out."""

    day = fields.Date()

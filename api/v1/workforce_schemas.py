"""Forms of nurses in the JSON API. Days are the area's, instants UTC, points degrees (WGS 84)."""

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from api.fields import Day, Instant, Line
from dispatch.workforce.model import CompetencyCode, LicenceKind, LicenceStatus

LAT, LON = validate.Range(-90, 90), validate.Range(-180, 180)
WORDS = validate.Length(0, 20)
KIND = validate.OneOf([kind.value for kind in LicenceKind])
STATUS = validate.OneOf([status.value for status in LicenceStatus])


class SpanSchema(Schema):
    """The first and the last day on which something is valid."""

    valid_from = Day(required=True)
    expires_on = Day(required=True)


class LicenceSchema(SpanSchema):
    """A licence as it is entered; the same state, kind and number again renews it."""

    state = Line(required=True)
    kind = fields.String(required=True, validate=KIND)
    number = Line(required=True)
    multistate = fields.Boolean(load_default=False)


class LicenceReadSchema(LicenceSchema):
    """A licence."""

    id = fields.UUID()
    nurse_id = fields.UUID()
    status = fields.String(validate=STATUS)
    status_since = fields.AwareDateTime(allow_none=True)
    version = fields.Integer()


class SuspensionSchema(Schema):
    """A notice of suspension."""

    since = Instant(load_default=None, allow_none=True, metadata={"description": "now when left out"})
    source = Line(load_default="by hand", validate=validate.Length(1, 80))


class LicenceStatusSchema(SuspensionSchema):
    """How the board of nursing holds a licence."""

    status = fields.String(required=True, validate=STATUS)


class CompetencySchema(SpanSchema):
    """A proven skill; the same code again renews it."""

    code = fields.String(required=True, validate=validate.OneOf([code.value for code in CompetencyCode]))


class AuthorisationSchema(SpanSchema):
    """The nurse acts as agent of a DEA registrant in a state; the same two again renew it."""

    registrant = Line(required=True)
    state = Line(required=True)


class ResidenceSchema(Schema):
    """A primary state of residence since a day; the same day again corrects the state."""

    state = Line(required=True)
    since = Day(required=True)


class NurseBasicsSchema(Schema):
    """What everybody in the office may know of a nurse."""

    code = Line(required=True)
    name = Line(required=True)
    gender = fields.String(load_default=None, allow_none=True)
    languages = fields.List(fields.String(), required=True, validate=WORDS)
    pet_allergies = fields.List(fields.String(), load_default=list, validate=WORDS)
    lock_box_units = fields.Integer(required=True, strict=True)
    active = fields.Boolean(load_default=True)


class NurseSchema(NurseBasicsSchema):
    """A nurse as she is added or changed; without a point her address is looked up."""

    home_address = Line(required=True)
    home_lat = fields.Float(validate=LAT)
    home_lon = fields.Float(validate=LON)

    @validates_schema
    def _whole_point(self, sent: dict[str, object], **_: object) -> None:
        if ("home_lat" in sent) != ("home_lon" in sent):
            raise ValidationError("Give both home_lat and home_lon, or neither.", "home_lat")


class NurseHeadSchema(NurseBasicsSchema):
    """A nurse in a list."""

    id = fields.UUID()
    version = fields.Integer()


class NurseReadSchema(NurseHeadSchema):
    """A nurse with her proofs. Her home is staff data: only an administrator is shown it."""

    home_address = fields.String()
    home_lat = fields.Float()
    home_lon = fields.Float()
    licences = fields.List(fields.Nested(LicenceReadSchema))
    competencies = fields.List(fields.Nested(CompetencySchema))
    authorisations = fields.List(fields.Nested(AuthorisationSchema))
    residences = fields.List(fields.Nested(ResidenceSchema))


class ShiftSchema(Schema):
    """When a nurse works."""

    starts_at = Instant(required=True)
    ends_at = Instant(required=True)


class ShiftReadSchema(ShiftSchema):
    """A shift."""

    id = fields.UUID()
    nurse_id = fields.UUID()
    nurse = fields.String(attribute="nurse.code")
    version = fields.Integer()

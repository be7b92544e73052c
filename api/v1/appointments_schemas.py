"""Forms of patients and appointments in the JSON API. Windows are told and asked by the area's clocks."""

from marshmallow import Schema, fields, validate

from api.fields import ClockReading, Day, Instant, Line, Milligrams
from dispatch.appointments.service.exclusions import ASKERS
from dispatch.kernel.plain_text import CODE, LONGEST_NOTE

WORDS = validate.Length(0, 20)
A_CODE = validate.Regexp(CODE.pattern + r"\Z", error="Use up to 40 plain letters and digits.")


class ServiceSchema(Schema):
    """One service of the catalogue."""

    code = fields.String()
    name = fields.String()
    minutes = fields.Integer()
    competencies = fields.List(fields.String())
    controlled = fields.Boolean()
    units = fields.Integer(metadata={"description": "vials of controlled drug"})
    nurses_needed = fields.Integer()
    offered = fields.Boolean()


class PatientSchema(Schema):
    """A patient as she is registered or changed; her address is looked up."""

    reference = Line(required=True)
    state = Line(required=True)
    name = Line(required=True)
    phone = Line(load_default=None, allow_none=True)
    born_on = Day(required=True)
    address = Line(required=True)
    access_notes = Line(load_default=None, allow_none=True)
    pets = fields.List(fields.String(), load_default=list, validate=WORDS)
    required_language = fields.String(load_default=None, allow_none=True)
    required_gender = fields.String(load_default=None, allow_none=True)
    preferred_language = fields.String(load_default=None, allow_none=True)
    preferred_gender = fields.String(load_default=None, allow_none=True)


class PinPointSchema(Schema):
    """Where the patient's door is, in degrees (WGS 84)."""

    lat = fields.Float(required=True)
    lon = fields.Float(required=True)


class PatientHeadSchema(Schema):
    """A patient without what tells who and where: answers that are kept hold no more."""

    id = fields.UUID()
    reference = fields.String()
    point_source = fields.String()
    point_verified = fields.Boolean(metadata={"description": "only then is somebody sent there"})
    version = fields.Integer()


class PatientReadSchema(PatientHeadSchema):
    """A patient."""

    state = fields.String()
    name = fields.String()
    phone = fields.String(allow_none=True)
    born_on = fields.String(metadata={"format": "date"}, allow_none=True)
    address = fields.String()
    access_notes = fields.String(allow_none=True)
    pets = fields.List(fields.String())
    required_language = fields.String(allow_none=True)
    required_gender = fields.String(allow_none=True)
    preferred_language = fields.String(allow_none=True)
    preferred_gender = fields.String(allow_none=True)
    point = fields.Nested(PinPointSchema, allow_none=True)


class NameSchema(Schema):
    """A patient's full name. It travels in the body: addresses end up in logs."""

    name = Line(required=True, validate=validate.Length(1, 200))


class ExclusionSchema(Schema):
    """A nurse who must not meet the patient, and who asked for it."""

    nurse_id = fields.UUID(required=True)
    asked_by = fields.String(required=True, validate=validate.OneOf(sorted(ASKERS)))


class ExclusionReadSchema(ExclusionSchema):
    """An exclusion."""

    id = fields.UUID()
    patient_id = fields.UUID()


FOLD = validate.OneOf([0, 1])
ABOUT_FOLD = "which of two equal readings when the clocks go back: 0 the first, 1 the second"


class LocalWindowSchema(Schema):
    """A time window by the area's clocks: the service begins inside, both ends included."""

    begins = ClockReading(required=True)
    ends = ClockReading(required=True)
    begins_fold = fields.Integer(
        strict=True, load_default=None, allow_none=True, validate=FOLD, metadata={"description": ABOUT_FOLD}
    )
    ends_fold = fields.Integer(
        strict=True, load_default=None, allow_none=True, validate=FOLD, metadata={"description": ABOUT_FOLD}
    )


class BookedWindowSchema(LocalWindowSchema):
    """A time window, also as instants."""

    begins_at = fields.AwareDateTime()
    ends_at = fields.AwareDateTime()


class FastingSchema(Schema):
    """When the patient last ate and drank; needed where a controlled visit begins within the fast."""

    last_solids_at = Instant(required=True, metadata={"description": "solid food, milk, soup, pulp"})
    last_clear_at = Instant(required=True, metadata={"description": "water, apple juice, black coffee, tea"})
    last_fatty_at = Instant(load_default=None, allow_none=True, metadata={"description": "null: none"})


class BookingSchema(Schema):
    """An appointment as it is booked or changed. What is null is the service's own."""

    reference = Line(required=True)
    service = fields.String(required=True, metadata={"description": "a code of the catalogue"})
    day = Day(required=True)
    windows = fields.List(fields.Nested(LocalWindowSchema), required=True, validate=validate.Length(0, 20))
    minutes = fields.Integer(strict=True, load_default=None, allow_none=True)
    units = fields.Integer(strict=True, load_default=None, allow_none=True)
    dose_order_ref = Line(load_default=None, allow_none=True)
    dose_mg = Milligrams(load_default=None, allow_none=True, metadata={"example": "35.0"})
    priority = fields.Integer(
        strict=True, load_default=3, metadata={"description": "1 (may wait) to 5 (must happen)"}
    )
    nurses_needed = fields.Integer(strict=True, load_default=None, allow_none=True)
    preferred_nurse_id = fields.UUID(load_default=None, allow_none=True)
    fasting = fields.Nested(FastingSchema, load_default=None, allow_none=True, load_only=True)
    acknowledged = fields.List(
        fields.String(), load_default=list, load_only=True, validate=WORDS,
        metadata={"description": "codes of warnings that were read"},
    )  # fmt: skip


class AppointmentSchema(BookingSchema):
    """An appointment."""

    windows = fields.List(fields.Nested(BookedWindowSchema))
    id = fields.UUID()
    patient_id = fields.UUID()
    patient = fields.String(metadata={"description": "her reference"})
    first_infusion = fields.Boolean()
    status = fields.String()
    booked_at = fields.AwareDateTime()
    version = fields.Integer()


class NewOverrideSchema(Schema):
    """A requirement of a patient's bookings that a prescriber signs over; the proof is for `event_id`."""

    event_id = fields.UUID(required=True)
    proof = fields.String(required=True, validate=validate.Length(1, 2000), load_only=True)
    code = fields.String(required=True, validate=A_CODE, metadata={"example": "fasting_solids_short"})
    reason = Line(required=True, validate=validate.Length(0, LONGEST_NOTE))
    expires_at = Instant(required=True)


class StandingOverrideSchema(Schema):
    """What a prescriber signed over, why, and until when."""

    override_id = fields.UUID()
    code = fields.String()
    reason = fields.String()
    by = fields.String()
    signed_at = fields.AwareDateTime()
    expires_at = fields.AwareDateTime()


class CancellationSchema(Schema):
    """Why an appointment is called off: a code, never a story about the patient."""

    reason = fields.String(required=True, validate=A_CODE, metadata={"example": "patient_ill"})

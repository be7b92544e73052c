"""Forms of the safety clocks in the JSON API. Instants are UTC; no alarm carries a patient's data."""

from marshmallow import Schema, fields, validate

from api.fields import Instant, Line
from dispatch.kernel.plain_text import LONGEST_NOTE
from dispatch.visits.safety.model import AlarmDeed, ContactHow, PatientAnswer

ANSWERS = (AlarmDeed.ACKNOWLEDGE.value, AlarmDeed.RESOLVE.value)


class WellSchema(Schema):
    """A nurse is well; `longer_minutes` moves the end of her visit as well."""

    event_id = fields.UUID(required=True, metadata={"description": "UUIDv7 made on the device"})
    at = Instant(required=True)
    longer_minutes = fields.Integer(load_default=0, strict=True, validate=validate.Range(0, 600))


class PanicSchema(Schema):
    """A silent call for help; nothing but `event_id` and `at` is needed."""

    event_id = fields.UUID(required=True, metadata={"description": "UUIDv7 made on the device"})
    at = Instant(required=True)
    appointment_id = fields.UUID(load_default=None)
    lat = fields.Float(validate=validate.Range(-90, 90))
    lon = fields.Float(validate=validate.Range(-180, 180))
    accuracy_m = fields.Float(load_default=None, validate=validate.Range(0, 10_000_000))


class AlarmStageSchema(Schema):
    """A stage of an alarm's ladder; `told_at` is null while it was not told."""

    number = fields.Integer()
    due_at = fields.AwareDateTime()
    told_at = fields.AwareDateTime(allow_none=True)
    audience = fields.List(fields.String())


class AlarmSchema(Schema):
    """An alarm with who was told what when."""

    alarm_id = fields.UUID()
    kind = fields.String()
    meaning = fields.String()
    state = fields.String()
    nurse = fields.String()
    reference = fields.String()
    due_at = fields.AwareDateTime()
    raised_at = fields.AwareDateTime()
    stages = fields.List(fields.Nested(AlarmStageSchema))
    steps = fields.Integer(metadata={"description": "send it back as `seen`"})


class AlarmsSchema(Schema):
    """The open alarms of an area."""

    alarms = fields.List(fields.Nested(AlarmSchema))


class AlarmAnswerSchema(Schema):
    """An answer; words are needed to resolve."""

    deed = fields.String(required=True, validate=validate.OneOf(ANSWERS))
    words = fields.String(load_default="", validate=validate.Length(0, LONGEST_NOTE))
    seen = fields.Integer(load_default=None, strict=True, validate=validate.Range(0, 1_000_000))


class SafetyAcceptedSchema(Schema):
    """It is recorded; nothing more is said."""

    event_id = fields.UUID()


class ReachableSchema(Schema):
    """The prescriber on call was reached just now, or is on site."""

    how = fields.String(required=True, validate=validate.OneOf(list(ContactHow)))
    appointment_id = fields.UUID(load_default=None)


class ReachedSchema(Schema):
    """Until when that counts."""

    valid_until = fields.AwareDateTime()


class NewOnCallSchema(Schema):
    """A prescriber's turn on call."""

    account_id = fields.UUID(required=True)
    states = fields.List(fields.String(validate=validate.Length(2, 2)), required=True)
    begins_at = Instant(required=True)
    ends_at = Instant(required=True)
    phone = Line(required=True, validate=validate.Length(1, 26))


class OnCallEnteredSchema(Schema):
    """A turn as it was entered."""

    duty_id = fields.UUID()
    account_id = fields.UUID()
    states = fields.List(fields.String())
    begins_at = fields.AwareDateTime()
    ends_at = fields.AwareDateTime()


class OnCallTurnSchema(Schema):
    """A turn on the roster."""

    duty_id = fields.UUID()
    account_id = fields.UUID()
    name = fields.String()
    states = fields.List(fields.String())
    begins_at = fields.AwareDateTime()
    ends_at = fields.AwareDateTime()
    confirmed_at = fields.AwareDateTime(allow_none=True)
    confirmed_until = fields.AwareDateTime(allow_none=True)


class GapSchema(Schema):
    """A planned visit for which nobody licensed is on call from then to then."""

    appointment_id = fields.UUID()
    reference = fields.String()
    state = fields.String()
    begins_at = fields.AwareDateTime()
    ends_at = fields.AwareDateTime()


class RosterSchema(Schema):
    """Who is on call, and where nobody is."""

    duties = fields.List(fields.Nested(OnCallTurnSchema))
    gaps = fields.List(fields.Nested(GapSchema))


class OnCallSchema(Schema):
    """Whom the nurse of a visit calls now; null where nobody is on call."""

    duty_id = fields.UUID(allow_none=True)
    name = fields.String(allow_none=True)
    phone = fields.String(allow_none=True)
    against = fields.List(fields.Dict())


class PatientAnswerSchema(Schema):
    """How the patient is after a visit, as she said it to a member of staff."""

    answer = fields.String(required=True, validate=validate.OneOf(list(PatientAnswer)))
    words = fields.String(load_default="", validate=validate.Length(0, LONGEST_NOTE))

"""Forms of enquiries and intakes in the JSON API."""

from marshmallow import Schema, fields, validate

from api.fields import Day, Instant, Line
from dispatch.intake.commands import INDICATIONS, OUTCOMES, ReferralKind, ReferralSource
from dispatch.intake.model import CaseDeed
from dispatch.intake.service import LinkPurpose
from dispatch.intake.statements import Saying

SAYINGS = validate.OneOf([each.value for each in Saying])
# By hand a case is opened and ended; what decides about treatment is done where it is decided.
BY_HAND = (CaseDeed.OPEN_INTAKE, CaseDeed.CLOSE)


class EnquirySchema(Schema):
    """Somebody asks for a free consultation, by telephone."""

    name = Line(required=True)
    phone = Line(load_default="")
    email = Line(load_default="")
    reason = Line(load_default="")


class IntakeHeadSchema(Schema):
    """A case without what tells who it is about."""

    case_id = fields.UUID()
    patient_id = fields.UUID(allow_none=True)
    state = fields.String()
    channel = fields.String()
    opened_at = fields.AwareDateTime()
    answer_due_at = fields.AwareDateTime(metadata={"description": "by when somebody calls"})
    contacted_at = fields.AwareDateTime(allow_none=True)
    self_pay = fields.Boolean(allow_none=True)


class AboutSchema(Schema):
    """Who the patient is and how to reach her."""

    name = Line(required=True)
    phone = Line(load_default="")
    email = Line(load_default="")
    born_on = Day(load_default=None, allow_none=True)
    address = Line(load_default="")
    state = Line(load_default="")


class LackSchema(Schema):
    """Something that is missing before a consultation, where it is added, and by whom."""

    code = fields.String()
    field = fields.String(metadata={"description": "the part of the intake"})
    text = fields.String()
    way_out = fields.String()


class IntakeLineSchema(IntakeHeadSchema):
    """A case with its person."""

    contact = fields.Nested(AboutSchema)


class IntakeReadSchema(IntakeLineSchema):
    """A case with its person and everything that is missing."""

    missing = fields.List(fields.Nested(LackSchema))


class IntakeAnswerSchema(Schema):
    """An answer to one question of the form."""

    item = fields.String(required=True, validate=validate.Length(1, 80))
    saying = fields.String(load_default=None, allow_none=True, validate=SAYINGS)
    detail = Line(load_default="")


class IntakeAnswerReadSchema(IntakeAnswerSchema):
    """The latest answer to a question."""

    at = fields.AwareDateTime()


class IntakeQuestionSchema(Schema):
    """One question of the form."""

    code = fields.String()
    text = fields.String()
    detail = fields.String(metadata={"description": "when words are needed: never, may, if_yes, only"})
    prompt = fields.String()


class FormSectionSchema(Schema):
    """One of the six histories."""

    code = fields.String()
    number = fields.Integer()
    title = fields.String()
    about = fields.String()
    items = fields.List(fields.Nested(IntakeQuestionSchema))


class MedicationSchema(Schema):
    """A medicine as somebody says it; `confirmed` is the suggestion that was meant."""

    name = Line(required=True)
    dose = Line(load_default="")
    last_taken = Line(load_default="")
    rxnorm = Line(load_default="")
    confirmed = Line(load_default="")


class MedicationReadSchema(Schema):
    """A medicine on the list; one that is not matched waits for a prescriber."""

    entry_id = fields.UUID()
    name = fields.String()
    dose = fields.String()
    last_taken = fields.String()
    rxnorm = fields.String()
    matched = fields.Boolean()
    suggested = fields.String()
    ingredients = fields.List(fields.String())


class TriedTreatmentSchema(Schema):
    """A treatment tried before."""

    treatment = Line(required=True)
    dose = Line(load_default="")
    duration = Line(load_default="")
    outcome = fields.String(required=True, validate=validate.OneOf(list(OUTCOMES)))
    reason_ended = Line(load_default="")


class ListEntrySchema(Schema):
    """A line of a list, by its id."""

    entry_id = fields.UUID()


class ReferralSchema(Schema):
    """A referral as it came."""

    source = fields.String(required=True, validate=validate.OneOf([each.value for each in ReferralSource]))
    kind = fields.String(
        load_default=ReferralKind.CONSULTATION.value,
        validate=validate.OneOf([each.value for each in ReferralKind]),
    )
    received_at = Instant(load_default=None, allow_none=True)
    indications = fields.List(
        fields.String(validate=validate.OneOf(list(INDICATIONS))),
        load_default=list,
        validate=validate.Length(0, 20),
    )
    reason = Line(load_default="")
    home_reason = Line(load_default="")
    provider_id = fields.UUID(load_default=None, allow_none=True)


class LinkAskedSchema(Schema):
    """Which pages the link opens."""

    purpose = fields.String(
        load_default=LinkPurpose.PATIENT.value,
        validate=validate.OneOf([each.value for each in LinkPurpose]),
    )


class MadeLinkSchema(Schema):
    """A link, shown this once."""

    address = fields.String()
    expires_at = fields.AwareDateTime()


class IntakeMoveSchema(Schema):
    """A deed that moves a case by hand."""

    deed = fields.String(required=True, validate=validate.OneOf([each.value for each in BY_HAND]))
    reason = Line(load_default="")

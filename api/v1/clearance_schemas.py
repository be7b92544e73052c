"""Forms of clearance in the JSON API. Instants are UTC, weights whole grams, answers yes, no or unknown."""

from decimal import Decimal

from marshmallow import Schema, ValidationError, fields, validate

from api.fields import Day, Instant, Line
from dispatch.clearance.model import (
    Decision,
    HoldCause,
    Mode,
    Occasion,
    Office,
    PdmpResult,
    PrescriberKind,
    Scale,
    Specialty,
    TaskKind,
)
from dispatch.clearance.queries import QUESTION_CODES
from dispatch.kernel.plain_text import LONGEST_NOTE

NOTE = validate.Length(0, LONGEST_NOTE)
MOST_MG_PER_DAY = 100_000
WORD = validate.Length(1, 60)
PROOF = {"description": "a proof of identity made at /proofs for this `event_id`"}


def _a_daily_amount(mg: Decimal) -> None:
    """Check the range. Not by `Range`: the document would show its ends as texts, which they are not."""
    if not 0 <= mg <= MOST_MG_PER_DAY:
        raise ValidationError(f"Must be between 0 and {MOST_MG_PER_DAY}.")


def one_of(words: object) -> validate.OneOf:
    """Make the check that a word is one of an enum's."""
    return validate.OneOf([each.value for each in words])  # type: ignore[attr-defined]


class ClearanceSignedSchema(Schema):
    """What a prescriber signs with: an id for the event, and a fresh proof made for it."""

    event_id = fields.UUID(required=True)
    proof = fields.String(required=True, validate=validate.Length(1, 4000), metadata=PROOF)


class ClearanceNewPrescriberSchema(Schema):
    """A prescriber, or what changed of one."""

    account_id = fields.UUID(required=True)
    kind = fields.String(required=True, validate=one_of(PrescriberKind))
    specialty = fields.String(required=True, validate=one_of(Specialty))
    dea_number = Line(required=True, validate=validate.Length(1, 20))
    dea_expires_on = Day(required=True)
    active = fields.Boolean(load_default=True)
    offices = fields.List(
        fields.String(validate=one_of(Office)), load_default=list, validate=validate.Length(0, 2)
    )


class ClearancePrescriberLicenceSchema(Schema):
    """A licence of a state; both days inclusive."""

    state = Line(required=True, validate=validate.Length(2, 2))
    number = Line(required=True, validate=validate.Length(1, 40))
    valid_from = Day(required=True)
    expires_on = Day(required=True)
    active = fields.Boolean(load_default=True)


class ClearanceReasonSchema(Schema):
    """One unmet rule."""

    code = fields.String()
    text = fields.String()
    field = fields.String()
    way_out = fields.String()


class ClearancePrescriberSchema(Schema):
    """A prescriber with licences and warnings."""

    account_id = fields.UUID(attribute="prescriber.draft.account_id")
    name = fields.String()
    kind = fields.String(attribute="prescriber.draft.kind")
    specialty = fields.String(attribute="prescriber.draft.specialty")
    dea_number = fields.String(attribute="prescriber.draft.dea_number")
    dea_expires_on = fields.Date(attribute="prescriber.draft.dea_expires_on")
    active = fields.Boolean(attribute="prescriber.draft.active")
    approved = fields.Boolean(attribute="prescriber.approved")
    offices = fields.List(fields.String(), attribute="prescriber.draft.offices")
    licences = fields.List(fields.Nested(ClearancePrescriberLicenceSchema), attribute="prescriber.licences")
    warnings = fields.List(fields.Nested(ClearanceReasonSchema))


class ClearanceFindingSchema(Schema):
    """One rule that is not met."""

    rule = fields.String()
    rule_class = fields.String(data_key="class")
    row = fields.String()
    text = fields.String()
    way_out = fields.String()
    is_unknown = fields.Boolean(attribute="unknown", data_key="unknown")
    standing = fields.String()
    until = fields.AwareDateTime(allow_none=True)


class ClearanceVerdictSchema(Schema):
    """All that is unmet, with the policy values and digests it rests on."""

    verdict_id = fields.UUID(allow_none=True)
    case_id = fields.UUID()
    at = fields.AwareDateTime()
    findings = fields.List(fields.Nested(ClearanceFindingSchema))
    policies = fields.Dict()
    facts_digest = fields.String()
    medications_digest = fields.String()


class ClearanceSchema(Schema):
    """Whether a case is cleared, and everything in the way."""

    status = fields.String()
    case_id = fields.UUID(allow_none=True)
    expires_at = fields.AwareDateTime(allow_none=True)
    unmet = fields.List(fields.Nested(ClearanceReasonSchema))
    warnings = fields.List(fields.Nested(ClearanceReasonSchema))


class ClearanceNewConsultationSchema(Schema):
    """A consultation to book; `prescriber_id` is the prescriber's account."""

    prescriber_id = fields.UUID(required=True)
    mode = fields.String(required=True, validate=one_of(Mode))
    begins_at = Instant(required=True)
    minutes = fields.Integer(required=True, strict=True, validate=validate.Range(1, 1440))


class ClearanceConsultationSchema(Schema):
    """A consultation as it stands."""

    consultation_id = fields.UUID(attribute="id")
    case_id = fields.UUID()
    prescriber_id = fields.UUID()
    mode = fields.String()
    begins_at = fields.AwareDateTime()
    minutes = fields.Integer()
    status = fields.String()


class ClearanceAnswersSchema(Schema):
    """What a prescriber found, question by question."""

    answers = fields.Dict(
        keys=fields.String(validate=validate.OneOf(QUESTION_CODES)),
        values=fields.String(validate=validate.OneOf(["yes", "no", "unknown"])),
        load_default=dict,
    )
    note = fields.String(load_default="", validate=NOTE)


class ClearanceConsultationRecordSchema(ClearanceAnswersSchema):
    """What a prescriber found in a consultation."""

    audit_c = fields.List(
        fields.Integer(strict=True, validate=validate.Range(0, 4)),
        required=True,
        validate=validate.Length(0, 3),
    )
    pdmp_checked_at = Instant(load_default=None, allow_none=True)
    pdmp_result = fields.String(load_default=None, allow_none=True, validate=one_of(PdmpResult))


class ClearanceEvaluationSchema(ClearanceAnswersSchema):
    """An evaluation in person."""

    evaluated_at = Instant(required=True)
    asa_class = fields.Integer(required=True, strict=True, validate=validate.Range(1, 6))
    weight_g = fields.Integer(required=True, strict=True, validate=validate.Range(1, 1_000_000))
    risk_points = fields.Integer(
        load_default=None, allow_none=True, strict=True, validate=validate.Range(0, 100)
    )


class ClearanceDecisionSchema(ClearanceSignedSchema):
    """A decision, signed."""

    decision = fields.String(required=True, validate=one_of(Decision))
    reason = fields.String(required=True, validate=NOTE)
    acknowledged = fields.List(fields.String(validate=WORD), load_default=list)
    target = fields.String(load_default="", validate=NOTE)
    recheck_on = Day(load_default=None, allow_none=True)


class ClearanceOverrideSchema(ClearanceSignedSchema):
    """A rule set aside until an instant, signed."""

    rule = fields.String(required=True, validate=WORD)
    reason = fields.String(required=True, validate=NOTE)
    expires_at = Instant(required=True)
    monitoring = fields.String(load_default="", validate=NOTE)


class ClearanceMedicationReviewSchema(ClearanceSignedSchema):
    """A review of the list with this digest; amounts are milligrams a day as plain digits."""

    digest = fields.String(required=True, validate=validate.Length(1, 100))
    classes = fields.Dict(
        keys=fields.UUID(), values=fields.List(fields.String(validate=WORD)), load_default=dict
    )
    mg_per_day = fields.Dict(
        keys=fields.UUID(),
        values=fields.Decimal(allow_nan=False, validate=_a_daily_amount),
        load_default=dict,
    )
    plan = fields.String(load_default="", validate=NOTE)


class ClearanceHoldSchema(Schema):
    """Treatment rests."""

    reason = fields.String(required=True, validate=NOTE)
    cause = fields.String(load_default=HoldCause.REQUESTED.value, validate=one_of(HoldCause))


class ClearanceReleaseSchema(ClearanceSignedSchema):
    """Treatment may go on, signed."""

    reason = fields.String(required=True, validate=NOTE)


class ClearanceHoldLineSchema(Schema):
    """A hold."""

    hold_id = fields.UUID(attribute="id")
    case_id = fields.UUID()
    cause = fields.String()
    held_at = fields.AwareDateTime()
    released_at = fields.AwareDateTime(allow_none=True)


class ClearanceNewScoreSchema(Schema):
    """A scale that was filled in; null where an answer was left open."""

    scale = fields.String(required=True, validate=one_of(Scale))
    occasion = fields.String(required=True, validate=one_of(Occasion))
    taken_at = Instant(required=True)
    answers = fields.List(
        fields.Integer(strict=True, allow_none=True, validate=validate.Range(0, 3)),
        required=True,
        validate=validate.Length(1, 12),
    )
    appointment_id = fields.UUID(load_default=None, allow_none=True)


class ClearanceScoreSchema(Schema):
    """A scale with its score."""

    score_id = fields.UUID()
    scale = fields.String()
    occasion = fields.String()
    taken_at = fields.AwareDateTime()
    answers = fields.List(fields.Integer(allow_none=True))
    total = fields.Integer(allow_none=True)
    band = fields.String()
    risk = fields.String(allow_none=True)
    by = fields.String()


class ClearanceNewTaskSchema(Schema):
    """Something to put before the prescribers."""

    kind = fields.String(required=True, validate=one_of(TaskKind))
    text = fields.String(load_default="", validate=NOTE)


class ClearanceAnswerTaskSchema(Schema):
    """A prescriber's answer; an alarm wants `event_id` and `proof`."""

    answer = fields.String(required=True, validate=NOTE)
    event_id = fields.UUID(load_default=None)
    proof = fields.String(load_default=None, validate=validate.Length(1, 4000), metadata=PROOF)


class ClearanceTaskSchema(Schema):
    """A task for a prescriber."""

    task_id = fields.UUID()
    kind = fields.String()
    raised_at = fields.AwareDateTime()
    due_at = fields.AwareDateTime()
    answered_at = fields.AwareDateTime(allow_none=True)
    text = fields.String()
    answer = fields.String()


class ClearanceQueueLineSchema(Schema):
    """Something that waits for a prescriber."""

    kind = fields.String()
    text = fields.String()
    due_at = fields.AwareDateTime(allow_none=True)
    case_id = fields.UUID(allow_none=True)
    patient_id = fields.UUID(allow_none=True)
    link = fields.String()
    urgent = fields.Boolean()


class ClearanceMadeSchema(Schema):
    """The id of what was recorded."""

    id = fields.UUID()

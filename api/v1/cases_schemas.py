"""Forms of discrepancy cases in the JSON API. Amounts are whole micrograms, instants are UTC."""

from marshmallow import Schema, fields, validate

from api.fields import Day, Instant, Line
from dispatch.custody.cases.model import REPORTED_KINDS, Category, StepKind
from dispatch.custody.cases.queries import STATUSES
from dispatch.kernel.plain_text import LONGEST_NOTE

WORD = validate.Length(0, 60)
BY_HAND = (
    StepKind.NOTE, StepKind.ASSIGNED, StepKind.FACTOR, StepKind.CLASSIFIED, StepKind.NOTICE_SENT,
    StepKind.FORM_FILED, StepKind.RESOLVED, StepKind.REOPENED,
)  # fmt: skip


class CaseQuerySchema(Schema):
    """Which cases are sought; what is left out does not narrow the list."""

    status = fields.String(load_default="open", validate=validate.OneOf(STATUSES))
    category = fields.String(load_default="", validate=validate.OneOf(["", *Category]))
    holder = fields.String(load_default="", validate=WORD)
    product = fields.String(load_default="", validate=WORD)
    site = fields.String(load_default="", validate=WORD)
    since = Day(load_default=None)
    until = Day(load_default=None)


class NewCaseSchema(Schema):
    """What somebody noticed. Every clock starts at `discovered_at`, which can never be changed."""

    kind = fields.String(required=True, validate=validate.OneOf(list(REPORTED_KINDS)))
    text = fields.String(required=True, validate=validate.Length(1, LONGEST_NOTE))
    serial = Line(load_default="", validate=validate.Length(0, 100))
    discovered_at = Instant(load_default=None)


class NewCaseStepSchema(Schema):
    """A step; `code` is a classification, a resolution, a duty, or a factor's answer as ``3:does_not``."""

    kind = fields.String(required=True, validate=validate.OneOf([each.value for each in BY_HAND]))
    code = fields.String(load_default="", validate=WORD)
    text = fields.String(load_default="", validate=validate.Length(0, LONGEST_NOTE))
    happened_at = Instant(load_default=None)
    person_id = fields.UUID(load_default=None)
    seen = fields.Integer(
        load_default=None,
        strict=True,
        validate=validate.Range(0, 1_000_000),
        metadata={"description": "number of the last step you saw; a decision on an older view is refused"},
    )


class CaseDeadlineSchema(Schema):
    """A duty of the law with its due moment."""

    code = fields.String(attribute="duty.code")
    name = fields.String(attribute="duty.name")
    state = fields.String(attribute="duty.state")
    citation = fields.String(attribute="duty.citation")
    due_at = fields.AwareDateTime()
    standing = fields.String()
    done_at = fields.AwareDateTime(allow_none=True)


class CaseLineSchema(Schema):
    """A case as a line, its question first."""

    case_id = fields.UUID(attribute="case.case_id")
    question = fields.String()
    status = fields.String()
    kind = fields.String(attribute="case.opening.kind")
    category = fields.String()
    area = fields.String(attribute="area.slug")
    site = fields.String()
    state = fields.String()
    holder = fields.String()
    serial = fields.String()
    product = fields.String()
    gap_ug = fields.Integer(allow_none=True)
    discovered_at = fields.AwareDateTime(attribute="case.opening.discovered_at")
    classification = fields.String(attribute="case.classification", allow_none=True)
    resolution = fields.String(attribute="case.resolution", allow_none=True)
    times_reopened = fields.Integer(attribute="case.times_reopened")
    assigned_to = fields.String()
    sequence = fields.Integer(attribute="case.sequence")
    deadlines = fields.List(fields.Nested(CaseDeadlineSchema))


class CaseStepSchema(Schema):
    """A step of a case."""

    sequence = fields.Integer(attribute="step.sequence")
    kind = fields.String(attribute="step.kind")
    code = fields.String(attribute="step.code")
    text = fields.String(attribute="step.text")
    at = fields.AwareDateTime(attribute="step.at")
    by = fields.String()
    happened_at = fields.AwareDateTime(attribute="step.happened_at", allow_none=True)
    event_id = fields.UUID(attribute="step.event_id", allow_none=True)
    attachment_id = fields.UUID(attribute="step.attachment_id", allow_none=True)
    person = fields.String()


class CaseAttachmentSchema(Schema):
    """A document of a case."""

    attachment_id = fields.UUID()
    name = fields.String()
    media_type = fields.String()
    size_bytes = fields.Integer()
    sha256 = fields.String()


class CaseFactorSchema(Schema):
    """One of the six factors of 21 CFR 1301.76(b): what the ledger can tell, what a person answered."""

    number = fields.Integer()
    question = fields.String()
    hint = fields.String()
    answer = fields.String(allow_none=True)
    reason = fields.String(allow_none=True)


class CaseFileSchema(CaseLineSchema):
    """One case with its arithmetic, factors and steps."""

    drawn_ug = fields.Integer()
    given_ug = fields.Integer()
    wasted_ug = fields.Integer()
    unaccounted_ug = fields.Integer()
    factors = fields.List(fields.Nested(CaseFactorSchema))
    steps = fields.List(fields.Nested(CaseStepSchema))
    attachments = fields.List(fields.Nested(CaseAttachmentSchema))


class CaseOpenedSchema(Schema):
    """The case that was opened, or that the report belongs to."""

    case_id = fields.UUID()


class CaseAnswersSchema(Schema):
    """Answers to a form's fields, by the field's key."""

    answers = fields.Dict(
        keys=fields.String(validate=WORD),
        values=fields.String(validate=validate.Length(0, LONGEST_NOTE)),
        required=True,
        validate=validate.Length(0, 60),
    )


class CaseFormFieldSchema(Schema):
    """A field of a form with its answer and where that comes from."""

    key = fields.String(attribute="asked.key")
    label = fields.String(attribute="asked.label")
    section = fields.String(attribute="asked.section")
    choices = fields.List(fields.String(), attribute="asked.choices")
    value = fields.String()
    missing = fields.Boolean()
    traces = fields.List(fields.Pluck("CaseTraceSchema", "says"))


class CaseTraceSchema(Schema):
    """Where an answer comes from."""

    says = fields.String()


class CaseFormItemSchema(Schema):
    """A line of a form's list of substances."""

    product = fields.String()
    ndc = fields.String()
    lot = fields.String()
    strength = fields.String()
    dosage_form = fields.String()
    full_packages = fields.Integer()
    partial_packages = fields.Integer()
    amount_ug = fields.Integer()
    traces = fields.List(fields.Pluck("CaseTraceSchema", "says"))


class CaseFormSchema(Schema):
    """A form filled in as far as it can be; `missing` names the rest."""

    form = fields.String()
    title = fields.String()
    missing = fields.List(fields.String())
    fields_ = fields.List(fields.Nested(CaseFormFieldSchema), attribute="fields", data_key="fields")
    items = fields.List(fields.Nested(CaseFormItemSchema))

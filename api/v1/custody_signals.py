"""Questions that the ledger's figures raise, and random assays: what compliance reads and answers."""

from typing import Any
from uuid import UUID

from marshmallow import Schema, fields, validate

from api.actor import actor, clock, policy, roles
from api.db import current_session
from api.fields import Line
from api.idempotency import answered_once
from api.json_input import Blueprint
from dispatch.appointments.queries import ordered_doses
from dispatch.areas.service import area_by_slug
from dispatch.custody.signals import commands, queries, service
from dispatch.custody.signals.model import Answer
from dispatch.kernel.actor import Role

blueprint = Blueprint(
    "custody-signals", __name__, url_prefix="/custody", description="Questions of the figures, and assays"
)
READERS = roles(Role.COMPLIANCE)
MEASURERS = roles(Role.COMPLIANCE, Role.PHARMACIST)


class SignalAnswerSchema(Schema):
    """One answer to a question."""

    answer = fields.String()
    text = fields.String()
    name = fields.String()
    at = fields.AwareDateTime()
    case_id = fields.UUID(allow_none=True)


class SignalSchema(Schema):
    """A question as it was asked; `arithmetic` is a list of [what, figure]."""

    signal_id = fields.UUID()
    rule = fields.Function(lambda line: line.rule.value, metadata={"type": "string"})
    nurse = fields.String()
    about = fields.String()
    text = fields.String()
    standing = fields.Function(lambda line: line.standing.value, metadata={"type": "string"})
    arithmetic = fields.List(fields.List(fields.String()))
    evidence = fields.List(fields.UUID())
    begins_at = fields.AwareDateTime()
    ends_at = fields.AwareDateTime()
    asked_at = fields.AwareDateTime()
    answers = fields.List(fields.Nested(SignalAnswerSchema))


class AnswerSchema(Schema):
    """An officer's answer; `seen` is how many answers the officer saw."""

    answer = fields.String(required=True, validate=validate.OneOf([each.value for each in Answer]))
    text = Line(required=True, validate=validate.Length(1, 2000))
    seen = fields.Integer(strict=True, load_default=0, validate=validate.Range(0, 10_000))


class AskedSchema(Schema):
    """The questions that are new."""

    signal_ids = fields.List(fields.UUID())


class AssayResultSchema(Schema):
    """One measurement of a residual."""

    measured_ug_per_ml = fields.Integer()
    volume_ul = fields.Integer()
    diluted = fields.Boolean()
    laboratory = fields.String()
    passed = fields.Boolean()
    name = fields.String()
    at = fields.AwareDateTime()
    case_id = fields.UUID(allow_none=True)


class AssaySchema(Schema):
    """A residual that was drawn to be measured."""

    task_id = fields.UUID()
    container_id = fields.UUID()
    serial = fields.String()
    handed_in_at = fields.AwareDateTime()
    handed_in_by = fields.String()
    expected_ug_per_ml = fields.Integer()
    expected_ug = fields.Integer()
    drawn_at = fields.AwareDateTime()
    due_at = fields.AwareDateTime()
    results = fields.List(fields.Nested(AssayResultSchema))


class MeasurementSchema(Schema):
    """What was measured; whole micrograms and microlitres."""

    measured_ug_per_ml = fields.Integer(strict=True, required=True)
    volume_ul = fields.Integer(strict=True, required=True)
    laboratory = Line(required=True, validate=validate.Length(1, 200))
    diluted = fields.Boolean(load_default=False)


@blueprint.route("/areas/<area>/questions")
@blueprint.response(200, SignalSchema(many=True))
@policy(READERS)
def list_questions(area: str) -> list[queries.SignalLine]:
    """List an area's questions, the newest first."""
    session = current_session()
    return queries.questions(session, area_by_slug(session, area).id)


@blueprint.route("/areas/<area>/questions", methods=["POST"])
@answered_once
@blueprint.response(200, AskedSchema)
@policy(READERS)
def ask(area: str) -> dict[str, Any]:
    """Look at the figures now, and ask what they give reason to ask."""
    session = current_session()
    place = area_by_slug(session, area)
    return {"signal_ids": service.ask(session, place.id, ordered_doses, actor(), clock())}


@blueprint.route("/questions/<uuid:signal_id>")
@blueprint.response(200, SignalSchema)
@policy(READERS)
def show_question(signal_id: UUID) -> queries.SignalLine:
    """Show a question with its arithmetic, its events and its answers."""
    return queries.question(current_session(), signal_id)


@blueprint.route("/questions/<uuid:signal_id>/answers", methods=["POST"])
@answered_once
@blueprint.arguments(AnswerSchema)
@blueprint.response(201, SignalSchema)
@policy(READERS)
def answer(sent: dict[str, Any], signal_id: UUID) -> queries.SignalLine:
    """Answer a question; ``case`` opens one."""
    session = current_session()
    service.answer(session, commands.AnswerSignal(signal_id=signal_id, **sent), actor(), clock())
    return queries.question(session, signal_id)


@blueprint.route("/areas/<area>/assays")
@blueprint.response(200, AssaySchema(many=True))
@policy(MEASURERS)
def list_assays(area: str) -> list[queries.AssayLine]:
    """List an area's assay tasks: those without a measurement first."""
    session = current_session()
    return queries.assays(session, area_by_slug(session, area).id)


@blueprint.route("/assays/<uuid:task_id>/results", methods=["POST"])
@answered_once
@blueprint.arguments(MeasurementSchema)
@blueprint.response(201, AssaySchema)
@policy(MEASURERS)
def record_result(sent: dict[str, Any], task_id: UUID) -> queries.AssayLine:
    """Keep a measurement; one that does not agree with label and ledger opens a case."""
    session = current_session()
    service.record_assay(session, commands.RecordAssay(task_id=task_id, **sent), actor(), clock())
    return queries.assay(session, task_id)

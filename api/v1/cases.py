"""Discrepancy cases: anybody with drug in hand may open one, only compliance reads and works on them."""

from typing import Any
from uuid import UUID

from flask import request

from api.actor import actor, clock, note_read, policy, roles
from api.db import current_session
from api.idempotency import answered_once
from api.json_input import Blueprint
from api.v1 import cases_schemas as forms
from dispatch.areas.service import area_by_slug
from dispatch.audit.model import AuditEntry
from dispatch.custody.cases import commands, queries
from dispatch.custody.cases.model import FACTOR_QUESTIONS, Factor, StepKind
from dispatch.custody.cases.service import add_step, attach, fill_form, open_case
from dispatch.kernel.actor import Role

blueprint = Blueprint("cases", __name__, description="Discrepancy cases of the controlled-drug ledger")
OFFICERS = roles(Role.COMPLIANCE)
REPORTERS = roles(Role.NURSE, Role.PHARMACIST, Role.COMPLIANCE)


@blueprint.route("/areas/<area>/cases")
@blueprint.arguments(forms.CaseQuerySchema, location="query")
@blueprint.response(200, forms.CaseLineSchema(many=True))
@policy(OFFICERS)
def area_cases(asked: dict[str, Any], area: str) -> list[queries.CaseLine]:
    """Show an area's cases: what is due first stands first."""
    session = current_session()
    area_id = area_by_slug(session, area).id
    note_read(AuditEntry(action="custody.read_cases", subject_kind="service_area", subject_id=area_id))
    return queries.case_lines(session, clock(), queries.Sought(area_id=area_id, **asked))


@blueprint.route("/areas/<area>/cases", methods=["POST"])
@answered_once
@blueprint.arguments(forms.NewCaseSchema)
@blueprint.response(201, forms.CaseOpenedSchema)
@policy(REPORTERS)
def report_case(sent: dict[str, Any], area: str) -> dict[str, UUID]:
    """Open a case about something that was noticed."""
    session = current_session()
    command = commands.OpenCase(area_id=area_by_slug(session, area).id, **sent)
    return {"case_id": open_case(session, command, actor(), clock())}


@blueprint.route("/cases/<uuid:case_id>")
@blueprint.response(200, forms.CaseFileSchema)
@policy(OFFICERS)
def case(case_id: UUID) -> dict[str, Any]:
    """Show one case with its arithmetic, deadlines, factors and steps."""
    return _file(case_id)


@blueprint.route("/cases/<uuid:case_id>/steps", methods=["POST"])
@answered_once
@blueprint.arguments(forms.NewCaseStepSchema)
@blueprint.response(201, forms.CaseFileSchema)
@policy(OFFICERS)
def add_case_step(sent: dict[str, Any], case_id: UUID) -> dict[str, Any]:
    """Add a step, or be told everything that speaks against it."""
    command = commands.AddStep(case_id=case_id, **sent | {"kind": StepKind(sent["kind"])})
    add_step(current_session(), command, actor(), clock())
    return _file(case_id)


@blueprint.route("/cases/<uuid:case_id>/attachments", methods=["POST"])
@answered_once
@blueprint.response(201, forms.CaseFileSchema)
@policy(OFFICERS)
def attach_document(case_id: UUID) -> dict[str, Any]:
    """Add a document, sent as multipart/form-data: `file`, and `text` that says what it is."""
    sent = request.files.get("file")
    command = commands.Attach(
        case_id=case_id,
        name=(sent.filename or "") if sent else "",
        content=sent.read() if sent else b"",
        text=request.form.get("text", ""),
    )
    if sent:
        sent.close()  # a large one waits in a file on the disk
    attach(current_session(), command, actor(), clock())
    return _file(case_id)


@blueprint.route("/cases/<uuid:case_id>/forms/<form>")
@blueprint.response(200, forms.CaseFormSchema)
@policy(OFFICERS)
def case_form(case_id: UUID, form: str) -> queries.Sheet:
    """Show DEA's form 106 or 41, filled in as far as the ledger knows, what is missing by name."""
    entry = AuditEntry(
        action="custody.read_form", subject_kind="case", subject_id=case_id, detail={"form": form[:10]}
    )
    sheet = queries.form_sheet(current_session(), case_id, form)
    note_read(entry)
    return sheet


@blueprint.route("/cases/<uuid:case_id>/forms/<form>", methods=["POST"])
@answered_once
@blueprint.arguments(forms.CaseAnswersSchema)
@blueprint.response(201, forms.CaseFormSchema)
@policy(OFFICERS)
def fill_case_form(sent: dict[str, Any], case_id: UUID, form: str) -> queries.Sheet:
    """Keep answers to a form's fields; each that changed is a step of the case."""
    session = current_session()
    command = commands.FillForm(case_id=case_id, form=form, values=sent["answers"])
    fill_form(session, command, actor(), clock())
    return queries.form_sheet(session, case_id, form)


def _file(case_id: UUID) -> dict[str, Any]:
    file = queries.case_file(current_session(), case_id, clock())
    note_read(AuditEntry(action="custody.read_case", subject_kind="case", subject_id=file.case.case_id))
    line = file.line
    shown = {name: getattr(line, name) for name in _OF_A_LINE}
    return shown | {
        "case": file.case,
        "drawn_ug": file.drawn.amount_ug,
        "given_ug": file.given.amount_ug,
        "wasted_ug": file.wasted.amount_ug,
        "unaccounted_ug": file.gap_ug,
        "factors": [_factor(file, factor) for factor in Factor],
        "steps": file.steps,
        "attachments": file.attachments,
    }


_OF_A_LINE = (
    "question", "status", "category", "area", "site", "state", "holder", "serial", "product", "gap_ug",
    "assigned_to", "deadlines",
)  # fmt: skip


def _factor(file: queries.CaseFile, factor: Factor) -> dict[str, Any]:
    answered = file.case.factors.get(factor)
    return {
        "number": factor.value,
        "question": FACTOR_QUESTIONS[factor],
        "hint": file.hints[factor],
        "answer": answered.answer if answered else None,
        "reason": answered.reason if answered else None,
    }

"""Documents of a case: attach and read them; DEA's forms, filled in, completed, printed."""

from http import HTTPStatus
from uuid import UUID

from flask import make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from api.accounts import limiter
from api.actor import actor, clock, note_read, policy
from api.case_forms import file_name, form_as_csv, form_as_pdf
from api.db import current_session
from api.pages import pages
from api.pages.compliance.cases import OFFICERS, case_page
from api.pages.signing import login_limit, signature, who_tries
from dispatch.audit.model import AuditEntry
from dispatch.custody.cases import queries
from dispatch.custody.cases.commands import Attach, FillForm
from dispatch.custody.cases.service import attach, fill_form
from dispatch.kernel.ids import new_id
from dispatch.kernel.refusals import Refusal


@pages.route("/custody/cases/<uuid:case_id>/attachments", methods=["POST"])
@policy(OFFICERS)
def attach_to_case(case_id: UUID) -> Response:
    """Add a document, or show the case with why it was not taken."""
    session, sent = current_session(), request.files.get("file")
    try:
        command = Attach(
            case_id=case_id,
            name=(sent.filename or "") if sent else "",
            content=sent.read() if sent else b"",
            text=request.form.get("text", ""),
        )
        if sent:
            sent.close()  # a large one waits in a file on the disk
        case = attach(session, command, actor(), clock())
    except Refusal as refusal:
        if refusal.status in (HTTPStatus.NOT_FOUND, HTTPStatus.FORBIDDEN):
            raise
        session.rollback()
        return case_page(case_id, refusal)
    place = url_for("pages.custody_case", case_id=case.case_id, _anchor="documents")
    return redirect(place, HTTPStatus.SEE_OTHER)


@pages.route("/custody/cases/<uuid:case_id>/attachments/<uuid:attachment_id>", methods=["POST"])
@limiter.limit(login_limit, key_func=who_tries)
@policy(OFFICERS)
def case_attachment(case_id: UUID, attachment_id: UUID) -> Response:
    """Hand out a document, for a fresh password; that it was read is written down."""
    signature(request.form, new_id())
    line, content = queries.attachment(current_session(), case_id, attachment_id)
    note_read(
        AuditEntry(
            action="custody.read_attachment",
            subject_kind="case",
            subject_id=case_id,
            detail={"attachment_id": str(attachment_id)},
        )
    )
    answer = make_response(content)
    answer.content_type = "text/plain; charset=utf-8" if line.media_type == "text/plain" else line.media_type
    # Never shown inside the site: whatever it holds, it runs nothing here.
    answer.headers.set("Content-Disposition", "attachment", filename=line.name)
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


@pages.route("/custody/cases/<uuid:case_id>/forms/<form>")
@policy(OFFICERS)
def case_form(case_id: UUID, form: str) -> Response:
    """Show a form: what is known, from where, and what is still missing."""
    return _form_page(case_id, form)


@pages.route("/custody/cases/<uuid:case_id>/forms/<form>", methods=["POST"])
@policy(OFFICERS)
def fill_case_form(case_id: UUID, form: str) -> Response:
    """Keep what was entered; each answer that changed is a step of the case."""
    session = current_session()
    values = {key: value for key, value in request.form.items() if key != "csrf_token"}
    try:
        fill_form(session, FillForm(case_id=case_id, form=form, values=values), actor(), clock())
    except Refusal as refusal:
        if refusal.status in (HTTPStatus.NOT_FOUND, HTTPStatus.FORBIDDEN):
            raise
        session.rollback()
        return _form_page(case_id, form, refusal)
    return redirect(url_for("pages.case_form", case_id=case_id, form=form), HTTPStatus.SEE_OTHER)


def _form_page(case_id: UUID, form: str, refusal: Refusal | None = None) -> Response:
    session = current_session()
    sheet = queries.form_sheet(session, case_id, form)
    file = queries.case_file(session, case_id, clock())
    _note(case_id, form)
    page = render_template(
        "compliance/case_form.html",
        sheet=sheet,
        line=file.line,
        case=file.case,
        zone=file.line.zone,
        refusal=refusal,
        wrong={reason.field for reason in refusal.reasons} if refusal else set(),
        typed=request.form,
    )
    return make_response(page, refusal.status if refusal else HTTPStatus.OK)


@pages.route("/custody/cases/<uuid:case_id>/forms/<form>.pdf", methods=["POST"])
@limiter.limit(login_limit, key_func=who_tries)
@policy(OFFICERS)
def case_form_pdf(case_id: UUID, form: str) -> Response:
    """Hand out a form as PDF, for a fresh password."""
    signature(request.form, new_id())
    session = current_session()
    sheet = queries.form_sheet(session, case_id, form)
    line = queries.case_file(session, case_id, clock()).line
    content = form_as_pdf(sheet, line, clock().now())
    return _file(case_id, form, content, "application/pdf", file_name(line, form, "pdf"))


@pages.route("/custody/cases/<uuid:case_id>/forms/<form>.csv", methods=["POST"])
@limiter.limit(login_limit, key_func=who_tries)
@policy(OFFICERS)
def case_form_csv(case_id: UUID, form: str) -> Response:
    """Hand out a form as CSV, for a fresh password."""
    signature(request.form, new_id())
    session = current_session()
    sheet = queries.form_sheet(session, case_id, form)
    line = queries.case_file(session, case_id, clock()).line
    content = form_as_csv(sheet).encode()
    return _file(case_id, form, content, "text/csv; charset=utf-8", file_name(line, form, "csv"))


def _file(case_id: UUID, form: str, content: bytes, content_type: str, name: str) -> Response:
    _note(case_id, form)
    answer = make_response(content)
    answer.content_type = content_type
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _note(case_id: UUID, form: str) -> None:
    note_read(
        AuditEntry(action="custody.read_form", subject_kind="case", subject_id=case_id, detail={"form": form})
    )

"""/custody/cases: what does not add up, what is due next, and one case with all that belongs to it."""

from http import HTTPStatus
from uuid import UUID

from flask import make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from api.actor import actor, clock, note_read, policy, roles
from api.db import current_session
from api.pages import pages
from api.pages.compliance.case_reading import moment_from_form, sought_from_address, step_from_form
from dispatch.areas.service import area_by_id, area_by_slug, areas, zone_of
from dispatch.audit.model import AuditEntry
from dispatch.custody.cases import queries
from dispatch.custody.cases.commands import OpenCase
from dispatch.custody.cases.model import (
    FACTOR_QUESTIONS,
    FORMS,
    REPORTED_KINDS,
    Category,
    Classification,
    Factor,
    FactorAnswer,
    StepKind,
)
from dispatch.custody.cases.service import add_step, open_case
from dispatch.kernel.actor import Role
from dispatch.kernel.refusals import Conflict, Refusal

OFFICERS = roles(Role.COMPLIANCE)


@pages.route("/custody/cases")
@policy(OFFICERS)
def custody_cases() -> Response:
    """Show the cases: what is due next stands first."""
    return _list()


@pages.route("/custody/cases", methods=["POST"])
@policy(OFFICERS)
def open_custody_case() -> Response:
    """Open a case that a person noticed, then show it."""
    session, form = current_session(), request.form
    try:
        area = area_by_slug(session, form.get("area", ""))
        command = OpenCase(
            area_id=area.id,
            kind=form.get("kind", ""),
            text=form.get("text", ""),
            serial=form.get("serial", "").strip()[:100],
            discovered_at=moment_from_form("discovered_at", zone_of(area)),
        )
        case_id = open_case(session, command, actor(), clock())
    except Refusal as refusal:
        session.rollback()
        return _list(refusal)
    return redirect(url_for("pages.custody_case", case_id=case_id), HTTPStatus.SEE_OTHER)


def _list(refusal: Refusal | None = None) -> Response:
    session = current_session()
    known = areas(session)
    sought = sought_from_address({area.slug: area.id for area in known})
    lines = queries.case_lines(session, clock(), sought)
    everything = queries.case_lines(session, clock(), queries.Sought(area_id=sought.area_id))
    note_read(AuditEntry(action="custody.read_cases", subject_kind="case", subject_id=None))
    page = render_template(
        "compliance/cases.html",
        lines=lines,
        sought=sought,
        areas=known,
        area_slug=request.args.get("area", ""),
        statuses=queries.STATUSES,
        categories=[each.value for each in Category],
        kinds=REPORTED_KINDS,
        holders=_words(sought.holder, (line.holder for line in everything)),
        products=_words(sought.product, (line.product for line in everything)),
        sites=_words(sought.site, (line.site for line in everything)),
        refusal=refusal,
        form=request.form,
    )
    return make_response(page, refusal.status if refusal else HTTPStatus.OK)


def _words(chosen: str, found: object) -> list[str]:
    return sorted({word for word in (chosen, *found) if word})  # type: ignore[misc]


@pages.route("/custody/cases/<uuid:case_id>")
@policy(OFFICERS)
def custody_case(case_id: UUID) -> Response:
    """Show one case: its arithmetic, events, people, clocks, checklist and steps."""
    return case_page(case_id)


@pages.route("/custody/cases/<uuid:case_id>/steps", methods=["POST"])
@policy(OFFICERS)
def add_case_step(case_id: UUID) -> Response:
    """Add a step, or show the case with everything that speaks against it."""
    session = current_session()
    zone = zone_of(area_by_id(session, queries.case_file(session, case_id, clock()).case.opening.area_id))
    try:
        command = step_from_form(case_id, zone)
        case = add_step(session, command, actor(), clock())
    except Refusal as refusal:
        if refusal.status in (HTTPStatus.NOT_FOUND, HTTPStatus.FORBIDDEN):
            raise
        session.rollback()
        return case_page(case_id, refusal)
    place = _PLACES.get(command.kind, "steps")
    return redirect(url_for("pages.custody_case", case_id=case.case_id, _anchor=place), HTTPStatus.SEE_OTHER)


# Where the page shows what a step changed.
_PLACES = {
    StepKind.FACTOR: "factors",
    StepKind.NOTICE_SENT: "clocks",
    StepKind.FORM_FILED: "clocks",
    StepKind.CLASSIFIED: "decide",
    StepKind.RESOLVED: "decide",
    StepKind.REOPENED: "decide",
}


def case_page(case_id: UUID, refusal: Refusal | None = None) -> Response:
    """Render a case, with what was refused and what had been typed."""
    session = current_session()
    file = queries.case_file(session, case_id, clock())
    case = file.case
    note_read(AuditEntry(action="custody.read_case", subject_kind="case", subject_id=case.case_id))
    page = render_template(
        "compliance/case.html",
        file=file,
        case=case,
        line=file.line,
        zone=file.line.zone,
        factors=list(Factor),
        questions=FACTOR_QUESTIONS,
        answers=[each.value for each in FactorAnswer],
        classifications=[each.value for each in Classification],
        officers=queries.officers(session),
        forms=[(form, *_sheet(case.case_id, form)) for form in FORMS],
        own=actor().person_ref in file.parties,
        refusal=refusal,
        form=request.form,
    )
    return make_response(page, refusal.status if refusal else HTTPStatus.OK)


def _sheet(case_id: UUID, form: str) -> tuple[queries.Sheet | None, Refusal | None]:
    try:
        return queries.form_sheet(current_session(), case_id, form), None
    except Conflict as refusal:
        return None, refusal

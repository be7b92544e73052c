"""Reports of the ledger: a list of them, each on screen, as CSV and PDF; from any figure to its events."""

from functools import partial
from typing import Any
from uuid import UUID

from flask import Response, render_template, request, url_for

from api.accounts import limiter
from api.actor import actor, clock, note_read, policy, roles
from api.db import current_session
from api.pages import pages
from api.pages.report_view import as_file, days_asked, figure_page, note_report, shown
from api.pages.signing import login_limit, signature, who_tries
from api.reporting import nurse_asked, question_of, sources
from dispatch.areas.service import area_by_slug, zone_of
from dispatch.audit.model import AuditEntry
from dispatch.custody.reports.headings import HEADINGS, Asks, ReportKind
from dispatch.custody.reports.model import Report, Sought
from dispatch.custody.reports.service import make_report
from dispatch.custody.reports.words import words_of
from dispatch.kernel.actor import Role
from dispatch.kernel.ids import new_id
from dispatch.kernel.refusals import Invalid, NotFound, refuse

READERS = roles(Role.COMPLIANCE)


def _kind(word: str) -> ReportKind:
    try:
        return ReportKind(word)
    except ValueError:
        raise refuse(NotFound, "no_such_report", "There is no report of that name.", field="kind") from None


def _report(slug: str, kind: ReportKind) -> tuple[Report, UUID]:
    session = current_session()
    area = area_by_slug(session, slug)
    nurse_id = nurse_asked(session, area.id, request.args.get("nurse", ""))
    question = question_of(HEADINGS[kind], area.id, zone_of(area), clock(), request.args, nurse_id)
    return make_report(session, kind, question, actor(), sources(session, clock())), area.id


@pages.route("/custody/<slug>/reports")
@policy(READERS)
def custody_reports(slug: str) -> str:
    """List the reports."""
    area = area_by_slug(current_session(), slug)
    return render_template("compliance/reports.html", area=area, headings=HEADINGS)


@pages.route("/custody/<slug>/reports/<kind>")
@policy(READERS)
def custody_report(slug: str, kind: str) -> Response | tuple[str, int]:
    """Show one report, each figure leading to its events; a question that is none shows what is wrong."""
    which = _kind(kind)
    area = area_by_slug(current_session(), slug)
    page = partial(
        render_template, "compliance/report.html", area=area, kind=which, heading=HEADINGS[which],
        asks=Asks, action=url_for("pages.custody_report", slug=slug, kind=kind),
    )  # fmt: skip
    try:
        report, area_id = _report(slug, which)
    except Invalid as refusal:
        return page(refusal=refusal, asked=request.args, shown=None), refusal.status
    note_report(report, area_id, "screen")
    asked: dict[str, Any] = {
        name: request.args[name] for name in ("from", "to", "as_of", "nurse") if request.args.get(name)
    }
    first, last = days_asked(report)
    return Response(
        page(
            shown=shown(report, lambda sought: _figure_address(slug, sought)),
            refusal=None,
            asked={"from": first, "to": last} | asked,
            files={
                form: url_for("pages.custody_report_file", slug=slug, kind=kind, form=form, **asked)
                for form in ("csv", "pdf")
            },
        )
    )


def _figure_address(slug: str, sought: Sought) -> str:
    return url_for("pages.custody_figure", slug=slug, **words_of(sought))


@pages.route("/custody/<slug>/reports/<kind>/<form>", methods=["POST"])
@limiter.limit(login_limit, key_func=who_tries)
@policy(READERS)
def custody_report_file(slug: str, kind: str, form: str) -> Response:
    """Hand out a report as a file; that it was done is written down, and a fresh password is asked for."""
    signature(request.form, new_id())
    report, area_id = _report(slug, _kind(kind))
    answer = as_file(report, slug, form)
    note_report(report, area_id, form)
    return answer


@pages.route("/custody/<slug>/figures")
@policy(READERS)
def custody_figure(slug: str) -> str:
    """Show the events that a figure is made of, and their sum."""
    area = area_by_slug(current_session(), slug)
    page = figure_page(area.id)
    note_read(AuditEntry(action="custody.read_figure", subject_kind="service_area", subject_id=area.id))
    return render_template(
        "compliance/figure.html", area=area, zone=zone_of(area), page=page, vials_open=True,
        more=url_for("pages.custody_figure", slug=slug, **page.more) if page.more else "",
    )  # fmt: skip

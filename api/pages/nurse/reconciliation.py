"""A nurse's reconciliation of her own hands, and the events of each of its figures; nobody else's."""

from uuid import UUID

from flask import Response, render_template, request, url_for

from api.actor import actor, clock, note_read, policy, roles
from api.db import current_session
from api.pages import pages
from api.pages.report_view import days_asked, figure_page, note_report, shown
from api.reporting import question_of, sources
from dispatch.areas.service import area_by_id, zone_of
from dispatch.audit.model import AuditEntry
from dispatch.custody.model import nurse_holder
from dispatch.custody.reports.headings import HEADINGS, Asks, ReportKind
from dispatch.custody.reports.service import make_report
from dispatch.custody.reports.words import words_of
from dispatch.kernel.actor import Role
from dispatch.kernel.refusals import Invalid, NotFound, refuse
from dispatch.workforce.service import nurse_by_id

KIND = ReportKind.NURSES


def _own_area() -> UUID:
    nurse_id = actor().nurse_id
    if nurse_id is None:
        raise refuse(NotFound, "no_such_nurse", "This account belongs to no nurse.")
    return nurse_by_id(current_session(), nurse_id).area_id


@pages.route("/reconciliation")
@policy(roles(Role.NURSE))
def own_reconciliation() -> Response | tuple[str, int]:
    """Show what she had, took, gave, wasted, handed on and has, in a span of days."""
    session = current_session()
    area = area_by_id(session, _own_area())
    page = {
        "area": area, "kind": KIND, "heading": HEADINGS[KIND], "asks": Asks, "own": True,
        "action": url_for("pages.own_reconciliation"), "files": {},
    }  # fmt: skip
    try:
        question = question_of(
            HEADINGS[KIND], area.id, zone_of(area), clock(), request.args, actor().nurse_id
        )
    except Invalid as refusal:
        text = render_template(
            "compliance/report.html", refusal=refusal, asked=request.args, shown=None, **page
        )
        return text, refusal.status
    report = make_report(session, KIND, question, actor(), sources(session, clock()))
    note_report(report, area.id, "screen")
    first, last = days_asked(report)
    return Response(
        render_template(
            "compliance/report.html",
            shown=shown(report, lambda sought: url_for("pages.own_figure", **words_of(sought))),
            refusal=None,
            asked={"from": first, "to": last},
            **page,
        )
    )


@pages.route("/reconciliation/figures")
@policy(roles(Role.NURSE))
def own_figure() -> str:
    """Show the events of a figure, of vials in her own hands only."""
    area = area_by_id(current_session(), _own_area())
    nurse_id = actor().nurse_id
    assert nurse_id is not None
    page = figure_page(area.id, own=nurse_holder(nurse_id))
    note_read(AuditEntry(action="custody.read_figure", subject_kind="service_area", subject_id=area.id))
    return render_template(
        "compliance/figure.html", area=area, zone=zone_of(area), page=page, own=True, vials_open=False,
        more=url_for("pages.own_figure", **page.more) if page.more else "",
    )  # fmt: skip

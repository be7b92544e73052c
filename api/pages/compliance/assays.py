"""Random assays of residual that was carried back: what is to be measured, what was, and how it was drawn."""

from uuid import UUID

from flask import make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from api.actor import actor, clock, note_read, policy, roles
from api.db import current_session
from api.pages import pages
from api.pages.reading import amount_from_form, text_from_form
from dispatch.areas.service import area_by_id, area_by_slug, zone_of
from dispatch.audit.model import AuditEntry
from dispatch.custody.signals import queries, service
from dispatch.custody.signals.commands import RecordAssay
from dispatch.kernel.actor import Role
from dispatch.kernel.refusals import Invalid, Refusal, refuse

MEASURERS = roles(Role.COMPLIANCE, Role.PHARMACIST)


@pages.route("/custody/<slug>/assays")
@policy(MEASURERS)
def custody_assays(slug: str) -> Response:
    """Show what waits to be measured, what was measured, and the weeks by whose seeds it was drawn."""
    return _page(area_by_slug(current_session(), slug).id)


@pages.route("/custody/<slug>/assays", methods=["POST"])
@policy(roles(Role.COMPLIANCE))
def tend_assays(slug: str) -> Response:
    """Draw what is due, reveal the seeds of weeks that are over, commit to the coming ones."""
    session = current_session()
    area = area_by_slug(session, slug)
    service.tend_assays(session, area.id, actor(), clock())
    return redirect(url_for("pages.custody_assays", slug=area.slug), 303)


@pages.route("/custody/assays/<uuid:task_id>", methods=["POST"])
@policy(MEASURERS)
def record_assay(task_id: UUID) -> Response:
    """Keep a measurement; one that fails opens a case."""
    line = queries.assay(current_session(), task_id)
    try:
        command = RecordAssay(
            task_id=task_id,
            measured_ug_per_ml=amount_from_form("measured_mg_per_ml"),
            volume_ul=_microlitres(),
            laboratory=text_from_form("laboratory", 200),
            diluted=request.form.get("diluted") == "1",
        )
        service.record_assay(current_session(), command, actor(), clock())
    except Refusal as refusal:
        return _page(line.area_id, refusal)
    slug = area_by_id(current_session(), line.area_id).slug
    return redirect(url_for("pages.custody_assays", slug=slug, _anchor=f"assay-{task_id}"), 303)


def _microlitres() -> int:
    """Read millilitres, exact to the microlitre."""
    try:
        return amount_from_form("volume_ml")
    except Invalid:
        text = "Volume: write millilitres with at most three decimals, such as 1.250."
        raise refuse(Invalid, "measure_not_plausible", text, field="volume_ml") from None


def _page(area_id: UUID, refusal: Refusal | None = None) -> Response:
    session = current_session()
    area = area_by_id(session, area_id)
    note_read(AuditEntry(action="custody.read_assays", subject_kind="service_area", subject_id=area.id))
    page = render_template(
        "compliance/assays.html",
        area=area,
        zone=zone_of(area),
        now=clock().now(),
        lines=queries.assays(session, area.id),
        periods=queries.periods(session, area.id),
        refusal=refusal,
    )
    return make_response(page, refusal.status if refusal else 200)

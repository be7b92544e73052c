"""/custody/<area>/boundaries: reports that somebody crossed a boundary, for compliance alone (C03)."""

from flask import render_template

from api.actor import note_reads, policy, roles
from api.db import current_session
from api.pages import pages
from dispatch.appointments.care.queries import boundary_reports_in, references_in
from dispatch.areas.service import area_by_slug, zone_of
from dispatch.kernel.actor import Role


@pages.route("/custody/<slug>/boundaries")
@policy(roles(Role.COMPLIANCE))
def boundary_reports(slug: str) -> str:
    """List the reports of an area's patients, newest first."""
    session = current_session()
    area = area_by_slug(session, slug)
    reports = boundary_reports_in(session, area.id)
    ids = {row.patient_id for row in reports}
    note_reads("patient.boundary_reports", ids)
    return render_template(
        "compliance/boundaries.html",
        area=area,
        zone=zone_of(area),
        reports=reports,
        references=references_in(session, area.id, ids),
    )

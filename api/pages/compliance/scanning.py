"""The scan field of compliance and of the pharmacist: what is this, and where is it in the ledger?"""

from flask import make_response, render_template
from werkzeug.wrappers import Response

from api.actor import actor, clock, note_read, policy, roles
from api.db import current_session
from api.pages import pages
from api.pages.reading import text_from_form
from dispatch.audit.model import AuditEntry
from dispatch.custody.scans.model import ScanPurpose
from dispatch.custody.scans.service import Identified, identify
from dispatch.kernel.actor import Role
from dispatch.kernel.refusals import Refusal

SCANNERS = roles(Role.COMPLIANCE, Role.PHARMACIST)


@pages.route("/custody/scan")
@policy(SCANNERS)
def custody_scan() -> Response:
    """Show the field."""
    return _page()


@pages.route("/custody/scan", methods=["POST"])
@policy(SCANNERS)
def look_up_scan() -> Response:
    """Say what was scanned, and lead to its vial."""
    try:
        seen = identify(current_session(), text_from_form("scan", 1000), ScanPurpose.FIND, actor(), clock())
    except Refusal as refusal:
        return _page(refusal=refusal)
    if seen.container_id is not None:
        note_read(AuditEntry(action="custody.scan", subject_kind="container", subject_id=seen.container_id))
    return _page(seen)


def _page(seen: Identified | None = None, refusal: Refusal | None = None) -> Response:
    page = render_template("compliance/scan.html", seen=seen, refusal=refusal)
    return make_response(page, refusal.status if refusal else 200)

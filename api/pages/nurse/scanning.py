"""The scan field on the nurse's phone: which vial is this, and what is next with it?"""

from flask import redirect, url_for
from werkzeug.wrappers import Response

from api.actor import actor, clock, policy, roles
from api.db import current_session
from api.pages import pages
from api.pages.nurse.today import show
from api.pages.reading import text_from_form
from dispatch.audit.model import AuditEntry
from dispatch.audit.service import record
from dispatch.custody.model import State
from dispatch.custody.scans.model import ScanPurpose
from dispatch.custody.scans.service import identify
from dispatch.kernel.actor import Role
from dispatch.kernel.refusals import Refusal


@pages.route("/today/scan", methods=["POST"])
@policy(roles(Role.NURSE))
def scan_vial() -> Response:
    """Lead to the scanned vial in the lock-box, or say what it is."""
    session = current_session()
    try:
        seen = identify(session, text_from_form("scan", 1000), ScanPurpose.FIND, actor(), clock())
    except Refusal as refusal:
        return show(refusal=refusal, status=refusal.status)
    if seen.container_id is None:
        return show(seen=seen)
    entry = AuditEntry(action="custody.scan", subject_kind="container", subject_id=seen.container_id)
    record(session, entry, actor(), clock())
    if seen.state is State.DISPENSED or seen.findings:
        return show(seen=seen)
    return redirect(url_for("pages.today", _anchor=f"vial-{seen.scan.serial.replace(' ', '-')}"), 303)

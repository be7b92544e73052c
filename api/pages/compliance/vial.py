"""One vial: every event, running balance, who signed and witnessed, each posting; and what can be done."""

from uuid import UUID
from zoneinfo import ZoneInfo

from flask import make_response, render_template, request
from werkzeug.wrappers import Response

from api.actor import note_read, policy, roles
from api.db import current_session
from api.pages import pages
from api.pages.nurse.words import MISHAPS, WASTE_METHODS
from dispatch.areas.service import area_by_id, zone_of
from dispatch.audit.model import AuditEntry
from dispatch.custody import queries
from dispatch.custody.model import EventKind
from dispatch.custody.states import TRANSITIONS
from dispatch.kernel.actor import Role
from dispatch.kernel.ids import new_id
from dispatch.kernel.refusals import Refusal

SET_ASIDE = {EventKind.QUARANTINED.value: "Quarantine", EventKind.EXPIRED.value: "Past its expiry"}


@pages.route("/custody/vials/<uuid:container_id>")
@policy(roles(Role.COMPLIANCE, Role.PHARMACIST))
def custody_vial(container_id: UUID) -> Response:
    """Show one vial."""
    return show_vial(container_id)


def show_vial(container_id: UUID, refusal: Refusal | None = None) -> Response:
    """Render the page of a vial, and at its top what was refused."""
    session = current_session()
    line = queries.vial(session, container_id)
    note_read(AuditEntry(action="custody.read_vial", subject_kind="container", subject_id=container_id))
    history = queries.vial_history(session, container_id)
    page = render_template(
        "compliance/vial.html",
        line=line,
        history=history,
        zone=_zone(line.area_id),
        may={kind.value for kind, transition in TRANSITIONS.items() if line.state in transition.begins},
        typed=request.form if refusal else {},
        refusal=refusal,
        mishaps=MISHAPS,
        methods=WASTE_METHODS,
        set_aside=SET_ASIDE,
        new_id=new_id,
    )
    return make_response(page, refusal.status if refusal else 200)


def _zone(area_id: UUID) -> ZoneInfo:
    return zone_of(area_by_id(current_session(), area_id))

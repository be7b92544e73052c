"""The audit bundle in one click: entries, proofs, checkpoints, keys and what checks them, as a ZIP."""

from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Response, current_app, make_response, request

from api.accounts import limiter
from api.actor import actor, clock, policy, roles
from api.bundles import make_bundle, zipped
from api.days import day_from
from api.db import current_session
from api.log_settings import read_signers
from api.pages import pages
from api.pages.reading import text_from_form
from api.pages.signing import login_limit, signature, who_tries
from dispatch.areas.service import area_by_slug, zone_of
from dispatch.custody.bundle.model import Asked
from dispatch.custody.queries import find_vial
from dispatch.kernel.actor import Role
from dispatch.kernel.ids import new_id
from dispatch.kernel.local_time import day_bounds, local_day
from dispatch.workforce.service import nurse_by_code


@pages.route("/custody/<slug>/bundle", methods=["POST"])
@limiter.limit(login_limit, key_func=who_tries)
@policy(roles(Role.COMPLIANCE))
def export_bundle(slug: str) -> Response:
    """Hand out the bundle of the whole log, or of what the form limits it to; it is written down.

    Whoever takes it away proves anew who they are: a screen left open exports nothing.
    """
    signature(request.form, new_id())
    session = current_session()
    area = area_by_slug(session, slug)
    zone = zone_of(area)
    signers = read_signers(current_app.extensions["housecall_settings"].log_keys)
    files = make_bundle(session, _asked(area.id, zone), signers, zone, actor(), clock())
    answer = make_response(zipped(files))
    answer.content_type = "application/zip"
    name = f"custody-bundle-{area.slug}-{local_day(clock().now(), zone)}.zip"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _asked(area_id: UUID, zone: ZoneInfo) -> Asked:
    """Read the limits; what is left empty limits nothing. Visits stay behind their commitments."""
    session = current_session()
    first, last = text_from_form("from", 10), text_from_form("to", 10)
    vial, nurse = text_from_form("vial", 100), text_from_form("nurse", 40)
    return Asked(
        since=day_bounds(day_from(first), zone)[0] if first else None,
        until=day_bounds(day_from(last), zone)[1] if last else None,
        container_id=find_vial(session, vial).container_id if vial else None,
        nurse_id=nurse_by_code(session, area_id, nurse).id if nurse else None,
    )

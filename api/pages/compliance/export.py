"""A day's events as CSV: safe to open in a spreadsheet, exact to the microgram."""

import csv
import io
from collections.abc import Iterable
from zoneinfo import ZoneInfo

from flask import Response, make_response, request

from api.accounts import limiter
from api.actor import actor, clock, policy, roles
from api.days import day_from
from api.db import current_session
from api.pages import pages
from api.pages.signing import login_limit, signature, who_tries
from api.sheets import harmless
from dispatch.areas.service import area_by_slug, zone_of
from dispatch.audit.model import AuditEntry
from dispatch.audit.service import record
from dispatch.custody import queries
from dispatch.custody.queries import EventLine
from dispatch.kernel.actor import Role
from dispatch.kernel.ids import new_id

COLUMNS = (
    "vial", "sequence", "event", "at", "from_state", "to_state", "from_holder", "to_holder", "amount_ug",
    "balance_ug", "visit_id", "method", "signed_by", "witnessed_by", "exception", "reasons", "override",
    "reason", "event_hash",
)  # fmt: skip


def events_as_csv(events: Iterable[EventLine], zone: ZoneInfo) -> str:
    """Write events as CSV (RFC 4180), times on the area's clock with their offset from UTC."""
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(COLUMNS)
    for event in events:
        cells = (
            event.serial, event.sequence, event.kind.value, event.at.astimezone(zone).isoformat(),
            event.from_state.value, event.to_state.value, event.from_holder, event.to_holder,
            "" if event.amount_ug is None else event.amount_ug, event.balance_ug, str(event.visit_id or ""),
            event.method, event.actor, event.witness, "yes" if event.exception else "",
            " ".join(event.reasons), event.override_reason, event.reason, event.event_hash,
        )  # fmt: skip
        table.writerow([harmless(cell) if isinstance(cell, str) else cell for cell in cells])
    return text.getvalue()


@pages.route("/custody/<slug>/<day>/events.csv", methods=["POST"])
@limiter.limit(login_limit, key_func=who_tries)
@policy(roles(Role.COMPLIANCE))
def export_events(slug: str, day: str) -> Response:
    """Hand out a day's events; that it was done is written down, and a fresh password is asked for."""
    signature(request.form, new_id())
    session = current_session()
    area = area_by_slug(session, slug)
    zone, when = zone_of(area), day_from(day)
    events = queries.events_of_day(session, area.id, when, zone)
    entry = AuditEntry(
        action="custody.export",
        subject_kind="service_area",
        subject_id=area.id,
        detail={"day": when.isoformat(), "events": len(events)},
    )
    record(session, entry, actor(), clock())
    answer = make_response(events_as_csv(events, zone))
    answer.content_type = "text/csv; charset=utf-8"
    answer.headers["Content-Disposition"] = f'attachment; filename="custody-{area.slug}-{when}.csv"'
    return answer

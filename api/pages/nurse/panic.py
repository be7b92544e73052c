"""What keeps watch on the nurse's own page: she is well, it takes longer, and a silent call for help.

The call takes two steps and leaves nothing on the screen but a small sign, on every page she opens.
"""

from urllib.parse import urlsplit
from uuid import UUID

from flask import g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from api.actor import actor, clock, policy, roles
from api.db import current_session
from api.pages import pages
from dispatch.areas.service import area_by_id, zone_of
from dispatch.kernel.actor import Role
from dispatch.kernel.ids import new_id
from dispatch.kernel.local_time import local_day
from dispatch.kernel.refusals import Invalid, refuse
from dispatch.visits.model import Position
from dispatch.visits.safety import queries, service
from dispatch.visits.safety.model import CheckIn, Panic, SignKind
from dispatch.workforce.service.nurses import nurse_by_id

NURSES = roles(Role.NURSE)


@pages.route("/today/safety")
@policy(NURSES)
def own_safety() -> str:
    """Give what the watch tells this nurse, for an open page to ask now and then."""
    return safety_part()


@pages.route("/today/visits/<uuid:appointment_id>/well", methods=["POST"])
@policy(NURSES)
def check_in_well(appointment_id: UUID) -> Response:
    """Record that she is well, or that the visit takes longer."""
    longer = request.form.get("longer_minutes", "0")
    minutes = int(longer) if longer.isascii() and longer.isdigit() and len(longer) < 4 else -1
    kind = SignKind.LONGER if minutes else SignKind.WELL
    new = CheckIn(
        event_id=_event_id(),
        appointment_id=appointment_id,
        at=clock().now(),
        kind=kind,
        longer_minutes=minutes,
    )
    service.check_in(current_session(), new, actor(), clock())
    return redirect(url_for("pages.today"), 303)


@pages.route("/today/panic", methods=["POST"])
@policy(NURSES)
def call_for_help() -> Response:
    """Call for help without a word, and show the page that was open before."""
    new = Panic(event_id=_event_id(), at=clock().now(), appointment_id=_under_way(), position=_position())
    service.raise_panic(current_session(), new, actor(), clock())
    came_from = urlsplit(request.referrer or "")
    same = came_from.netloc == request.host and came_from.path.startswith("/")
    return redirect(came_from.path if same else url_for("pages.today"), 303)


def safety_part() -> str:
    """Render what the watch tells the nurse whose page this is, and her check-in."""
    session, who = current_session(), actor()
    visit_id = _under_way()
    return render_template(
        "nurse/_safety.html",
        alarms=queries.nurses_alarms(session, who.nurse_id) if who.nurse_id else (),
        visit_id=visit_id,
        event_id=new_id(),
    )


def panic_sign() -> bool:
    """Tell a page of hers whether her call for help is open."""
    who = g.get("actor")
    return bool(who and who.nurse_id and queries.help_is_called(current_session(), who.nurse_id))


pages.add_app_template_global(panic_sign)
pages.add_app_template_global(safety_part)
pages.add_app_template_global(new_id, "new_event_id")


def _under_way() -> UUID | None:
    nurse_id = actor().nurse_id
    if nurse_id is None:
        return None
    nurse = nurse_by_id(current_session(), nurse_id)
    day = local_day(clock().now(), zone_of(area_by_id(current_session(), nurse.area_id)))
    return queries.under_way(current_session(), nurse_id, day)


def _event_id() -> UUID:
    try:
        return UUID(request.form.get("event_id", ""))
    except ValueError:
        raise refuse(Invalid, "field_not_valid", "Press the button again.", field="event_id") from None


def _position() -> Position | None:
    """Read where the phone is, if its page knew; a call for help is never refused for a bad number."""
    try:
        lat, lon = float(request.form["lat"]), float(request.form["lon"])
    except (KeyError, ValueError):
        return None
    return Position(lat=lat, lon=lon) if -90 <= lat <= 90 and -180 <= lon <= 180 else None

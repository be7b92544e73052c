"""/board: an area's day, its plan runs, and the fragments that keep an open board up to date."""

from collections.abc import Callable, Sequence
from datetime import date
from http import HTTPStatus
from uuid import UUID

from flask import make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from api.actor import actor, clock, policy, roles
from api.days import day_from, note_day_read
from api.db import current_session
from api.pages import pages
from api.pages.dispatcher import gantt
from dispatch.areas.service import area_by_slug, areas, zone_of
from dispatch.assignment import publish, service
from dispatch.assignment.service import PlanOrder
from dispatch.kernel.actor import Role
from dispatch.kernel.local_time import local_day
from dispatch.kernel.refusals import Invalid, Refusal, refuse
from dispatch.routes.model import Board
from dispatch.routes.queries import board as read_board
from dispatch.visits.model import Progress
from dispatch.visits.queries import progress

DISPATCHERS = roles(Role.DISPATCHER)
MOST_DIGITS = 9


@pages.route("/board")
@policy(DISPATCHERS)
def board_home() -> str | Response:
    """Lead to the area and day that were chosen, else to the first area's today."""
    known = areas(current_session())
    if not known:
        return render_template("dispatcher/no_area.html")
    slug = request.args.get("area") or known[0].slug
    day = request.args.get("day") or today_of(slug).isoformat()
    return redirect(url_for("pages.board", slug=slug, day=day))


@pages.route("/board/<slug>")
@policy(DISPATCHERS)
def board_today(slug: str) -> Response:
    """Lead to the area's today."""
    return redirect(url_for("pages.board", slug=slug, day=today_of(slug).isoformat()))


@pages.route("/board/<slug>/<day>")
@policy(DISPATCHERS)
def board(slug: str, day: str) -> str:
    """Show the whole board."""
    found = read(slug, day)
    return render_template(
        "dispatcher/board.html",
        view=gantt.day_view(found),
        run=gantt.run_view(found),
        areas=areas(current_session()),
    )


@pages.route("/board/<slug>/<day>/table")
@policy(DISPATCHERS)
def board_day(slug: str, day: str) -> str:
    """Give the table and the day's numbers anew, to be merged into an open board."""
    found = read(slug, day)
    view, run = gantt.day_view(found), gantt.run_view(found)
    return render_template("dispatcher/_update.html", view=view, run=run)


@pages.route("/board/<slug>/<day>/run")
@policy(DISPATCHERS)
def board_run(slug: str, day: str) -> Response:
    """Give the strip of the plan anew."""
    return strip(slug, day)


@pages.route("/board/<slug>/<day>/plan", methods=["POST"])
@policy(DISPATCHERS)
def start_plan(slug: str, day: str) -> Response:
    """Order a plan of the day."""

    def order() -> None:
        wanted = PlanOrder(area=slug, day=day_from(day), seconds=whole("seconds"), seed=whole("seed"))
        service.order_plan(current_session(), wanted, actor(), clock(), progress_of(slug, day))

    return do(slug, day, order)


@pages.route("/board/<slug>/<day>/runs/<uuid:run_id>/stop", methods=["POST"])
@policy(DISPATCHERS)
def stop_plan(slug: str, day: str, run_id: UUID) -> Response:
    """Stop a run: one being solved hands in the best plan so far, which is then ready to publish."""
    return do(slug, day, lambda: service.stop_run(current_session(), run_id, actor(), clock()))


@pages.route("/board/<slug>/<day>/runs/<uuid:run_id>/publish", methods=["POST"])
@policy(DISPATCHERS)
def publish_plan(slug: str, day: str, run_id: UUID) -> Response:
    """Make a solved run the plan in force."""
    progressed = progress_of(slug, day)
    return do(slug, day, lambda: publish.publish(current_session(), run_id, actor(), clock(), progressed))


@pages.route("/board/<slug>/<day>/runs/<uuid:run_id>/discard", methods=["POST"])
@policy(DISPATCHERS)
def discard_plan(slug: str, day: str, run_id: UUID) -> Response:
    """Set a solved run aside."""
    return do(slug, day, lambda: service.discard_run(current_session(), run_id, actor(), clock()))


def do(slug: str, day: str, deed: Callable[[], object]) -> Response:
    """Do what a button of the strip says, then show the strip: as it is now, or with why it was refused."""
    try:
        deed()
    except Refusal as refusal:
        if refusal.status == HTTPStatus.NOT_FOUND:
            raise
        current_session().rollback()
        return strip(slug, day, refusal)
    return strip(slug, day)


def strip(slug: str, day: str, refusal: Refusal | None = None) -> Response:
    """Render the plan's strip, with everything that was refused."""
    found = read(slug, day, noted=False)
    page = render_template(
        "dispatcher/_run.html",
        view=gantt.day_view(found),
        run=gantt.run_view(found),
        refused=sentences(refusal) if refusal else (),
    )
    return make_response(page, refusal.status if refusal else 200)


def read(slug: str, day: str, *, noted: bool = True) -> Board:
    """Read the day, and note that its patients' initials and places were shown."""
    found = read_board(current_session(), slug, day_from(day), clock(), progress_of(slug, day))
    if noted:
        note_day_read("board.read", found.area_id, found.day)
    return found


def progress_of(slug: str, day: str) -> Sequence[Progress]:
    """Return how far the day's visits have come."""
    area = area_by_slug(current_session(), slug)
    return list(progress(current_session(), area.id, day_from(day)).values())


def today_of(slug: str) -> date:
    """Return today by the area's calendar."""
    return local_day(clock().now(), zone_of(area_by_slug(current_session(), slug)))


def whole(field: str) -> int:
    """Read a whole number of a form, small enough for any column."""
    text = request.form.get(field, "").strip()
    if not (text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS):
        raise refuse(Invalid, "field_not_valid", "Give a whole number.", field=field)
    return int(text)


def sentences(refusal: Refusal) -> list[str]:
    """Return every reason of a refusal, each with its way out."""
    return [f"{reason.text} {reason.way_out}".strip() for reason in refusal.reasons]

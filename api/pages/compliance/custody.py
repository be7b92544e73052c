"""A day's vials and nurses, what is open, what does not add up; and one vial with all its events."""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from api.actor import clock, note_read, policy, roles
from api.days import day_from, note_day_read
from api.db import current_session
from api.pages import pages
from dispatch.areas.service import area_by_slug, areas, zone_of
from dispatch.audit.model import AuditEntry
from dispatch.custody import queries
from dispatch.custody.model import State
from dispatch.custody.queries import VialLine
from dispatch.kernel.actor import Role
from dispatch.kernel.local_time import day_bounds, local_day

READERS = roles(Role.COMPLIANCE)


@dataclass(frozen=True, kw_only=True)
class Sought:
    """What the officer looks for: a holder's code, a state, part of a serial or lot number.

    Sealed stock that rests at a pharmacy is only summed up, until something is asked for.
    """

    holder: str
    state: str
    text: str
    resting: bool

    @property
    def asks(self) -> bool:
        """Tell whether anything is asked for."""
        return bool(self.holder or self.state or self.text or self.resting)

    def finds(self, line: VialLine) -> bool:
        """Tell whether a vial is sought."""
        if not self.asks and rests(line):
            return False
        number = f"{line.serial} {line.lot}".lower()
        return (
            self.holder in ("", line.holder_label)
            and self.state in ("", line.state.value)
            and self.text.lower() in number
        )


def sought() -> Sought:
    """Read the filters of the request."""
    return Sought(
        holder=request.args.get("holder", "")[:40],
        state=request.args.get("state", "")[:40],
        text=request.args.get("q", "").strip()[:60],
        resting=request.args.get("resting") == "1",
    )


def rests(line: VialLine) -> bool:
    """Tell whether a vial is sealed stock that lies at a pharmacy."""
    return line.state is State.DISPENSED and line.holder.startswith("pharmacy:")


@dataclass(frozen=True, kw_only=True)
class Totals:
    """A day's sums over all its vials, in micrograms, and how many vials are in which hands."""

    at_pharmacies: int
    with_nurses: int
    open_vials: int
    drawn_ug: int
    given_ug: int
    wasted_ug: int
    returned: int
    lost_ug: int
    residual_ug: int


def totals(lines: list[VialLine]) -> Totals:
    """Add up a day's vials."""
    return Totals(
        at_pharmacies=sum(line.holder.startswith("pharmacy:") for line in lines),
        with_nurses=sum(line.holder.startswith("nurse:") and line.balance_ug > 0 for line in lines),
        open_vials=sum(line.residual_ug > 0 for line in lines),
        drawn_ug=sum(line.drawn_ug for line in lines),
        given_ug=sum(line.given_ug for line in lines),
        wasted_ug=sum(line.wasted_ug for line in lines),
        returned=sum(line.state is State.RETURNED for line in lines),
        lost_ug=sum(line.lost_ug for line in lines),
        residual_ug=sum(line.residual_ug for line in lines),
    )


@pages.route("/custody")
@policy(READERS)
def custody_home() -> str | Response:
    """Lead to the area and day that were chosen, else to the first area's today."""
    known = areas(current_session())
    if not known:
        return render_template("compliance/no_area.html")
    slug = request.args.get("area") or known[0].slug
    day = request.args.get("day") or _today(slug).isoformat()
    return redirect(url_for("pages.custody_day", slug=slug, day=day_from(day)))


def _today(slug: str) -> date:
    return local_day(clock().now(), zone_of(area_by_slug(current_session(), slug)))


@pages.route("/custody/<slug>/<day>")
@policy(READERS)
def custody_day(slug: str, day: str) -> str:
    """Show a day: what is open first, then vials and nurses."""
    session = current_session()
    area = area_by_slug(session, slug)
    zone, when = zone_of(area), day_from(day)
    lines = queries.vials_of_day(session, area.id, when, zone)
    wanted = sought()
    _begins, ends = day_bounds(when, zone)
    as_of = min(clock().now(), ends)
    note_day_read("custody.read_day", area.id, when)
    return render_template(
        "compliance/custody.html",
        area=area,
        areas=areas(session),
        day=when,
        zone=zone,
        lines=sorted(filter(wanted.finds, lines), key=lambda line: (not line.residual_ug, rests(line))),
        resting=Counter(line.holder_label for line in lines if rests(line)),
        count=len(lines),
        totals=totals(lines),
        residuals=queries.open_residuals(session, area.id),
        nurses=queries.nurse_totals(session, area.id, when, zone),
        cases=queries.discrepancies(session, area.id),
        ledger=queries.ledger_as_of(session, as_of, area.id),
        as_of=as_of,
        sought=wanted,
        holders=sorted({line.holder_label for line in lines if line.holder_label}),
        states=sorted({line.state.value for line in lines}),
    )


@pages.route("/custody/vials/<uuid:container_id>")
@policy(READERS)
def custody_vial(container_id: UUID) -> str:
    """Show one vial: every event, running balance, who signed, who witnessed, each posting."""
    session = current_session()
    line = queries.vial(session, container_id)
    note_read(AuditEntry(action="custody.read_vial", subject_kind="container", subject_id=container_id))
    history = queries.vial_history(session, container_id)
    zone = _zone_of(request.args.get("area", ""))
    return render_template("compliance/vial.html", line=line, history=history, zone=zone)


def _zone_of(slug: str) -> ZoneInfo:
    known = areas(current_session())
    chosen = next((area for area in known if area.slug == slug), known[0])
    return zone_of(chosen)

"""A day of custody: open cases first, then what is due, what is asked, figures, vials; and one vial."""

from collections import Counter
from datetime import date

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from api.actor import clock, policy, roles
from api.days import day_from, note_day_read
from api.db import current_session
from api.pages import pages
from api.pages.compliance.front import figures, instant_asked
from api.pages.compliance.seeking import rests, sought
from dispatch.areas.service import area_by_slug, areas, zone_of
from dispatch.custody import queries
from dispatch.custody.cases.queries import Sought as Cases
from dispatch.custody.cases.queries import case_lines
from dispatch.custody.log.queries import standing as log_standing
from dispatch.custody.signals.queries import Standing, questions
from dispatch.kernel.actor import Role
from dispatch.kernel.local_time import day_bounds, local_day

READERS = roles(Role.COMPLIANCE)


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
    """Show a day: open cases first, what is due, questions, figures, then vials and nurses."""
    session = current_session()
    area = area_by_slug(session, slug)
    zone, when, now = zone_of(area), day_from(day), clock().now()
    wanted = sought(when)
    until = wanted.until or when
    lines = queries.vials_of_day(session, area.id, when, zone, until)
    signed = (
        queries.vials_signed_by(session, wanted.person, when, until, zone) if wanted.person else frozenset()
    )
    found = [line for line in lines if wanted.finds(line, signed)]
    begins, ends = day_bounds(when, zone)
    # A day that is over is shown as of its end, another one as of now or as of the instant asked for.
    at = instant_asked(min(now, ends), zone)
    note_day_read("custody.read_day", area.id, when)
    return render_template(
        "compliance/custody.html",
        area=area,
        areas=areas(session),
        day=when,
        zone=zone,
        now=now,
        at=at,
        cases=case_lines(session, clock(), Cases(area_id=area.id)),
        due=[each for each in queries.counts_due(session, area.id) if each.counted_at is None],
        log=log_standing(session),
        questions=[each for each in questions(session, area.id) if each.standing is Standing.OPEN],
        figures=figures(session, area.id, min(begins, at), at),
        lines=sorted(found, key=lambda line: (not line.residual_ug, not line.exceptions, rests(line))),
        resting=Counter(line.holder_label for line in lines if rests(line)),
        count=len(lines),
        residuals=queries.open_residuals(session, area.id),
        recalled=queries.recall_tasks(session, area.id),
        overdue=queries.overdue_shifts(session, area.id, now),
        nurses=queries.nurse_totals(session, area.id, when, zone),
        ledger=queries.ledger_as_of(session, at, area.id),
        sought=wanted,
        people=queries.signers(session, area.id, when, until, zone),
        holders=sorted({line.holder_label for line in lines if line.holder_label}),
        sites=sorted({line.site for line in lines}),
        products=sorted({(line.product_code, line.product) for line in lines}),
        states=sorted({line.state.value for line in lines}),
    )

"""Explanations on the board: what would make a visit possible, and what the plan costs, in its panel."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from uuid import UUID

from flask import render_template

from api.actor import clock, policy
from api.days import day_from, note_day_read, present_days, progress_when_needed
from api.db import current_session
from api.pages import pages
from api.pages.dispatcher import words
from api.pages.dispatcher.board import DISPATCHERS
from api.pages.dispatcher.day_view import CostLine, CostPanel, WayLine
from api.pages.dispatcher.visits import visit_of
from dispatch.areas.service import area_by_slug, zone_of
from dispatch.assignment.present_day import PresentDay
from dispatch.assignment.ways import plan_explained, ways_of
from dispatch.routes.booked import booked_visits
from routing.explain import PlanExplained
from routing.explain.costs import TERMS, in_words

MOST_LINES = 8


@pages.route("/board/<slug>/<day>/visits/<key>/ways")
@policy(DISPATCHERS)
def visit_ways(slug: str, day: str, key: str) -> str:
    """Say what would make a visit possible that nobody makes; fetched by its panel."""
    appointment_id, part = visit_of(key)
    area, on = area_by_slug(current_session(), slug), day_from(day)
    found = ways_of(
        current_session(),
        slug,
        on,
        appointment_id,
        clock(),
        progress_when_needed(area.id, on),
        part=part,
        days=present_days(),
        called=initials_of(area.id, on),
    )
    zone = zone_of(area)
    lines = [
        WayLine(
            text=way.text,
            added=words.added_dollars(way.added_mc),
            code=way.code,
            begins=words.reading(way.begins_at, zone),
            needs_nobody=way.needs_nobody,
        )
        for way in found.ways
    ]
    return render_template("dispatcher/_ways.html", ways=lines, facts=found.facts)


@pages.route("/board/<slug>/<day>/costs")
@policy(DISPATCHERS)
def plan_costs(slug: str, day: str) -> str:
    """Take the plan's cost apart; opened from the cost on the board."""
    area, on = area_by_slug(current_session(), slug), day_from(day)
    present, explained = plan_explained(
        current_session(), slug, on, clock(), progress_when_needed(area.id, on), days=present_days()
    )
    note_day_read("plan.explain", area.id, on)
    panel = cost_panel(present, explained, initials_of(area.id, on))
    return render_template("dispatcher/_costs.html", panel=panel)


def initials_of(area_id: UUID, day: date) -> Callable[[Collection[UUID]], Mapping[UUID, str]]:
    """Return how the board calls the visits of a day."""

    def called(wanted: Collection[UUID]) -> Mapping[UUID, str]:
        found = booked_visits(current_session(), area_id, day, {}, wanted)
        return {appointment_id: visit.initials for appointment_id, visit in found.items()}

    return called


def cost_panel(
    present: PresentDay,
    explained: PlanExplained,
    called: Callable[[Collection[UUID]], Mapping[UUID, str]],
) -> CostPanel:
    """Turn a plan's explanation into what its panel shows: the dearest nurses and visits only."""
    gathered, cost = present.now.gathered, explained.summary.cost
    dearest = [share for share in explained.visits if share.saves_mc is not None][:MOST_LINES]
    initials = called({gathered.visits[share.visit].appointment_id for share in dearest})
    amounts = sorted(((getattr(cost, term), name) for term, name in TERMS), reverse=True)
    terms = [CostLine(name=name, amount=words.dollars(amount)) for amount, name in amounts if amount]
    nurses = [
        CostLine(
            name=share.nurse,
            amount=words.dollars(share.cost.total_mc),
            notes=_notes(share.travel_s, share.idle_s, share.overtime_s),
        )
        for share in explained.nurses[:MOST_LINES]
    ]
    visits = [
        CostLine(
            name=initials[gathered.visits[share.visit].appointment_id],
            amount=words.dollars(share.saves_mc or 0),
            notes=(share.nurse,),
        )
        for share in dearest
    ]
    return CostPanel(
        plan_number=present.plan_number,
        cost=words.dollars(cost.total_mc),
        sentences=in_words(explained)[len(terms) :],
        terms=terms,
        nurses=nurses,
        visits=visits,
    )


def _notes(travel_s: int, idle_s: int, overtime_s: int) -> Sequence[str]:
    spans = (("driving", travel_s), ("waiting", idle_s), ("overtime", overtime_s))
    return tuple(f"{name} {words.hours(seconds)}" for name, seconds in spans if seconds)

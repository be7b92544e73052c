"""Verifies any plan against its day without any solver, and prices it.

Every engine's work passes through here before anyone sees it; so does a plan file from elsewhere.
"""

from routing.plan import Plan
from routing.price import price, price_route
from routing.problem import Problem
from routing.rules import (
    double_visit,
    each_visit_once,
    eligibility,
    frozen_prefix,
    lock_box_capacity,
    max_duration,
    meal_break,
    overtime,
    pharmacy_hours,
    pickup_before_controlled,
    pickup_limit,
    pin,
    return_of_stock,
    route_shape,
    service_time,
    shift,
    stated_result,
    stock_ready,
    time_window,
    travel_time,
)
from routing.rules.reading import Violation

__all__ = ["RULES", "Violation", "price", "price_route", "violations"]

# The laws in the order in which people ask about them.
RULES = (
    each_visit_once,
    eligibility,
    time_window,
    service_time,
    travel_time,
    shift,
    overtime,
    max_duration,
    meal_break,
    pickup_before_controlled,
    stock_ready,
    pickup_limit,
    lock_box_capacity,
    pharmacy_hours,
    return_of_stock,
    double_visit,
    pin,
    frozen_prefix,
    stated_result,
)


def violations(problem: Problem, plan: Plan) -> tuple[Violation, ...]:
    """Return every broken rule; empty for a plan that may be published.

    A plan whose routes cannot even be read is answered with that alone.
    """
    unreadable = tuple(route_shape.check(problem, plan))
    if unreadable:
        return unreadable
    return tuple(found for rule in RULES for found in rule.check(problem, plan))

"""Why this nurse, what a plan costs, and what a new plan changes."""

from routing.engine.insertion import move
from routing.engine.solve import solve
from routing.explain import compare, explain_visit, summarise
from routing.plan import Plan
from tests.builders.routing import MIN, WEIGHTS, day, nurse, visit


def test_a_visit_is_explained() -> None:
    problem = day(nurse(), nurse("bea", at=9), visit("a", 1))
    explained = explain_visit(problem, solve(problem, engine="greedy", seconds=20.0), "a")
    assert explained.nurse == "ann"
    assert [offer.nurse for offer in explained.offers] == ["ann", "bea"]
    assert explained.reasons == ()


def test_an_unassigned_visit_is_explained() -> None:
    problem = day(nurse(), visit("a", 1, ineligible={"ann": ("licence_expired",)}))
    explained = explain_visit(problem, solve(problem, engine="greedy", seconds=20.0), "a")
    assert explained.nurse is None
    assert [reason.code for reason in explained.reasons] == ["licence_expired"]
    assert explained.offers[0].reasons == ("licence_expired",)


def test_a_plan_is_summarised() -> None:
    problem = day(nurse(), visit("a", 1), visit("b", 2, ineligible={"ann": ("licence_expired",)}))
    summary = summarise(problem, solve(problem, engine="greedy", seconds=20.0))
    assert (summary.travel_s, summary.idle_s, summary.overtime_s) == (20 * MIN, 0, 0)
    assert (summary.service_s, summary.unassigned, summary.nurses_out) == (60 * MIN, 1, 1)
    assert summary.cost.travel_mc == 20 * MIN * WEIGHTS.travel_mc_per_s


def test_two_plans_are_compared() -> None:
    problem = day(nurse(), nurse("bea", at=9), visit("a", 1), visit("c", 9))
    before = solve(problem, engine="greedy", seconds=20.0)
    after = move(problem, before, "a", "bea", begin_s=800 * MIN)
    assert isinstance(after, Plan)
    diff = compare(problem, before, after)
    (moved,) = [change for change in diff.moved if change.visit == "a"]
    assert (moved.nurse_before, moved.nurse_after, moved.begin_after_s) == ("ann", "bea", 800 * MIN)
    assert moved.changes_nurse
    assert diff.total_mc == after.cost_mc - before.cost_mc
    assert compare(problem, before, before).moved == ()

"""What a plan costs, taken apart, and what a new plan changes."""

from routing.engine.quick.insertion import move
from routing.engine.solve import solve
from routing.explain import compare, explain_plan, summarise
from routing.explain.costs import in_words
from routing.plan import Plan
from routing.price import price
from routing.problem import Problem
from tests.builders.routing import LEG_MIN, MIN, WEIGHTS, day, nurse, on_duty, pharmacy, plan, stop, visit


def solved(problem: Problem) -> Plan:
    return solve(problem, engine="greedy", seconds=20.0)


def test_a_plan_is_summarised() -> None:
    problem = day(nurse(), visit("a", 1), visit("b", 2, ineligible={"ann": ("licence_expired",)}))
    summary = summarise(problem, solved(problem))
    assert (summary.travel_s, summary.idle_s, summary.overtime_s) == (20 * MIN, 0, 0)
    assert (summary.service_s, summary.unassigned, summary.nurses_out) == (60 * MIN, 1, 1)
    assert summary.cost.travel_mc == 20 * MIN * WEIGHTS.travel_mc_per_s


def test_the_nurses_shares_and_what_is_left_are_the_whole_cost() -> None:
    problem = day(
        nurse(),
        nurse("bea", at=9),
        visit("a", 1),
        visit("b", 8, begin=(600, 600)),
        visit("c", 9, begin=(800, 800)),
        visit("d", 2, ineligible={"ann": ("licence_expired",), "bea": ("licence_expired",)}),
    )
    explained = explain_plan(problem, solved(problem))
    assert [share.nurse for share in explained.nurses] == ["bea", "ann"]
    assert explained.left == (("d", 10_000_000),)
    shares_mc = sum(share.cost.total_mc for share in explained.nurses)
    assert shares_mc + 10_000_000 == explained.summary.cost.total_mc


def test_a_visit_saves_what_the_day_costs_more_with_it() -> None:
    problem = day(nurse(), visit("near", 1), visit("far", 4))
    explained = explain_plan(problem, solved(problem))
    mc_a_leg = LEG_MIN * MIN * WEIGHTS.travel_mc_per_s
    assert {share.visit: share.saves_mc for share in explained.visits} == {"far": 6 * mc_a_leg, "near": 0}
    assert explained.visits[0].visit == "far"


def test_what_cannot_be_taken_off_has_no_saving() -> None:
    """Without the visit its unit would have to go back, and the pharmacy is closed by then."""
    problem = day(
        nurse(stock_units=1, lock_box_units=1),
        visit("drug", 1, units=1),
        visit("dry", 3, begin=(700, 700)),
        pharmacy(at=0, hours=(420, 421)),
        return_of_stock="unopened",
    )
    whole = solved(problem)
    assert not whole.unassigned
    found = {share.visit: share.saves_mc for share in explain_plan(problem, whole).visits}
    assert found["drug"] is None
    assert found["dry"] is not None


def test_a_saving_counts_from_the_plan_as_it_is() -> None:
    """A plan by hand that begins too late wastes waiting, which would be saved with the visit."""
    problem = day(nurse(), visit("a", 1))
    early = [
        stop("start", 480),
        stop("visit", 700, "a", arrive=490, lasts=60),
        stop("end", 770),
    ]
    by_hand = plan(problem, {"ann": early})
    (share,) = explain_plan(problem, by_hand).visits
    assert share.saves_mc == price(problem, by_hand).total_mc


def test_in_words_the_largest_term_comes_first_and_the_gap_last() -> None:
    problem = day(nurse(), visit("a", 1), visit("b", 2, ineligible={"ann": ("licence_expired",)}))
    said = in_words(explain_plan(problem, solved(problem)))
    assert said[0] == "Visits that nobody makes: $100.00, 100% of the cost."
    assert said[1].startswith("Driving: $0.12")
    assert said[-1] == "How far this is from the best possible plan is not proven."


def test_two_plans_are_compared() -> None:
    problem = day(nurse(), nurse("bea", at=9), visit("a", 1), visit("c", 9))
    before = solved(problem)
    after = move(problem, before, "a", "bea", begin_s=800 * MIN)
    assert isinstance(after, Plan)
    diff = compare(problem, before, after)
    (moved,) = [change for change in diff.moved if change.visit == "a"]
    assert (moved.nurse_before, moved.nurse_after, moved.begin_after_s) == ("ann", "bea", 800 * MIN)
    assert moved.changes_nurse
    assert diff.total_mc == after.cost_mc - before.cost_mc
    assert compare(problem, before, before).moved == ()


def test_of_a_running_day_only_what_is_ahead_is_counted() -> None:
    problem = day(nurse(free=on_duty(1, 600)), visit("a", 1))
    explained = explain_plan(problem, solved(problem))
    assert explained.is_running
    assert "The day is under way: only what is still ahead of it is counted." in in_words(explained)

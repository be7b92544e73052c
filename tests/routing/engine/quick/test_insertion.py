"""One visit by hand: offers for every nurse, and moves that say what they would break."""

from hypothesis import given, settings
from hypothesis import strategies as st

from routing.check import Violation, violations
from routing.engine.quick.insertion import best_insertions, move
from routing.engine.solve import solve
from routing.plan import Plan
from routing.problem import Problem
from tests.builders.routing import MIN, WEIGHTS, day, days, nurse, pharmacy, visit


def solved(problem: Problem) -> Plan:
    return solve(problem, engine="greedy", seconds=20.0)


def refused(answer: Plan | tuple[Violation, ...]) -> set[str]:
    assert isinstance(answer, tuple)
    return {violation.rule for violation in answer}


def accepted(answer: Plan | tuple[Violation, ...]) -> Plan:
    assert isinstance(answer, Plan), answer
    return answer


def test_an_offer_counts_with_the_hour_at_which_stock_is_ready() -> None:
    problem = day(
        nurse(lock_box_units=2, max_pickups=2),
        visit("early", 1, begin=(480, 560), units=1),
        visit("a", 3, units=1, ready_s=700 * MIN),
        pharmacy(at=1),
    )
    plan = accepted(move(problem, solved(problem), "a", None))
    (offer,) = best_insertions(problem, plan, "a")
    moved = accepted(move(problem, plan, "a", "ann"))
    pickups = [stop.begin_s for stop in moved.routes[0].stops if stop.kind == "pickup"]
    assert pickups[-1] >= 700 * MIN
    assert offer.added_mc == moved.cost_mc - (plan.cost_mc - problem.visit["a"].penalty_mc)


def test_offers_rank_the_possible_first_and_name_what_speaks_against_the_rest() -> None:
    problem = day(
        nurse("far", at=9),
        nurse("near", at=1),
        nurse("barred", at=2, shift=(480, 960)),
        nurse("short", at=2, shift=(480, 530)),
        visit("a", 2, ineligible={"barred": ("licence_not_valid_in_state",)}),
    )
    offers = best_insertions(problem, solved(problem), "a")
    assert [offer.nurse for offer in offers] == ["near", "far", "barred", "short"]
    assert [offer.added_mc for offer in offers[:2]] == [
        20 * MIN * WEIGHTS.travel_mc_per_s,
        140 * MIN * WEIGHTS.travel_mc_per_s,
    ]
    assert [offer.reasons for offer in offers] == [
        (),
        (),
        ("licence_not_valid_in_state",),
        ("overtime",),
    ]
    assert offers[0].begin_s == 490 * MIN


@settings(max_examples=60, deadline=None)
@given(days(), st.data())
def test_a_move_breaks_no_law_and_costs_what_was_offered(problem: Problem, data: st.DataObject) -> None:
    plan = solved(problem)
    name = data.draw(st.sampled_from([v.id for v in problem.visits]))
    taken_off = move(problem, plan, name, None)
    for offer in best_insertions(problem, plan, name):
        answer = move(problem, plan, name, offer.nurse)
        if offer.added_mc is None:
            assert refused(answer) == set(offer.reasons)
            continue
        moved = accepted(answer)
        assert violations(problem, moved) == ()
        assert moved.begin_s(name) == offer.begin_s
        if isinstance(taken_off, Plan):
            penalty = problem.visit[name].penalty_mc
            assert moved.cost_mc == taken_off.cost_mc - penalty + offer.added_mc


def test_a_visit_moves_and_the_rest_stays() -> None:
    problem = day(nurse(), nurse("bea", at=9), nurse("cyd", at=5), visit("a", 1), visit("c", 5))
    plan = solved(problem)
    moved = accepted(move(problem, plan, "a", "bea"))
    assert moved.route_of("a").nurse == "bea"  # type: ignore[union-attr]
    assert moved.route_of("c") == plan.route_of("c")
    assert moved.status == "feasible"


def test_a_law_refuses_with_every_reason() -> None:
    problem = day(
        nurse(), nurse("bea"), visit("a", 1, ineligible={"bea": ("licence_expired", "patient_excluded")})
    )
    assert refused(move(problem, solved(problem), "a", "bea")) == {"licence_expired", "patient_excluded"}


def test_a_visit_taken_off_is_unassigned_by_hand() -> None:
    problem = day(nurse(), visit("a", 1))
    moved = accepted(move(problem, solved(problem), "a", None))
    assert moved.status == "infeasible"
    assert moved.unassigned[0].reasons[0].code == "taken_off_by_hand"
    again = accepted(move(problem, moved, "a", "ann"))
    assert again.status == "feasible"
    assert again.unassigned == ()


def test_a_visit_moves_to_a_time() -> None:
    problem = day(nurse(), visit("a", 1, begin=(480, 700)))
    moved = accepted(move(problem, solved(problem), "a", "ann", begin_s=650 * MIN))
    assert moved.begin_s("a") == 650 * MIN


def test_a_time_outside_the_window_is_refused() -> None:
    problem = day(nurse(), visit("a", 1, begin=(480, 700)))
    assert refused(move(problem, solved(problem), "a", "ann", begin_s=701 * MIN)) == {"time_window"}


def test_a_time_that_does_not_fit_is_refused() -> None:
    problem = day(nurse(), visit("b", 1, begin=(600, 600)), visit("a", 1, begin=(480, 900)))
    assert refused(move(problem, solved(problem), "a", "ann", begin_s=620 * MIN)) == {"no_room_then"}


def test_a_visit_moves_to_a_position() -> None:
    problem = day(nurse(), visit("a", 1), visit("b", 2))
    plan = solved(problem)
    for position in (0, 1):
        moved = accepted(move(problem, plan, "a", "ann", position=position))
        assert moved.routes[0].visits.index("a") == position


def test_half_of_a_double_visit_keeps_the_time_of_the_other() -> None:
    problem = day(
        nurse(),
        nurse("bea"),
        nurse("cyd", at=9),
        visit("a", 1, begin=(600, 700)),
        visit("b", 1, begin=(600, 700)),
        double_visits=(("a", "b"),),
    )
    plan = solved(problem)
    other = next(n for n in ("ann", "bea") if n != plan.route_of("a").nurse)  # type: ignore[union-attr]
    moved = accepted(move(problem, plan, "a", "cyd"))
    assert moved.begin_s("a") == moved.begin_s("b")
    assert refused(move(problem, plan, "a", other)) == {"double_visit"}
    assert refused(move(problem, plan, "a", None)) == {"double_visit"}


def test_a_route_that_the_day_broke_is_not_built_upon() -> None:
    problem = day(nurse(), nurse("bea"), visit("a", 1), visit("b", 2))
    plan = solved(problem)
    mine = plan.route_of("b").nurse  # type: ignore[union-attr]
    other = "bea" if mine == "ann" else "ann"
    shorter = day(
        *(nurse(n.id, shift=(480, 500) if n.id == mine else (480, 960)) for n in problem.nurses),
        visit("a", 1),
        visit("b", 2),
    )
    assert refused(move(shorter, plan, "b", other)) == {"own_route_broken"}

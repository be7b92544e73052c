"""Branch and bound over routes: the best choice, what it proves, and its end at any moment."""

from typing import Any

from routing.engine.exact.branching import Branching, solve


def question(**more: Any) -> dict[str, Any]:
    """Three visits that pairs of half-priced routes tempt to break; two nurses."""
    return {
        "visits": [[0, 1], [1, 2], [2, 0], [0], [2]],
        "nurse": [0, 1, 0, 0, 1],
        "cost": [2.0, 2.0, 2.0, 1.5, 1.75],
        "left": [9.0, 9.0, 9.0],
        "home": [0.0, 0.0],
        "together": [],
        "cuts": [],
        "seconds": 20.0,
    } | more


def test_the_cheapest_choice_is_found_and_proven() -> None:
    found = solve(question())
    assert found is not None
    assert sorted(found["chosen"]) == [1, 3]
    assert found["optimal"]


def test_a_nurse_who_stays_out_costs_what_home_costs() -> None:
    found = solve(question(home=[0.0, 50.0]))
    assert found is not None
    assert 1 in found["chosen"] or 4 in found["chosen"]


def test_halves_of_a_double_visit_are_left_together() -> None:
    found = solve(question(visits=[[0]], nurse=[0], cost=[1.0], left=[5.0, 0.5, 0.5], together=[[0, 1]]))
    assert found is not None
    assert found["chosen"] == []
    assert found["optimal"]


def test_a_cut_takes_one_of_the_routes_that_make_two_of_its_visits() -> None:
    routes = {"visits": [[0, 1], [1, 2]], "nurse": [0, 1], "cost": [-1.0, -1.0], "left": [0.0] * 3}
    found = solve(question(**routes, cuts=[[0, 1, 2]]))
    assert found is not None
    assert len(found["chosen"]) == 1


def test_a_process_answers_as_the_function_does() -> None:
    branching = Branching(question())
    try:
        answer = branching.answer(60.0)
    finally:
        branching.end()
    assert answer is not None
    assert sorted(answer["chosen"]) == [1, 3]


def test_an_ended_process_has_no_answer() -> None:
    branching = Branching(question())
    branching.end()
    assert branching.is_done()

"""The tree over a list of routes: what it proves, what it finds, and that it may be stopped."""

import pytest

from routing.engine.budget import Budget
from routing.engine.exact.seeking import Seeker
from routing.engine.exact.tree import Tree
from routing.engine.master.pool import cost_of_plan_mc
from tests.builders.relaxing import PLENTY, narrowed


def tree_of(size: tuple[int, int], seed: int, budget: Budget = PLENTY) -> tuple[Tree, Seeker, int]:
    narrowing, best_mc = narrowed(size, seed)
    seeker = Seeker(narrowing.routes.day, [], narrowing.home_mc.tolist(), budget)
    return Tree(narrowing, seeker), seeker, best_mc


@pytest.mark.parametrize(("size", "seed"), [((20, 6), 1), ((20, 6), 3), ((30, 9), 2)])
def test_it_finds_the_best_plan_and_proves_it(size: tuple[int, int], seed: int) -> None:
    tree, seeker, best_mc = tree_of(size, seed)
    for _ in tree.search(50, PLENTY):
        assert tree.bound_mc <= best_mc
    assert tree.bound_mc == seeker.cost_mc == best_mc
    assert cost_of_plan_mc(tree.routes.day, seeker.plan, tree.home_mc.tolist()) == best_mc


def test_where_nothing_lies_below_the_target_the_target_is_the_bound() -> None:
    tree, seeker, best_mc = tree_of((20, 6), 1)
    tree.target_mc = best_mc
    before_mc = seeker.cost_mc
    for _ in tree.search(50, PLENTY):
        pass
    assert tree.bound_mc == best_mc
    assert seeker.cost_mc == before_mc


def test_a_cheaper_plan_from_beside_lowers_the_target() -> None:
    tree, seeker, best_mc = tree_of((20, 6), 1)
    seeker.cost_mc = best_mc
    for _ in tree.search(50, PLENTY):
        pass
    assert tree.target_mc == tree.bound_mc == best_mc


def test_so_many_nodes_and_no_more() -> None:
    tree, _, best_mc = tree_of((30, 9), 2)
    for _ in tree.search(50, PLENTY, most_nodes=1):
        pass
    assert tree.nodes <= 1
    assert tree.bound_mc <= best_mc


def test_a_spent_budget_proves_nothing_more() -> None:
    tree, _, _ = tree_of((20, 6), 1)
    before_mc = tree.bound_mc
    for _ in tree.search(50, Budget(seconds=0.0)):
        pass
    assert (tree.nodes, tree.bound_mc) == (0, before_mc)

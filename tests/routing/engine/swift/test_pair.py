"""Two searches side by side: no worse than either, the same for the same seed, all routes handed over."""

from routing.engine.index import DayIndex
from routing.engine.swift.pair import Pair
from routing.engine.swift.rounds import Routes, Swift
from routing.generator import generate_day


def searched(seed: int) -> tuple[Routes, int, list[int]]:
    """The day found, what it costs, and what each of the two would have come to alone."""
    index = DayIndex(generate_day(20, 5, 3))
    first = Swift(index).greedy(seed)
    one = Swift(index)
    found = Pair(one, Swift(index)).improve(first, seed, rounds=40)
    cost_mc = sum(one.cost_mc(nurse, order) or 0 for nurse, order in enumerate(found))
    alone = []
    for number in range(2):
        single = Swift(index)
        single.improve(first, 2 * seed + number, rounds=40)
        alone.append(single.best_mc)
    made = {visit for order in found for visit in order}
    left_mc = sum(line.penalty_mc for visit, line in enumerate(index.visits) if visit not in made)
    return found, cost_mc + left_mc, alone


def test_the_better_of_both_counts() -> None:
    _, cost_mc, alone = searched(1)
    assert alone[0] != alone[1]
    assert cost_mc == min(alone)


def test_the_same_seed_gives_the_same_day() -> None:
    assert searched(2) == searched(2)


def test_both_hand_over_their_routes() -> None:
    index = DayIndex(generate_day(20, 5, 3))
    both = Swift(index), Swift(index)
    pair = Pair(*both)
    pair.improve(both[0].greedy(1), 1, rounds=20)
    handed = pair.harvest()
    assert handed
    assert all(pair.cost_mc(nurse, order) == cost_mc for nurse, order, cost_mc in handed)
    assert both[0].harvest() == both[1].harvest() == []

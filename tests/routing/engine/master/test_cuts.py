"""Which cuts a broken solution violates."""

from routing.engine.master.cuts import rows_of, violated
from routing.engine.master.larger_cuts import larger_violated


def test_three_half_routes_around_a_triangle_violate_its_cut() -> None:
    assert violated([((0, 1), 0.5), ((1, 2), 0.5), ((2, 0), 0.5)], [], 9) == [(0, 1, 2)]


def test_a_route_through_all_three_counts_once() -> None:
    assert violated([((0, 1, 2), 1.0)], [], 9) == []


def test_whole_routes_violate_nothing() -> None:
    assert violated([((0, 1), 1.0), ((2, 3), 1.0)], [], 9) == []


def test_a_known_cut_is_not_named_again() -> None:
    assert violated([((0, 1), 0.5), ((1, 2), 0.5), ((2, 0), 0.5)], [(0, 1, 2)], 9) == []


def test_the_most_violated_come_first_and_no_more_than_asked() -> None:
    shares = [((0, 1), 0.5), ((1, 2), 0.5), ((2, 0), 0.5), ((5, 6), 0.7), ((6, 7), 0.7), ((7, 5), 0.7)]
    assert violated(shares, [], 1) == [(5, 6, 7)]


def test_a_nurse_torn_between_two_visits_that_another_makes_together_is_cut_off() -> None:
    shares = [(rows_of((0,), 0, 2), 0.5), (rows_of((1,), 0, 2), 0.5), (rows_of((0, 1), 1, 2), 0.5)]
    assert violated(shares, [], 9) == [(0, 1, 2)]


def test_five_rows_around_a_pentagon_are_found() -> None:
    shares = [((row, (row + 1) % 5), 0.5) for row in range(5)]
    assert violated(shares, [], 9) == []
    assert larger_violated(shares, [], 9) == [(0, 1, 2, 3, 4)]


def test_a_known_larger_cut_is_not_named_again() -> None:
    shares = [((row, (row + 1) % 5), 0.5) for row in range(5)]
    assert larger_violated(shares, [(0, 1, 2, 3, 4)], 9) == []


def test_whole_routes_violate_no_larger_cut() -> None:
    assert larger_violated([((0, 1, 2), 1.0), ((3, 4), 1.0), ((5, 6, 7), 1.0)], [], 9) == []

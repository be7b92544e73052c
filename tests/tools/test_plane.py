from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from tools.plane import along, area_m2, chained, distance_m, gap_m, length_m, moved, simplified

HOME = (39.96, -83.0)
points = st.tuples(st.floats(39.9, 40.0), st.floats(-83.1, -82.9))


def test_a_point_moved_is_as_far_as_it_was_moved() -> None:
    assert abs(distance_m(HOME, moved(HOME, 300.0, 400.0)) - 500.0) < 1e-6


def test_along_stops_at_the_share_of_the_second_piece() -> None:
    corner = moved(HOME, 100.0, 0.0)
    point, direction = along([HOME, corner, moved(corner, 0.0, 100.0)], 150.0)
    assert distance_m(point, moved(corner, 0.0, 50.0)) < 1e-6
    assert abs(direction[1] - 1.0) < 1e-9


def test_a_square_has_its_area() -> None:
    ring = [moved(HOME, *step) for step in ((0, 0), (100, 0), (100, 100), (0, 100), (0, 0))]
    assert abs(area_m2(ring) - 10_000) < 1e-3


def test_a_point_on_the_way_is_dropped_and_a_corner_kept() -> None:
    line = [HOME, moved(HOME, 50.0, 1.0), moved(HOME, 100.0, 0.0), moved(HOME, 100.0, 100.0)]
    assert simplified(line, 5.0) == [line[0], line[2], line[3]]


@settings(max_examples=60, deadline=None)
@given(st.lists(points, min_size=2, max_size=30), st.floats(1.0, 500.0))
def test_no_dropped_point_is_farther_off_than_the_tolerance(line: list, tolerance_m: float) -> None:
    kept = simplified(line, tolerance_m)
    assert (kept[0], kept[-1]) == (line[0], line[-1])
    for point in line:
        assert min(gap_m(point, a, b) for a, b in pairwise(kept)) <= tolerance_m + 1e-6


def test_lines_that_meet_end_to_end_become_one() -> None:
    a, b, c, d = (moved(HOME, 100.0 * i, 0.0) for i in range(4))
    assert chained([[a, b], [c, b], [c, d]]) == [[a, b, c, d]]


def test_lines_at_a_fork_stay_apart() -> None:
    a, b, c, d = (moved(HOME, 100.0 * i, 10.0 * i * i) for i in range(4))
    assert chained([[a, b], [b, c], [b, d]]) == [[a, b], [b, c], [b, d]]


def test_a_closed_ring_of_two_lines_is_joined_once() -> None:
    a, b, c = (moved(HOME, 100.0 * i, 10.0 * i * i) for i in range(3))
    joined = chained([[a, b], [b, c, a]])
    assert len(joined) == 1
    assert abs(length_m(joined[0]) - length_m([a, b, c, a])) < 1e-6

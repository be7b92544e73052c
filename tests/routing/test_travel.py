"""The travel model against geopy, and the laws every engine relies on."""

import numpy as np
from geopy.distance import great_circle
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.problem import Place
from routing.travel import AffineGreatCircle, TravelMatrix, great_circle_km

points = st.tuples(st.floats(-89, 89), st.floats(-180, 180))
near = st.tuples(st.floats(39.8, 40.2), st.floats(-83.2, -82.8))


def places(coordinates: list[tuple[float, float]]) -> list[Place]:
    return [Place(id=str(index), lat=lat, lon=lon) for index, (lat, lon) in enumerate(coordinates)]


@settings(max_examples=100, deadline=None)
@given(st.lists(points, min_size=2, max_size=5))
def test_distances_are_geopys(coordinates: list[tuple[float, float]]) -> None:
    lat, lon = np.array(coordinates).T
    km = great_circle_km(lat, lon)
    for i, here in enumerate(coordinates):
        for j, there in enumerate(coordinates):
            assert abs(km[i, j] - great_circle(here, there).km) < 1e-5 * max(1.0, km[i, j])


@settings(max_examples=200, deadline=None)
@given(
    st.lists(near | points, min_size=3, max_size=6),
    st.sampled_from((0.0, 0.5, 118.0)),
    st.sampled_from((0.0, 1.0, 79.0)),
)
def test_a_detour_never_saves_time(
    coordinates: list[tuple[float, float]], base_s: float, s_per_km: float
) -> None:
    seconds = AffineGreatCircle(base_s=base_s, s_per_km=s_per_km).seconds_between(places(coordinates))
    over = seconds[:, :, None] + seconds[None, :, :]
    assert (seconds[:, None, :] <= over).all()


def test_points_on_one_line_keep_the_triangle_inequality() -> None:
    line = [(0.0, step / 1000) for step in range(200)]
    seconds = AffineGreatCircle(base_s=0.0, s_per_km=1000 / 111.19508372419142).seconds_between(places(line))
    over = seconds[:, :, None] + seconds[None, :, :]
    assert (seconds[:, None, :] <= over).all()


@settings(max_examples=50, deadline=None)
@given(near, near)
def test_rounded_up_and_never_below_the_model(here: tuple[float, float], there: tuple[float, float]) -> None:
    seconds = AffineGreatCircle().seconds_between(places([here, there]))
    exact = 118 + 79 * great_circle(here, there).km
    if here == there:
        assert seconds[0, 1] == 0
    else:
        assert exact - 0.001 <= seconds[0, 1] <= exact + 1.001


def test_the_same_point_costs_nothing() -> None:
    seconds = AffineGreatCircle().seconds_between(places([(40.0, -83.0), (40.0, -83.0)]))
    assert seconds.tolist() == [[0, 0], [0, 0]]


def test_a_matrix_is_read_in_the_order_asked_for() -> None:
    matrix = TravelMatrix(places=("b", "a"), seconds=((0, 7), (9, 0)))
    assert matrix.seconds_between([Place(id="a"), Place(id="b")]).tolist() == [[0, 9], [7, 0]]


@settings(max_examples=50, deadline=None)
@given(st.lists(near, min_size=1, max_size=40))
def test_from_one_point_it_is_the_row_of_the_whole_table(points: list[tuple[float, float]]) -> None:
    table, (lat, lon) = AffineGreatCircle().seconds_between(places(points)), points[0]
    lats, lons = np.array(points).T
    assert AffineGreatCircle().seconds_from(lat, lon, lats, lons).tolist() == table[0].tolist()

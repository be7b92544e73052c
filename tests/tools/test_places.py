"""How places are drawn, and what the committed files hold."""

import json
import random
from collections import Counter
from dataclasses import dataclass, replace

import pytest

from tools import basemap, places
from tools.plane import Line, along, distance_m, moved

HOME = (39.96, -83.0)
ZIPS = places.ZipMap(points=[("43201", (39.991, -83.001)), ("43206", (39.942, -82.974))])
FILE = json.loads(places.PLACES.read_text("utf-8"))
HOUSES = [row for row in FILE["places"] if row["kind"] == "house"]
PHARMACIES = [row for row in FILE["places"] if row["kind"] == "pharmacy"]


@dataclass(frozen=True)
class Road:
    """A street as the extract gives it."""

    way_id: int
    line: Line
    name: str = "Kenworth Road"
    road_class: str = "residential"


def streets(count: int) -> list[Road]:
    return [
        Road(i, [moved(HOME, 0, 150 * i), moved(HOME, 300, 150 * i)], f"Kenworth {'x' * i}y Road")
        for i in range(1, count + 1)
    ]


def drawn(roads: list[Road], count: int = 5, seed: int = 1) -> list[places.Place]:
    return list(places.draw_houses(roads, ZIPS, count, seed))


def test_the_same_seed_draws_the_same_houses() -> None:
    assert drawn(streets(20)) == drawn(streets(20))


def test_another_seed_draws_other_houses() -> None:
    assert drawn(streets(20), seed=1) != drawn(streets(20), seed=2)


def test_a_house_stands_beside_its_street() -> None:
    by_name = {road.name: road for road in streets(20)}
    for house in drawn(streets(20)):
        road = by_name[house.street]
        gaps = [distance_m((house.lat, house.lon), along(road.line, step)[0]) for step in range(0, 300, 2)]
        assert 13.5 < min(gaps) < 15.0


def test_each_stretch_of_street_gives_one_house() -> None:
    assert len({house.street for house in drawn(streets(8), count=8)}) == 8


def test_even_numbers_are_on_the_right_side() -> None:
    for house in drawn(streets(20), count=15):
        road = next(each for each in streets(20) if each.name == house.street)
        assert (house.lat < road.line[0][0]) == (int(house.house_number) % 2 == 0)


def test_more_houses_than_streets_are_refused() -> None:
    with pytest.raises(ValueError, match="only 3 residential streets"):
        drawn(streets(3), count=4)


@pytest.mark.parametrize(
    "change",
    [
        {"road_class": "tertiary"},
        {"name": "Auto Mall Drive"},
        {"name": ""},
        {"line": [HOME, moved(HOME, 50, 0)]},
    ],
)
def test_nobody_lives_on(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="only 0"):
        drawn([replace(streets(1)[0], **change)], count=1)


def test_nobody_lives_outside_the_complete_streets() -> None:
    far = moved(HOME, 20_000, 0)
    with pytest.raises(ValueError, match="only 0"):
        drawn([Road(1, [far, moved(far, 200, 0)])], count=1)


def test_numbers_grow_with_the_distance_from_high_street() -> None:
    two_miles_west = moved(places.BROAD_AND_HIGH, -2 * 1609.344, 0)
    number = places.house_number(two_miles_west, (1.0, 0.0), 1, random.Random(1))
    assert 1200 < number < 1300


def test_the_nearest_known_point_gives_the_zip() -> None:
    assert ZIPS.nearest((39.945, -82.98)) == "43206"


def test_there_are_enough_houses_and_five_pharmacies() -> None:
    assert len(HOUSES) >= 260
    assert len(PHARMACIES) == 5


def test_ids_and_addresses_are_distinct() -> None:
    for key in (("id",), ("house_number", "street"), ("lat", "lon")):
        seen = Counter(tuple(row[field] for field in key) for row in FILE["places"])
        assert seen.most_common(1)[0][1] == 1, key


def test_every_place_is_inside_the_box_in_ohio_with_a_known_zip() -> None:
    for row in FILE["places"]:
        assert places.in_box((row["lat"], row["lon"])), row["id"]
        assert row["state"] == "OH"
        assert places.CITY_OF_ZIP[row["zip"]] == row["city"]


def test_houses_are_spread_over_the_metro() -> None:
    cells = Counter((round(row["lat"] / 0.0325), round(row["lon"] / 0.0725)) for row in HOUSES)
    assert len(cells) >= 20
    assert max(cells.values()) <= 0.15 * len(HOUSES)


@pytest.mark.parametrize("name", ["columbus-roads.geojson", "columbus-streets.geojson"])
def test_the_base_map_is_credited_classed_and_small(name: str) -> None:
    text = (places.MAP / name).read_text("utf-8")
    collection = json.loads(text)
    assert len(text) < 700_000
    assert collection["attribution"] == basemap.ATTRIBUTION == FILE["attribution"]
    assert all(feature["properties"]["class"] for feature in collection["features"])
    assert all(feature["geometry"]["coordinates"] for feature in collection["features"])


def test_the_main_map_holds_water_and_every_class_of_main_road() -> None:
    collection = json.loads((places.MAP / "columbus-roads.geojson").read_text("utf-8"))
    classes = [feature["properties"]["class"] for feature in collection["features"]]
    assert classes == ["water", "river", *basemap.MAIN_ROADS]


def test_a_pond_is_left_out_and_an_island_kept() -> None:
    def ring(side_m: float) -> Line:
        return [moved(HOME, x * side_m, y * side_m) for x, y in ((0, 0), (1, 0), (1, 1), (0, 1), (0, 0))]

    coordinates = basemap.water_feature([[ring(20)], [ring(400), ring(100)]], 5.0)["geometry"]["coordinates"]
    assert [len(polygon) for polygon in coordinates] == [2]


def test_the_credit_stands_in_notice() -> None:
    notice = (places.ROOT / "NOTICE").read_text("utf-8")
    assert "OpenStreetMap contributors" in notice
    assert "ODbL" in notice

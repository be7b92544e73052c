"""Make the demonstration's places and base map from an OpenStreetMap extract of Columbus, Ohio.

    uv run --group tools python -m tools.places columbus-ohio.osm.pbf

Writes api/demo_data/columbus-places.json (invented house numbers on real streets, five invented pharmacies),
api/pages/static/map/columbus-roads.geojson and columbus-streets.geojson. The same extract and seed give the
same bytes. Nobody's real address is meant: numbers are drawn at random along a street.
"""

import argparse
import json
import math
import random
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING

from tools import basemap
from tools.plane import Line, Point, along, centre, distance_m, length_m, moved, offset_m

if TYPE_CHECKING:
    from tools.osm_extract import Extract, Street

ROOT = Path(__file__).resolve().parent.parent
PLACES = ROOT / "api" / "demo_data" / "columbus-places.json"
MAP = ROOT / "api" / "pages" / "static" / "map"
SEED = 20261123
HOUSES = 320

# The box in which the extract's street network is complete: south, west, north, east.
BOX = (39.903, -83.145, 40.033, -82.855)
BROAD_AND_HIGH: Point = (39.96226, -83.00068)  # where Columbus begins to count its house numbers
NUMBERS_PER_M = 625 / 1609.344  # Morse Road, 4500 North, lies 7.2 miles from Broad Street

# Where many people live: middle, radius in metres, weight beside the even spread over all streets.
NEIGHBOURHOODS: tuple[tuple[Point, float, float], ...] = (
    ((40.022, -83.013), 1500, 3.0),  # Clintonville
    ((39.946, -82.992), 900, 3.0),  # German Village
    ((39.966, -82.935), 1300, 2.5),  # Bexley
    ((40.008, -83.062), 1700, 2.5),  # Upper Arlington
    ((39.952, -83.083), 1700, 2.5),  # Hilltop
    ((40.014, -82.970), 1500, 2.0),  # Linden
    ((39.968, -82.885), 1600, 2.0),  # Whitehall
    ((39.984, -83.041), 900, 2.0),  # Grandview Heights
    ((40.024, -83.130), 1500, 2.0),  # towards Hilliard
    ((39.922, -82.975), 1400, 2.0),  # South Side
    ((39.930, -82.900), 1800, 1.5),  # south-east, towards Groveport
    ((40.025, -82.890), 1600, 1.5),  # towards Gahanna
)
# Post offices' preferred city names; ZIP codes of a campus, an airport or boxes are left out.
CITY_OF_ZIP = {
    **{
        str(zip_code): "Columbus"
        for zip_code in (*range(43201, 43208), 43209, 43211, 43212, 43213, 43214, 43215, 43219, 43220, 43221,
                         43222, 43223, 43224, 43227, 43228, 43229, 43231, 43232, 43235)
    },
    "43230": "Gahanna", "43026": "Hilliard", "43068": "Reynoldsburg", "43110": "Canal Winchester",
    "43119": "Galloway", "43123": "Grove City", "43125": "Groveport", "43004": "Blacklick",
}  # fmt: skip
STREET_NAME = re.compile(
    r"(?!.*\b(Mall|Access|Spur|Ramp|Industrial|Airport|Alley|Comm)\b)[A-Z][A-Za-z'. 0-9-]+ "
    r"(Street|Avenue|Road|Drive|Court|Lane|Place|Boulevard|Circle|Terrace|Way|Trail|Parkway)"
    r"( (North|South|East|West))?"
)
PHARMACY_NAMES = (
    "Alder Creek Infusion Pharmacy",
    "Copper Lantern Pharmacy",
    "Juniper and Vale Pharmacy",
    "Northlight Infusion Pharmacy",
    "Quarry Bend Infusion Pharmacy",
)
# Main streets where the extract has no pharmacy of its own: the south side and the north-east.
COMMERCIAL_ANCHORS: tuple[Point, ...] = ((39.925, -82.985), (40.020, -82.915))


@dataclass(frozen=True, kw_only=True)
class Place:
    """One row of the places file; `kind` is house or pharmacy, `name` only a pharmacy's."""

    id: str
    kind: str
    name: str
    house_number: str
    street: str
    city: str
    state: str
    zip: str
    lat: float
    lon: float


@dataclass(frozen=True, kw_only=True)
class ZipMap:
    """Known points of ZIP codes: area centres, and places that carry a ZIP code in OpenStreetMap."""

    points: Sequence[tuple[str, Point]]

    def nearest(self, point: Point) -> str:
        """Return the ZIP code of the nearest known point: an estimate, as borders follow delivery routes."""
        return min(self.points, key=lambda row: (distance_m(row[1], point), row[0]))[0]


def in_box(point: Point) -> bool:
    """Say whether a point lies where the extract's streets are complete."""
    south, west, north, east = BOX
    return south <= point[0] <= north and west <= point[1] <= east


def crowding(point: Point) -> float:
    """Return how many times as many homes a street here gets as one in open suburbs."""
    return 0.6 + sum(
        weight * math.exp(-((distance_m(middle, point) / radius_m) ** 2))
        for middle, radius_m, weight in NEIGHBOURHOODS
    )


def house_number(point: Point, direction: tuple[float, float], side: int, draw: random.Random) -> int:
    """Return a number as Columbus counts them: by distance from Broad or High Street, one side even.

    `side` is 0 for the right side in the street's direction (even numbers) and 1 for the left (odd).
    """
    east_m, north_m = offset_m(BROAD_AND_HIGH, point)
    counted_m = abs(east_m) if abs(direction[0]) > abs(direction[1]) else abs(north_m)
    block = max(1, int(counted_m * NUMBERS_PER_M / 100))
    return block * 100 + 2 * draw.randint(1, 48) + side


def beside(line: Line, share: float, side: int, setback_m: float) -> tuple[Point, tuple[float, float]]:
    """Return a point `setback_m` off a line at `share` of its length, and the line's direction there."""
    point, (east, north) = along(line, share * length_m(line))
    sign = 1 if side == 0 else -1
    return moved(point, sign * north * setback_m, -sign * east * setback_m), (east, north)


def address(point: Point, number: int, street: str, zips: ZipMap, **rest: str) -> Place:
    """Return the place of a numbered address at a point."""
    zip_code = zips.nearest(point)
    return Place(
        house_number=str(number), street=street, city=CITY_OF_ZIP[zip_code], state="OH", zip=zip_code,
        lat=round(point[0], 6), lon=round(point[1], 6), **rest,
    )  # fmt: skip


def draw_houses(streets: Sequence["Street"], zips: ZipMap, count: int, seed: int) -> Iterator[Place]:
    """Yield `count` invented houses on distinct stretches of real residential streets, in random order."""
    draw = random.Random(seed)
    homes = [
        street
        for street in streets
        if street.road_class == "residential"
        and STREET_NAME.fullmatch(street.name)
        and length_m(street.line) >= 80
        and all(in_box(point) for point in street.line)
    ]
    weights = list(accumulate(length_m(street.line) * crowding(centre(street.line)) for street in homes))
    taken: set[int] = set()
    addresses: set[tuple[str, int]] = set()
    if len(homes) < count:
        raise ValueError(f"the extract has only {len(homes)} residential streets for {count} houses")
    while len(taken) < count:
        street = draw.choices(homes, cum_weights=weights)[0]
        side, share = draw.randrange(2), draw.uniform(0.15, 0.85)
        point, direction = beside(street.line, share, side, 14.0)
        if street.way_id in taken or not in_box(point):
            continue
        number = house_number(point, direction, side, draw)
        if (street.name, number) in addresses:
            continue
        taken.add(street.way_id)
        addresses.add((street.name, number))
        yield address(point, number, street.name, zips, id=f"house-{len(taken):03d}", kind="house", name="")


def set_pharmacies(extract: "Extract", zips: ZipMap, seed: int) -> Iterator[Place]:
    """Yield invented pharmacies on the main roads nearest to real ones and to two commercial streets."""
    draw = random.Random(seed)
    roads = [
        street
        for street in extract.streets
        if street.road_class in {"primary", "secondary", "tertiary"} and STREET_NAME.fullmatch(street.name)
    ]
    anchors = [point for point in extract.pharmacies if in_box(point)] + list(COMMERCIAL_ANCHORS)
    for index, (name, anchor) in enumerate(zip(PHARMACY_NAMES, anchors, strict=True), start=1):
        road = min(roads, key=lambda street: min(distance_m(anchor, point) for point in street.line))
        corner = min(range(len(road.line)), key=lambda i: distance_m(anchor, road.line[i]))
        share = min(0.95, max(0.05, length_m(road.line[: corner + 1]) / length_m(road.line)))
        side = draw.randrange(2)
        point, direction = beside(road.line, share, side, 22.0)
        number = house_number(point, direction, side, draw)
        yield address(point, number, road.name, zips, id=f"pharmacy-{index}", kind="pharmacy", name=name)


def zip_map(extract: "Extract") -> ZipMap:
    """Gather the points that tell which ZIP code is where, of residential ZIP codes only."""
    centroids = json.loads((ROOT / "routing" / "zip_centroids.json").read_text("utf-8"))["centroids"]
    known = [(zip_code, (lat, lon)) for zip_code, (lat, lon) in centroids.items()]
    return ZipMap(points=[row for row in (*known, *extract.zip_points) if row[0] in CITY_OF_ZIP])


def render_places(places: Sequence[Place]) -> str:
    """Return the places file's text, one place a line."""
    rows = ",\n".join(json.dumps({k: v for k, v in asdict(place).items() if v != ""}) for place in places)
    return (
        f'{{"attribution": {json.dumps(basemap.ATTRIBUTION)},\n'
        '"about": "Streets and points are real, house numbers and firms invented, ZIP codes estimated by the '
        'nearest known point. Written by tools/places.py.",\n'
        f'"places": [\n{rows}\n]}}\n'
    )


def write_map(extract: "Extract") -> None:
    """Write the main roads with water, and the small streets that are drawn only when zoomed in."""
    lines: dict[str, list[Line]] = {}
    for street in extract.streets:
        lines.setdefault(street.road_class, []).append(street.line)
    main = [
        basemap.water_feature(extract.lakes, 8.0),
        basemap.line_feature("river", extract.rivers, 8.0),
        *(basemap.line_feature(each, lines[each], 6.0) for each in basemap.MAIN_ROADS),
    ]
    (MAP / "columbus-roads.geojson").write_text(basemap.render(main), "utf-8")
    small = [basemap.line_feature(each, lines[each], 6.0) for each in basemap.SMALL_STREETS if each in lines]
    (MAP / "columbus-streets.geojson").write_text(basemap.render(small), "utf-8")


def main(arguments: list[str] | None = None) -> int:
    """Write the three files; the last line says how many places."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("extract", type=Path, help="OpenStreetMap extract (.osm.pbf) of Columbus, Ohio")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--houses", type=int, default=HOUSES)
    chosen = parser.parse_args(arguments)

    from tools.osm_extract import read_extract  # here, so that the tests need no pyosmium

    extract = read_extract(chosen.extract)
    zips = zip_map(extract)
    places = [
        *set_pharmacies(extract, zips, chosen.seed),
        *draw_houses(extract.streets, zips, chosen.houses, chosen.seed),
    ]
    PLACES.write_text(render_places(places), "utf-8")
    write_map(extract)
    sys.stdout.write(f"{len(places)} places\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

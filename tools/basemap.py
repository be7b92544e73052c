"""The base map under the day board: roads and water as GeoJSON (RFC 7946), simplified, without tiles."""

import json
from collections.abc import Mapping, Sequence

from tools.plane import Line, area_m2, chained, simplified

ATTRIBUTION = "Map data (c) OpenStreetMap contributors, ODbL 1.0"
MAIN_ROADS = ("tertiary", "secondary", "primary", "trunk", "motorway")  # in drawing order, greatest on top
SMALL_STREETS = ("unclassified", "living_street", "residential")
LEAST_LAKE_M2 = 5_000.0
Coordinates = list[list[float]]


def _coordinates(line: Line) -> Coordinates:
    return [[round(lon, 5), round(lat, 5)] for lat, lon in line]


def _feature(map_class: str, geometry: str, coordinates: object) -> dict[str, object]:
    return {
        "type": "Feature",
        "properties": {"class": map_class},
        "geometry": {"type": geometry, "coordinates": coordinates},
    }


def line_feature(map_class: str, lines: Sequence[Line], tolerance_m: float) -> dict[str, object]:
    """Return all lines of a class as one feature, joined and simplified."""
    return _feature(
        map_class,
        "MultiLineString",
        [_coordinates(simplified(line, tolerance_m)) for line in chained(list(lines))],
    )


def water_feature(lakes: Sequence[Sequence[Line]], tolerance_m: float) -> dict[str, object]:
    """Return the larger lakes and river banks as one feature; a lake is its outer ring, then islands."""
    polygons = []
    for rings in lakes:
        kept = [ring for ring in rings if area_m2(ring) >= LEAST_LAKE_M2]
        if kept and kept[0] is rings[0]:
            drawn = [_coordinates(_ring(ring, tolerance_m)) for ring in kept]
            polygons.append([ring for ring in drawn if len(ring) >= 4])
    return _feature("water", "MultiPolygon", [polygon for polygon in polygons if polygon])


def _ring(ring: Line, tolerance_m: float) -> Line:
    """Simplify a closed ring in two halves, so that it cannot collapse onto its own start."""
    half = len(ring) // 2
    return simplified(ring[: half + 1], tolerance_m) + simplified(ring[half:], tolerance_m)[1:]


def render(features: Sequence[Mapping[str, object]]) -> str:
    """Return the collection as compact GeoJSON text, one feature a line, with its attribution."""
    rows = ",\n".join(json.dumps(feature, separators=(",", ":")) for feature in features)
    return f'{{"type":"FeatureCollection","attribution":{json.dumps(ATTRIBUTION)},"features":[\n{rows}\n]}}\n'

"""Read the streets, water and pharmacies of an OpenStreetMap extract (needs pyosmium, group `tools`)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import osmium

from tools.plane import Line, Point, centre

ROADS = frozenset({"motorway", "trunk", "primary", "secondary", "tertiary"})
STREETS = frozenset({"residential", "living_street", "unclassified"})


@dataclass(frozen=True, kw_only=True)
class Street:
    """One way of the extract: `road_class` is its highway tag, links counted with the road they lead to."""

    way_id: int
    name: str
    road_class: str
    line: Line


@dataclass(frozen=True, kw_only=True)
class Extract:
    """What the demonstration needs of an extract, in the order of the extract's ids."""

    streets: list[Street] = field(default_factory=list)
    rivers: list[Line] = field(default_factory=list)
    lakes: list[list[Line]] = field(default_factory=list)
    pharmacies: list[Point] = field(default_factory=list)
    zip_points: list[tuple[str, Point]] = field(default_factory=list)


def _line(nodes: osmium.osm.NodeRefList) -> Line:
    return [(node.lat, node.lon) for node in nodes if node.location.valid()]


def _rings(area: osmium.osm.Area) -> Iterator[list[Line]]:
    for outer in area.outer_rings():
        yield [_line(outer), *(_line(inner) for inner in area.inner_rings(outer))]


def _note_way(way: osmium.osm.Way, extract: Extract) -> None:
    line = _line(way.nodes)
    road_class = way.tags.get("highway", "").removesuffix("_link")
    if len(line) < 2:
        return
    if road_class in ROADS | STREETS:
        extract.streets.append(
            Street(way_id=way.id, name=way.tags.get("name", ""), road_class=road_class, line=line)
        )
    if way.tags.get("waterway") == "river":
        extract.rivers.append(line)


def _note_place(place: osmium.osm.OSMObject, point: Point, extract: Extract) -> None:
    if place.tags.get("amenity") == "pharmacy":
        extract.pharmacies.append(point)
    if zip_code := place.tags.get("addr:postcode"):
        extract.zip_points.append((zip_code[:5], point))


def read_extract(path: Path) -> Extract:
    """Return the streets, water, pharmacies and tagged ZIP codes of the extract at `path`."""
    extract = Extract()
    for each in osmium.FileProcessor(str(path)).with_locations().with_areas():
        if each.is_node():
            _note_place(each, (each.lat, each.lon), extract)
        elif each.is_way():
            _note_way(each, extract)
            if line := _line(each.nodes):
                _note_place(each, centre(line), extract)
        elif each.is_area() and (
            each.tags.get("natural") == "water" or each.tags.get("waterway") == "riverbank"
        ):
            extract.lakes.extend(_rings(each))
    return extract

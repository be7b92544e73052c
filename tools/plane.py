"""Plane geometry for one metro: latitude and longitude laid flat around Columbus, in metres."""

import math
from itertools import pairwise

Point = tuple[float, float]  # latitude, longitude in degrees, WGS 84
Line = list[Point]

M_PER_DEGREE = 111_195.0  # of latitude, on the mean sphere
M_PER_DEGREE_LON = M_PER_DEGREE * math.cos(math.radians(39.968))  # at the middle of the extract


def offset_m(start: Point, end: Point) -> tuple[float, float]:
    """Return (east, north) from `start` to `end` in metres; good to 0.2 % within 20 km of Columbus."""
    return (end[1] - start[1]) * M_PER_DEGREE_LON, (end[0] - start[0]) * M_PER_DEGREE


def moved(point: Point, east_m: float, north_m: float) -> Point:
    """Return the point `east_m` east and `north_m` north of `point`."""
    return point[0] + north_m / M_PER_DEGREE, point[1] + east_m / M_PER_DEGREE_LON


def distance_m(start: Point, end: Point) -> float:
    """Return the straight distance between two points in metres."""
    return math.hypot(*offset_m(start, end))


def length_m(line: Line) -> float:
    """Return the length of a line in metres."""
    return sum(distance_m(start, end) for start, end in pairwise(line))


def centre(line: Line) -> Point:
    """Return the mean of a line's points."""
    return sum(lat for lat, _ in line) / len(line), sum(lon for _, lon in line) / len(line)


def area_m2(ring: Line) -> float:
    """Return the area inside a closed ring (shoelace formula) in square metres."""
    flat = [offset_m(ring[0], point) for point in ring]
    return abs(sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairwise(flat))) / 2


def along(line: Line, travelled_m: float) -> tuple[Point, tuple[float, float]]:
    """Return the point `travelled_m` along a line, and the direction there as a unit (east, north)."""
    for start, end in pairwise(line):
        step_m = distance_m(start, end)
        if step_m > 0 and (travelled_m <= step_m or end is line[-1]):
            east, north = (each / step_m for each in offset_m(start, end))
            return moved(start, east * min(travelled_m, step_m), north * min(travelled_m, step_m)), (
                east,
                north,
            )
        travelled_m -= step_m
    raise ValueError("a line needs two different points")


def gap_m(point: Point, start: Point, end: Point) -> float:
    """Return the distance of `point` from the piece of line between `start` and `end`, in metres."""
    east, north = offset_m(start, end)
    x, y = offset_m(start, point)
    squared = east * east + north * north
    share = 0.0 if squared == 0 else max(0.0, min(1.0, (x * east + y * north) / squared))
    return math.hypot(x - share * east, y - share * north)


def simplified(line: Line, tolerance_m: float) -> Line:
    """Drop the points that lie within `tolerance_m` of the line without them (Douglas and Peucker 1973)."""
    kept = {0, len(line) - 1}
    pieces = [(0, len(line) - 1)]
    while pieces:
        first, last = pieces.pop()
        between = range(first + 1, last)
        farthest = max(between, key=lambda i: gap_m(line[i], line[first], line[last]), default=None)
        if farthest is not None and gap_m(line[farthest], line[first], line[last]) > tolerance_m:
            kept.add(farthest)
            pieces += [(first, farthest), (farthest, last)]
    return [line[i] for i in sorted(kept)]


def chained(lines: list[Line]) -> list[Line]:
    """Join lines end to start wherever exactly two of them meet, so that a road is one line, not thirty."""
    ends: dict[Point, list[int]] = {}
    for index, line in enumerate(lines):
        for end in (line[0], line[-1]):
            ends.setdefault(end, []).append(index)
    chains = {index: list(line) for index, line in enumerate(lines)}
    part_of = list(range(len(lines)))

    def root(index: int) -> int:
        while part_of[index] != index:
            index = part_of[index]
        return index

    for point, meeting in ends.items():
        if len(meeting) != 2:
            continue
        first, second = (root(index) for index in meeting)
        if first == second:
            continue
        left, right = chains[first], chains.pop(second)
        left = left if left[-1] == point else left[::-1]
        right = right if right[0] == point else right[::-1]
        chains[first] = left + right[1:]
        part_of[second] = first
    return list(chains.values())

"""The response curve of PHQ-9 as the server draws it: where points and lines stand in the picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from dispatch.clearance.model import ScoreLine

WIDTH, HEIGHT = 640, 220
LEFT, RIGHT, TOP, BOTTOM = 40, 16, 12, 32
MOST = 27


@dataclass(frozen=True, kw_only=True)
class Point:
    """A score on the curve."""

    x: float
    y: float
    at: datetime
    total: int
    band: str
    occasion: str


@dataclass(frozen=True, kw_only=True)
class Curve:
    """A drawn curve; `limits` are the bands' lower limits with their heights, `half` that of a response."""

    points: tuple[Point, ...]
    limits: tuple[tuple[int, float], ...]
    half: float | None
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT

    @property
    def line(self) -> str:
        """The points as a polyline takes them."""
        return " ".join(f"{each.x},{each.y}" for each in self.points)


def phq9_curve(lines: Sequence[ScoreLine], limits: Sequence[int]) -> Curve | None:
    """Lay scores with a total over time, None where there is none."""
    whole = [line for line in lines if line.total is not None]
    if not whole:
        return None
    first, last = whole[0].taken_at, whole[-1].taken_at
    span = max((last - first).total_seconds(), 1.0)
    reach = WIDTH - LEFT - RIGHT
    points = tuple(
        Point(
            x=round(LEFT + reach * (line.taken_at - first).total_seconds() / span, 1),
            y=height_of(line.total or 0),
            at=line.taken_at,
            total=line.total or 0,
            band=line.band,
            occasion=line.occasion.value,
        )
        for line in whole
    )
    half = height_of(points[0].total / 2) if points[0].total else None
    return Curve(points=points, limits=tuple((limit, height_of(limit)) for limit in limits), half=half)


def height_of(total: float) -> float:
    """Return where a total stands: 0 at the foot, 27 at the top."""
    return round(HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * total / MOST, 1)

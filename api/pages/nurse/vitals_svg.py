"""Readings and scores over time, laid out on the server; the template writes the SVG."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dispatch.visits.bedside.model import ChartedReading, Reading

WIDTH, HEIGHT = 340, 180
LEFT, RIGHT, TOP, BOTTOM = 30, 8, 8, 22
SERIES: tuple[tuple[str, str, Callable[[Reading], int]], ...] = (
    ("sbp", "Systolic", lambda reading: reading.sbp),
    ("dbp", "Diastolic", lambda reading: reading.dbp),
    ("hr", "Pulse", lambda reading: reading.hr),
    ("spo2", "Oxygen", lambda reading: reading.spo2),
)
LEAST_SPAN = timedelta(minutes=30)
LEAST, MOST, STEP = 40, 200, 40


@dataclass(frozen=True, kw_only=True)
class Line:
    """One kind of figure: its points, as an SVG ``points`` list, and each point alone."""

    name: str
    label: str
    points: str
    dots: tuple[tuple[float, float], ...]


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """Everything that the template needs, in the drawing's own units."""

    width: int
    height: int
    left: int
    right: int
    bottom: int
    lines: tuple[Line, ...]
    levels: tuple[tuple[int, float], ...]
    times: tuple[tuple[datetime, float], ...]
    begins_x: float | None
    ends_x: float | None


def drawing(
    readings: Sequence[ChartedReading], started_at: datetime | None, stopped_at: datetime | None
) -> Drawing | None:
    """Lay readings over time; None where there is nothing to draw."""
    if not readings:
        return None
    moments = [each.at for each in readings] + [at for at in (started_at, stopped_at) if at]
    first, last = min(moments), max(moments)
    span = max(last - first, LEAST_SPAN)
    most = max(MOST, *(each.reading.sbp for each in readings))

    def x_of(at: datetime) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * ((at - first) / span), 1)

    def y_of(value: float) -> float:
        share = (max(value, LEAST) - LEAST) / (most - LEAST)
        return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share, 1)

    lines = []
    for name, label, figure in SERIES:
        dots = tuple((x_of(each.at), y_of(figure(each.reading))) for each in readings)
        points = " ".join(f"{x},{y}" for x, y in dots)
        lines.append(Line(name=name, label=label, points=points, dots=dots))
    return Drawing(
        width=WIDTH,
        height=HEIGHT,
        left=LEFT,
        right=WIDTH - RIGHT,
        bottom=HEIGHT - BOTTOM,
        lines=tuple(lines),
        levels=tuple((level, y_of(level)) for level in range(LEAST, most + 1, STEP)),
        times=tuple((first + span * share / 2, x_of(first + span * share / 2)) for share in range(3)),
        begins_x=x_of(started_at) if started_at else None,
        ends_x=x_of(stopped_at) if stopped_at else None,
    )


MOOD_HEIGHT, MOST_PHQ9 = 90, 27


@dataclass(frozen=True, kw_only=True)
class MoodDrawing:
    """PHQ-9 totals, one step a filling-in: its line, and each total with its place."""

    width: int
    height: int
    points: str
    dots: tuple[tuple[float, float, int], ...]


def mood_drawing(moods: Sequence[tuple[datetime, int]]) -> MoodDrawing | None:
    """Lay PHQ-9 totals (0 to 27) side by side; None where there are none."""
    if not moods:
        return None
    step = (WIDTH - LEFT - RIGHT) / max(1, len(moods) - 1)
    room = MOOD_HEIGHT - 2 * BOTTOM
    dots = tuple(
        (round(LEFT + step * number, 1), round(MOOD_HEIGHT - BOTTOM - room * total / MOST_PHQ9, 1), total)
        for number, (_, total) in enumerate(moods)
    )
    points = " ".join(f"{x},{y}" for x, y, _ in dots)
    return MoodDrawing(width=WIDTH, height=MOOD_HEIGHT, points=points, dots=dots)

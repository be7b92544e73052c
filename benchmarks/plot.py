"""``housecall bench plot``: cost and bound over time, as an SVG drawn here.

A picture of two step lines needs no plotting library: this one is some lines of text in the repository, the
same on every machine, and follows the reader's light or dark page.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from benchmarks.boards_command import read_size
from benchmarks.runs import Board, Run, RunFailed, run
from routing.engine.solve import ENGINES

MC_PER_DOLLAR = 100_000
WIDTH, HEIGHT = 760, 400
LEFT, RIGHT, TOP, BOTTOM = 76, 30, 66, 56
INSIDE = f"M{LEFT} {TOP}H{WIDTH - RIGHT}V{HEIGHT - BOTTOM}H{LEFT}Z"
HEADROOM = 1.35  # the axis ends here times the last cost: the first seconds come in from above
NARROW = 0.06  # each way of the last cost, at least: lines that meet are still drawn apart from the edges
STYLE = """
text{font:13px system-ui,sans-serif;fill:#24303c}.title{font-size:15px;font-weight:600}
.grid{stroke:#d5dbe1}.cost,.bound{fill:none;stroke-width:2.5;stroke-linejoin:round}
.cost{stroke:#0b5cad}.bound{stroke:#b3541e}.gap{fill:#0b5cad;opacity:.1}
text.c{fill:#0b5cad;font-weight:600}text.b{fill:#b3541e;font-weight:600}.page{fill:#fff}
@media(prefers-color-scheme:dark){.page{fill:#14191f}text{fill:#dfe6ec}.grid{stroke:#38434e}
.cost{stroke:#6db3f2}.gap{fill:#6db3f2}.bound{stroke:#f0a060}text.c{fill:#6db3f2}text.b{fill:#f0a060}}
"""

Steps = list[tuple[float, float]]  # from this second on, so many dollars


def steps_of(found: Run) -> tuple[Steps, Steps]:
    """Return cost and bound over time, each from its first second to the end of the run.

    A bound below zero says nothing and is not drawn.
    """
    costs: Steps = []
    bounds: Steps = []
    for said in found.progress:
        if not costs or said.cost_mc / MC_PER_DOLLAR < costs[-1][1]:
            costs.append((said.seconds, said.cost_mc / MC_PER_DOLLAR))
        if (said.bound_mc or 0) / MC_PER_DOLLAR > (bounds[-1][1] if bounds else 0):
            assert said.bound_mc is not None
            bounds.append((said.seconds, said.bound_mc / MC_PER_DOLLAR))
    costs.append((found.seconds, found.plan.cost_mc / MC_PER_DOLLAR))
    if found.plan.bound_mc is not None and found.plan.bound_mc > 0:
        bounds.append((found.seconds, found.plan.bound_mc / MC_PER_DOLLAR))
    return costs, bounds


@dataclass(frozen=True, kw_only=True)
class Axes:
    """From seconds (logarithmic) and dollars to points of the picture."""

    begin_s: float
    end_s: float
    low: float
    high: float

    @classmethod
    def around(cls, costs: Steps, bounds: Steps) -> "Axes":
        """Return axes from the first plan on, from below the later bounds to above the later costs."""
        last = costs[-1][1]
        begin_s = max(0.001, costs[0][0], costs[-1][0] / 1000)
        lowest = min([last, *(dollars for _, dollars in bounds[-max(1, len(bounds) // 2) :])])
        return cls(
            begin_s=begin_s,
            end_s=max(costs[-1][0], begin_s * 1.01),
            low=max(0.0, min(lowest * 0.98, last * (1 - NARROW))),
            high=max(last * (1 + NARROW), min(costs[0][1] * 1.02, last * HEADROOM)),
        )

    def x(self, seconds: float) -> float:
        """Return how far to the right."""
        share = math.log(max(seconds, self.begin_s) / self.begin_s) / math.log(self.end_s / self.begin_s)
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def y(self, dollars: float) -> float:
        """Return how far down."""
        share = (dollars - self.low) / (self.high - self.low)
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)

    def corners(self, steps: Steps) -> list[tuple[float, float]]:
        """Return the corners of a step line."""
        found: list[tuple[float, float]] = []
        for seconds, dollars in steps:
            if found:
                found.append((self.x(seconds), found[-1][1]))
            found.append((self.x(seconds), self.y(dollars)))
        return found


def draw(title: str, costs: Steps, bounds: Steps) -> str:
    """Return the picture as SVG."""
    axes = Axes.around(costs, bounds)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
        f"<title>{title}</title><style>{STYLE}</style>",
        f'<clipPath id="inside"><path d="{INSIDE}"/></clipPath>',
        f'<rect class="page" width="{WIDTH}" height="{HEIGHT}"/>',
        f'<text class="title" x="{LEFT}" y="26">{title}</text>',
        *_legend(costs, bounds),
        *_grid(axes),
        '<g clip-path="url(#inside)">',
    ]
    if bounds:
        held = [dollars for seconds, dollars in costs if seconds <= bounds[0][0]]
        above = [(bounds[0][0], held[-1])] if held else []
        above += [step for step in costs if step[0] > bounds[0][0]]
        ring = [*axes.corners(above), *reversed(axes.corners(bounds))]
        parts.append(f'<path class="gap" d="{_path(ring)}Z"/>')
        parts.append(f'<path class="bound" d="{_path(axes.corners(bounds))}"/>')
    parts.append(f'<path class="cost" d="{_path(axes.corners(costs))}"/>')
    return "\n".join([*parts, "</g>", "</svg>", ""])


def _path(points: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)


def _grid(axes: Axes) -> Iterator[str]:
    for dollars in _round_numbers(axes.low, axes.high):
        y = axes.y(dollars)
        yield f'<path class="grid" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>'
        yield f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">${dollars:,.0f}</text>'
    for power in range(math.ceil(math.log10(axes.begin_s)), math.floor(math.log10(axes.end_s)) + 1):
        for seconds in (10.0**power, 3 * 10.0**power):
            if seconds <= axes.end_s:
                x = axes.x(seconds)
                yield f'<path class="grid" d="M{x:.1f} {TOP}V{HEIGHT - BOTTOM}"/>'
                place = f'x="{x:.1f}" y="{HEIGHT - BOTTOM + 20}"'
                yield f'<text {place} text-anchor="middle">{seconds:g} s</text>'
    yield f'<text x="{LEFT}" y="{HEIGHT - 10}">seconds since the day was handed over, logarithmic</text>'


def _round_numbers(low: float, high: float) -> Iterator[float]:
    """Yield four to ten round numbers between two."""
    step = 10.0 ** math.floor(math.log10((high - low) / 4))
    step *= next(times for times in (5, 2, 1) if (high - low) / (times * step) >= 4)
    for times in range(math.ceil(low / step), math.floor(high / step) + 1):
        yield times * step


def _legend(costs: Steps, bounds: Steps) -> Iterator[str]:
    last = costs[-1][1]
    yield f'<text class="c" x="{LEFT}" y="50">cost ${last:,.0f} at {costs[-1][0]:.0f} s</text>'
    if bounds:
        proven = bounds[-1][1]
        gap = "optimal" if proven >= last else f"gap {(last - proven) / last:.2%}"
        text = f"bound ${proven:,.0f}, {gap}"
        yield f'<text class="b" x="{WIDTH - RIGHT}" y="50" text-anchor="end">{text}</text>'


@click.command("plot")
@click.option("--size", "sizes", multiple=True, help="Visits/nurses; repeatable. Default 100/28 and 200/55.")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True)
@click.option("--seconds", type=click.FloatRange(0, 86_400, min_open=True), default=60.0, show_default=True)
@click.option("--engine", type=click.Choice(list(ENGINES)), default="columns", show_default=True)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("docs/pictures"),
    show_default=True,
    help="Folder for the pictures.",
)
def plot(sizes: tuple[str, ...], seed: int, seconds: float, engine: str, out: Path) -> None:
    """Draw cost and bound over time, one SVG a size."""
    out.mkdir(parents=True, exist_ok=True)
    for size in sizes or ("100/28", "200/55"):
        visits, nurses = read_size(size)
        try:
            found = run(Board(visits=visits, nurses=nurses, seed=seed), engine, seconds)
        except RunFailed as failed:
            raise click.ClickException(str(failed)) from None
        title = f"{visits} visits, {nurses} nurses (seed {seed}): the plan's cost and what no plan can beat"
        path = out / f"progress-{visits}-{nurses}.svg"
        path.write_text(draw(title, *steps_of(found)), encoding="utf-8")
        click.echo(f"{path}: {found.plan.status} after {found.seconds:.1f} s, load {found.load}")

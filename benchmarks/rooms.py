"""``housecall bench profile``: where the wall's seconds of one solve go, room by room.

A thread of its own looks every few milliseconds at what the others are doing and gives the seconds since its
last look to the room that the solving thread stands in. Where that thread only waits for the threads that
price nurses, the seconds are split among what those are doing. Compiled loops and solvers let go of Python's
lock or return within milliseconds, so nothing hides; a look costs less than a thousandth of the time.
"""

import json
import linecache
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import click

from benchmarks.boards_command import read_size
from benchmarks.runs import Board
from routing import engine as engine_package
from routing.engine.solve import ENGINES, solve
from routing.plan import Plan

ENGINE = Path(engine_package.__file__).parent
EVERY_S = 0.004
PRICING = "pricing"
# A room by its module; the innermost counts. Modules that help in many rooms stand for none.
ROOMS = {
    "baseline/guided": "routing library",
    "baseline/library": "routing library",
    "exact/branching": "closing: branch and bound",
    "exact/closing": "closing",
    "exact/columns": "the engine's own order of work",
    "exact/dive": "dive",
    "exact/listing": "closing",
    "exact/regions": "regions, large days only",
    "exact/seeking": "parts solved exactly",
    "exact/tree": "closing: branch and bound",
    "master/cuts": "cuts: separation",
    "master/generation": "column generation: book-keeping",
    "master/integer": "integer master (CP-SAT)",
    "master/larger_cuts": "cuts: separation",
    "master/linear": "linear master (GLOP)",
    "master/pool": "column generation: book-keeping",
    "pricing/bounds": "completion bounds",
    "pricing/nurses": PRICING,
    "quick/greedy": "greedy",
    "solve": "check, price, reasons",
    "swift/insert": "ruin and recreate",
    "swift/rounds": "ruin and recreate",
    "swift/search": "ruin and recreate",
}
HELPERS = {
    *("budget", "compiled", "index", "exact/first_day", "exact/part", "quick/double", "quick/insertion"),
    *("pricing/dominance", "pricing/ends", "pricing/labels", "pricing/shelf", "pricing/side"),
    *("route/detours", "route/roster", "route/schedule", "route/timetable", "route/why_not"),
    *("swift/day", "swift/timing"),
}
# What the line that runs in `pricing/nurses` says about which pricing it is.
LINES = {
    "completion_bounds(": "completion bounds",
    "way=quick": "pricing: heuristic labels",
    "way=exact": "pricing: exact labels",
    "price_days(side, ask)": "closing: listing routes",
}


class Rooms:
    """Seconds by room, while it is entered as a context, of the thread that enters it."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._solving = threading.get_ident()
        self._ends = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "Rooms":
        self._solving = threading.get_ident()
        self._watcher.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        self._watcher.join()

    def _watch(self) -> None:
        last_s = time.monotonic()
        while not self._ends.wait(EVERY_S):
            frames = sys._current_frames()
            now_s = time.monotonic()
            here = room_of(frames[self._solving]) if self._solving in frames else "ended"
            rooms = [here]
            if here == PRICING:
                others = [room for ident, room in self._others(frames) if room != PRICING]
                rooms = others or [here]
            for room in rooms:
                self.seconds[room] += (now_s - last_s) / len(rooms)
            last_s = now_s

    def _others(self, frames: dict[int, FrameType]) -> Iterator[tuple[int, str]]:
        mine = threading.get_ident()
        for ident, frame in frames.items():
            if ident not in (mine, self._solving) and any(True for _ in _engine_frames(frame)):
                yield ident, room_of(frame)


def room_of(frame: FrameType) -> str:
    """Return the room in which a stack stands."""
    for inner in _engine_frames(frame):
        module = Path(inner.f_code.co_filename).relative_to(ENGINE).with_suffix("").as_posix()
        if module in HELPERS:
            continue
        room = ROOMS.get(module, module)
        if room == PRICING:
            line = linecache.getline(inner.f_code.co_filename, inner.f_lineno)
            return next((name for text, name in LINES.items() if text in line), PRICING)
        return room
    return "outside the engine"


def _engine_frames(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        if frame.f_code.co_filename.startswith(str(ENGINE)):
            yield frame
        frame = frame.f_back


def profiled(board: Board, seconds: float, engine: str) -> tuple[Plan, dict[str, float]]:
    """Solve a board, warm, and return the plan and the seconds by room."""
    if engine == "columns":
        from routing.engine.exact.warming import warm_up

        warm_up()
    problem = board.problem()
    with Rooms() as rooms:
        plan = solve(problem, seconds=seconds, seed=board.seed, engine=engine)
    return plan, dict(sorted(rooms.seconds.items(), key=lambda entry: -entry[1]))


@click.command("profile")
@click.option("--size", default="200/55", show_default=True, help="Visits/nurses.")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True)
@click.option("--seconds", type=click.FloatRange(0, 86_400, min_open=True), default=60.0, show_default=True)
@click.option("--engine", type=click.Choice(list(ENGINES)), default="columns", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One line of JSON.")
def profile(size: str, seed: int, seconds: float, engine: str, as_json: bool) -> None:
    """Where the wall's seconds of one solve go, room by room."""
    visits, nurses = read_size(size)
    plan, spent = profiled(Board(visits=visits, nurses=nurses, seed=seed), seconds, engine)
    if as_json:
        rooms = {room: round(spent_s, 2) for room, spent_s in spent.items()}
        found = {"size": size, "seed": seed, "cost_mc": plan.cost_mc, "bound_mc": plan.bound_mc}
        click.echo(json.dumps(found | {"seconds": plan.seconds, "rooms": rooms}))
        return
    for line in as_table(spent):
        click.echo(line)
    gap = "no bound" if plan.gap is None else f"gap {plan.gap:.2%}"
    click.echo(f"\n{size}, seed {seed}: {plan.seconds:.1f} s, {gap}, {plan.status}")


def as_table(spent: dict[str, float]) -> list[str]:
    """Return the rooms as rows of a markdown table."""
    whole = sum(spent.values()) or 1.0
    rows = [f"| {room} | {seconds:.1f} | {seconds / whole:.0%} |" for room, seconds in spent.items()]
    return ["| room | seconds | share |", "|---|---|---|", *rows]

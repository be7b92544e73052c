"""Where a solve's seconds go."""

import sys
import time

from benchmarks.rooms import ENGINE, HELPERS, LINES, ROOMS, Rooms, as_table, profiled, room_of
from benchmarks.runs import Board
from routing.engine.solve import solve
from routing.generator import generate_day


def test_the_seconds_of_a_solve_are_all_in_rooms():
    began_s = time.monotonic()
    _, spent = profiled(Board(visits=30, nurses=8, seed=1), 5.0, "greedy")
    assert 0 < spent["greedy"] <= sum(spent.values()) <= time.monotonic() - began_s


def test_the_innermost_room_counts_and_helpers_stand_for_none():
    seen: list[str] = []
    solve(
        generate_day(4, 2, 1),
        seconds=1.0,
        engine="greedy",
        on_progress=lambda _: seen.append(room_of(sys._getframe())),
    )
    assert seen == ["check, price, reasons"] * 2  # told from `solve` itself


def test_outside_the_engine():
    assert room_of(sys._getframe()) == "outside the engine"


def test_nothing_is_counted_before_and_after():
    with Rooms() as rooms:
        pass
    spent = dict(rooms.seconds)
    solve(generate_day(10, 4, 1), seconds=1.0, engine="greedy")
    assert rooms.seconds == spent


def test_the_table_has_shares():
    assert as_table({"dive": 3.0, "greedy": 1.0})[2:] == ["| dive | 3.0 | 75% |", "| greedy | 1.0 | 25% |"]


def test_rooms_and_helpers_are_modules_of_the_engine():
    modules = {path.relative_to(ENGINE).with_suffix("").as_posix() for path in ENGINE.rglob("*.py")}
    assert modules >= HELPERS | set(ROOMS)


def test_the_lines_that_tell_pricings_apart_are_there():
    text = (ENGINE / "pricing" / "nurses.py").read_text(encoding="utf-8")
    assert all(line in text for line in LINES)

"""One measured run in a process of its own: ``python -m benchmarks.one``, asked and answered in JSON.

A fresh process for each run makes memory and warmth comparable: nothing of an earlier run is left, and
whatever loads slowly (compiled loops, a peer's libraries) is loaded before the clock starts.
"""

import json
import os
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import peers
from benchmarks.peers.exact import cheapest_plan
from routing.engine.budget import Progress
from routing.engine.index import DayIndex
from routing.engine.solve import solve
from routing.generator import generate_day
from routing.plan import Plan
from routing.planfile import plan_as_json
from routing.problem import Problem


class Took(NamedTuple):
    """Seconds on the wall and of the processor."""

    wall_s: float
    cpu_s: float


def peak_mb() -> float | None:
    """Return this process's largest resident memory in MB; None where the kernel does not say.

    Not `resource.getrusage`: that of a child begins with its parent's.
    """
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    return next((round(int(line.split()[1]) / 1024, 1) for line in lines if line.startswith("VmHWM")), None)


def answer(asked: dict[str, Any]) -> dict[str, Any]:
    """Run what was asked.

    Keys: ``board`` (arguments of `generate_day`), ``engine``, ``seconds``, ``seed``, ``part`` (which of the
    processes of a peer this is).
    """
    board = asked["board"]
    problem = generate_day(
        board["visits"], board["nurses"], board["seed"], service_min=tuple(board["service_min"])
    )
    run = _peer if asked["engine"] in peers.PEERS else _engine
    plan, took, heard = run(problem, asked)
    return {
        "plan": plan_as_json(plan),
        "seconds": took.wall_s,
        "cpu_s": took.cpu_s,
        "progress": [asdict(progress) for progress in heard],
        "peak_rss_mb": peak_mb(),
    }


def _engine(problem: Problem, asked: dict[str, Any]) -> tuple[Plan, Took, list[Progress]]:
    if asked["engine"] == "columns":
        # Compiled loops are loaded when a planning worker boots, never while somebody waits.
        from routing.engine.exact.warming import warm_up

        warm_up()
    heard: list[Progress] = []
    clock = _Clock()
    plan = solve(
        problem,
        seconds=asked["seconds"],
        seed=asked["seed"],
        engine=asked["engine"],
        on_progress=heard.append,
    )
    return plan, clock.read(), heard


def _peer(problem: Problem, asked: dict[str, Any]) -> tuple[Plan, Took, list[Progress]]:
    day = DayIndex(problem)
    search = peers.prepare(asked["engine"], day, asked["seed"], asked["part"])
    clock = _Clock()
    answers = search(asked["seconds"])
    took = clock.read()
    return cheapest_plan(day, answers, asked["seed"]), took, []


class _Clock:
    """Seconds on the wall and of the processor, of this process and of those it has waited for."""

    def __init__(self) -> None:
        self._began = self._now()

    @staticmethod
    def _now() -> tuple[float, float]:
        used = os.times()
        return time.monotonic(), used.user + used.system + used.children_user + used.children_system

    def read(self) -> Took:
        """Return what passed since it was made."""
        (wall, cpu), (wall_0, cpu_0) = self._now(), self._began
        return Took(round(wall - wall_0, 3), round(cpu - cpu_0, 3))


if __name__ == "__main__":
    said = answer(json.loads(sys.stdin.read()))
    sys.stdout.write("\n" + json.dumps(said) + "\n")  # a solver's own words may stand on lines before

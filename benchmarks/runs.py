"""Starts measured runs in fresh processes, and believes nothing: each plan is checked and priced here."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks.peers import PEERS
from routing.check import violations
from routing.dayfile import write_day
from routing.engine.budget import Progress
from routing.generator import generate_day
from routing.plan import Plan
from routing.planfile import read_plan, write_plan
from routing.price import price
from routing.problem import Problem

ROOT = Path(__file__).parents[1]
POLL_S = 0.2
GRACE_S = 900.0  # beyond the budget: loading, compiling in a fresh clone, the peers' exact timing


class RunFailed(RuntimeError):
    """A run that ended without a plan, or with one that may not be published."""


@dataclass(frozen=True, kw_only=True)
class Board:
    """A generated day; `service_min` is empty for the usual mixture of visits."""

    visits: int
    nurses: int
    seed: int
    service_min: tuple[int, ...] = ()

    @property
    def size(self) -> str:
        """Visits and nurses, as people write them."""
        return f"{self.visits}/{self.nurses}"

    def problem(self) -> Problem:
        """Return the day."""
        return generate_day(self.visits, self.nurses, self.seed, service_min=self.service_min)


@dataclass(frozen=True, kw_only=True)
class Run:
    """What one engine made of one board.

    Attributes
    ----------
    plan
        Passed `routing.check` in this process, and is priced by it.
    seconds
        On the wall, getting ready not counted.
    cpu_s
        Seconds of the processor meanwhile, all its processes together. Far below threads x seconds on a busy
        machine: then the run was starved, and says little.
    progress
        What the engine said while it worked, oldest first; empty for peers.
    peak_rss_mb
        Largest resident memory of its processes together; None where the machine does not tell.
    load
        The machine's load average over the minute before it began.
    """

    engine: str
    plan: Plan
    seconds: float
    cpu_s: float
    progress: tuple[Progress, ...]
    peak_rss_mb: float | None
    load: float

    @property
    def first_feasible_s(self) -> float | None:
        """When the engine had its first plan."""
        return self.progress[0].seconds if self.progress else None

    @property
    def time_to_optimal_s(self) -> float | None:
        """When bound and cost first met; None if they did not."""
        if not self.plan.is_optimal:
            return None
        proven = (
            said.seconds
            for said in self.progress
            if said.bound_mc is not None and said.bound_mc >= self.plan.cost_mc
        )
        return next(proven, self.seconds)


def run(board: Board, engine: str, seconds: float, *, keep: Path | None = None) -> Run:
    """Let an engine or a peer plan a board; a peer of one thread runs in several processes, the best counts.

    Parameters
    ----------
    keep
        A folder to write the day and the plan to, for `housecall plan-check`.

    Raises
    ------
    RunFailed
        If a process fails, or a plan breaks a rule or states a wrong price.
    """
    parts = PEERS[engine].parts if engine in PEERS else 1
    load = os.getloadavg()[0]
    asked = [
        {
            "board": {
                "visits": board.visits,
                "nurses": board.nurses,
                "seed": board.seed,
                "service_min": board.service_min,
            },
            "engine": engine,
            "seconds": seconds,
            "seed": board.seed + part,
            "part": part,
        }
        for part in range(parts)
    ]
    if engine == "columns":
        _compile_once()
    answers = _in_processes(asked, seconds + GRACE_S)
    problem = board.problem()
    plans = [_checked(problem, answer["plan"], engine) for answer in answers]
    best = min(range(parts), key=lambda part: plans[part].cost_mc)
    if keep is not None:
        _keep(keep, board, problem, plans[best], engine, seconds)
    peaks = [answer["peak_rss_mb"] for answer in answers]
    return Run(
        engine=engine,
        plan=plans[best],
        seconds=max(answer["seconds"] for answer in answers),
        cpu_s=round(sum(answer["cpu_s"] for answer in answers), 3),
        progress=tuple(Progress(**said) for said in answers[best]["progress"]),
        peak_rss_mb=None if None in peaks else round(sum(peaks), 1),
        load=round(load, 1),
    )


@cache
def _compile_once() -> None:
    """Fill the cache of compiled loops: the first measured run neither compiles nor pays its memory."""
    load = "from routing.engine.exact.warming import warm_up; warm_up()"
    done = subprocess.run(
        [sys.executable, "-c", load], cwd=ROOT, check=False, capture_output=True, text=True, timeout=GRACE_S
    )
    if done.returncode:
        raise RunFailed(f"The exact engine cannot be loaded: {done.stderr.strip()[-2000:]}")


def _checked(problem: Problem, written: Any, engine: str) -> Plan:
    plan = read_plan(json.dumps(written).encode())
    broken = violations(problem, plan)
    if broken:
        raise RunFailed(f"{engine} on {problem.label}: " + "; ".join(str(found) for found in broken))
    assert price(problem, plan) == plan.cost, "the law of stated results holds"
    return plan


def _keep(folder: Path, board: Board, problem: Problem, plan: Plan, engine: str, seconds: float) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    short = "-short" if board.service_min else ""
    day = f"{board.visits}-{board.nurses}-{board.seed}{short}"
    (folder / f"{day}.day.json").write_text(write_day(problem), encoding="utf-8")
    (folder / f"{day}.{engine}-{seconds:g}s.plan.json").write_text(write_plan(plan), encoding="utf-8")


def _in_processes(asked: Sequence[dict[str, Any]], limit_s: float) -> list[dict[str, Any]]:
    command = [sys.executable, "-m", "benchmarks.one"]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}
    started = [
        subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in asked
    ]
    try:
        for process, question in zip(started, asked, strict=True):
            assert process.stdin is not None
            process.stdin.write(json.dumps(question))
            process.stdin.close()
            process.stdin = None
        return [_answer_of(process, limit_s) for process in started]
    finally:
        for process in started:
            if process.poll() is None:
                process.kill()
            process.wait()


def _answer_of(process: subprocess.Popen[str], limit_s: float) -> dict[str, Any]:
    ends, below_mb = time.monotonic() + limit_s, 0.0
    while True:
        try:
            said, complained = process.communicate(timeout=POLL_S)
            break
        except subprocess.TimeoutExpired:
            below_mb = max(below_mb, _children_mb(process.pid))
            if time.monotonic() > ends:
                raise RunFailed("A run did not end long after its time was up.") from None
    if process.returncode:
        raise RunFailed(f"A run ended with status {process.returncode}: {complained.strip()[-2000:]}")
    answer: dict[str, Any] = json.loads(said.strip().rpartition("\n")[2])
    if answer["peak_rss_mb"] is not None:
        answer["peak_rss_mb"] = round(answer["peak_rss_mb"] + below_mb, 1)
    return answer


def _children_mb(parent: int) -> float:
    """Return the resident memory of all processes below one, in MB; 0 where the machine does not tell."""
    try:
        tasks = list(Path(f"/proc/{parent}/task").glob("*/children"))
        children = {int(child) for task in tasks for child in task.read_text().split()}
        pages = sum(int(Path(f"/proc/{child}/statm").read_text().split()[1]) for child in children)
    except (OSError, IndexError):  # it ended meanwhile
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20 + sum(map(_children_mb, children))

"""`housecall plan` and `housecall plan-check`: a day file in, a checked plan out, without any database."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import NoReturn

import click
from rich.console import Console
from rich.status import Status

from api.gaps import MC_PER_DOLLAR, bound_dollars, gap_text, relaxed_text
from routing.check import price, violations
from routing.dayfile import read_day
from routing.engine.budget import Progress
from routing.engine.solve import ENGINES, solve
from routing.faults import ProblemInvalid
from routing.plan import Plan
from routing.planfile import read_plan, write_plan
from routing.problem import Problem

BAD_FILE = 2  # exit status: the input cannot be read
BROKEN = 1  # exit status: the plan breaks rules
GETTING_READY = "loading the exact engine (the first time: compiling it, a minute or less)"


@click.command("plan")
@click.argument("day", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The plan file to write."
)
@click.option(
    "--seconds", type=click.FloatRange(0, 86_400), default=30.0, show_default=True, help="Time limit."
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Seed of the engine.")
@click.option(
    "--engine",
    type=click.Choice(list(ENGINES)),
    default="columns",
    show_default=True,
    help="Who plans: columns is exact and proves how good its plan is, the others are baselines.",
)
@click.option("--iterations", type=click.IntRange(1), help="Rounds of improvement, for repeatable runs.")
def plan(day: Path, out: Path, seconds: float, seed: int, engine: str, iterations: int | None) -> None:
    """Plan the day file DAY; the last line is JSON: cost, bound, gap, whether it is optimal, who is left.

    While it works: the best plan so far, the bound, how far they are apart, and what it is doing.
    """
    problem = _read_day(day)
    console = Console(stderr=True)
    with console.status("reading the day") as status:
        telling = _Telling(console, status)
        if engine == "columns":
            telling.say(GETTING_READY)
            _get_ready()
        planned = solve(
            problem,
            seconds=seconds,
            seed=seed,
            engine=engine,
            iterations=iterations,
            on_progress=telling.show,
        )
    console.print(_sentence(planned), highlight=False, soft_wrap=True)
    try:
        out.write_text(write_plan(planned), encoding="utf-8")
    except OSError as error:
        _refuse([f"{out}: {error.strerror}. Choose a place that can be written."])
    click.echo(json.dumps(_result(planned), ensure_ascii=False))


@click.command("plan-check")
@click.argument("day", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("plan_file", metavar="PLAN", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def plan_check(day: Path, plan_file: Path) -> None:
    """Check the plan file PLAN against the day file DAY without a solver: its cost, or every violation."""
    problem = _read_day(day)
    try:
        planned = read_plan(plan_file.read_bytes())
    except ProblemInvalid as invalid:
        _refuse([f"{plan_file}: {fault}" for fault in invalid.faults])
    found = violations(problem, planned)
    for violation in found:
        click.echo(str(violation))
    if found:
        click.echo(f"{len(found)} violations", err=True)
        sys.exit(BROKEN)
    cost_mc = price(problem, planned).total_mc
    click.echo(
        f"OK cost {cost_mc} mc (${cost_mc / MC_PER_DOLLAR:,.2f}), {len(planned.unassigned)} unassigned"
    )


def _read_day(path: Path) -> Problem:
    try:
        return read_day(path.read_bytes())
    except ProblemInvalid as invalid:
        _refuse([f"{path}: {fault}" for fault in invalid.faults])


def _refuse(lines: list[str]) -> NoReturn:
    for line in lines:
        click.echo(line, err=True)
    sys.exit(BAD_FILE)


def _get_ready() -> None:
    """Load what is compiled, before the time for planning begins to run."""
    from routing.engine.exact.warming import warm_up

    warm_up()


class _Telling:
    """Says how it goes on standard error: one live line in a terminal, else a line a second at most."""

    def __init__(self, console: Console, status: Status) -> None:
        self._console, self._status = console, status
        self._next_s = 0.0

    def say(self, text: str) -> None:
        self._status.update(text)
        if not self._console.is_terminal:
            self._console.print(text, highlight=False, soft_wrap=True)

    def show(self, progress: Progress) -> None:
        if not self._console.is_terminal and progress.seconds < self._next_s:
            return
        self._next_s = progress.seconds + 1.0
        proven = gap_text(progress.cost_mc, progress.bound_mc)
        if progress.bound_mc:
            proven = f"bound {bound_dollars(progress.bound_mc)}  {proven}"
        self.say(
            f"{progress.seconds:6.1f} s  ${progress.cost_mc / MC_PER_DOLLAR:,.0f}  {proven}  "
            f"{progress.unassigned} unassigned  {progress.doing}"
        )


def _sentence(plan: Plan) -> str:
    """Say what was found and how good it is known to be."""
    said = f"${plan.cost_mc / MC_PER_DOLLAR:,.2f}, {gap_text(plan.cost_mc, plan.bound_mc)}"
    said += f", {len(plan.unassigned)} unassigned, {plan.seconds:.1f} s"
    return f"{said}; {relaxed_text(plan.relaxed)}" if plan.relaxed else said


def _result(plan: Plan) -> dict[str, object]:
    return {
        "cost_mc": plan.cost_mc,
        "bound_mc": plan.bound_mc,
        "gap": plan.gap,
        "optimal": plan.is_optimal,
        "relaxed": plan.relaxed,
        "status": plan.status,
        "seconds": plan.seconds,
        "engine": plan.engine,
        "seed": plan.seed,
        "cost": asdict(plan.cost),
        "unassigned": [asdict(entry) for entry in plan.unassigned],
    }

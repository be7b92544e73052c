"""`housecall plan` and `housecall plan-check`: a day file in, a checked plan out, without any database."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import NoReturn

import click
from rich.console import Console
from rich.status import Status

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

MC_PER_DOLLAR = 100_000


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
    "--engine", type=click.Choice(list(ENGINES)), default="routing", show_default=True, help="Who plans."
)
@click.option("--iterations", type=click.IntRange(1), help="Rounds of improvement, for repeatable runs.")
def plan(day: Path, out: Path, seconds: float, seed: int, engine: str, iterations: int | None) -> None:
    """Plan the day file DAY; the last line is JSON: cost, bound, unassigned with reasons, seconds, status."""
    problem = _read_day(day)
    console = Console(stderr=True)
    with console.status("reading the day") as status:
        planned = solve(
            problem,
            seconds=seconds,
            seed=seed,
            engine=engine,
            iterations=iterations,
            on_progress=lambda progress: _show(status, progress),
        )
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


def _show(status: Status, progress: Progress) -> None:
    dollars = progress.cost_mc / MC_PER_DOLLAR
    status.update(
        f"{progress.seconds:6.1f} s  ${dollars:,.2f}  {progress.unassigned} unassigned  {progress.doing}"
    )


def _result(plan: Plan) -> dict[str, object]:
    return {
        "cost_mc": plan.cost_mc,
        "bound_mc": plan.bound_mc,
        "status": plan.status,
        "seconds": plan.seconds,
        "engine": plan.engine,
        "seed": plan.seed,
        "cost": asdict(plan.cost),
        "unassigned": [asdict(entry) for entry in plan.unassigned],
    }

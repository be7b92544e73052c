"""Re-planning a running day: how long an answer takes and what it costs beside doing nothing."""

import json
import random
import statistics
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import click

from routing.engine.solve import solve
from routing.generator import H, generate_day
from routing.problem import Window
from routing.replan.asked import asked_as_json
from routing.replan.events import (
    NAMES,
    Cancelled,
    DrugNotAvailable,
    Event,
    NoShow,
    NurseIll,
    Overrun,
    UrgentVisit,
    VehicleLate,
)
from routing.replan.local import SECONDS, improve
from routing.replan.replanner import Replanner
from routing.replan.underway import Running, as_planned

NOW_S = 10 * H
MC_PER_DOLLAR = 100_000
REPEATS = 5  # the least of so many timings is what the answer takes; the worst is told, too


@click.command()
@click.option("--size", default="200/55", show_default=True, help="Visits/nurses.")
@click.option("--seeds", default=5, show_default=True, help="How many days.")
@click.option("--plan-seconds", default=20.0, show_default=True, help="Time to plan each day before.")
@click.option("--seconds", default=SECONDS, show_default=True, help="Time for the exact answer.")
@click.option("--json", "as_lines", is_flag=True, help="One line of JSON for each event.")
def replan(size: str, seeds: int, plan_seconds: float, seconds: float, as_lines: bool) -> None:
    """Re-plan at 10:00 after each kind of event: time and cost of the first answer and of the exact one."""
    from routing.engine.exact.warming import warm_up

    warm_up()
    visits, _, nurses = size.partition("/")
    lines = []
    for seed in range(1, seeds + 1):
        problem = generate_day(int(visits), int(nurses), seed)
        planned = solve(problem, seconds=plan_seconds, seed=seed)
        began = time.perf_counter()
        running = as_planned(problem, planned, NOW_S)
        replanner = Replanner(running)
        ready_ms = 1000 * (time.perf_counter() - began)
        for event in some_events(running, random.Random(seed)):
            lines.append(
                {"seed": seed, "ready_ms": round(ready_ms, 1)} | one(replanner, running, event, seconds)
            )
            click.echo(json.dumps(lines[-1]) if as_lines else row(lines[-1]))
    click.echo(json.dumps(summary(size, lines)))


def one(replanner: Replanner, running: Running, event: Event, seconds: float) -> dict[str, Any]:
    """Time both answers to one event; the first from the day kept ready, its diff included."""
    took = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        first = replanner.answer([event])
        diff = first.diff
        took.append(1000 * (time.perf_counter() - began))
    began = time.perf_counter()
    exact = improve(first, seconds=seconds)
    exact_s = time.perf_counter() - began
    return {
        "event": NAMES[type(event)],
        "first_ms": round(min(took), 2),
        "worst_ms": round(max(took), 2),
        "exact_s": round(exact_s, 3),
        "nothing_mc": diff.nothing.total_mc,
        "first_mc": first.total_mc,
        "exact_mc": exact.total_mc,
        "moved": len(exact.diff.moved),
        "left": len(exact.plan.unassigned),
        "asked_kb": len(json.dumps(asked_as_json(running, [event], replanner.promises.policy))) // 1024,
    }


def some_events(running: Running, draw: random.Random) -> Iterator[Event]:
    """Yield an event of each kind."""
    busy = [nurse for nurse in running.problem.nurses if running.orders.get(nurse.id) and nurse.free]
    ill, late = draw.choice(busy), draw.choice(busy)
    there = draw.choice([n.frozen[-1] for n in busy if n.frozen[-1].kind == "visit"])
    name = draw.choice([visit for order in running.orders.values() for visit in order])
    soon = Window(begin_s=NOW_S + H // 2, end_s=NOW_S + 4 * H)
    urgent = replace(
        running.problem.visit[name], id="urgent", penalty_mc=300_000_000, windows=(soon,), units=0
    )
    yield NurseIll(nurse=ill.id, from_s=NOW_S)
    yield Overrun(visit=there.ref, ends_s=max(there.end_s, NOW_S) + 45 * 60)
    yield UrgentVisit(visit=urgent)
    yield Cancelled(visit=name)
    yield NoShow(visit=there.ref, known_s=NOW_S)
    assert late.free is not None
    yield VehicleLate(nurse=late.id, free_at_s=late.free.at_s + H)
    yield DrugNotAvailable(pharmacy=running.problem.pharmacies[0].id)


def row(line: dict[str, Any]) -> str:
    """Return a line for people."""
    cost = " -> ".join(
        f"${line[name] / MC_PER_DOLLAR:,.0f}" for name in ("nothing_mc", "first_mc", "exact_mc")
    )
    return (
        f"{line['seed']:2d} {line['event']:18s}"
        f" first {line['first_ms']:6.2f} ms (worst {line['worst_ms']:6.2f})"
        f"  exact {line['exact_s']:.2f} s  nothing -> first -> exact {cost}  {line['left']} left"
    )


def summary(size: str, lines: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the figures over all days and events."""
    first = [line["first_ms"] for line in lines]
    return {
        "size": size,
        "events": len(lines),
        "first_ms_median": round(statistics.median(first), 2),
        "first_ms_worst": max(first),
        "ready_ms_median": round(statistics.median(line["ready_ms"] for line in lines), 1),
        "exact_s_median": round(statistics.median(line["exact_s"] for line in lines), 3),
        "exact_s_worst": max(line["exact_s"] for line in lines),
        "saved_first_mc": sum(line["nothing_mc"] - line["first_mc"] for line in lines),
        "saved_exact_mc": sum(line["nothing_mc"] - line["exact_mc"] for line in lines),
    }

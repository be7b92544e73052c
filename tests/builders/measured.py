"""Measured runs that nobody ran."""

from typing import Any

from benchmarks.boards import Line
from benchmarks.runs import Board, Run
from routing.engine.budget import Progress
from routing.plan import CostTerms, Plan

BOARD = Board(visits=20, nurses=6, seed=1)


def a_run(cost_mc: int, *, engine: str = "columns", bound_mc: int | None = None, **more: Any) -> Run:
    plan = Plan(label="", routes=(), unassigned=(), cost=CostTerms(travel_mc=cost_mc), bound_mc=bound_mc)
    fields: dict[str, Any] = {
        "seconds": 5.0,
        "cpu_s": 9.0,
        "progress": (),
        "peak_rss_mb": 100.0,
        "load": 0.5,
    } | more
    return Run(engine=engine, plan=plan, **fields)


def a_line(ours: Run, *others: Run) -> Line:
    return Line(board=BOARD, budget_s=5.0, ours=ours, others=others)


def said(seconds: float, cost_mc: int, bound_mc: int | None = None) -> Progress:
    return Progress(seconds=seconds, cost_mc=cost_mc, unassigned=0, doing="", bound_mc=bound_mc)

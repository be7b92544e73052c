"""Invented boards: what each engine makes of them in the same time."""

from dataclasses import dataclass

from routing.engine.solve import solve
from routing.generator import generate_day


@dataclass(frozen=True, kw_only=True)
class Board:
    """One board and one engine's result; costs in mc."""

    visits: int
    nurses: int
    seed: int
    engine: str
    cost_mc: int
    bound_mc: int | None
    unassigned: int
    seconds: float
    status: str


def measure_board(visits: int, nurses: int, seed: int, seconds: float, engine: str) -> Board:
    """Plan one generated board."""
    plan = solve(generate_day(visits, nurses, seed), seconds=seconds, seed=seed, engine=engine)
    return Board(
        visits=visits,
        nurses=nurses,
        seed=seed,
        engine=engine,
        cost_mc=plan.cost_mc,
        bound_mc=plan.bound_mc,
        unassigned=len(plan.unassigned),
        seconds=plan.seconds,
        status=plan.status,
    )

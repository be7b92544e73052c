"""Public instances through the day file: cost, best known, ratio and bound in each family's own objective.

Every day is written as a day file, read again and solved; every plan is written as a plan file, read again
and checked against the day before anything is counted.
"""

import json
import statistics
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.families import homecare_days, reload, solomon, vehicles
from benchmarks.families.case import Case
from routing.check import violations
from routing.dayfile import read_day, write_day
from routing.engine.solve import PlanRefused, solve
from routing.plan import Plan
from routing.planfile import read_plan, write_plan
from routing.problem import Problem

FAMILIES: Mapping[str, Callable[[Path, float | None], Case]] = {
    "sdvrptw-skills": vehicles.read_case,
    "mdvrptw": vehicles.read_case,
    "vrptw-solomon": solomon.read_case,
    "mtvrptw-reload": reload.read_case,
    "hhcrsp-mankowska": homecare_days.mankowska,
    "hhcrsp-extended": homecare_days.extended,
}
SMALL = 100  # the aim is set for instances of up to so many visits
SAME = 0.005  # best known costs are published to two or three decimals
TABLE_HEAD = """\
| instance | visits/nurses | cost | best known | ratio | bound | gap | left | status | seconds |
|---|---|---|---|---|---|---|---|---|---|"""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One instance and one run; cost, best known and bound in the family's objective."""

    name: str
    size: str
    visits: int
    cost: float | None
    best_known: float | None
    bound: float | None
    unassigned: int
    status: str
    seconds: float

    @property
    def ratio(self) -> float | None:
        """Cost over best known; None where one of the two is missing."""
        return None if self.cost is None or not self.best_known else self.cost / self.best_known

    @property
    def gap(self) -> float | None:
        """The share of the cost that lies above the bound."""
        return None if self.cost is None or self.bound is None else 1 - self.bound / self.cost


class FilePlanner:
    """Plans days as a user would, through a day file and a plan file in a folder."""

    def __init__(self, folder: Path, *, engine: str, seed: int) -> None:
        self._folder, self._engine, self._seed = folder, engine, seed
        self.used_s = 0.0

    def __call__(self, day: Problem, seconds: float) -> Plan:
        """Return the plan of a day, as its plan file has it.

        Raises
        ------
        PlanRefused
            If plan-check finds a rule broken.
        """
        day_file, plan_file = self._folder / "day.json", self._folder / "plan.json"
        day_file.write_text(write_day(day), encoding="utf-8")
        problem = read_day(day_file.read_bytes())
        solved = solve(problem, seconds=seconds, seed=self._seed, engine=self._engine)
        plan_file.write_text(write_plan(solved), encoding="utf-8")
        plan = read_plan(plan_file.read_bytes())
        if broken := violations(problem, plan):
            raise PlanRefused(broken)
        self.used_s += plan.seconds
        return plan


def cases(data: Path, family: str) -> Iterator[Case]:
    """Yield a family's instances in the order of their names, those of fewest visits first."""
    folder = data / family
    known = best_known(folder)
    read = FAMILIES[family]
    found = [read(path, known.get(path.stem)) for path in sorted((folder / "instances").iterdir())]
    yield from sorted(found, key=lambda case: (len(case.day.visits), case.name))


def best_known(folder: Path) -> dict[str, float]:
    """Return the published costs by instance name, where one is published."""
    stated = json.loads((folder / "bks.json").read_text(encoding="utf-8"))
    found = {}
    for name, entry in stated.items():
        cost = entry.get("cost")
        if "distance_only" in entry:
            cost = entry["distance_only"]["distance"]
        elif vector := entry.get("best_known"):
            cost = homecare_days.published_sum(vector)
        if cost is not None:
            found[name] = cost
    return found


def measure(case: Case, *, seconds: float, seed: int, engine: str) -> Measured:
    """Solve one instance."""
    with tempfile.TemporaryDirectory() as folder:
        planner = FilePlanner(Path(folder), engine=engine, seed=seed)
        plan = case.plan(planner, seconds)
    bound = case.bound_of(plan)
    return Measured(
        name=case.name,
        size=case.size,
        visits=len(case.day.visits),
        cost=case.cost_of(plan),
        best_known=case.best_known,
        bound=bound,
        unassigned=len(plan.unassigned),
        status="feasible" if plan.status == "optimal" and bound is None else plan.status,
        seconds=round(planner.used_s, 1),
    )


def table_row(run: Measured) -> str:
    """Return a run as a row of the table `TABLE_HEAD` begins."""
    ratio = "-" if run.ratio is None else f"{run.ratio:.4f}"
    gap = "-" if run.gap is None else f"{run.gap:.2%}"
    cells = [run.name, run.size, _number(run.cost), _number(run.best_known), ratio, _number(run.bound), gap]
    return "| " + " | ".join([*cells, str(run.unassigned), run.status, f"{run.seconds:.1f}"]) + " |"


def summary(runs: Sequence[Measured]) -> dict[str, object]:
    """Return what the runs of a family come to; means over the instances that have a ratio."""
    return {
        "instances": len(runs),
        "complete": sum(run.cost is not None for run in runs),
        "optimal": sum(run.status == "optimal" for run in runs),
        "unassigned": sum(run.unassigned for run in runs),
        "mean_ratio": _mean([run.ratio for run in runs]),
        f"mean_ratio_to_{SMALL}_visits": _mean([run.ratio for run in runs if run.visits <= SMALL]),
        "worst_ratio": max((round(run.ratio, 4) for run in runs if run.ratio is not None), default=None),
        "mean_gap": _mean([run.gap for run in runs]),
    }


def verified(family: str, chosen: Sequence[Case], say: Callable[[str], None]) -> dict[str, object]:
    """Time the published routes again and say how they compare with the best known, case by case."""
    equal = count = 0
    for case in chosen:
        if case.published is None:
            continue
        again, count = case.published(), count + 1
        same = again is not None and case.best_known is not None and abs(again - case.best_known) < SAME
        equal += same
        say(
            f"{case.name:10} published {_number(case.best_known)} timed again {_number(again)}"
            f"{'' if same else ' DIFFERS'}"
        )
    return {"family": family, "engine": "published", "instances": len(chosen), "timed": count, "equal": equal}


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.2f}"


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(statistics.fmean(known), 4) if known else None

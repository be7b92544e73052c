"""What a new plan would change: who moves, whose time changes, and what it costs or saves."""

from dataclasses import dataclass

from routing.plan import Plan
from routing.price import price
from routing.problem import Problem


@dataclass(frozen=True, kw_only=True)
class Moved:
    """A visit whose nurse or begin is another than before; None stands for nobody."""

    visit: str
    nurse_before: str | None
    nurse_after: str | None
    begin_before_s: int | None
    begin_after_s: int | None

    @property
    def changes_nurse(self) -> bool:
        """Whether somebody else makes it."""
        return self.nurse_before != self.nurse_after


@dataclass(frozen=True, kw_only=True)
class PlanDiff:
    """What accepting a new plan would change, and what it costs (positive) or saves (negative), in mc."""

    moved: tuple[Moved, ...]
    travel_mc: int
    idle_mc: int
    overtime_mc: int
    continuity_mc: int
    fairness_mc: int
    unassigned_mc: int

    @property
    def total_mc(self) -> int:
        """The difference of all terms."""
        return (
            self.travel_mc
            + self.idle_mc
            + self.overtime_mc
            + self.continuity_mc
            + self.fairness_mc
            + self.unassigned_mc
        )


def compare(problem: Problem, before: Plan, after: Plan) -> PlanDiff:
    """Return who moves, whose time changes, and what it costs or saves.

    Both plans must be plans of visits that the day knows.
    """
    old, new = _assigned(before), _assigned(after)
    moved = tuple(
        Moved(
            visit=visit.id,
            nurse_before=old.get(visit.id, (None, None))[0],
            nurse_after=new.get(visit.id, (None, None))[0],
            begin_before_s=old.get(visit.id, (None, None))[1],
            begin_after_s=new.get(visit.id, (None, None))[1],
        )
        for visit in problem.visits
        if old.get(visit.id) != new.get(visit.id)
    )
    a, b = price(problem, before), price(problem, after)
    return PlanDiff(
        moved=moved,
        travel_mc=b.travel_mc - a.travel_mc,
        idle_mc=b.idle_mc - a.idle_mc,
        overtime_mc=b.overtime_mc - a.overtime_mc,
        continuity_mc=b.continuity_mc - a.continuity_mc,
        fairness_mc=b.fairness_mc - a.fairness_mc,
        unassigned_mc=b.unassigned_mc - a.unassigned_mc,
    )


def _assigned(plan: Plan) -> dict[str, tuple[str, int]]:
    return {
        stop.ref: (route.nurse, stop.begin_s)
        for route in plan.routes
        for stop in route.stops
        if stop.kind == "visit" and not stop.frozen
    }

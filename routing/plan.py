"""An answer: who goes where and when, who is left and why, what it costs, and how good that is known to be.

Units as in `routing.problem`: seconds from the day's origin, costs in millicents (mc).
"""

from dataclasses import dataclass, field
from typing import Literal

from routing.problem import StopKind

Status = Literal["optimal", "feasible", "partial", "timed_out", "infeasible"]
Relaxed = Literal["double_visits"]


@dataclass(frozen=True, kw_only=True)
class Stop:
    """One line of a nurse's day.

    Attributes
    ----------
    kind
        ``start`` and ``end`` bound the route; a break may stand before the start or after the end (taken
        at home).
    ref
        Visit id of a visit, pharmacy id of a pickup or return; empty otherwise.
    arrive_s, begin_s, end_s
        When she is there, when the stop's work begins, when she is ready to go on.
    units
        Controlled stock taken on (pickup), used (visit) or given back (return).
    frozen
        Done, driven to or in progress on a running day: shown, never planned again.
    """

    kind: StopKind
    ref: str = ""
    arrive_s: int
    begin_s: int
    end_s: int
    units: int = 0
    frozen: bool = False


@dataclass(frozen=True, kw_only=True)
class Route:
    """A nurse's stops in the order of the day."""

    nurse: str
    stops: tuple[Stop, ...]

    @property
    def visits(self) -> tuple[str, ...]:
        """Ids of the planned (not frozen) visits in order."""
        return tuple(stop.ref for stop in self.stops if stop.kind == "visit" and not stop.frozen)


@dataclass(frozen=True, kw_only=True)
class ReasonLeft:
    """One named reason why a visit is unassigned.

    `nurses` counts those whom it keeps away; 0 where the reason is about nobody in particular.
    """

    code: str
    text: str
    nurses: int = 0


@dataclass(frozen=True, kw_only=True)
class Unassigned:
    """A visit that nobody makes, and every reason."""

    visit: str
    reasons: tuple[ReasonLeft, ...]


@dataclass(frozen=True, kw_only=True)
class CostTerms:
    """What the plan costs, term by term, in mc."""

    travel_mc: int = 0
    idle_mc: int = 0
    overtime_mc: int = 0
    continuity_mc: int = 0
    fairness_mc: int = 0
    unassigned_mc: int = 0

    @property
    def total_mc(self) -> int:
        """The sum of all terms."""
        return (
            self.travel_mc
            + self.idle_mc
            + self.overtime_mc
            + self.continuity_mc
            + self.fairness_mc
            + self.unassigned_mc
        )

    def plus(self, other: "CostTerms") -> "CostTerms":
        """Add term by term."""
        return CostTerms(
            travel_mc=self.travel_mc + other.travel_mc,
            idle_mc=self.idle_mc + other.idle_mc,
            overtime_mc=self.overtime_mc + other.overtime_mc,
            continuity_mc=self.continuity_mc + other.continuity_mc,
            fairness_mc=self.fairness_mc + other.fairness_mc,
            unassigned_mc=self.unassigned_mc + other.unassigned_mc,
        )


def gap_of(cost_mc: int, bound_mc: int) -> float:
    """Return (cost - bound) / cost: the share of the cost that could at most be saved.

    0 when the bound equals the cost, then it is the best possible; 1 at most, also where the bound says
    nothing because it is below zero.
    """
    sure_mc = max(0, bound_mc)
    return 0.0 if sure_mc >= cost_mc else (cost_mc - sure_mc) / cost_mc


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A whole day, planned.

    Attributes
    ----------
    routes
        In the order of the problem's nurses; a nurse without a route stays at home.
    cost
        As `routing.check.price` computes it: no engine prices its own work.
    bound_mc
        No plan of this day can cost less; None while nothing is proven.
    relaxed
        Where the bound is that of an easier day, so that the plan may be better than its gap says:
        ``double_visits`` (each half of a visit by two nurses may begin on its own).
    status
        ``optimal``: bound equals cost. ``feasible``: every visit is assigned. ``partial``: some are not.
        ``infeasible``: there are visits and none can be assigned. ``timed_out``: the time was up before
        every visit had been tried; the plan holds, but more time may assign more.
    seconds
        How long the engine worked.
    problem_sha256
        Fingerprint of the day it answers (`routing.dayfile.fingerprint`).
    """

    label: str
    routes: tuple[Route, ...]
    unassigned: tuple[Unassigned, ...]
    cost: CostTerms = field(default_factory=CostTerms)
    bound_mc: int | None = None
    relaxed: tuple[Relaxed, ...] = ()
    status: Status = "feasible"
    seconds: float = 0.0
    seed: int = 0
    engine: str = ""
    problem_sha256: str = ""

    @property
    def cost_mc(self) -> int:
        """Total cost."""
        return self.cost.total_mc

    @property
    def gap(self) -> float | None:
        """What could at most be saved, as a share of the cost (`gap_of`); None while nothing is proven."""
        return None if self.bound_mc is None else gap_of(self.cost_mc, self.bound_mc)

    @property
    def is_optimal(self) -> bool:
        """Whether it is proven that no plan costs less."""
        return self.bound_mc is not None and self.bound_mc >= self.cost_mc

    def route_of(self, visit: str) -> Route | None:
        """Return the route that makes a visit, None if it is unassigned."""
        return next((route for route in self.routes if visit in route.visits), None)

    def begin_s(self, visit: str) -> int | None:
        """Return when a visit begins, None if it is unassigned."""
        return next(
            (
                stop.begin_s
                for route in self.routes
                for stop in route.stops
                if stop.kind == "visit" and stop.ref == visit and not stop.frozen
            ),
            None,
        )

"""Re-planning from the outside: a running day in, answers to what happens out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from routing.dayfile import fingerprint
from routing.engine.route.roster import Roster
from routing.engine.solve import reasons_left
from routing.plan import Plan, ReasonLeft, Status, Unassigned
from routing.price import price
from routing.problem import Problem
from routing.replan.diff import Diff, Rest, diff_of
from routing.replan.effects import after
from routing.replan.events import Event
from routing.replan.greedy import greedy
from routing.replan.promises import Policy, Promises
from routing.replan.stand import Stand, stand
from routing.replan.underway import Running

NOTHING_DONE = ReasonLeft(
    code="nobody_has_it", text="Whoever had it cannot make it, and nobody else was asked."
)


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """An answer: the day if nobody does anything, and the routes proposed.

    Attributes
    ----------
    engine
        ``greedy`` or ``columns``: which of them made it.
    """

    stand: Stand
    roster: Roster
    engine: str = "greedy"

    @property
    def problem(self) -> Problem:
        """The running day that both plans answer: what happened is in it, and who must be late may be."""
        return self.stand.problem

    @cached_property
    def diff(self) -> Diff:
        """What accepting it would change."""
        return diff_of(
            self.stand.own, self.stand.promises, self._rests(self.stand.roster), self._rests(self.roster)
        )

    @cached_property
    def total_mc(self) -> int:
        """The proposal's cost, prices of moving included."""
        return self.stand.total_mc(self.roster)

    @cached_property
    def plan(self) -> Plan:
        """The proposal as a plan of `problem`, every unassigned visit with its reasons."""
        left = {
            self._name(visit): reasons_left(self.roster, visit, frozenset())
            for visit in self.roster.unassigned
            if visit not in self.stand.gone
        }
        return self._plan(self.roster, left, self.engine)

    @cached_property
    def nothing(self) -> Plan:
        """The plan of doing nothing."""
        roster = self.stand.roster
        left = {
            self._name(visit): (NOTHING_DONE,) for visit in roster.unassigned if visit not in self.stand.gone
        }
        return self._plan(roster, left, "nothing")

    def _rests(self, roster: Roster) -> dict[str, Rest]:
        names = (nurse.id for nurse in self.stand.own.nurses)
        return {name: self.stand.rest(roster, nurse) for nurse, name in enumerate(names)}

    def _name(self, visit: int) -> str:
        return self.stand.day.problem.visits[visit].id

    def _plan(self, roster: Roster, left: Mapping[str, tuple[ReasonLeft, ...]], engine: str) -> Plan:
        problem = self.problem
        status: Status = "feasible"
        if left:
            status = "partial" if len(left) < len(problem.visits) else "infeasible"
        plan = Plan(
            label=problem.label,
            routes=tuple(rest.route for rest in self._rests(roster).values() if rest.route is not None),
            unassigned=tuple(
                Unassigned(visit=visit.id, reasons=left[visit.id])
                for visit in problem.visits
                if visit.id in left
            ),
            status=status,
            engine=engine,
            problem_sha256=fingerprint(problem),
        )
        return replace(plan, cost=price(problem, plan))


class Replanner:
    """A running day kept ready to answer."""

    def __init__(self, running: Running, policy: Policy | None = None) -> None:
        self.running = running
        self.promises = Promises(policy=policy or Policy(), promised=running.promised, now_s=running.now_s)
        self._ready = stand(after(running, ()), self.promises)
        self._ready.total_mc(self._ready.roster)  # fills what it remembers of every nurse's day

    def answer(self, events: Iterable[Event]) -> Proposal:
        """Return what to do about these events, at once; the day kept ready stays as it was.

        Raises
        ------
        ProblemInvalid
            With every event that cannot have happened on this day.
        """
        now = stand(after(self.running, events), self.promises, self._ready)
        return Proposal(stand=now, roster=greedy(now))

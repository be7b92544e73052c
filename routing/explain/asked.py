"""One unassigned visit on a day as it is planned: who may go, and how an idea becomes a proven relaxation."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from routing.engine.index import FAR_S, Windows
from routing.engine.route.roster import Roster
from routing.explain.easing import may_go_by_law
from routing.explain.proof import Give, Proof, prove
from routing.explain.relaxation import Relaxation, Way
from routing.problem import Visit

Lawful = Callable[[Relaxation], bool]
NOTHING = Give()


class Asked:
    """What every search reads.

    Attributes
    ----------
    roster, broken
        The plan, and the nurses whose routes cannot be kept; nothing is offered to these.
    visit
        Position of the visit.
    lawful
        Judges a relaxation by what the day file does not know.
    last_s
        No begin is later than this: the visit would end too late.
    may
        Nurses whom no law keeps away -> what a person would have to lift.
    free
        Those of them with nothing to lift.
    """

    def __init__(
        self, roster: Roster, broken: set[int], visit: int, lawful: Lawful, latest_end_s: int
    ) -> None:
        self.roster, self.broken, self.visit, self.lawful = roster, broken, visit, lawful
        self.day = roster.day
        self.last_s = min(latest_end_s, FAR_S) - self.known.service_s
        self.may = {
            nurse: codes for nurse, codes in may_go_by_law(self.day, visit).items() if nurse not in broken
        }
        self.free = [nurse for nurse, codes in self.may.items() if not codes]

    @property
    def known(self) -> Visit:
        """The visit as the day file has it."""
        return self.day.problem.visits[self.visit]

    @property
    def windows(self) -> Windows:
        """When it may begin, pins apart."""
        return tuple((window.begin_s, window.end_s) for window in self.known.windows)

    def with_it(self, nurse: int, position: int) -> list[int]:
        """Return a nurse's route with the visit at a place."""
        route = self.roster.routes[nurse]
        return [*route[:position], self.visit, *route[position:]]

    def proven(
        self, orders: Mapping[int, Sequence[int]], give: Give = NOTHING, left: Sequence[int] = ()
    ) -> Proof | None:
        """Prove that these routes work when that gives way; whoever has only hours against her may go."""
        nurse = self.holder(orders)
        name = self.day.problem.nurses[nurse].id
        hours = self.known.ineligible.get(name) and not self.may[nurse]
        lifted = Give(**{**vars(give), "lifts": (*give.lifts, name)}) if hours else give
        return prove(self.roster, self.visit, orders, lifted, left)

    def holder(self, orders: Mapping[int, Sequence[int]]) -> int:
        """Return who makes the visit."""
        return next(nurse for nurse, order in orders.items() if self.visit in order)

    def offer(
        self,
        way: Way,
        orders: Mapping[int, Sequence[int]],
        give: Give = NOTHING,
        left: Sequence[int] = (),
        **more: Any,
    ) -> Relaxation | None:
        """Return the relaxation if it can be proven and is lawful, else None."""
        proof = self.proven(orders, give, left)
        return None if proof is None else self.told(way, orders, proof, **more)

    def told(
        self, way: Way, orders: Mapping[int, Sequence[int]], proof: Proof, **more: Any
    ) -> Relaxation | None:
        """Return what a proof says, unless it is not lawful."""
        problem = self.day.problem
        nurse = problem.nurses[self.holder(orders)].id
        found = Relaxation(
            way=way,
            nurse=nurse,
            begin_s=proof.begin_s(self.known.id),
            back_s=proof.back_s(nurse),
            added_mc=proof.cost_mc - sum(self.roster.cost_mc[other] for other in orders),
            **more,
        )
        return found if self.lawful(found) else None

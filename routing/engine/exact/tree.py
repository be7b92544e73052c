"""Branch and bound over a list of routes, on which nurse makes which visit.

Where the list holds every route that a plan below the target can use, pricing is reading, so a node of the
tree costs little more than its linear programmes. Each node asks a broken question, "does nurse k make visit
v?": yes drops all her routes without v and everybody else's with it, no drops hers with it. Both answers
change many routes, unlike taking or leaving a single one, which is what a general solver asks. The question
is chosen by trying some (strong branching: D. Applegate, R. Bixby, V. Chvatal, W. Cook, "The Traveling
Salesman Problem", 2006, section 17.3). The tree goes down on the better answer until that can lead to nothing
below the target, which finds plans early, and then goes on at the open node with the lowest bound.

In every node, as in the root (`routing.engine.exact.listing`), a route whose reduced cost exceeds the
distance to the target is dropped for all that lies below.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush

import numpy as np
import numpy.typing as npt

from routing.engine.budget import Budget
from routing.engine.exact.listing import Narrowing
from routing.engine.exact.seeking import Seeker
from routing.engine.master.linear import LinearMaster
from routing.engine.master.pool import Pool
from routing.engine.pricing.nurses import bound_apart_mc
from routing.engine.pricing.side import Ints

Mask = npt.NDArray[np.bool_]
TRIED = 3  # questions whose answers are both tried
ROUNDS = 40  # of reading routes into the master at one node
COLUMNS_A_ROUND = 8  # a nurse
NEVER_MC = 1 << 56
WHOLE = 1e-6
LEAST_SCORE_MC = 1_000.0


@dataclass(order=True)
class Node:
    """A part of the plans: the least that they cost, and the routes that they may use."""

    bound_mc: int
    number: int
    rows: Ints = field(compare=False)  # of the list
    out: frozenset[int] = field(compare=False)  # nurses who do not stay at home


@dataclass(frozen=True)
class Question:
    """Whether a nurse makes a visit."""

    nurse: int
    visit: int


class Tree:
    """The search; `bound_mc` is what no plan costs less than, the best plan is the seeker's."""

    def __init__(self, narrowing: Narrowing, seeker: Seeker) -> None:
        routes = narrowing.routes
        self.routes, self.cuts, self._narrowing, self._seeker = (
            routes,
            list(narrowing.cuts),
            narrowing,
            seeker,
        )
        self.home_mc, self.left_between = narrowing.home_mc, narrowing.left_between
        self.target_mc, self.bound_mc = narrowing.target_mc, narrowing.bound_mc
        self.nodes = 0
        day = routes.day
        self._makes = np.zeros((len(routes), len(day.visits) + 1), dtype=bool)
        np.put_along_axis(self._makes, routes.visits, True, axis=1)
        self._columns, self._at = routes.columns(), dict[int, int]()  # list position -> master position
        self._row_of: list[int] = []
        self._pool = Pool()
        self._master = LinearMaster(day, self._pool, narrowing.home_mc.tolist(), for_tree=True)
        self._master.leave_between(*self.left_between)
        for cut in self.cuts:
            self._master.add_cut(cut)
        self._open: list[Node] = []
        penalties = (line.penalty_mc for line in day.visits)
        self._grain_mc = max(1, math.gcd(*routes.cost_mc.tolist(), *self.home_mc.tolist(), *penalties))
        self._held = np.zeros(0, dtype=bool)  # of the master's columns: held at zero
        self._out = frozenset[int]()
        self._number = 0

    def search(self, columns: int, budget: Budget, most_nodes: int | None = None) -> Iterator[None]:
        """Search until the bound reaches the target, or the time or the nodes are used up; yield often.

        `columns`: how many the master begins with, those nearest to the bound.
        """
        self._take(self._narrowing.order()[:columns])
        self._open = [Node(self.bound_mc, 0, np.arange(len(self.routes)), frozenset())]
        going_on: Node | None = None
        while (self._open or going_on) and not budget.is_spent:
            self._hear()
            node = going_on or heappop(self._open)
            if most_nodes is not None and self.nodes >= most_nodes:
                heappush(self._open, node)
                return
            going_on = self._explore(node, budget) if node.bound_mc < self.enough_mc else None
            if budget.left_s <= 0.0:
                return  # what the node left open is not noted
            still = [other.bound_mc for other in (*self._open[:1], going_on) if other is not None]
            self.bound_mc = max(self.bound_mc, min([*still, self.target_mc]))
            yield
        if not budget.is_spent:
            self.bound_mc = self.target_mc
            yield

    def _hear(self) -> None:
        """Take over a cheaper plan that was found beside the tree."""
        if self._seeker.cost_mc < self.target_mc:
            self.target_mc = self._seeker.cost_mc

    @property
    def enough_mc(self) -> int:
        """A bound from which on nothing cheaper than the target can follow: all costs have a common grain."""
        dearest_below_mc = (self.target_mc - 1) // self._grain_mc * self._grain_mc
        return dearest_below_mc + 1

    def _explore(self, node: Node, budget: Budget) -> Node | None:
        """Settle a node; return the child to go on with, None where nothing below it counts."""
        self.nodes += 1
        self._hold(node.rows, node.out)
        node = self._settled(node, budget)
        if node.bound_mc >= self.enough_mc or budget.is_spent:
            return None
        makes = self._shares_by_nurse()
        broken = self._broken(makes)
        if not broken:
            self._note_plan()
            return None
        question, yes_mc, no_mc = self._choose(node, broken)
        yes, no = self._answers(node, question)
        first, second = (yes, no) if yes_mc <= no_mc else (no, yes)
        heappush(self._open, second)
        return first

    def _settled(self, node: Node, budget: Budget) -> Node:
        """Return the node with its bound, without the routes that no plan below the target can use there."""
        rows, home = node.rows, self.home_mc.copy()
        home[list(node.out)] = NEVER_MC
        routes, bound = self.routes, node.bound_mc
        for _ in range(ROUNDS):
            self._master.solve()
            prices = self._master.prices
            reduced = routes.reduced_mc(prices)[rows]
            nurse = routes.nurse[rows]
            least = np.full(len(home), NEVER_MC, dtype=np.int64)
            np.minimum.at(least, nurse, reduced)
            terms = np.minimum(home, least)
            found = bound_apart_mc(routes.day, prices, self.cuts, self.left_between) + int(terms.sum())
            if found > bound or found >= self.enough_mc:
                bound = max(bound, found)
                near = reduced - terms[nurse] < self.enough_mc - found
                rows, reduced, nurse = rows[near], reduced[near], nurse[near]
            if bound >= self.enough_mc or budget.is_spent:
                break
            if not self._take(_best_of_each(rows, reduced - prices.nurse_mc[nurse], nurse)):
                break
        return Node(bound, node.number, rows, node.out)

    def _take(self, rows: Ints) -> int:
        """Give the master some routes of the list; return how many are new to it."""
        added = 0
        for row in rows.tolist():
            if row not in self._at:
                column = self._columns[row]
                self._at[row] = len(self._row_of)
                self._row_of.append(row)
                self._pool.add(column.nurse, column.order, column.cost_mc)
                added += 1
        self._held = np.append(self._held, np.zeros(added, dtype=bool))
        return added

    def _hold(self, rows: Ints, out: frozenset[int]) -> None:
        """Let the master use only these routes, and keep nobody of `out` at home."""
        self._master.take_in()
        allowed = np.zeros(len(self.routes), dtype=bool)
        allowed[rows] = True
        held = ~allowed[np.array(self._row_of, dtype=np.int64)]
        for place in np.flatnonzero(held != self._held).tolist():
            self._master.bar(place) if held[place] else self._master.release(place)
        self._held = held
        for nurse in out ^ self._out:
            self._master.send_out(nurse, nurse in out)
        self._out = out

    def _shares_by_nurse(self) -> dict[tuple[int, int], float]:
        shares: dict[tuple[int, int], float] = {}
        for index, share in self._master.shares.items():
            column = self._pool.columns[index]
            for visit in column.order:
                key = column.nurse, visit
                shares[key] = shares.get(key, 0.0) + share
        return shares

    def _broken(self, shares: dict[tuple[int, int], float]) -> list[Question]:
        broken = [
            (abs(share - 0.5), nurse, visit)
            for (nurse, visit), share in shares.items()
            if WHOLE < share < 1 - WHOLE
        ]
        return [Question(nurse, visit) for _, nurse, visit in sorted(broken)]

    def _choose(self, node: Node, broken: Sequence[Question]) -> tuple[Question, float, float]:
        """Return the question whose answers both raise the bound most, and what they raise it to."""
        best: tuple[float, Question, float, float] | None = None
        now_mc = self._master.value_mc
        for question in broken[:TRIED]:
            yes, no = self._answers(node, question)
            values = []
            for child in (yes, no):
                self._hold(child.rows, child.out)
                values.append(min(self._master.solve(), float(self.target_mc)) - now_mc)
            self._hold(node.rows, node.out)
            score = max(values[0], LEAST_SCORE_MC) * max(values[1], LEAST_SCORE_MC)
            if best is None or score > best[0]:
                best = score, question, values[0], values[1]
        assert best is not None
        return best[1], best[2], best[3]

    def _answers(self, node: Node, question: Question) -> tuple[Node, Node]:
        """Return the plans in which she makes the visit, and those in which she does not."""
        hers = self.routes.nurse[node.rows] == question.nurse
        with_it = self._makes[node.rows, question.visit]
        self._number += 2
        return (
            Node(node.bound_mc, self._number, node.rows[hers == with_it], node.out | {question.nurse}),
            Node(node.bound_mc, self._number + 1, node.rows[~(hers & with_it)], node.out),
        )

    def _note_plan(self) -> None:
        """Keep the plan that the master happened on; only cheaper ones count from now on."""
        plan = [self._pool.columns[index] for index, share in self._master.shares.items() if share > 0.5]
        self._seeker.offer(plan)
        self._hear()


def _best_of_each(rows: Ints, beyond_mc: Ints, nurse: Ints) -> Ints:
    """Return the rows of each nurse that lower the master most."""
    lower = np.flatnonzero(beyond_mc < 0)
    order = lower[np.lexsort((beyond_mc[lower], nurse[lower]))]
    if not len(order):
        return rows[:0]
    begins = np.flatnonzero(np.diff(nurse[order], prepend=-1))
    place = np.arange(len(order)) - np.repeat(begins, np.diff(np.append(begins, len(order))))
    found: Ints = rows[order[place < COLUMNS_A_ROUND]]
    return found

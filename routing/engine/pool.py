"""The routes found so far, each the cheapest known order of one nurse's set of visits."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from routing.engine.roster import Roster
from routing.engine.side import Ints, Side


@dataclass(slots=True)
class Column:
    """A nurse's possible day: visit positions in order, and its cost in mc (penalties apart).

    Where labels remember neighbours only (ng-routes), an order may name a visit twice: that helps the
    master's prices and is no day that anybody can work.
    """

    nurse: int
    order: tuple[int, ...]
    cost_mc: int

    @property
    def is_workable(self) -> bool:
        """Whether no visit is made twice."""
        return len(set(self.order)) == len(self.order)


@dataclass
class Pool:
    """Columns by position, never two with the same nurse and the same visits.

    `cheaper` names columns whose order and cost were replaced since the master looked last: without that, a
    dearer order of a known set would hold its place and the bound would stall.
    """

    columns: list[Column] = field(default_factory=list)
    cheaper: list[int] = field(default_factory=list)
    _at: dict[tuple[int, tuple[int, ...]], int] = field(default_factory=dict)

    def add(self, nurse: int, order: tuple[int, ...], cost_mc: int) -> bool:
        """Add a column; return False if a column with these visits is known and no dearer."""
        key = nurse, tuple(sorted(order))
        known = self._at.get(key)
        if known is None:
            self._at[key] = len(self.columns)
            self.columns.append(Column(nurse, order, cost_mc))
            return True
        if self.columns[known].cost_mc <= cost_mc:
            return False
        self.columns[known] = Column(nurse, order, cost_mc)
        self.cheaper.append(known)
        return True

    def add_days(self, nurse: int, side: Side, routes: npt.NDArray[np.int16], costs: Ints, most: int) -> int:
        """Add the first days of a pricing that bring a new set, `most` at most; return how many."""
        added = 0
        for route, cost_mc in zip(routes, costs, strict=True):
            order = tuple(side.visits[route[route >= 0]].tolist())
            added += self.add(nurse, order, int(cost_mc))
            if added == most:
                break
        return added

    def add_roster(self, roster: Roster) -> None:
        """Add every route of a roster."""
        for nurse, route in enumerate(roster.routes):
            if route:
                self.add(nurse, tuple(route), roster.cost_mc[nurse])

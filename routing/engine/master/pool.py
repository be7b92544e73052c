"""The routes found so far, each the cheapest known order of one nurse's set of visits."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from routing.engine.index import DayIndex
from routing.engine.pricing.side import Ints, Side
from routing.engine.route.roster import Roster, roster_with

Retime = Callable[[int, Sequence[int]], int | None]


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

    def add_days(
        self,
        nurse: int,
        side: Side,
        routes: npt.NDArray[np.int16],
        costs: Ints,
        most: int,
        retime: Retime | None = None,
    ) -> int:
        """Add the first days of a pricing that bring a new set, `most` at most; return how many.

        `retime` says what an order costs at best; None where it cannot say.
        """
        added = 0
        for route, cost_mc in zip(routes, costs.tolist(), strict=True):
            order = tuple(side.visits[route[route >= 0]].tolist())
            if (
                retime is not None
                and (nurse, tuple(sorted(order))) not in self._at
                and len(set(order)) == len(order)
            ):
                cost_mc = min(cost_mc, retime(nurse, order) or cost_mc)
            added += self.add(nurse, order, cost_mc)
            if added == most:
                break
        return added

    def within(self, nurses: Sequence[int], visits: Sequence[int]) -> Iterator[Column]:
        """Yield the columns of these nurses that make only these visits, by their places in the two."""
        crew = {nurse: place for place, nurse in enumerate(nurses)}
        at = {visit: place for place, visit in enumerate(visits)}
        for column in self.columns[:]:
            if column.nurse in crew and at.keys() >= set(column.order):
                yield Column(crew[column.nurse], tuple(at[visit] for visit in column.order), column.cost_mc)

    def add_routes(self, routes: Iterable[tuple[int, tuple[int, ...], int]]) -> None:
        """Add routes as a search hands them over: nurse, visits in order, cost in mc."""
        for nurse, order, cost_mc in routes:
            self.add(nurse, order, cost_mc)

    def add_roster(self, roster: Roster) -> None:
        """Add every route of a roster."""
        for nurse, route in enumerate(roster.routes):
            if route:
                self.add(nurse, tuple(route), roster.cost_mc[nurse])


def cost_of_plan_mc(day: DayIndex, columns: Sequence[Column], home_mc: Sequence[int]) -> int:
    """Return what a plan of these columns costs, all other visits left and all other nurses at home."""
    made = {visit for column in columns for visit in column.order}
    busy = {column.nurse for column in columns}
    return (
        sum(column.cost_mc for column in columns)
        + sum(mc for nurse, mc in enumerate(home_mc) if nurse not in busy)
        + sum(line.penalty_mc for visit, line in enumerate(day.visits) if visit not in made)
    )


def columns_of(roster: Roster) -> list[Column]:
    """Return the routes of a roster that make a visit."""
    return [
        Column(nurse, tuple(route), roster.cost_mc[nurse])
        for nurse, route in enumerate(roster.routes)
        if route
    ]


def roster_from(columns: Iterable[Column], like: Roster) -> Roster:
    """Return a roster of these routes, with the begins agreed in another."""
    routes: list[list[int]] = [[] for _ in like.routes]
    for column in columns:
        routes[column.nurse] = list(column.order)
    return roster_with(like, routes)

"""Better plans part by part: never dearer, and ended when asked."""

from collections.abc import Sequence

from routing.engine.budget import Budget
from routing.engine.exact.seeking import Seeker, by_parts, can_be_parted, polish
from routing.engine.index import DayIndex
from routing.engine.master.pool import columns_of, cost_of_plan_mc, roster_from
from routing.engine.route.roster import Roster
from routing.engine.swift.rounds import Routes, Swift
from routing.generator import generate_day
from tests.builders.relaxing import PLENTY


def first_day(visits: int = 60, nurses: int = 21) -> Roster:
    roster = Roster(DayIndex(generate_day(visits, nurses, 1)))
    routes: Routes = Swift(roster.day).greedy(1, roster.routes)
    for nurse, route in enumerate(routes):
        roster.set_route(nurse, route)
    return roster


class Unchanged:
    """Solves a part to what it is; keeps which parts it was asked for."""

    def __init__(self) -> None:
        self.parts: list[tuple[int, ...]] = []

    def __call__(
        self, roster: Roster, nurses: Sequence[int], visits: Sequence[int], budget: Budget
    ) -> Roster:
        self.parts.append(tuple(nurses))
        assert {visit for nurse in nurses for visit in roster.routes[nurse]} <= set(visits)
        return roster


def test_a_sweep_solves_every_nurse_once_and_ends_when_sweeps_bring_nothing() -> None:
    roster, improve = first_day(), Unchanged()
    assert list(polish(roster, 1, PLENTY, improve)) == []
    swept = sorted(nurse for part in improve.parts for nurse in part)
    assert swept == sorted([*range(len(roster.routes))] * 2)


def test_only_a_day_of_many_nurses_is_parted() -> None:
    assert can_be_parted(DayIndex(generate_day(60, 21, 1)))
    assert not can_be_parted(DayIndex(generate_day(60, 20, 1)))


def test_a_dearer_plan_is_not_taken() -> None:
    roster = first_day()
    seeker = Seeker(roster.day, columns_of(roster), list(Roster(roster.day).cost_mc), PLENTY)
    seeker.offer([])
    assert seeker.cost_mc == cost_of_plan_mc(roster.day, seeker.plan, seeker.home_mc) == roster.total_mc


def test_it_ends_when_it_is_left() -> None:
    roster, improve = first_day(), Unchanged()
    with Seeker(roster.day, columns_of(roster), list(Roster(roster.day).cost_mc), PLENTY) as seeker:
        seeker.begin(by_parts(roster, 1, improve))
    assert not seeker.is_at_work


def test_a_plan_becomes_a_roster_again() -> None:
    roster = first_day()
    assert roster_from(columns_of(roster), Roster(roster.day)).routes == roster.routes

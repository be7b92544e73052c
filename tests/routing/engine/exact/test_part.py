"""A part of a day costs what it costs within the whole."""

from routing.engine.budget import Budget, say_nothing
from routing.engine.exact.columns import plan_columns
from routing.engine.exact.part import part_of
from routing.engine.index import DayIndex
from routing.engine.quick.greedy import cheapest_insertion
from routing.engine.route.roster import Roster
from routing.generator import generate_day


def test_improving_a_part_improves_the_whole_by_the_same_amount() -> None:
    day = DayIndex(generate_day(24, 8, 3))
    whole, _ = cheapest_insertion(day, 0, Budget(seconds=60.0))
    nurses = [1, 4, 6]
    visits = sorted(visit for nurse in nurses for visit in whole.routes[nurse])
    before_mc = sum(whole.cost_mc[nurse] for nurse in nurses)
    found, _, bound_mc = plan_columns(
        part_of(day, nurses, visits), 0, Budget(seconds=60.0, iterations=50), say_nothing
    )
    after = Roster(day)
    for nurse, route in enumerate(whole.routes):
        assert nurse in nurses or after.set_route(nurse, route)
    for index, nurse in enumerate(nurses):
        assert after.set_route(nurse, [visits[visit] for visit in found.routes[index]])
    assert bound_mc is not None
    assert bound_mc <= found.total_mc <= before_mc
    assert whole.total_mc - after.total_mc == before_mc - found.total_mc


def test_a_part_keeps_ids_and_pairs_within_it() -> None:
    day = DayIndex(generate_day(6, 3, 1))
    part = part_of(day, [2], [5, 0])
    assert list(part.visit_at) == [day.problem.visits[5].id, day.problem.visits[0].id]
    assert list(part.nurse_at) == [day.problem.nurses[2].id]
    assert part.calls[0].ref == 0
    assert part.problem.travel_s is day.problem.travel_s

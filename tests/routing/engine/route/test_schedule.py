"""The exact timing of a route against an oracle that tries every second."""

from dataclasses import dataclass, replace
from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st

from routing.check import price_route, violations
from routing.engine.index import DayIndex
from routing.engine.route.detours import parted
from routing.engine.route.schedule import RouteTimer
from routing.engine.route.timetable import route_from
from routing.problem import Free, MealBreak, Nurse, Pharmacy, Place, Problem, Visit, Weights, Window
from routing.travel import TravelMatrix
from tests.builders.routing import MIN, day, meal, nurse, on_duty, pharmacy, plan, visit, window

NEVER = 10**9
Stock = tuple[int, int, bool]  # units, since when they were collected, whether just now


@dataclass(frozen=True)
class Oracle:
    """Tries, second by second, to wait, to rest, to drive on, and to go by a pharmacy. Slow and plain."""

    problem: Problem

    def cost_mc(self) -> int:  # noqa: C901 - one exhaustive search reads best in one place
        problem, (one,) = self.problem, self.problem.nurses
        weights, visits, rest = (
            problem.weights,
            problem.visits,
            one.due_break if self.problem.visits else None,
        )
        needed = sum(v.units for v in visits)
        due = problem.return_is_due(
            one,
            visits=len(visits),
            carried=one.stock_units + needed,
            left=max(0, one.stock_units - needed),
        )
        latest = problem.latest_end_s(one)
        home = one.end_place
        moments = sorted({v.ready_s or 0 for v in visits})

        def legs(here: str, there: str, now: int, rested: bool) -> list[tuple[int, int, bool]]:
            """Arrival, driving seconds and whether rested, for every way to drive one leg."""
            drive = problem.drive_s(here, there)
            found = [(now + drive, drive, rested)]
            if rest and not rested:
                found += [
                    (now + drive + rest.duration_s, drive, True)
                    for begin in range(now, now + drive + 1)
                    if rest.earliest_s <= begin <= rest.latest_s
                ]
            return found

        def ready(k: int) -> int:
            return max((v.ready_s or 0 for v in visits[k:]), default=0)

        @cache
        def onward(
            k: int, here: str, now: int, rested: bool, left: Stock, pickups: int, returned: bool, since: int
        ) -> int:
            """Least cost from standing at `here`, done with visits before k, until home."""
            if now > latest:
                return NEVER
            best = NEVER
            # wait a second
            best = min(
                best, weights.idle_mc_per_s + onward(k, here, now + 1, rested, left, pickups, returned, since)
            )
            # rest here
            if rest and not rested and rest.earliest_s <= now <= rest.latest_s:
                best = min(best, onward(k, here, now + rest.duration_s, True, left, pickups, returned, since))
            # drive to the next visit
            units, fresh, _ = left
            if k < len(visits) and units >= visits[k].units and fresh >= (visits[k].ready_s or 0):
                for at, drive, now_rested in legs(here, visits[k].place, now, rested):
                    best = min(
                        best,
                        weights.travel_mc_per_s * drive
                        + arrive(k, at, now_rested, left, pickups, returned, since),
                    )
            # drive to a pharmacy
            for pharmacy_ in problem.pharmacies:
                for at, drive, now_rested in legs(here, pharmacy_.place, now, rested):
                    cost = weights.travel_mc_per_s * drive
                    best = min(
                        best, cost + counter(k, pharmacy_, at, now_rested, left, pickups, returned, since)
                    )
            # drive home
            if k == len(visits) and (returned or not due):
                for at, drive, now_rested in legs(here, home, now, rested):
                    if at > latest or (one.max_duration_s is not None and at - since > one.max_duration_s):
                        continue
                    if rest and not now_rested and at > rest.latest_s:
                        continue
                    late = max(0, at - one.shift.end_s)
                    best = min(best, weights.travel_mc_per_s * drive + weights.overtime_mc_per_s * late)
            return best

        @cache
        def arrive(
            k: int, now: int, rested: bool, left: Stock, pickups: int, returned: bool, since: int
        ) -> int:
            """Least cost from being at visit k's door."""
            best = NEVER
            for begin in range(now, latest + 1):
                if any(w.holds(begin) for w in visits[k].windows):
                    rest_of = onward(
                        k + 1,
                        visits[k].place,
                        begin + visits[k].service_s,
                        rested,
                        (left[0] - visits[k].units, left[1], False),
                        pickups,
                        returned,
                        since,
                    )
                    best = min(best, weights.idle_mc_per_s * (begin - now) + rest_of)
            return best

        @cache
        def counter(
            k: int,
            at: Pharmacy,
            now: int,
            rested: bool,
            left: Stock,
            pickups: int,
            returned: bool,
            since: int,
        ) -> int:
            """Least cost from being at a pharmacy's door, to collect or to return."""
            best = NEVER
            for begin in range(now, latest + 1):
                if not any(w.holds(begin) for w in at.open):
                    continue
                wait, end = weights.idle_mc_per_s * (begin - now), begin + at.handling_s
                needed = left[0] < sum(v.units for v in visits[k:]) or left[1] < ready(k)
                if pickups < one.max_pickups and needed and not left[2]:
                    full = one.lock_box_units, max(r for r in (0, *moments) if r <= begin), True
                    best = min(
                        best, wait + onward(k, at.place, end, rested, full, pickups + 1, returned, since)
                    )
                controlled_ahead = any(v.units for v in visits[k:])
                if due and not returned and not controlled_ahead and begin <= one.shift.end_s:
                    best = min(
                        best, wait + onward(k, at.place, end, rested, (0, 0, False), pickups, True, since)
                    )
            return best

        on_board = one.stock_units, NEVER, False
        if one.free:
            return onward(
                0, one.free.place, one.free.at_s, False, on_board, 0, False, one.free.on_duty_since_s
            )
        best = NEVER
        for leave in range(one.shift.begin_s, latest + 1):
            rested_before = bool(rest) and any(
                begin + rest.duration_s <= leave
                for begin in range(max(one.shift.begin_s, rest.earliest_s), rest.latest_s + 1)
            )
            for rested in {False, rested_before}:
                best = min(best, onward(0, one.start_place, leave, rested, on_board, 0, False, leave))
        return best


@st.composite
def tiny_days(draw: st.DrawFn) -> Problem:
    """One nurse, up to three visits in a given order, times of a few seconds."""
    small = st.integers(0, 3)
    count = 5
    names = tuple(f"p{k}" for k in range(count))
    spots = draw(st.lists(st.tuples(small, small), min_size=count, max_size=count))
    seconds = tuple(tuple(abs(a - c) + abs(b - d) for c, d in spots) for a, b in spots)
    horizon = 34

    def span(width: int) -> Window:
        a = draw(st.integers(0, 14))
        return Window(begin_s=a, end_s=min(horizon, a + draw(st.integers(0, width))))

    visits = []
    for k in range(draw(st.integers(1, 3))):
        first = span(20)
        windows = [first]
        if draw(st.booleans()) and first.end_s + 5 <= horizon:
            windows.append(Window(begin_s=first.end_s + 3, end_s=first.end_s + 5))
        units = draw(st.integers(0, 1))
        visits.append(
            Visit(
                id=f"v{k}",
                place=draw(st.sampled_from(names)),
                windows=tuple(windows),
                service_s=draw(st.integers(0, 4)),
                units=units,
                ready_s=draw(st.sampled_from((None, None, 6, 9, 14))) if units else None,
            )
        )
    begin, length = draw(st.integers(0, 4)), draw(st.integers(20, 30))
    free = None
    if draw(st.integers(0, 3)) == 0:
        free = Free(place=draw(st.sampled_from(names)), at_s=begin + 2, on_duty_since_s=begin)
    earliest = draw(st.integers(4, 16))
    rest = MealBreak(duration_s=3, earliest_s=earliest, latest_s=earliest + draw(st.integers(0, 6)))
    box = draw(st.integers(1, 2))
    one = Nurse(
        id="n",
        start_place=draw(st.sampled_from(names)),
        end_place=draw(st.sampled_from(names)),
        shift=Window(begin_s=begin, end_s=begin + length),
        overtime_limit_s=draw(st.integers(0, 6)),
        max_duration_s=draw(st.sampled_from((None, 14, 20))),
        meal_break=draw(st.sampled_from((None, rest))),
        lock_box_units=box,
        stock_units=draw(st.integers(0, box)),
        max_pickups=draw(st.integers(0, 2)),
        free=free,
    )
    pharmacies = tuple(
        Pharmacy(
            id=f"rx{k}",
            place=draw(st.sampled_from(names)),
            open=(span(30),),
            handling_s=draw(st.integers(0, 2)),
        )
        for k in range(draw(st.integers(0, 2)))
    )
    return Problem(
        label="tiny",
        horizon=Window(begin_s=0, end_s=50),
        places=tuple(Place(id=name) for name in names),
        travel=TravelMatrix(places=names, seconds=seconds),
        nurses=(one,),
        visits=tuple(visits),
        pharmacies=pharmacies,
        weights=Weights(
            travel_mc_per_s=draw(st.sampled_from((0, 3, 10))),
            idle_mc_per_s=draw(st.sampled_from((0, 4, 7))),
            overtime_mc_per_s=draw(st.sampled_from((0, 6, 30))),
        ),
        return_of_stock=draw(st.sampled_from(("never", "unopened", "carried"))),
    )


@settings(max_examples=200, deadline=None)
@given(tiny_days())
def test_the_timing_is_as_cheap_as_trying_every_second(problem: Problem) -> None:
    cheapest = Oracle(problem).cost_mc()
    timing = RouteTimer(DayIndex(problem), 0).best(list(range(len(problem.visits))))
    assert (timing.cost_mc if timing else NEVER) == cheapest


@settings(max_examples=200, deadline=None)
@given(tiny_days())
def test_the_timetable_keeps_every_rule_at_the_price_of_the_timing(problem: Problem) -> None:
    index = DayIndex(problem)
    timing = RouteTimer(index, 0).best(list(range(len(problem.visits))))
    if timing is None:
        return
    route = route_from(index, 0, timing)
    assert violations(problem, plan(problem, {"n": list(route.stops)})) == ()
    assert price_route(problem, route).total_mc == timing.cost_mc


def kinds_and_begins(problem: Problem) -> list[tuple[str, int]]:
    index = DayIndex(problem)
    timing = RouteTimer(index, 0).best(list(range(len(problem.visits))))
    assert timing is not None
    return [(stop.kind, stop.begin_s // MIN) for stop in route_from(index, 0, timing).stops]


def test_she_leaves_late_instead_of_waiting() -> None:
    problem = day(nurse(), visit("a", 1, begin=(600, 610)), visit("b", 2, begin=(700, 960)))
    assert kinds_and_begins(problem) == [("start", 600), ("visit", 610), ("visit", 700), ("end", 780)]


def test_the_break_uses_time_that_would_be_lost_anyway() -> None:
    problem = day(
        nurse(meal_break=meal(660, 720)), visit("a", 1, begin=(600, 600)), visit("b", 1, begin=(720, 720))
    )
    index = DayIndex(problem)
    timing = RouteTimer(index, 0).best([0, 1])
    assert timing is not None
    cost = price_route(problem, route_from(index, 0, timing))
    assert cost.idle_mc == 30 * MIN * problem.weights.idle_mc_per_s


def test_a_break_is_kept_for_the_wait_that_it_fills_best() -> None:
    ann = nurse(shift=(480, 1080), meal_break=meal(earliest=560, latest=900))
    first, then = visit("a", 1, begin=(500, 565)), visit("b", 1, begin=(630, 630))
    last = visit("c", 1, begin=(900, 900))
    timing = RouteTimer(DayIndex(day(ann, first, then, last)), 0).best([0, 1, 2])
    assert timing is not None
    assert timing.cost_mc == 20 * MIN * 10 + (5 + 210 - 30) * MIN * 4


def test_she_collects_once_for_all_when_all_is_ready_or_twice_when_the_first_cannot_wait() -> None:
    ann, counter = nurse(lock_box_units=2, max_pickups=2), pharmacy(at=0)
    late = visit("b", 2, units=1, ready_s=700 * MIN)
    waits = day(ann, visit("a", 1, units=1), late, counter)
    assert [kind for kind, _ in kinds_and_begins(waits)] == ["start", "pickup", "visit", "visit", "end"]
    hurries = day(ann, visit("a", 1, units=1, begin=(480, 500)), late, counter)
    assert kinds_and_begins(hurries) == [
        ("start", 485),
        ("pickup", 485),
        ("visit", 500),
        ("pickup", 700),
        ("visit", 725),
        ("end", 805),
    ]


def test_hours_are_parted_where_stock_becomes_ready() -> None:
    hours = ((10, 20), (30, 40))
    assert parted(hours, ()) == hours
    assert parted(hours, (10, 15, 25, 31, 40, 50)) == ((10, 14), (15, 20), (30, 30), (31, 39), (40, 40))


def test_the_pharmacy_on_the_way_is_chosen() -> None:
    problem = day(
        nurse(lock_box_units=1),
        visit("a", 4, units=1),
        pharmacy("far", at=9),
        pharmacy("near", at=3),
    )
    index = DayIndex(problem)
    timing = RouteTimer(index, 0).best([0])
    assert timing is not None
    assert [stop.ref for stop in route_from(index, 0, timing).stops if stop.kind == "pickup"] == ["near"]


def test_an_on_duty_nurse_leaves_from_where_she_is() -> None:
    problem = day(nurse(free=on_duty(4, 600)), visit("a", 5))
    assert kinds_and_begins(problem) == [("start", 600), ("visit", 610), ("end", 720)]


def test_windows_may_be_replaced() -> None:
    problem = day(nurse(), visit("a", 1))
    timer = RouteTimer(DayIndex(problem), 0)
    agreed = timer.best([0], {0: ((700 * MIN, 700 * MIN),)})
    assert agreed is not None
    assert agreed.end_s == 770 * MIN
    assert timer.best([0], {0: ()}) is None


def test_a_relaxed_limit_is_used_instead_of_her_own() -> None:
    problem = day(nurse(shift=(480, 540)), visit("a", 1))
    index = DayIndex(problem)
    assert RouteTimer(index, 0).best([0]) is None
    assert RouteTimer(index, 0, replace(index.nurses[0], latest_end_s=560 * MIN)).best([0]) is not None


def test_two_windows_and_a_wait_between_them() -> None:
    problem = day(nurse(), visit("a", 1, windows=(window(480, 485), window(600, 610))))
    assert kinds_and_begins(problem)[1] == ("visit", 600)

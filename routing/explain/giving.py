"""What could give way for a visit: its windows, overtime, a lock-box, a pharmacy's hours, a rule of a person.

Each is searched for the nurse for whom it costs least and for the least amount at all; the two are often
the same.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

from routing.engine.index import Counter, Windows
from routing.engine.route.roster import Insertion
from routing.engine.route.schedule import RouteTimer
from routing.explain.asked import Asked
from routing.explain.easing import (
    MINUTE_S,
    MOST_MIN,
    STEP_MIN,
    allowing,
    cheapest_place,
    more_overtime,
    opened,
    with_counters,
    with_nurses,
)
from routing.explain.proof import Give
from routing.explain.relaxation import Relaxation, Way
from routing.problem import Window

WORTH_A_LINE_MC = 100_000  # a larger change is named beside the least one when it saves a dollar or more
MOST_LIFTED = 3
MOST_TRIED = 6  # proofs that may fail or be refused before a kind is given up

Possible = Callable[[int, int], Insertion | None]  # nurse, minutes -> what it adds, and where


class Least(NamedTuple):
    """The least amount for one nurse, and what it adds there."""

    minutes: int
    added_mc: int
    nurse: int
    position: int


def least_minutes(nurses: list[int], possible: Possible, most: int = MOST_MIN) -> Iterator[Least]:
    """Yield, for each nurse for whom `most` minutes suffice, the least minutes that do.

    More minutes never make it impossible, so the least is found by halving.
    """
    for nurse in nurses:
        found = possible(nurse, most)
        if found is None:
            continue
        short, enough = 0, most // STEP_MIN
        while enough - short > 1:
            middle = (short + enough) // 2
            trial = possible(nurse, middle * STEP_MIN)
            if trial is None:
                short = middle
            else:
                enough, found = middle, trial
        yield Least(enough * STEP_MIN, found.added_mc, nurse, found.position)


def cheapest_at(nurses: list[int], possible: Possible, most: int = MOST_MIN) -> list[Least]:
    """Return what the largest amount would add for each nurse, cheapest first."""
    found = ((nurse, possible(nurse, most)) for nurse in nurses)
    return sorted(
        (Least(most, one.added_mc, nurse, one.position) for nurse, one in found if one is not None),
        key=lambda least: (least.added_mc, least.nurse),
    )


def by_minutes(
    asked: Asked,
    way: Way,
    possible: Possible,
    give: Callable[[int], Give],
    needed: Callable[[Relaxation], int],
) -> Iterator[Relaxation]:
    """Yield the least change of a kind that is counted in minutes, and a larger one that costs less.

    Parameters
    ----------
    give
        Minutes -> what gives way.
    needed
        How many minutes a plan found with more of them really uses.
    """

    def proven(least: Least, minutes: int) -> Relaxation | None:
        orders = {least.nurse: asked.with_it(least.nurse, least.position)}
        return asked.offer(way, orders, give(minutes), minutes=minutes)

    widest = cheapest_at(asked.free, possible)
    least = sorted(least_minutes([one.nurse for one in widest], possible))
    first = next(filter(None, (proven(one, one.minutes) for one in least[:MOST_TRIED])), None)
    if first is None:
        return
    yield first
    for one in widest[:1]:
        roomy = proven(one, MOST_MIN)
        if roomy is None or roomy.added_mc > first.added_mc - WORTH_A_LINE_MC:
            return
        exact = proven(one, -(-needed(roomy) // (STEP_MIN * MINUTE_S)) * STEP_MIN)
        if exact is not None and exact.minutes > first.minutes:
            yield exact


def windows_opened(asked: Asked) -> Iterator[Relaxation]:
    """Yield what another window would make possible: opened earlier, closed later."""
    if asked.known.id in asked.day.problem.pin:
        return
    roster = asked.roster.on(allowing(asked.day, asked.visit, asked.free))

    def trial(earlier_min: int, later_min: int) -> Windows:
        return opened(asked.windows, earlier_min, later_min, asked.last_s)

    def give(earlier_min: int, later_min: int) -> Give:
        return Give(windows=tuple(Window(begin_s=a, end_s=b) for a, b in trial(earlier_min, later_min)))

    def earlier(found: Relaxation) -> int:
        return min(max(0, a - found.begin_s) for a, _ in asked.windows)

    def later(found: Relaxation) -> int:
        return min(max(0, found.begin_s - b) for _, b in asked.windows)

    yield from by_minutes(
        asked, "opens_earlier",
        lambda nurse, minutes: roster.best_insertion(nurse, asked.visit, trial(minutes, 0)),
        lambda minutes: give(minutes, 0), earlier,
    )  # fmt: skip
    yield from by_minutes(
        asked, "closes_later",
        lambda nurse, minutes: roster.best_insertion(nurse, asked.visit, trial(0, minutes)),
        lambda minutes: give(0, minutes), later,
    )  # fmt: skip


def more_overtime_allowed(asked: Asked) -> Iterator[Relaxation]:
    """Yield what more overtime of one nurse would make possible."""
    day, windows = asked.day, asked.day.visits[asked.visit].windows
    roomy = allowing(
        with_nurses(day, lambda nurse, _: more_overtime(day, nurse, MOST_MIN)), asked.visit, asked.free
    )
    roster = asked.roster.on(roomy)

    def possible(nurse: int, minutes: int) -> Insertion | None:
        if minutes == MOST_MIN:
            return roster.best_insertion(nurse, asked.visit)
        timer = RouteTimer(day, nurse, more_overtime(day, nurse, minutes))
        return cheapest_place(timer, asked.roster, asked.visit, windows)

    def needed(found: Relaxation) -> int:
        return found.back_s - day.problem.latest_end_s(day.problem.nurse[found.nurse])

    yield from by_minutes(
        asked, "overtime", possible, lambda minutes: Give(overtime_s=minutes * MINUTE_S), needed
    )


def larger_box(asked: Asked) -> Iterator[Relaxation]:
    """Yield the nurse for whom a larger lock-box would make it possible at least cost, and how large."""
    day, units = asked.day, asked.known.units
    if not units:
        return

    def all_of(nurse: int) -> int:
        return units + sum(day.visits[visit].units for visit in asked.roster.routes[nurse])

    roomy = with_nurses(day, lambda nurse, line: replace(line, box=max(line.box, all_of(nurse))))
    roster = asked.roster.on(allowing(roomy, asked.visit, asked.free))
    for one in cheapest_at(asked.free, lambda nurse, _: roster.best_insertion(nurse, asked.visit))[
        :MOST_TRIED
    ]:
        orders = {one.nurse: asked.with_it(one.nurse, one.position)}
        for box in range(day.nurses[one.nurse].box + 1, all_of(one.nurse) + 1):
            found = asked.offer("lock_box", orders, Give(box=box), units=box)
            if found is not None:
                yield found
                return


def pharmacy_hours(asked: Asked) -> Iterator[Relaxation]:
    """Yield which pharmacy's other hours would make it possible, for the nurse for whom that costs least."""
    day = asked.day
    if not asked.known.units:
        return
    wide = [replace(counter, windows=opened(counter.windows, MOST_MIN, MOST_MIN)) for counter in day.counters]
    roster = asked.roster.on(allowing(with_counters(day, wide), asked.visit, asked.free))
    for one in cheapest_at(asked.free, lambda nurse, _: roster.best_insertion(nurse, asked.visit))[:1]:
        for at in range(len(day.counters)):
            for way in ("pharmacy_opens_earlier", "pharmacy_closes_later"):
                found = _with_hours(asked, one.nurse, at, way)
                if found is not None:
                    yield found


def _with_hours(asked: Asked, nurse: int, at: int, way: Way) -> Relaxation | None:
    day = asked.day

    def counters(minutes: int) -> list[Counter]:
        earlier, later = (minutes, 0) if way == "pharmacy_opens_earlier" else (0, minutes)
        changed = replace(day.counters[at], windows=opened(day.counters[at].windows, earlier, later))
        return [*day.counters[:at], changed, *day.counters[at + 1 :]]

    def possible(nurse: int, minutes: int) -> Insertion | None:
        timer = RouteTimer(with_counters(day, counters(minutes)), nurse)
        return cheapest_place(timer, asked.roster, asked.visit, day.visits[asked.visit].windows)

    for least in least_minutes([nurse], possible):
        shops = tuple(
            replace(shop, open=tuple(Window(begin_s=a, end_s=b) for a, b in counter.windows))
            for shop, counter in zip(day.problem.pharmacies, counters(least.minutes), strict=True)
        )
        orders = {nurse: asked.with_it(nurse, least.position)}
        shop = day.problem.pharmacies[at].id
        return asked.offer(way, orders, Give(pharmacies=shops), minutes=least.minutes, pharmacy=shop)
    return None


def rules_lifted(asked: Asked) -> Iterator[Relaxation]:
    """Yield, for each rule that a person can lift, the nurse for whom that would cost least."""
    lifting = {nurse: codes for nurse, codes in asked.may.items() if codes}
    roster = asked.roster.on(allowing(asked.day, asked.visit, lifting))
    pinned = {code for codes in lifting.values() for code in codes if code.startswith("pinned_")}
    windows = asked.windows if pinned else None
    seen: set[tuple[str, ...]] = set()
    for one in cheapest_at(
        list(lifting), lambda nurse, _: roster.best_insertion(nurse, asked.visit, windows)
    ):
        codes = lifting[one.nurse]
        if codes in seen or len(seen) == MOST_LIFTED:
            continue
        name = asked.day.problem.nurses[one.nurse].id
        give = Give(lifts=(name,), unpinned=bool(pinned & set(codes)))
        orders = {one.nurse: asked.with_it(one.nurse, one.position)}
        found = asked.offer("lifted", orders, give, codes=codes)
        if found is not None:
            seen.add(codes)
            yield found

"""What stands in the way of a visit: how many nurses each rule keeps away, and when one is free at all."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from routing.engine.index import FAR_S
from routing.engine.route.roster import NOT_POSSIBLE
from routing.engine.route.why_not import reasons_against
from routing.explain.asked import Asked
from routing.explain.easing import MINUTE_S, STEP_MIN, allowing, unlimited_day, with_nurses
from routing.explain.giving import least_minutes
from routing.explain.relaxation import Fact, dollars
from routing.explain.rules import Kind, Rule, rule_of

EARLIEST_TRIED_MIN = 24 * 60


def facts_against(asked: Asked) -> tuple[Fact, ...]:
    """Return every fact, those of law first, then what keeps most nurses away."""
    counted: Counter[str] = Counter()
    rules: dict[str, Rule] = {}
    but_for = dict(_but_for(asked))
    for nurse in range(len(asked.day.nurses)):
        for rule in {rule.name: rule for rule in _rules_against(asked, nurse, but_for)}.values():
            counted[rule.name] += 1
            rules[rule.name] = rule
    found = [_fact(rules[name], nurses) for name, nurses in counted.items()]
    found.sort(key=lambda fact: (not fact.is_law, -fact.nurses, fact.name))
    return (*_who_may(asked), *found)


def _fact(rule: Rule, nurses: int) -> Fact:
    text = f"1 nurse {rule.keeps_one}." if nurses == 1 else f"{nurses} nurses {rule.keeps}."
    return Fact(name=rule.name, text=text, way_out=rule.way_out, is_law=rule.kind is Kind.LAW, nurses=nurses)


def _rules_against(asked: Asked, nurse: int, but_for: dict[int, str]) -> Iterator[Rule]:
    if nurse in asked.broken:
        yield rule_of("own_route_broken")
        return
    if nurse in but_for:
        yield rule_of(but_for[nurse])
        return
    partner = asked.day.partner[asked.visit]
    reasons = reasons_against(asked.roster, nurse, asked.visit)
    if not reasons and partner < 0 and _adds_mc(asked, nurse) < asked.known.penalty_mc:
        return
    if not reasons:
        reasons = ("double_visit",) if partner >= 0 else ("costs_more_than_leaving_it",)
    yield from (rule_of(code) for code in reasons)


def _adds_mc(asked: Asked, nurse: int) -> int:
    place = asked.roster.best_insertion(nurse, asked.visit)
    return NOT_POSSIBLE if place is None else place.added_mc


def _but_for(asked: Asked) -> Iterator[tuple[int, str]]:
    """Yield the nurses who may go and could, if it were not for one law of hours or custody -> that law."""
    day = asked.day
    open_to = [nurse for nurse in asked.free if day.allowed[nurse][asked.visit]]
    stuck = [nurse for nurse in open_to if asked.roster.best_insertion(nurse, asked.visit) is None]
    eased = (
        ("meal_break", asked.roster.on(with_nurses(day, lambda _, line: replace(line, rest=None)))),
        ("max_duration", asked.roster.on(with_nurses(day, lambda _, line: unlimited_day(line)))),
        ("return_of_stock", asked.roster.on(day, returns=False)),
    )
    for nurse in stuck:
        for code, roster in eased:
            if roster.best_insertion(nurse, asked.visit) is not None:
                yield nurse, code
                break


def _who_may(asked: Asked) -> Iterator[Fact]:
    """Yield how many nurses may go at all, and from when one of them could."""
    if not asked.day.nurses:
        yield Fact(name="nobody_works", text="No nurse works that day.", way_out="Add a shift.", is_law=False)
        return
    if not asked.free:
        text = "No nurse at work that day may go."
        if asked.may:
            text += f" {len(asked.may)} could, if somebody lifted what stands against them."
        yield Fact(name="nobody_may", text=text, way_out="", is_law=True)
        return
    partner = asked.day.partner[asked.visit]
    cheapest_mc, nurse = min((_adds_mc(asked, nurse), nurse) for nurse in asked.free)
    if partner < 0 and cheapest_mc < asked.known.penalty_mc:
        name = asked.day.problem.nurses[nurse].id
        text = f"It can be made as the day is: {name} has room for it, at {dollars(cheapest_mc)} more."
        yield Fact(name="possible", text=text, way_out="Move it to a nurse, or plan again.", is_law=False)
        return
    who = (
        "1 nurse may go, and is full"
        if len(asked.free) == 1
        else f"{len(asked.free)} nurses may go, all full"
    )
    earliest_s = earliest_begin_s(asked)
    if earliest_s is None:
        text = f"{who}: none could begin it at any hour beside the visits they have."
    elif earliest_s > max(b for _, b in asked.windows):
        text = f"{who}: the first could begin it at {{at}}, after its windows close."
    else:
        return
    yield Fact(name="full", text=text, way_out="", is_law=False, nurses=len(asked.free), at_s=earliest_s)


def earliest_begin_s(asked: Asked) -> int | None:
    """Return when one of the free nurses could begin, not before the first window opens; to 5 min."""
    roster = asked.roster.on(allowing(asked.day, asked.visit, asked.free))
    opens_s = min((a for a, _ in asked.windows), default=0)
    found = least_minutes(
        asked.free,
        lambda nurse, minutes: roster.best_insertion(
            nurse, asked.visit, ((opens_s, min(FAR_S, opens_s + minutes * MINUTE_S)),)
        ),
        EARLIEST_TRIED_MIN,
    )
    least = min((one.minutes for one in found), default=None)
    if least is None:
        return None
    return opens_s + (0 if least == STEP_MIN else least * MINUTE_S)

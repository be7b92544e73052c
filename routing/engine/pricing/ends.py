"""How a nurse's day begins and ends: departure, legs, the return of stock and the way home."""

from routing.engine.compiled import inlined, lean
from routing.engine.pricing.bounds import NEVER_MC
from routing.engine.pricing.dominance import (
    COST,
    COUNT,
    DAYS,
    DEPTH,
    EXACT,
    FRESH,
    LEAST,
    LEFT,
    NEED,
    NO_LIMIT_S,
    NODE,
    OVERFLOW,
    PARENT,
    PICKED,
    RESTED,
    RETURNED,
    SOFT,
    USED,
    Ask,
    C,
    D,
    E,
    F,
    Shelf,
)
from routing.engine.pricing.side import (
    BEGIN,
    IDLE,
    LATEST_END,
    LONGEST,
    ON_DUTY,
    OVERTIME,
    REST_FROM,
    REST_S,
    REST_UNTIL,
    RETURN_CARRIED,
    RETURN_DUE,
    RETURN_UNOPENED,
    SHIFT_END,
    STOCK,
    TRAVEL,
    Ints,
    Side,
)

HOME = -1  # the node of a label that has not left


@lean
def leave(side: Side, shelf: Shelf) -> None:
    """Make the labels of not having left: with the break still to come, and with the break behind."""
    limits, label = side.limits, shelf.label
    due = limits[REST_UNTIL] >= 0
    begin_s = limits[BEGIN]
    any_time_s = begin_s if limits[ON_DUTY] else limits[LATEST_END]
    for root in range(2 if due and begin_s <= limits[REST_UNTIL] else 1):
        label[root, :] = 0
        label[root, E], label[root, F] = begin_s, any_time_s
        label[root, LEFT], label[root, NODE], label[root, PARENT] = limits[STOCK], HOME, -1
        label[root, RESTED] = 0 if due else 1
        label[root, FRESH] = NO_LIMIT_S
        shelf.tally[COUNT] = root + 1
    if shelf.tally[COUNT] == 2:
        label[1, RESTED] = 1
        label[1, E] = max(begin_s, limits[REST_FROM]) + limits[REST_S]
        label[1, F] = max(label[1, E], limits[LATEST_END])
        if limits[ON_DUTY]:
            label[1, F], label[1, D] = label[1, E], label[1, E] - begin_s
            label[1, C] = limits[IDLE] * max(0, limits[REST_FROM] - begin_s)
            label[1, COST] = label[1, C]


@inlined
def return_is_due(side: Side, shelf: Shelf, one: int) -> bool:
    """Say whether policy would send a nurse who goes home now back to a pharmacy first."""
    rule, label = side.limits[RETURN_DUE], shelf.label[one]
    if rule == RETURN_UNOPENED:
        return bool(label[PICKED] == 0 and label[LEFT] > 0)
    return bool(rule == RETURN_CARRIED and side.limits[STOCK] + label[USED] > 0)


@inlined
def reach(side: Side, label: Ints, drive_s: int, resting: bool) -> tuple[int, int, int, int]:
    """Return E, F, waiting and elapsed time at the end of a leg, the break taken on it or not."""
    early_s, late_s = label[E] + drive_s, label[F] + drive_s
    if not resting:
        return early_s, late_s, 0, label[D] + drive_s
    rest_s, from_s, until_s = side.limits[REST_S], side.limits[REST_FROM], side.limits[REST_UNTIL]
    there_s = min(label[F], until_s) + drive_s
    wait_s = max(0, from_s - there_s)
    return (
        max(early_s, from_s) + rest_s,
        max(there_s, from_s) + rest_s,
        wait_s,
        label[D] + drive_s + wait_s + rest_s,
    )


@lean
def go_home(side: Side, ask: Ask, shelf: Shelf, one: int, found: Ints) -> None:
    """Note the day that ends with this label, if it may and if it beats what is asked."""
    limits, label, tally = side.limits, shelf.label[one], shelf.tally
    if label[NEED] > 0 or label[SOFT] > 0 or (return_is_due(side, shelf, one) and not label[RETURNED]):
        return
    n = side.visits.shape[0]
    if label[DEPTH] == 0 or n <= label[NODE] < n + (side.drive_s.shape[0] - n) // 2:
        return
    drive_s = side.to_end_s[label[NODE]]
    best_mc = NEVER_MC
    may_rest = not label[RESTED] and label[E] <= limits[REST_UNTIL]
    for resting in range(2 if may_rest else 1):
        home_s, _, wait_s, elapsed_s = reach(side, label, drive_s, resting == 1)
        late_for_rest = not resting and not label[RESTED] and home_s > limits[REST_UNTIL]
        if home_s > limits[LATEST_END] or elapsed_s > limits[LONGEST] or late_for_rest:
            continue
        price_mc = limits[TRAVEL] * drive_s + limits[IDLE] * wait_s
        best_mc = min(best_mc, price_mc + limits[OVERTIME] * max(0, home_s - limits[SHIFT_END]))
    reduced_mc = label[C] + best_mc
    if best_mc == NEVER_MC or reduced_mc >= ask.way[1]:
        return
    tally[LEAST] = min(tally[LEAST], reduced_mc)
    if tally[DAYS] >= found.shape[0]:
        tally[OVERFLOW] = max(tally[OVERFLOW], 1 if ask.way[0] != EXACT else 0)
        return
    found[tally[DAYS], 0] = reduced_mc
    found[tally[DAYS], 1] = label[COST] + best_mc
    found[tally[DAYS], 2] = one
    tally[DAYS] += 1

"""Where labels wait: beside those of their node, and in a queue by their earliest completion.

Beside each other, labels lie by rising reduced cost in one block of memory, with the figures that most
comparisons end at: what may dominate a new label lies before its place, what it may dominate behind. (In a
chain through memory the comparisons took nine tenths of the pricing.) A label that waits in the queue can
no longer be dominated by one that comes later, because every stop takes time.
"""

import numpy as np

from routing.engine.compiled import inlined, lean
from routing.engine.pricing.dominance import (
    ALL,
    COUNT,
    DEAD,
    HEURISTIC,
    NODE,
    QUEUED,
    RANK,
    USED_UP,
    Ask,
    C,
    E,
    Shelf,
    dominates,
)
from routing.engine.pricing.side import Ints, Side

# A row of `Shelf.beside`.
ROW_C, ROW_E, ROW_RANK, ROW_LABEL, ROW = range(5)
START, LENGTH, ROOM = range(3)  # a row of `Shelf.head`
FIRST_ROOM = 8


@lean
def shelve(side: Side, ask: Ask, shelf: Shelf, new: int, node: int) -> None:
    """Put the new label beside those of its node, unless it is dominated; drop those that it dominates."""
    head = _head_of(ask, shelf, new, node)
    start, cost_mc, early_s = shelf.head[head, START], shelf.label[new, C], shelf.label[new, E]
    place = _place(shelf, start, shelf.head[head, LENGTH], cost_mc)
    if _is_dominated(side, ask, shelf, new, node, start, start + place):
        return
    _drop_dominated(side, ask, shelf, new, node, head, start + place)
    if ask.way[0] == HEURISTIC and shelf.head[head, LENGTH] >= ask.way[5]:
        worst = _worst(shelf, head)
        if shelf.beside[worst, ROW_RANK] <= shelf.label[new, RANK]:
            return
        _take_out(shelf, head, worst)
        place -= worst < start + place
    length = shelf.head[head, LENGTH]
    if length == shelf.head[head, ROOM]:
        start = _move_to_larger(shelf, head, start, length)
    row, at = shelf.beside, start + place
    for one in range(start + length, at, -1):
        _move(row, one, one - 1)
    row[at, ROW_C], row[at, ROW_E] = cost_mc, early_s
    row[at, ROW_RANK], row[at, ROW_LABEL] = shelf.label[new, RANK], new
    shelf.head[head, LENGTH] = length + 1
    shelf.tally[COUNT] += 1
    wait_in_queue(shelf, new)


@inlined
def _head_of(ask: Ask, shelf: Shelf, new: int, node: int) -> int:
    """Return which block a label belongs to: that of its node, or of its node and set by their hash."""
    if ask.way[0] != ALL:
        return node
    mixed = np.uint64(node + 1)
    for word in range(shelf.seen.shape[1]):
        mixed = (mixed ^ shelf.seen[new, word]) * np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(29)
    return int(np.int64(mixed >> np.uint64(48)))


@inlined
def _is_dominated(side: Side, ask: Ask, shelf: Shelf, new: int, node: int, start: int, end: int) -> bool:
    early_s = shelf.label[new, E]
    for place in range(start, end):
        one = shelf.beside[place, ROW_LABEL]
        if shelf.beside[place, ROW_E] > early_s or shelf.label[one, NODE] != node:
            continue
        if dominates(side, ask, shelf, one, new):
            return True
    return False


@inlined
def _drop_dominated(side: Side, ask: Ask, shelf: Shelf, new: int, node: int, head: int, first: int) -> None:
    row, early_s = shelf.beside, shelf.label[new, E]
    kept = first
    for place in range(first, shelf.head[head, START] + shelf.head[head, LENGTH]):
        one = row[place, ROW_LABEL]
        mine = row[place, ROW_E] >= early_s and shelf.label[one, NODE] == node
        if mine and dominates(side, ask, shelf, new, one):
            shelf.label[one, DEAD] = 1
            continue
        if kept != place:
            _move(row, kept, place)
        kept += 1
    shelf.head[head, LENGTH] = kept - shelf.head[head, START]


@inlined
def _move(beside: Ints, to: int, source: int) -> None:
    for column in range(ROW):
        beside[to, column] = beside[source, column]


@inlined
def _worst(shelf: Shelf, head: int) -> int:
    """Return the place of the label with the least hope in a block."""
    worst = start = shelf.head[head, START]
    for place in range(start + 1, start + shelf.head[head, LENGTH]):
        if shelf.beside[place, ROW_RANK] > shelf.beside[worst, ROW_RANK]:
            worst = place
    return int(worst)


@inlined
def _take_out(shelf: Shelf, head: int, place: int) -> None:
    shelf.label[shelf.beside[place, ROW_LABEL], DEAD] = 1
    shelf.head[head, LENGTH] -= 1
    for one in range(place, shelf.head[head, START] + shelf.head[head, LENGTH]):
        _move(shelf.beside, one, one + 1)


@inlined
def _place(shelf: Shelf, start: int, length: int, cost_mc: int) -> int:
    """Return how many labels beside each other cost no more."""
    low, high = 0, length
    while low < high:
        middle = (low + high) // 2
        if shelf.beside[start + middle, ROW_C] <= cost_mc:
            low = middle + 1
        else:
            high = middle
    return low


@inlined
def _move_to_larger(shelf: Shelf, head: int, start: int, length: int) -> int:
    """Give a full block twice the room, at the end of what is used; return where it starts now."""
    room = max(FIRST_ROOM, 2 * length)
    now = shelf.tally[USED_UP]
    shelf.tally[USED_UP] += room
    for step in range(length):
        _move(shelf.beside, now + step, start + step)
    shelf.head[head, START], shelf.head[head, ROOM] = now, room
    return int(now)


@inlined
def wait_in_queue(shelf: Shelf, new: int) -> None:
    """Sift a label up the heap ordered by earliest completion."""
    queue, label = shelf.queue, shelf.label
    place = shelf.tally[QUEUED]
    shelf.tally[QUEUED] += 1
    while place > 0:
        above = (place - 1) // 2
        if label[queue[above], E] <= label[new, E]:
            break
        queue[place] = queue[above]
        place = above
    queue[place] = new


@lean
def take_next(shelf: Shelf) -> int:
    """Take the label with the earliest completion off the heap."""
    queue, label = shelf.queue, shelf.label
    first = queue[0]
    shelf.tally[QUEUED] -= 1
    size = shelf.tally[QUEUED]
    last, place = queue[size], 0
    while 2 * place + 1 < size:
        below = 2 * place + 1
        if below + 1 < size and label[queue[below + 1], E] < label[queue[below], E]:
            below += 1
        if label[queue[below], E] >= label[last, E]:
            break
        queue[place] = queue[below]
        place = below
    queue[place] = last
    return int(first)

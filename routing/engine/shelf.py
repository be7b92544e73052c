"""Where labels wait: beside those of their node, and in a queue by their earliest completion.

A label that waits in the queue can no longer be dominated by one that comes later, because every stop takes
time.
"""

import numpy as np

from routing.engine.compiled import compiled
from routing.engine.dominance import (
    ALL,
    COUNT,
    DEAD,
    HEURISTIC,
    NEXT,
    NODE,
    QUEUED,
    RANK,
    Ask,
    E,
    Shelf,
    dominates,
)
from routing.engine.side import Side


@compiled
def shelve(side: Side, ask: Ask, shelf: Shelf, new: int, node: int) -> None:
    """Put the new label beside those of its node, unless it is dominated; drop those that it dominates."""
    label, tally = shelf.label, shelf.tally
    head = node
    if ask.way[0] == ALL:
        mixed = np.uint64(node + 1)
        for word in range(shelf.seen.shape[1]):
            mixed = (mixed ^ shelf.seen[new, word]) * np.uint64(0x9E3779B97F4A7C15)
            mixed ^= mixed >> np.uint64(29)
        head = int(np.int64(mixed >> np.uint64(48)))
    other, before, beside, worst = shelf.first[head], -1, 0, -1
    while other >= 0:
        after = label[other, NEXT]
        if label[other, NODE] == node:
            if dominates(side, ask, shelf, other, new):
                return
            if dominates(side, ask, shelf, new, other):
                label[other, DEAD] = 1
                if before < 0:
                    shelf.first[head] = after
                else:
                    label[before, NEXT] = after
                other = after
                continue
            beside += 1
            if worst < 0 or label[other, RANK] > label[worst, RANK]:
                worst = other
        before, other = other, after
    if ask.way[0] == HEURISTIC and beside >= ask.way[5]:
        if label[worst, RANK] <= label[new, RANK]:
            return
        _take_out(shelf, head, worst)
    label[new, NEXT] = shelf.first[head]
    shelf.first[head] = new
    tally[COUNT] += 1
    _queue(shelf, new)


@compiled
def _take_out(shelf: Shelf, head: int, one: int) -> None:
    """Drop a label from the chain of its node."""
    label = shelf.label
    label[one, DEAD] = 1
    if shelf.first[head] == one:
        shelf.first[head] = label[one, NEXT]
        return
    before = shelf.first[head]
    while label[before, NEXT] != one:
        before = label[before, NEXT]
    label[before, NEXT] = label[one, NEXT]


@compiled
def _queue(shelf: Shelf, new: int) -> None:
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


@compiled
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

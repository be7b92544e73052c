"""The signals: each a pure function of `Books` and `Limits` in its own small file."""

from collections.abc import Callable, Mapping

from dispatch.custody.signals.model import Books, Limits, Question, Rule
from dispatch.custody.signals.rules.count_variance import count_variance
from dispatch.custody.signals.rules.late_entry import late_entry
from dispatch.custody.signals.rules.off_shift import off_shift
from dispatch.custody.signals.rules.order_gap import drawn_above_order, given_below_order
from dispatch.custody.signals.rules.peer_distance import peer_distance
from dispatch.custody.signals.rules.slow_to_give import slow_to_give
from dispatch.custody.signals.rules.vials_spoilt import vials_spoilt
from dispatch.custody.signals.rules.waste_pair import waste_pair
from dispatch.custody.signals.rules.waste_ratio import waste_ratio
from dispatch.custody.signals.rules.weak_witness import weak_witness

SIGNALS: Mapping[Rule, Callable[[Books, Limits], list[Question]]] = {
    Rule.WASTE_RATIO: waste_ratio,
    Rule.SLOW_TO_GIVE: slow_to_give,
    Rule.WASTE_PAIR: waste_pair,
    Rule.OFF_SHIFT: off_shift,
    Rule.COUNT_VARIANCE: count_variance,
    Rule.DRAWN_ABOVE_ORDER: drawn_above_order,
    Rule.GIVEN_BELOW_ORDER: given_below_order,
    Rule.VIALS_SPOILT: vials_spoilt,
    Rule.LATE_ENTRY: late_entry,
    Rule.WEAK_WITNESS: weak_witness,
    Rule.PEER_DISTANCE: peer_distance,
}


def questions(books: Books, limits: Limits) -> list[Question]:
    """Return everything that the figures of a period give reason to ask."""
    return [question for signal in SIGNALS.values() for question in signal(books, limits)]

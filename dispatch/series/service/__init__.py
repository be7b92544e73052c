"""Everything that is done to series and orders: one function a use case."""

from dispatch.series import queue  # noqa: F401 - its lines join the prescriber's queue
from dispatch.series.horizon_facts import Around
from dispatch.series.rules.staffing import PARTS
from dispatch.series.service.happening import note_booked, note_given, note_missed, note_moved
from dispatch.series.service.laying import (
    Place,
    Proposal,
    Way,
    WayOut,
    accept_laying,
    lay_series,
    repair_series,
)
from dispatch.series.service.ordering import judge, sign_order
from dispatch.series.service.outside import note_outside_order, outside_order, outside_orders
from dispatch.series.service.proposing import (
    decide_series,
    propose_series,
    record_consent,
    set_habits,
)
from dispatch.series.service.reviewing import review_response

__all__ = [
    "PARTS",
    "Around",
    "Place",
    "Proposal",
    "Way",
    "WayOut",
    "accept_laying",
    "decide_series",
    "judge",
    "lay_series",
    "note_booked",
    "note_given",
    "note_missed",
    "note_moved",
    "note_outside_order",
    "outside_order",
    "outside_orders",
    "propose_series",
    "record_consent",
    "repair_series",
    "review_response",
    "set_habits",
    "sign_order",
]

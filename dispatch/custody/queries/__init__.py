"""What screens and reports read from the ledger. Amounts are micrograms; nothing here writes."""

from dispatch.custody.queries.due import Countable, CountDue, countables, counts_due
from dispatch.custody.queries.history import EventLine, SignatureLine, events_of_day, vial_history
from dispatch.custody.queries.people import signers, vials_signed_by
from dispatch.custody.queries.shelves import LotLine, OrderLine, lots, orders, put_aside
from dispatch.custody.queries.totals import (
    LedgerTotal,
    NurseTotals,
    VisitTotals,
    discrepancies,
    ledger_as_of,
    nurse_totals,
    visit_totals,
)
from dispatch.custody.queries.vials import (
    VialLine,
    find_vial,
    offers_to,
    open_residuals,
    products,
    vial,
    vials_at_pharmacy,
    vials_of_day,
    vials_of_nurse,
)
from dispatch.custody.queries.waiting import OverdueShift, overdue_shifts, recall_tasks

__all__ = [
    "CountDue",
    "Countable",
    "EventLine",
    "LedgerTotal",
    "LotLine",
    "NurseTotals",
    "OrderLine",
    "OverdueShift",
    "SignatureLine",
    "VialLine",
    "VisitTotals",
    "countables",
    "counts_due",
    "discrepancies",
    "events_of_day",
    "find_vial",
    "ledger_as_of",
    "lots",
    "nurse_totals",
    "offers_to",
    "open_residuals",
    "orders",
    "overdue_shifts",
    "products",
    "put_aside",
    "recall_tasks",
    "signers",
    "vial",
    "vial_history",
    "vials_at_pharmacy",
    "vials_of_day",
    "vials_of_nurse",
    "vials_signed_by",
    "visit_totals",
]

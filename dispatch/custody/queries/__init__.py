"""What screens and reports read from the ledger. Amounts are micrograms; nothing here writes."""

from dispatch.custody.queries.history import EventLine, SignatureLine, events_of_day, vial_history
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

__all__ = [
    "EventLine",
    "LedgerTotal",
    "NurseTotals",
    "SignatureLine",
    "VialLine",
    "VisitTotals",
    "discrepancies",
    "events_of_day",
    "find_vial",
    "ledger_as_of",
    "nurse_totals",
    "offers_to",
    "open_residuals",
    "products",
    "vial",
    "vial_history",
    "vials_at_pharmacy",
    "vials_of_day",
    "vials_of_nurse",
    "visit_totals",
]

"""Which reports there are: what each is called, asks for and shows, and where it is demanded."""

from dataclasses import dataclass
from enum import StrEnum


class ReportKind(StrEnum):
    """The reports, by the word in their address."""

    NURSES = "nurse-reconciliation"
    VIALS = "vial-reconciliation"
    PERPETUAL = "perpetual-inventory"
    INVENTORIES = "inventories-taken"
    PATIENTS = "usage-by-patient"
    RECEIPTS = "receipts"
    WASTE_PAIRS = "waste-pairs"
    OVERRIDES = "overrides"
    LATE = "late-entries"
    REVERSALS = "reversals"
    EXCEPTIONS = "exceptions"
    CASES = "open-cases"


class Asks(StrEnum):
    """What a report wants to know: a span of days, or one instant."""

    PERIOD = "period"
    INSTANT = "instant"


@dataclass(frozen=True, kw_only=True)
class Heading:
    """What a report is called, what it asks for, what it shows, and where it is demanded."""

    title: str
    asks: Asks
    shows: str
    citation: str


HEADINGS: dict[ReportKind, Heading] = {
    ReportKind.NURSES: Heading(
        title="Per-nurse reconciliation",
        asks=Asks.PERIOD,
        shows="What every nurse had, took, gave, wasted, handed on and has left.",
        citation="21 CFR 1304.21(a), 1304.22(c)",
    ),
    ReportKind.VIALS: Heading(
        title="Per-vial reconciliation",
        asks=Asks.PERIOD,
        shows="Every vial that was touched, from its label to the last microgram.",
        citation="21 CFR 1304.21(a), 1304.22(c)",
    ),
    ReportKind.PERPETUAL: Heading(
        title="Perpetual inventory",
        asks=Asks.INSTANT,
        shows="What every place held at an instant, by lot.",
        citation="21 CFR 1304.11(a), 1304.21(a)",
    ),
    ReportKind.INVENTORIES: Heading(
        title="Inventories taken",
        asks=Asks.PERIOD,
        shows="Initial and biennial inventories as they were signed.",
        citation="21 CFR 1304.11(b), (c)",
    ),
    ReportKind.PATIENTS: Heading(
        title="Usage by patient",
        asks=Asks.PERIOD,
        shows="Who was given what, when, by whom, and what became of the rest.",
        citation="21 CFR 1304.22(c), 1304.27",
    ),
    ReportKind.RECEIPTS: Heading(
        title="Receipts and invoices",
        asks=Asks.PERIOD,
        shows="What came in, from which invoice, and who received it.",
        citation="21 CFR 1304.21(a), 1304.22(a)(2)(iv)",
    ),
    ReportKind.WASTE_PAIRS: Heading(
        title="Waste pairs",
        asks=Asks.PERIOD,
        shows="Who witnesses whose waste, and how often.",
        citation="21 CFR 1317.95(d) by analogy (good practice)",
    ),
    ReportKind.OVERRIDES: Heading(
        title="Overrides",
        asks=Asks.PERIOD,
        shows="Where somebody went on although a rule said no, and on whose word.",
        citation="21 CFR 1304.21(a) (good practice)",
    ),
    ReportKind.LATE: Heading(
        title="Late entries",
        asks=Asks.PERIOD,
        shows="What reached the ledger later than it happened, and by how much.",
        citation="21 CFR 1304.21(a), 45 CFR 164.312(b)",
    ),
    ReportKind.REVERSALS: Heading(
        title="Reversals",
        asks=Asks.PERIOD,
        shows="Corrections: what was taken back, and which two people approved it.",
        citation="21 CFR 1304.21(a) (good practice)",
    ),
    ReportKind.EXCEPTIONS: Heading(
        title="Exceptions",
        asks=Asks.PERIOD,
        shows="What physically happened although a rule was not met.",
        citation="21 CFR 1304.21(a), 1301.76(b)",
    ),
    ReportKind.CASES: Heading(
        title="Open cases",
        asks=Asks.INSTANT,
        shows="What does not add up and is not resolved, since when.",
        citation="21 CFR 1301.76(b)",
    ),
}
# Reports that name patients; who reads one is written down for each patient in it (45 CFR 164.312(b)).
NAMES_PATIENTS = frozenset({ReportKind.PATIENTS})

"""Make a report of any kind; take inventories; close the books. Who may see which report is decided here."""

from collections.abc import Callable
from uuid import UUID

from sqlalchemy.orm import Session

from dispatch.areas.records import ServiceAreaRow
from dispatch.areas.service import policies, policy_lines
from dispatch.custody.reports.daybook import close_quarters
from dispatch.custody.reports.hands import nurse_reconciliation
from dispatch.custody.reports.headings import HEADINGS, ReportKind
from dispatch.custody.reports.model import (
    Body,
    Oddity,
    Question,
    Report,
    Sources,
)
from dispatch.custody.reports.oddities import events_with, open_cases
from dispatch.custody.reports.on_hand import OnHand, instant_of_business, on_hand
from dispatch.custody.reports.people import usage_by_patient, waste_pairs
from dispatch.custody.reports.stock import inventories_taken, perpetual_inventory, receipts
from dispatch.custody.reports.taking import (
    BUSINESS,
    OCCASIONS,
    TakeInventory,
    due_on,
    inventory,
    take_inventory,
)
from dispatch.custody.reports.vials import vial_reconciliation
from dispatch.kernel.actor import SYSTEM, Actor, Role
from dispatch.kernel.refusals import Forbidden, refuse

__all__ = [
    "BUSINESS",
    "OCCASIONS",
    "OnHand",
    "TakeInventory",
    "close_quarters",
    "due_on",
    "instant_of_business",
    "inventory",
    "make_report",
    "on_hand",
    "registrant_of",
    "take_inventory",
]

REPORTS: dict[ReportKind, Callable[[Session, Question, Sources], Body]] = {
    ReportKind.NURSES: nurse_reconciliation,
    ReportKind.VIALS: vial_reconciliation,
    ReportKind.PERPETUAL: perpetual_inventory,
    ReportKind.INVENTORIES: inventories_taken,
    ReportKind.PATIENTS: usage_by_patient,
    ReportKind.RECEIPTS: receipts,
    ReportKind.WASTE_PAIRS: waste_pairs,
    ReportKind.OVERRIDES: events_with(Oddity.OVERRIDE),
    ReportKind.LATE: events_with(Oddity.LATE),
    ReportKind.REVERSALS: events_with(Oddity.REVERSAL),
    ReportKind.EXCEPTIONS: events_with(Oddity.EXCEPTION),
    ReportKind.CASES: open_cases,
}
# Policies by which a report's figures came to be what they are.
RULED_BY: dict[ReportKind, tuple[str, ...]] = {
    ReportKind.NURSES: ("custody.shift", "custody.measure", "custody.overfill_percent"),
    ReportKind.VIALS: ("custody.measure", "custody.overfill_percent", "custody.beyond_use_h"),
    ReportKind.PATIENTS: ("custody.measure", "custody.witnesses"),
    ReportKind.WASTE_PAIRS: ("custody.witnesses",),
    ReportKind.OVERRIDES: ("custody.beyond_use_h",),
    ReportKind.LATE: ("custody.device_time",),
    ReportKind.REVERSALS: ("custody.reversal",),
    ReportKind.EXCEPTIONS: ("custody.device_time", "custody.beyond_use_h", "custody.witnesses"),
    ReportKind.CASES: ("custody.cases",),
}


def make_report(
    session: Session, kind: ReportKind, question: Question, actor: Actor, sources: Sources
) -> Report:
    """Make one report for somebody who may see it.

    Compliance sees all of them; the command line stands for whoever owns the database; a nurse sees the
    reconciliation of her own hands and nothing else (45 CFR 164.502(b): the minimum necessary).
    """
    if actor is not SYSTEM and not actor.has(Role.COMPLIANCE):
        own = actor.nurse_id is not None and question.nurse_id == actor.nurse_id
        if not (own and kind is ReportKind.NURSES):
            raise refuse(Forbidden, "role_missing", "Only compliance may see this report.")
    area = session.get_one(ServiceAreaRow, question.area_id)
    return Report(
        kind=kind,
        heading=HEADINGS[kind],
        area=area.name,
        registrant=registrant_of(session, area),
        zone=question.zone,
        since=question.since,
        before=question.before,
        made_at=sources.clock.now(),
        made_by=actor.name,
        body=REPORTS[kind](session, question, sources),
        policies=policies_used(session, kind, area.id),
    )


def registrant_of(session: Session, area: ServiceAreaRow) -> str:
    """Return whose report it is: the registrant's name and DEA number, else the area's name."""
    value = policies(session, ("custody.registrant",), area.id)["custody.registrant"]
    name, number = value.get("name", ""), value.get("dea_number", "")
    return f"{name or area.name}{f', DEA registration {number}' if number else ''}"


def policies_used(session: Session, kind: ReportKind, area_id: UUID) -> tuple[tuple[str, str], ...]:
    """Return each policy by which the report's figures came about, with the versions that are signed."""
    wanted = RULED_BY.get(kind, ())
    signed: dict[str, list[str]] = {key: [] for key in wanted}
    for line in policy_lines(session, area_id) if wanted else ():
        if line.key in signed and line.version:
            where = line.registrant or line.state or ("everywhere" if line.company_wide else "this area")
            signed[line.key].append(f"version {line.version} ({where})")
    return tuple((key, ", ".join(found) or "default") for key, found in signed.items())

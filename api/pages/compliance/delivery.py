"""A delivery as it is scanned together: one row a vial, its seal beside it, then received as a whole.

The rows travel in the form itself, so that the page works without script and nothing half-received is kept.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from flask import request

from api.actor import actor, clock
from api.db import current_session
from api.pages.reading import text_from_form
from dispatch.custody.commands import NewVial, ReceiveAtPharmacy
from dispatch.custody.model import Basis
from dispatch.custody.scans.model import LABEL_PREFIX, ScanPurpose
from dispatch.custody.scans.service import identify
from dispatch.kernel.ids import new_id
from dispatch.kernel.refusals import Invalid, Reasons, refuse

MOST_ROWS = 200
LONGEST_SEAL = 30


@dataclass(frozen=True, kw_only=True)
class Row:
    """A vial that was scanned or typed, not received yet."""

    event_id: str
    product_code: str
    serial: str
    lot: str
    expires_on: str
    seal: str


def rows_from_form() -> list[Row]:
    """Read the rows that the form carries; a row without a serial number was taken off."""
    rows = []
    for number in range(1, MOST_ROWS + 1):
        if f"event_{number}" not in request.form:
            break
        row = Row(
            event_id=text_from_form(f"event_{number}", 40),
            product_code=text_from_form(f"product_{number}", 40),
            serial=text_from_form(f"serial_{number}", 100),
            lot=text_from_form(f"lot_{number}", 60),
            expires_on=text_from_form(f"expires_{number}", 10),
            seal=text_from_form(f"seal_{number}", 100),
        )
        if row.serial:
            rows.append(row)
    return rows


def with_scan(rows: list[Row], pharmacy_id: UUID) -> list[Row]:
    """Add the vial of the scanned code; an empty scan adds nothing, a scanned seal fills the last row's.

    Raises
    ------
    Invalid, Conflict
        As `identify` does, and when the vial is on the list already.
    """
    scan = text_from_form("scan", 1000)
    if not scan:
        return rows
    try:
        seen = identify(current_session(), scan, ScanPurpose.RECEIVE, actor(), clock(), pharmacy_id)
    except Invalid as refusal:
        if rows and not rows[-1].seal and _may_be_a_seal(scan, {reason.code for reason in refusal.reasons}):
            return [*rows[:-1], replace(rows[-1], seal=scan)]
        raise
    if len(rows) >= MOST_ROWS:
        raise refuse(
            Invalid, "list_full", f"A list takes {MOST_ROWS} vials.", field="scan", way_out="Receive it."
        )
    if any(row.serial == seen.scan.serial for row in rows):
        text = f"Vial {seen.scan.serial} is on the list already."
        raise refuse(Invalid, "vial_listed", text, field="scan", way_out="Scan the next one.")
    added = Row(
        event_id=str(new_id()),
        product_code=seen.product_code,
        serial=seen.scan.serial,
        lot=seen.scan.lot,
        expires_on=seen.scan.expires_on.isoformat(),
        seal="",
    )
    return [*rows, added]


def _may_be_a_seal(scan: str, wrong: set[str]) -> bool:
    """Tell whether what names no product is short and plain enough for the number of a seal."""
    names_nothing = not wrong.isdisjoint({"scan_unreadable", "gtin_missing"})
    return (
        names_nothing
        and len(scan) <= LONGEST_SEAL
        and scan.isprintable()
        and not scan.startswith(("]", "(", LABEL_PREFIX))
    )


def commands_of(
    rows: Iterable[Row], pharmacy_id: UUID, basis: str, invoice: str
) -> Iterator[ReceiveAtPharmacy]:
    """Make one delivery a lot, or refuse with everything that is missing on any row."""
    wrong = Reasons()
    lots: dict[tuple[str, str, str], list[NewVial]] = {}
    for number, row in enumerate(rows, start=1):
        if not row.seal:
            text = f"Vial {row.serial} needs the number of its seal."
            wrong.add("seal_missing", text, field=f"seal_{number}", way_out="Scan or type the seal.")
        try:
            vial = NewVial(event_id=UUID(row.event_id), serial=row.serial, seal=row.seal)
            date.fromisoformat(row.expires_on)
        except ValueError:
            wrong.add(
                "field_not_valid",
                f"Row {number} is damaged.",
                field=f"expires_{number}",
                way_out="Scan it again.",
            )
            continue
        lots.setdefault((row.product_code, row.lot, row.expires_on), []).append(vial)
    if not lots and not wrong.found:
        wrong.add("list_empty", "No vial was scanned.", field="scan", way_out="Scan the vials that arrived.")
    if basis not in {each.value for each in Basis}:
        wrong.add("basis_missing", "Say whose vials they are.", field="basis", way_out="Choose one.")
    wrong.raise_if_any(Invalid)
    for (product_code, lot, expires_on), vials in lots.items():
        yield ReceiveAtPharmacy(
            pharmacy_id=pharmacy_id,
            product_code=product_code,
            lot_number=lot,
            expires_on=date.fromisoformat(expires_on),
            basis=Basis(basis),
            vials=tuple(vials),
            invoice=invoice,
        )

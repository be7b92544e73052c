"""Say what a scan is, and which product and vial of the ledger it names."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from dispatch.areas.records import PharmacyRow, ServiceAreaRow
from dispatch.areas.service import zone_of
from dispatch.audit.model import AuditEntry
from dispatch.audit.service import record
from dispatch.custody.model import State, nurse_holder
from dispatch.custody.records import ContainerRow, LotRow, ProductRow
from dispatch.custody.scans.model import KnownProduct, KnownVial, Scan, ScanPurpose
from dispatch.custody.scans.rules import gtin_14, read_scan, scan_contradicts
from dispatch.custody.sentences import reason
from dispatch.kernel.actor import Actor, Role
from dispatch.kernel.clock import Clock
from dispatch.kernel.local_time import local_day
from dispatch.kernel.refusals import Conflict, Invalid, NotFound, Reason, refuse

EVERY_VIAL = (Role.PHARMACIST, Role.COMPLIANCE)


@dataclass(frozen=True, kw_only=True)
class Identified:
    """What was scanned.

    Attributes
    ----------
    product_code, product_name
        Empty where the ledger knows no product of that GTIN.
    container_id, state, seal_on_record
        Of the vial in the ledger, where there is one that this person may see. That there is a seal on
        record is told; its number is not: who checks a seal reads it off the seal.
    findings
        What is odd and forbids nothing for this purpose, e.g. ``scan_expired``.
    """

    scan: Scan
    purpose: ScanPurpose
    product_code: str = ""
    product_name: str = ""
    container_id: UUID | None = None
    state: State | None = None
    sealed: bool = False
    findings: tuple[Reason, ...] = ()


def identify(
    session: Session,
    text: str,
    purpose: ScanPurpose,
    actor: Actor,
    clock: Clock,
    pharmacy_id: UUID | None = None,
) -> Identified:
    """Read a code and look up what it names.

    Parameters
    ----------
    pharmacy_id
        Where a delivery is received: its area's calendar says whether the lot is past its expiry.

    Raises
    ------
    Invalid
        When the code itself is wrong (`read_scan`).
    Conflict
        With everything that forbids this purpose (`scan_contradicts`).
    """
    scan = read_scan(text)
    row = session.scalar(_visible(actor).where(ContainerRow.serial == scan.serial))
    product = _product(session, scan, row)
    known = None
    if product is not None:
        known = KnownProduct(
            code=product.code, name=product.name, lot_expires_on=_lot_expiry(session, product.id, scan.lot)
        )
    vial = None
    if row is not None:
        vial = KnownVial(lot=row.lot.number, expires_on=row.lot.expires_on, gtin=row.lot.product.gtin)
    today = _today(session, row.area_id if row else None, pharmacy_id, clock)
    against = scan_contradicts(scan, purpose, known, vial, today)
    if against:
        raise Conflict(against)
    expired = purpose is ScanPurpose.FIND and scan.expires_on < today
    return Identified(
        scan=scan,
        purpose=purpose,
        product_code=product.code if product else "",
        product_name=product.name if product else "",
        container_id=row.id if row else None,
        state=State(row.state) if row else None,
        sealed=bool(row and row.seal),
        findings=(reason("scan_expired", "scan"),) if expired else (),
    )


def enter_gtin(session: Session, product_code: str, gtin: str, actor: Actor, clock: Clock) -> None:
    """Enter the number on a product's package, by which scans find it."""
    actor.require(EVERY_VIAL)
    row = session.scalar(select(ProductRow).where(ProductRow.code == product_code))
    if row is None:
        raise refuse(NotFound, "no_such_product", "There is no such product.", field="product_code")
    number = normal_gtin(session, gtin, row.id)
    row.gtin = number
    session.flush()
    entry = AuditEntry(
        action="custody.enter_gtin", subject_kind="product", subject_id=row.id, detail={"gtin": number}
    )
    record(session, entry, actor, clock)


def normal_gtin(session: Session, gtin: str, product_id: UUID | None = None) -> str:
    """Return a GTIN as 14 digits, or refuse one that is none or that another product bears."""
    try:
        number = gtin_14(gtin)
    except ValueError:
        raise Invalid([reason("gtin_not_valid", "gtin")]) from None
    other = session.scalar(select(ProductRow.id).where(ProductRow.gtin == number))
    if other not in (None, product_id):
        raise Conflict([reason("gtin_known", "gtin")])
    return number


def _visible(actor: Actor) -> Select[ContainerRow]:
    """Select the vials this person may be told of: a nurse her own, those offered to her, sealed stock."""
    wanted = select(ContainerRow)
    if actor.has(*EVERY_VIAL):
        return wanted
    own = nurse_holder(actor.nurse_id) if actor.nurse_id else None
    return wanted.where(
        or_(
            ContainerRow.holder == own,
            ContainerRow.offered_to == own,
            ContainerRow.state == State.DISPENSED.value,
        )
    )


def _product(session: Session, scan: Scan, row: ContainerRow | None) -> ProductRow | None:
    if scan.gtin:
        return session.scalar(select(ProductRow).where(ProductRow.gtin == scan.gtin))
    return row.lot.product if row else None


def _lot_expiry(session: Session, product_id: UUID, number: str) -> date | None:
    return session.scalar(
        select(LotRow.expires_on).where(LotRow.product_id == product_id, LotRow.number == number)
    )


def _today(session: Session, area_id: UUID | None, pharmacy_id: UUID | None, clock: Clock) -> date:
    """Return the day it is where the vial is; the world's last one to begin where that is not known."""
    if area_id is None and pharmacy_id is not None:
        area_id = session.scalar(select(PharmacyRow.area_id).where(PharmacyRow.id == pharmacy_id))
    area = session.get(ServiceAreaRow, area_id) if area_id else None
    return local_day(clock.now(), zone_of(area)) if area else clock.now().date()

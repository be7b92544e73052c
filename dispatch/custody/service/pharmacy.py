"""At the pharmacy: products, deliveries, pickup."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.areas.records import PharmacyRow
from dispatch.audit.model import AuditEntry
from dispatch.audit.service import record
from dispatch.custody.canonical import stated_bytes
from dispatch.custody.commands import NewProduct, NewVial, PickUp, ReceiveAtPharmacy
from dispatch.custody.ledger import Writing, write_event
from dispatch.custody.loading import all_locked, moment_of, nurse_of, pharmacy, shift_begun, vial_of
from dispatch.custody.model import (
    NOBODY,
    EventKind,
    Moment,
    Receipt,
    Standing,
    State,
    Verdict,
    nurse_holder,
    pharmacy_holder,
)
from dispatch.custody.receipts import already_written
from dispatch.custody.records import ContainerRow, LotRow, ProductRow
from dispatch.custody.rules.holding import decide_pick_up, decide_receive, pickup_reasons
from dispatch.custody.rules.keeping import actor_in_good_standing, flagged, time_is_plausible
from dispatch.custody.rules.signing import both_have_signed
from dispatch.custody.sentences import reason
from dispatch.custody.service.signers import Signer, check_signatures, signer_of
from dispatch.kernel.actor import Actor, Role
from dispatch.kernel.clock import Clock
from dispatch.kernel.ids import new_id
from dispatch.kernel.quantities import MOST_UG
from dispatch.kernel.refusals import Conflict, Forbidden, Invalid, NotFound, Reason, refuse

KEEPERS = (Role.PHARMACIST, Role.COMPLIANCE, Role.ADMIN)
# A pharmacist acts for the registrant at the stock point; no visit's state is concerned.
AT_THE_PHARMACY = Standing(licensed=True, on_shift=True, snapshot={"at": "pharmacy"})


def register_product(session: Session, command: NewProduct, actor: Actor, clock: Clock) -> ProductRow:
    """Add a drug in one form and strength."""
    actor.require(KEEPERS)
    if not 0 < command.label_ug <= MOST_UG or command.concentration_ug_per_ml <= 0:
        raise Invalid([reason("amount_not_measured", "label_ug")])
    if not 0 <= command.overfill_percent <= 30:
        raise Invalid([reason("overfill_not_plausible", "overfill_percent")])
    if session.scalar(select(ProductRow.id).where(ProductRow.code == command.code)):
        raise refuse(Conflict, "product_known", "There is a product of that code.", field="code")
    row = ProductRow(
        id=new_id(),
        code=command.code,
        name=command.name,
        form=command.form,
        concentration_ug_per_ml=command.concentration_ug_per_ml,
        label_ug=command.label_ug,
        overfill_percent=command.overfill_percent,
    )
    session.add(row)
    record(
        session,
        AuditEntry(action="custody.register_product", subject_kind="product", subject_id=row.id),
        actor,
        clock,
    )
    return row


def receive_at_pharmacy(
    session: Session, command: ReceiveAtPharmacy, actor: Actor, clock: Clock
) -> tuple[Receipt, ...]:
    """Take a delivery into the ledger: one event a vial (21 CFR 1304.22(a))."""
    actor.require((Role.PHARMACIST,))
    place = pharmacy(session, command.pharmacy_id)
    # One delivery at a time: a repeat that overtakes the first one waits and gets its receipts.
    session.execute(select(PharmacyRow.id).where(PharmacyRow.id == place.id).with_for_update(key_share=True))
    signer = signer_of(session, actor)
    moment = moment_of(session, place.area_id, clock)
    lot = _lot(session, command)
    return tuple(
        _receive_one(session, command, vial, place, lot, signer, moment, actor, clock)
        for vial in command.vials
    )


def _receive_one(
    session: Session,
    command: ReceiveAtPharmacy,
    vial: NewVial,
    place: PharmacyRow,
    lot: LotRow,
    signer: Signer,
    moment: Moment,
    actor: Actor,
    clock: Clock,
) -> Receipt:
    stated = stated_bytes(EventKind.RECEIVED, signer.account_id, command, vial)
    before = already_written(session, vial.event_id, stated, None, actor, clock)
    if before is not None:
        return before
    if not vial.seal:
        raise Invalid([reason("seal_missing", "vials.seal")])
    if session.scalar(select(ContainerRow.id).where(ContainerRow.serial == vial.serial)):
        raise refuse(
            Conflict,
            "serial_known",
            f"Vial {vial.serial} is in the ledger already.",
            field="vials.serial",
            way_out="Check the serial number; report a discrepancy if two vials bear it.",
        )
    row = ContainerRow(
        id=new_id(),
        area_id=place.area_id,
        pharmacy_id=place.id,
        lot_id=lot.id,
        lot=lot,
        serial=vial.serial,
        label_ug=lot.product.label_ug,
        overfill_cap_ug=lot.product.label_ug * lot.product.overfill_percent // 100,
        basis=command.basis.value,
        seal=vial.seal,
        state=State.ORDERED.value,
        holder=NOBODY,
        sequence=0,
    )
    session.add(row)
    session.flush()
    writing = Writing(
        event_id=vial.event_id,
        stated=stated,
        actor=actor,
        account_id=signer.account_id,
        person_ref=signer.person_ref,
        moment=moment,
        standing=AT_THE_PHARMACY,
        new_seal=vial.seal,
        place=f"pharmacy:{place.code}",
        amount_ug=row.label_ug,
        more={"invoice": command.invoice},
    )
    decision = decide_receive(vial_of(session, row), pharmacy_holder(place.id))
    return write_event(session, row, decision, writing, clock)


def _lot(session: Session, command: ReceiveAtPharmacy) -> LotRow:
    product = session.scalar(select(ProductRow).where(ProductRow.code == command.product_code))
    if product is None:
        raise refuse(NotFound, "no_such_product", "There is no such product.", field="product_code")
    known = session.scalar(
        select(LotRow).where(LotRow.product_id == product.id, LotRow.number == command.lot_number)
    )
    if known is None:
        known = LotRow(
            id=new_id(),
            product_id=product.id,
            product=product,
            number=command.lot_number,
            expires_on=command.expires_on,
        )
        session.add(known)
        session.flush()
    elif known.expires_on != command.expires_on:
        raise refuse(
            Conflict,
            "lot_expiry_differs",
            "This lot is in the ledger with another expiry date.",
            field="expires_on",
            way_out="Compare the label with the record.",
        )
    return known


def pick_up(session: Session, command: PickUp, actor: Actor, clock: Clock) -> tuple[Receipt, ...]:
    """Hand sealed vials to a nurse: both sign, the count and every seal agree; all of them or none.

    Refused with every reason at once: an unlicensed or off-shift nurse takes no drug (attack 12).
    """
    nurse_id = nurse_of(actor)
    signer = signer_of(session, actor)
    place = pharmacy(session, command.pharmacy_id)
    rows = all_locked(session, [vial.container_id for vial in command.vials])
    said = {
        vial.event_id: stated_bytes(EventKind.PICKED_UP, signer.account_id, command, vial)
        for vial in command.vials
    }
    before = [
        already_written(session, vial.event_id, said[vial.event_id], vial.stamp, actor, clock)
        for vial in command.vials
    ]
    known = tuple(receipt for receipt in before if receipt is not None)
    if known:
        if len(known) < len(before) and all(each.verdict is not Verdict.ID_REUSED for each in known):
            raise Conflict([reason("list_changed", "vials")])
        return known
    moment = moment_of(session, place.area_id, clock)
    _both_signed(session, command, actor, signer, moment)
    vials = {key: vial_of(session, row) for key, row in rows.items()}
    found = [reason(code, "standing") for code in actor_in_good_standing(command.standing)]
    if not command.vials or len(rows) != len(command.vials) or command.counted_units != len(rows):
        found.append(reason("count_differs", "counted_units"))
    for place_in_list, listed in enumerate(command.vials):
        found += pickup_reasons(
            vials[listed.container_id],
            pharmacy_holder(place.id),
            listed.seal,
            moment,
            f"vials[{place_in_list}]",
        )
    if found:
        raise Conflict(found)
    shift = shift_begun(session, nurse_id, clock)
    receipts = []
    for listed in command.vials:
        vial = vials[listed.container_id]
        decision = flagged(
            decide_pick_up(vial, nurse_holder(nurse_id)), time_is_plausible(vial, listed.stamp, moment)
        )
        writing = Writing(
            event_id=listed.event_id,
            stated=said[listed.event_id],
            actor=actor,
            account_id=signer.account_id,
            person_ref=signer.person_ref,
            moment=moment,
            standing=command.standing,
            stamp=listed.stamp,
            proof=command.proof,
            witness=command.witness,
            shift_id=shift.id,
            old_seal=vial.seal,
            new_seal=listed.seal,
            place=f"pharmacy:{place.code}",
            more={"pickup": str(command.pickup_id)},
        )
        receipts.append(write_event(session, rows[listed.container_id], decision, writing, clock))
    return tuple(receipts)


def _both_signed(session: Session, command: PickUp, actor: Actor, signer: Signer, moment: Moment) -> None:
    missing: list[Reason] = [reason(code) for code in both_have_signed(command.proof, command.witness)]
    if missing:
        raise Forbidden(missing)
    check_signatures(
        session, actor, signer, command.proof, command.witness, moment, witness_role=Role.PHARMACIST
    )

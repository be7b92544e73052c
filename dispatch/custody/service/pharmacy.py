"""At the pharmacy: products, deliveries, pickup."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.areas.records import PharmacyRow
from dispatch.areas.service import policy
from dispatch.audit.model import AuditEntry
from dispatch.audit.service import record
from dispatch.custody.canonical import stated_bytes
from dispatch.custody.commands import NewProduct, NewVial, PickUp, ReceiveAtPharmacy
from dispatch.custody.ledger import Writing, write_event
from dispatch.custody.loading import all_locked, moment_of, nurse_of, pharmacy, shift_begun, vial_of
from dispatch.custody.model import (
    EventKind,
    Moment,
    Receipt,
    Standing,
    State,
    Verdict,
    Vial,
    nurse_holder,
    pharmacy_holder,
)
from dispatch.custody.receipts import already_written, open_case
from dispatch.custody.records import ContainerRow, LotRow, ProductRow
from dispatch.custody.rules.holding import decide_pick_up, decide_receive, pickup_reasons
from dispatch.custody.rules.keeping import actor_in_good_standing, flagged, time_is_plausible
from dispatch.custody.rules.signing import both_have_signed
from dispatch.custody.scans.service import normal_gtin
from dispatch.custody.sentences import reason
from dispatch.custody.service.lots import lot_of, new_container, product_of
from dispatch.custody.service.signers import Signer, check_signatures, signer_of
from dispatch.kernel.actor import Actor, Role
from dispatch.kernel.clock import Clock
from dispatch.kernel.ids import new_id
from dispatch.kernel.quantities import MOST_UG
from dispatch.kernel.refusals import Conflict, Forbidden, Invalid, Reason, refuse

KEEPERS = (Role.PHARMACIST, Role.COMPLIANCE, Role.ADMIN)
# A pharmacist acts for the registrant at the stock point; no visit's state is concerned.
AT_THE_PHARMACY = Standing(licensed=True, on_shift=True, snapshot={"at": "pharmacy"})


def register_product(session: Session, command: NewProduct, actor: Actor, clock: Clock) -> ProductRow:
    """Add a drug in one form and strength.

    What a vial may hold above its label is the product's own figure, or else policy
    ``custody.overfill_percent`` (USP <1151>, excess volume in injections).
    """
    actor.require(KEEPERS)
    percent = command.overfill_percent
    if percent is None:
        percent = policy(session, "custody.overfill_percent")["percent"]
    if not 0 < command.label_ug <= MOST_UG or command.concentration_ug_per_ml <= 0:
        raise Invalid([reason("amount_not_measured", "label_ug")])
    if not 0 <= percent <= 30:
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
        overfill_percent=percent,
        gtin=normal_gtin(session, command.gtin) if command.gtin else None,
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
    moment = moment_of(session, place.area_id, clock, where={"state": place.state})
    product = product_of(session, command.product_code)
    lot = lot_of(session, product, command.lot_number, command.expires_on)
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
    row = new_container(session, place, lot, vial, command.basis)
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
    kept = command.basis in moment.policy["custody.basis"]["allowed"]
    decision = flagged(
        decide_receive(vial_of(session, row), pharmacy_holder(place.id)),
        () if kept else ("basis_not_allowed",),
    )
    return write_event(session, row, decision, writing, clock)


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
    moment = moment_of(session, place.area_id, clock, where=command.standing.snapshot)
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
        _seals_that_differ(session, command, vials, rows, actor, clock)
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


def _seals_that_differ(
    session: Session,
    command: PickUp,
    vials: Mapping[UUID, Vial],
    rows: Mapping[UUID, ContainerRow],
    actor: Actor,
    clock: Clock,
) -> None:
    """Tell compliance of every wrong seal on the list (attack 15); the web floor keeps it."""
    for listed in command.vials:
        vial = vials[listed.container_id]
        if vial.state is State.DISPENSED and listed.seal != vial.seal:
            area_id = rows[listed.container_id].area_id
            detail = {"on_record": vial.seal, "read": listed.seal, "pickup": str(command.pickup_id)}
            open_case(session, area_id, "seal_mismatch", vial.container_id, None, actor, clock, detail)


def _both_signed(session: Session, command: PickUp, actor: Actor, signer: Signer, moment: Moment) -> None:
    missing: list[Reason] = [reason(code) for code in both_have_signed(command.proof, command.witness)]
    if missing:
        raise Forbidden(missing)
    check_signatures(session, actor, signer, command.proof, command.witness, moment, EventKind.PICKED_UP)

"""Plays the script of the morning through the same services that phones and screens call."""

import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import event
from sqlalchemy.orm import Session

from api.demo.morning import GIVE, OPEN_AND_DRAW, PICK_UP, SET_OUT, WASTE, Act
from api.demo.office import sign
from dispatch.custody.commands import (
    Administer,
    Draw,
    ListedVial,
    NewProduct,
    NewVial,
    OpenContainer,
    PickUp,
    ReceiveAtPharmacy,
    SetOut,
    WasteResidual,
)
from dispatch.custody.model import Basis, Receipt, Verdict, WasteMethod
from dispatch.custody.service import (
    administer,
    draw,
    open_container,
    pick_up,
    receive_at_pharmacy,
    register_product,
    set_out,
    waste_residual,
)
from dispatch.kernel.actor import Actor
from dispatch.kernel.clock import SetClock
from dispatch.kernel.ids import new_id
from dispatch.routes.model import BoardStop
from dispatch.visits.model import Deed, NewFact, Position
from dispatch.visits.service import record_fact
from dispatch.visits.standing import standing_at_pharmacy, standing_at_visit, standing_in_area

PRODUCT = NewProduct(
    code="KET-50-2",
    name="Ketamine 50 mg/mL, 2 mL vial",
    form="vial",
    concentration_ug_per_ml=50_000,
    label_ug=100_000,
    overfill_percent=5,
)
SHELF_LIFE = timedelta(days=420)
# About one metre, so that the phones of the demo stand beside the door and not on the point itself.
METRE_DEGREES = 0.000009
STOPPED_EARLY = 0.12
NO_WITNESS = "No witness answered the video call; the residual is sealed and travels back with me."


class NotAsPlayed(RuntimeError):
    """A service judged the demo's morning otherwise than its script: a fault in the demo."""


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """A sealed vial at a pharmacy."""

    container_id: UUID
    seal: str


@dataclass(kw_only=True)
class Player:
    """Plays acts one after the other, each at its own time.

    Attributes
    ----------
    nurses
        Nurse id -> the actor.
    doses_ug
        Reference of an appointment -> the dose that its order names.
    shelves
        Pharmacy id -> sealed vials that wait there.
    unwitnessed
        The appointment whose residual nobody sees wasted.
    packed, boxes
        Nurse id -> sealed vials that she signed for, and that she set out with.
    opened, left_ug
        Appointment id -> the vial that was opened for it, and what is left of it.
    """

    session: Session
    clock: SetClock
    nurses: Mapping[UUID, Actor]
    pharmacist: Actor
    witnesses: tuple[Actor, ...]
    doses_ug: Mapping[str, int]
    shelves: dict[UUID, list[Shelf]]
    unwitnessed: UUID | None
    draw: random.Random
    packed: dict[UUID, list[Shelf]] = field(default_factory=dict)
    boxes: dict[UUID, list[Shelf]] = field(default_factory=dict)
    opened: dict[UUID, UUID] = field(default_factory=dict)
    left_ug: dict[UUID, int] = field(default_factory=dict)

    def play(self, acts: Iterable[Act]) -> int:
        """Do everything in order and return how many acts there were."""
        custody: Mapping[str, Callable[[Act, Actor], None]] = {
            PICK_UP: self._pick_up,
            SET_OUT: self._set_out,
            OPEN_AND_DRAW: self._open_and_draw,
            GIVE: self._give,
            WASTE: self._waste,
        }
        count = 0
        # The session remembers rows only as long as somebody holds them; held, each is read once.
        held: list[object] = []
        event.listen(self.session, "loaded_as_persistent", lambda _session, row: held.append(row))
        for act in acts:
            self.clock.at = act.at
            nurse = self.nurses[act.nurse_id]
            if act.what in custody:
                custody[act.what](act, nurse)
            else:
                self._report(act, nurse)
            count += 1
        return count

    def _report(self, act: Act, nurse: Actor) -> None:
        appointment_id = _appointment(act.stop)
        fact = NewFact(
            event_id=new_id(),
            appointment_id=appointment_id,
            deed=Deed(act.what),
            at=act.at,
            position=self._beside(act.stop) if act.what in (Deed.CHECK_IN, Deed.CHECK_OUT) else None,
        )
        foreseen: tuple[str, ...] = ()
        if appointment_id == self.unwitnessed and act.what == Deed.CHECK_OUT:
            fact = replace(fact, reason=NO_WITNESS)
            foreseen = ("residual_open",)
        flags = record_fact(self.session, fact, nurse, self.clock).flags
        if flags != foreseen:
            raise NotAsPlayed(f"{act.what}: {', '.join(flags)}")

    def _beside(self, stop: BoardStop) -> Position:
        assert stop.visit is not None
        assert stop.visit.point is not None
        off = self.draw.randint(4, 30) * METRE_DEGREES
        return Position(lat=stop.visit.point.lat + off, lon=stop.visit.point.lon, accuracy_m=8)

    def _pick_up(self, act: Act, nurse: Actor) -> None:
        pharmacy_id = act.stop.pharmacy_id
        assert pharmacy_id is not None
        shelf = self.shelves[pharmacy_id]
        taken = [shelf.pop() for _ in range(act.stop.units)]
        command = PickUp(
            pickup_id=new_id(),
            pharmacy_id=pharmacy_id,
            vials=tuple(
                ListedVial(event_id=new_id(), container_id=vial.container_id, seal=vial.seal)
                for vial in taken
            ),
            counted_units=len(taken),
            standing=standing_at_pharmacy(self.session, pharmacy_id, nurse, self.clock),
            proof=sign(nurse, act.at),
            witness=sign(self.pharmacist, act.at),
        )
        for receipt in pick_up(self.session, command, nurse, self.clock):
            require_stored(receipt)
        self.packed[act.nurse_id] = taken

    def _set_out(self, act: Act, nurse: Actor) -> None:
        taken = self.packed.pop(act.nurse_id)
        standing = standing_in_area(self.session, nurse, self.clock)
        for vial in taken:
            command = SetOut(event_id=new_id(), container_id=vial.container_id, standing=standing)
            require_stored(set_out(self.session, command, nurse, self.clock))
        self.boxes.setdefault(act.nurse_id, []).extend(taken)

    def _open_and_draw(self, act: Act, nurse: Actor) -> None:
        appointment_id = _appointment(act.stop)
        standing = standing_at_visit(self.session, appointment_id, nurse, self.clock)
        vial = self.boxes[act.nurse_id].pop(0)
        opening = OpenContainer(
            event_id=new_id(),
            container_id=vial.container_id,
            standing=standing,
            place="visit",
            seal=vial.seal,
            visit_id=appointment_id,
        )
        require_stored(open_container(self.session, opening, nurse, self.clock))
        dose_ug = self._dose_ug(act.stop)
        drawing = Draw(
            event_id=new_id(),
            container_id=vial.container_id,
            standing=standing,
            place="visit",
            visit_id=appointment_id,
            amount_ug=dose_ug,
            order_ceiling_ug=dose_ug,
        )
        require_stored(draw(self.session, drawing, nurse, self.clock))
        self.opened[appointment_id] = vial.container_id
        self.left_ug[appointment_id] = PRODUCT.label_ug

    def _give(self, act: Act, nurse: Actor) -> None:
        appointment_id, dose_ug = _appointment(act.stop), self._dose_ug(act.stop)
        if self.draw.random() < STOPPED_EARLY:
            dose_ug = dose_ug * 9 // 10 // 100 * 100  # care-rules.md section 3: rate x time run, to 0.1 mg
        command = Administer(
            event_id=new_id(),
            container_id=self.opened[appointment_id],
            standing=standing_at_visit(self.session, appointment_id, nurse, self.clock),
            place="visit",
            visit_id=appointment_id,
            amount_ug=dose_ug,
        )
        require_stored(administer(self.session, command, nurse, self.clock))
        self.left_ug[appointment_id] -= dose_ug

    def _waste(self, act: Act, nurse: Actor) -> None:
        appointment_id = _appointment(act.stop)
        witness = self.draw.choice([each for each in self.witnesses if each != nurse])
        command = WasteResidual(
            event_id=new_id(),
            container_id=self.opened[appointment_id],
            standing=standing_at_visit(self.session, appointment_id, nurse, self.clock),
            place="visit",
            proof=sign(nurse, act.at),
            witness=sign(witness, act.at),
            amount_ug=self.left_ug.pop(appointment_id),
            method=WasteMethod.DEACTIVATION_POUCH,
            visit_id=appointment_id,
        )
        require_stored(waste_residual(self.session, command, nurse, self.clock))

    def _dose_ug(self, stop: BoardStop) -> int:
        assert stop.visit is not None
        return self.doses_ug[stop.visit.reference]


def _appointment(stop: BoardStop) -> UUID:
    assert stop.visit is not None
    return stop.visit.appointment_id


def require_stored(receipt: Receipt) -> None:
    """Raise `NotAsPlayed` when the ledger found something odd about an event of the demo."""
    if receipt.verdict is not Verdict.STORED:
        raise NotAsPlayed(f"{receipt.kind}: {receipt.verdict}: {', '.join(receipt.reasons)}")


def deliver(
    session: Session, units: Mapping[UUID, int], day: date, pharmacist: Actor, clock: SetClock
) -> dict[UUID, list[Shelf]]:
    """Bring so many vials to each pharmacy and return them, sealed, on their shelves."""
    register_product(session, PRODUCT, pharmacist, clock)
    shelves: dict[UUID, list[Shelf]] = {}
    for number, (pharmacy_id, count) in enumerate(units.items(), start=1):
        vials = [
            NewVial(event_id=new_id(), serial=f"HC{number}{index:04}", seal=f"S{number}-{7000 + 13 * index}")
            for index in range(1, count + 1)
        ]
        delivery = ReceiveAtPharmacy(
            pharmacy_id=pharmacy_id,
            product_code=PRODUCT.code,
            lot_number=f"KT{day:%y%m}{number}",
            expires_on=day + SHELF_LIFE,
            basis=Basis.REGISTRANT_STOCK,
            vials=tuple(vials),
            invoice=f"INV-{day:%Y%m%d}-{number}",
        )
        receipts = receive_at_pharmacy(session, delivery, pharmacist, clock)
        for receipt in receipts:
            require_stored(receipt)
        shelves[pharmacy_id] = [
            Shelf(container_id=receipt.container_id, seal=vial.seal)
            for receipt, vial in zip(receipts, vials, strict=True)
        ]
    return shelves

"""Plays the script of the morning through the same services that phones and screens call."""

import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from uuid import UUID

from sqlalchemy import event
from sqlalchemy.orm import Session

from api.demo.charting import Charts
from api.demo.incidents import CarriedBack, Happening
from api.demo.morning import GIVE, OPEN_AND_DRAW, PICK_UP, SET_OUT, WASTE, Act
from api.demo.office import sign
from api.demo.stocking import PRODUCT, NotAsPlayed, Shelf, require_stored
from dispatch.custody.commands import (
    Administer,
    Draw,
    ListedVial,
    OpenContainer,
    PickUp,
    SetOut,
    WasteResidual,
)
from dispatch.custody.infusion_commands import SealResidual
from dispatch.custody.model import WasteMethod
from dispatch.custody.queries import vials_of_nurse
from dispatch.custody.service import (
    administer,
    draw,
    open_container,
    pick_up,
    seal_residual,
    set_out,
    waste_residual,
)
from dispatch.custody.witnessing import WitnessKind
from dispatch.kernel.actor import Actor
from dispatch.kernel.clock import SetClock
from dispatch.kernel.ids import new_id
from dispatch.routes.model import BoardStop
from dispatch.visits.model import Deed, NewFact, Position
from dispatch.visits.service import record_fact
from dispatch.visits.standing import standing_at_pharmacy, standing_at_visit, standing_in_area

# About one metre, so that the phones of the demo stand beside the door and not on the point itself.
METRE_DEGREES = 0.000009
STOPPED_EARLY = 0.12
CARRIED = "The residual is sealed and travels back with me."
# How the first residuals of the morning are dealt with; all others before somebody who stands by.
WAYS = (  # the first is back at the pharmacy by the demo's present, however the day was planned
    WitnessKind.CARRIED_BACK, WitnessKind.PRESENT, WitnessKind.LIVE_VIDEO, WitnessKind.COMPANION,
)  # fmt: skip
NO_WITNESS = "No witness answered the video call; the residual is sealed and travels back with me."


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
    sealed, carried
        Residuals that were sealed to be carried back, by appointment; and those on their way.
    origin
        Nurse id -> the pharmacy where she picked up.
    to_open
        Nurse id -> how many vials she will still open before the demo's present.
    bedside
        What is charted of each visit.
    wastes
        How many residuals were dealt with so far: the first few each in another way.
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
    sealed: dict[UUID, CarriedBack] = field(default_factory=dict)
    carried: list[CarriedBack] = field(default_factory=list)
    wastes: int = 0
    bedside: Charts = field(init=False)
    origin: dict[UUID, UUID] = field(default_factory=dict)
    to_open: dict[UUID, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.bedside = Charts(session=self.session, clock=self.clock)

    def play(self, acts: Iterable[Act | Happening]) -> int:
        """Do everything in order and return how many acts there were."""
        count = 0
        acts = tuple(acts)
        self.to_open.update(
            Counter(act.nurse_id for act in acts if isinstance(act, Act) and act.what == OPEN_AND_DRAW)
        )
        # The session remembers rows only as long as somebody holds them; held, each is read once.
        held: list[object] = []
        event.listen(self.session, "loaded_as_persistent", lambda _session, row: held.append(row))
        for act in acts:
            self.clock.at = act.at
            if isinstance(act, Happening):
                act.do()
                continue
            self._do(act)
            count += 1
        return count

    def go_on(self, session: Session, act: Act) -> None:
        """Do one more act, in a session of its own."""
        self.session = self.bedside.session = session
        self.clock.at = act.at
        self._do(act)

    def _do(self, act: Act) -> None:
        known: Mapping[str, Callable[[Act, Actor], None]] = {
            PICK_UP: self._pick_up,
            SET_OUT: self._set_out,
            OPEN_AND_DRAW: self._open_and_draw,
            GIVE: self._give,
            WASTE: self._waste,
            **self.bedside.acts(),
        }
        known.get(act.what, self._report)(act, self.nurses[act.nurse_id])

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
        sealed = self.sealed.get(appointment_id)
        # A residual may travel on to the nurse's next visits, too, however the day was planned.
        if act.what == Deed.CHECK_OUT and any(
            vial.residual_ug for vial in vials_of_nurse(self.session, act.nurse_id)
        ):
            fact = replace(fact, reason=NO_WITNESS if appointment_id == self.unwitnessed else CARRIED)
            foreseen = ("residual_open",)
        flags = record_fact(self.session, fact, nurse, self.clock).flags
        if flags != foreseen:
            raise NotAsPlayed(f"{act.what}: {', '.join(flags)} instead of {', '.join(foreseen)}")
        self.bedside.note(act)
        if sealed and act.what == Deed.CHECK_OUT:
            self.carried.append(self.sealed.pop(appointment_id))  # only who has left can hand it in

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
        self.origin[act.nurse_id] = pharmacy_id

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
        if not self.boxes.get(act.nurse_id):
            raise NotAsPlayed("no sealed vial is left in the box")
        vial = self.boxes[act.nurse_id].pop(0)
        self.to_open[act.nurse_id] -= 1
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
        """Deal with a residual: the first ones each before another kind of witness, the rest in person."""
        kind = WAYS[self.wastes] if self.wastes < len(WAYS) else WitnessKind.PRESENT
        self.wastes += 1
        if kind is WitnessKind.CARRIED_BACK:
            self._seal_residual(act, nurse)
            return
        appointment_id = _appointment(act.stop)
        witness = self.draw.choice([each for each in self.witnesses if each != nurse])
        weak = kind is WitnessKind.COMPANION
        command = WasteResidual(
            event_id=new_id(),
            container_id=self.opened[appointment_id],
            standing=standing_at_visit(self.session, appointment_id, nurse, self.clock),
            place="visit",
            proof=sign(nurse, act.at),
            witness=None if weak else sign(witness, act.at),
            amount_ug=self.left_ug.pop(appointment_id),
            method=WasteMethod.DEACTIVATION_POUCH,
            visit_id=appointment_id,
            witness_kind=kind,
            companion="spouse" if weak else "",
        )
        receipt = waste_residual(self.session, command, nurse, self.clock)
        if weak and receipt.reasons == ("witness_weak",):
            return
        require_stored(receipt)

    def _seal_residual(self, act: Act, nurse: Actor) -> None:
        appointment_id = _appointment(act.stop)
        left_ug = self.left_ug.pop(appointment_id)
        seal = f"R-{8000 + self.wastes}"
        command = SealResidual(
            event_id=new_id(),
            container_id=self.opened[appointment_id],
            standing=standing_at_visit(self.session, appointment_id, nurse, self.clock),
            place="visit",
            proof=sign(nurse, act.at),
            visit_id=appointment_id,
            measured_ug=left_ug,
            seal=seal,
        )
        require_stored(seal_residual(self.session, command, nurse, self.clock))
        self.sealed[appointment_id] = CarriedBack(
            container_id=self.opened[appointment_id],
            seal=seal,
            amount_ug=left_ug,
            nurse=nurse,
            pharmacy_id=self.origin[act.nurse_id],
        )

    def _dose_ug(self, stop: BoardStop) -> int:
        assert stop.visit is not None
        return self.doses_ug[stop.visit.reference]


def _appointment(stop: BoardStop) -> UUID:
    assert stop.visit is not None
    return stop.visit.appointment_id

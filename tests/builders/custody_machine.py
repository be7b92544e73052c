"""The whole life of vials as a hypothesis machine: right deeds and wrong ones, beside pencil and paper.

Every step is a use case on a real database, committed; what became of it is compared with the pencil's word,
and the laws of `custody_laws` are checked.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from dispatch.custody import service
from dispatch.custody.commands import (
    AcceptHandOff,
    Administer,
    Correct,
    DeclineHandOff,
    Draw,
    NewVial,
    OfferHandOff,
    OpenContainer,
    Reconcile,
    ReportException,
    ReturnUnopened,
    Reverse,
    SetOut,
    VialDeed,
    WasteResidual,
)
from dispatch.custody.infusion_commands import (
    ChangeRate,
    MeasureResidual,
    ReturnResidual,
    SealResidual,
    StartInfusion,
    StopInfusion,
)
from dispatch.custody.model import Basis, EventKind, Override, Receipt, Verdict, WasteMethod
from dispatch.custody.records import ContainerRow, EventRow
from dispatch.custody.stock import ordering
from dispatch.custody.stock import service as stock
from dispatch.custody.stock.commands import (
    ArrivedVial,
    Destroy,
    DispenseOrder,
    PlaceOrder,
    RecallLot,
    ReceiveOrder,
    Restock,
    SetAside,
)
from dispatch.identity.model import ProofOfIdentity
from dispatch.kernel.actor import Actor
from dispatch.kernel.clock import SetClock
from dispatch.kernel.ids import new_id
from dispatch.kernel.refusals import Refusal
from dispatch.kernel.row import Row
from dispatch.kernel.sealing import Keyring
from dispatch.kernel.storage import open_engine
from tests.builders import custody_laws
from tests.builders.custody import EXPIRED, FIT, LABEL_UG, MONDAY, Scene, a_count, a_pickup, a_scene
from tests.builders.pencil import (
    ASIDE,
    AT_THE_BEDSIDE,
    CLAIMED,
    IN_BAG,
    IN_HAND,
    MOVED,
    OPEN,
    REFUSED,
    Line,
    Pencil,
    PencilVial,
)

KEYRING = Keyring({1: b"k" * 32}, 1, b"i" * 32)
OVERFILL_UG = LABEL_UG // 10
NUMBERS = st.integers(0, 3)
MOSTLY = st.sampled_from([True, True, True, True, False])
# A vial, mostly one that the deed suits.
VIALS = st.tuples(NUMBERS, MOSTLY)
PEOPLE = st.sampled_from(["holder", "holder", "holder", "holder", "ada", "bea"])
AMOUNTS = st.one_of(
    st.sampled_from(["one", "half a syringe", "half a syringe", "syringe", "open", "left"]),
    st.sampled_from(["can_give", "could_be_left", "syringe + 1", "can_give + 1", "could_be_left + 1"]),
    st.integers(0, LABEL_UG + OVERFILL_UG + 2),
)
AN_OVERRIDE = Override(reason="second bag", authority="Dr. Who")
# A waste or a return that nobody witnessed is kept as an exception; a wrong signature is refused.
SIGNED = ("right", "nobody")
WITNESSES = st.sampled_from(
    ["right", "right", "right", "right", "nobody", "the actor", "own second account", "own session", "stale"]
)


@contextmanager
def a_ledger(folder: Path) -> Iterator[tuple[Connection, Scene]]:
    """Give a connection to a fresh ledger with three vials at the pharmacy, and who works there."""
    engine = open_engine(f"sqlite:///{folder / 'ledger.sqlite'}")
    Row.metadata.create_all(engine)
    with Session(engine, info={"keyring": KEYRING}) as session:
        scene = a_scene(session, vials=3, overfill_percent=10)
        session.commit()
    with engine.connect() as connection:
        yield connection, scene
    engine.dispose()


class CustodyMachine(RuleBasedStateMachine):
    """Ledger and pencil side by side; each example is rolled back."""

    def __init__(self, connection: Connection, scene: Scene) -> None:
        super().__init__()
        self.scene = replace(scene, clock=SetClock(MONDAY))
        self.outer = connection.begin()
        self.session = Session(
            connection, info={"keyring": KEYRING}, join_transaction_mode="create_savepoint"
        )
        self.nurses = {"ada": scene.nurse, "bea": scene.other_nurse}
        self.holders = {name: f"nurse:{each.nurse_id}" for name, each in self.nurses.items()}
        self.visits = [str(new_id()), str(new_id())]
        self.kept: list[tuple[Callable[..., Any], Any, Actor, Any]] = []
        self.orders: dict[str, UUID] = {}
        self.pencil = Pencil(scene.pharmacy_holder)
        for number, key in enumerate(scene.vials):
            self.pencil.receive(self.plain(key, f"S-{number}"), "phil")
            row = self.session.get_one(ContainerRow, key)
            self.lot_id = row.lot_id
            self.pencil.vials[-1].page[-1].event_id = str(self.first_event(key))

    def first_event(self, key: UUID) -> UUID:
        wanted = select(EventRow.id).where(EventRow.container_id == key)
        return self.session.scalars(wanted).one()

    def plain(self, key: UUID, seal: str) -> PencilVial:
        return PencilVial(str(key), seal, LABEL_UG, OVERFILL_UG, "", "ordered")

    def teardown(self) -> None:
        self.session.close()
        self.outer.rollback()

    # What the rules draw is turned into something that exists.

    def vial(self, which: tuple[int, bool], *stages: str) -> PencilVial:
        number, suits = which
        vials = [each for each in self.pencil.vials if suits and each.stage in stages] or self.pencil.vials
        return vials[number % len(vials)]

    def nurse(self, who: str, vial: PencilVial) -> str:
        """The name of the nurse that is meant: who holds the vial, else ada."""
        if who != "holder":
            return who
        return next((name for name, each in self.holders.items() if each == vial.holder), "ada")

    def there_is(self, such: Callable[[PencilVial], object]) -> bool:
        return any(such(each) for each in self.pencil.vials)

    def offered(self, which: tuple[int, bool]) -> PencilVial:
        """A vial, mostly one that waits for somebody's answer."""
        number, suits = which
        vials = [each for each in self.pencil.vials if suits and each.offered_to] or self.pencil.vials
        return vials[number % len(vials)]

    def receiver(self, which: tuple[int, bool], vial: PencilVial) -> str:
        """The nurse it was offered to, or now and then the other one."""
        asked = next((name for name, each in self.holders.items() if each == vial.offered_to), "bea")
        return asked if which[1] else {"ada": "bea", "bea": "ada"}[asked]

    def ug(self, amount: int | str, vial: PencilVial) -> int:
        if isinstance(amount, int):
            return amount
        name, _, more = amount.partition(" + ")
        known = {
            "one": 1,
            "half a syringe": vial.syringe // 2,
            "syringe": vial.syringe,
            "open": vial.open,
            "left": vial.left,
            "can_give": vial.open + vial.spare,
            "could_be_left": vial.left + vial.spare,
        }
        return known[name] + int(more or 0)

    def witness(self, kind: str, actor: Actor, right: Actor) -> ProofOfIdentity | None:
        scene = self.scene
        return {
            "right": scene.proof(right),
            "nobody": None,
            "the actor": scene.proof(actor, session_ref="elsewhere"),
            "own second account": scene.proof(self.second_account(actor)),
            "own session": scene.proof(right, session_ref=actor.session_ref),
            "stale": scene.proof(right, proved_at=scene.clock.now() - timedelta(hours=1)),
        }[kind]

    def second_account(self, actor: Actor) -> Actor:
        """Another account of the same person; only ada has one."""
        return self.scene.second_account if actor is self.scene.nurse else actor

    def said(self, vial: PencilVial, actor: Actor, **more: Any) -> dict[str, Any]:
        made = {
            "event_id": new_id(), "container_id": UUID(vial.key), "standing": FIT,
            "proof": self.scene.proof(actor),
        }  # fmt: skip
        return made | more

    def send(self, want: str, deed: Callable[..., Any], command: Any, actor: Actor) -> None:
        """Do the deed in a transaction of its own and compare what became of it with the pencil's word."""
        try:
            answer = deed(self.session, command, actor, self.scene.clock)
            self.session.commit()
        except Refusal as refused:
            self.session.rollback()
            got, why = REFUSED, str(refused)
        else:
            receipts = (answer,) if isinstance(answer, Receipt) else answer
            got = CLAIMED if any(each.verdict is Verdict.CLAIM for each in receipts) else MOVED
            why = ", ".join(code for each in receipts for code in each.reasons)
            self.kept.append((deed, command, actor, answer))
            self.name_lines(receipts)
        assert got == want, f"{deed.__name__}: {got} ({why}) where the pencil says {want}"

    def name_lines(self, receipts: tuple[Receipt, ...]) -> None:
        """Note on paper under which id the ledger keeps each new line."""
        for receipt in receipts:
            vial = next(each for each in self.pencil.vials if each.key == str(receipt.container_id))
            line = next((each for each in vial.page if not each.event_id), None)
            if line is not None:
                line.event_id = str(receipt.event_id)

    # Deeds, right and wrong.

    @initialize(deeds=st.sampled_from([0, 1, 2, 3, 4, 4]), who=st.sampled_from(["ada", "bea"]))
    def morning(self, deeds: int, who: str) -> None:
        """Often a day begins with a vial in hand, an open one, a full syringe."""
        if deeds > 0:
            self.pick_up({0, 1}, False, who, True, True, True, "right")
        if deeds > 1:
            self.open_vial((0, False), "holder", True)
        if deeds > 2:
            self.draw((0, False), "holder", 0, LABEL_UG // 2, 10 * LABEL_UG, False)
        if deeds > 3:
            self.give((0, False), "holder", 0, "half a syringe", True)

    @rule(seconds=st.sampled_from([1, 60, 3600, 14400, 14401]))
    def wait(self, seconds: int) -> None:
        self.scene.clock.advance(timedelta(seconds=seconds))
        self.pencil.now += seconds

    @precondition(lambda self: len(self.pencil.vials) < 4)
    @rule()
    def dispense(self) -> None:
        """A fourth vial is ordered, and the supplier sends its list."""
        scene, order_id = self.scene, new_id()
        order = PlaceOrder(
            order_id=order_id, pharmacy_id=scene.pharmacy_id, product_code="KET-50", units=1,
            basis=Basis.REGISTRANT_STOCK, supplier="Wholesale", reference="222-1",
        )  # fmt: skip
        ordering.place_order(self.session, order, scene.pharmacist, scene.clock)
        command = DispenseOrder(
            order_id=order_id, lot_number="L1", expires_on=date(2027, 6, 30),
            vials=(NewVial(event_id=new_id(), serial="7F3", seal="S-3"),),
        )  # fmt: skip
        (receipt,) = ordering.dispense_order(self.session, command, scene.pharmacist, scene.clock)
        self.session.commit()
        vial = self.plain(receipt.container_id, "S-3")
        self.orders[vial.key] = order_id
        self.pencil.dispense(vial, "phil")
        self.name_lines((receipt,))

    @precondition(lambda self: self.orders)
    @rule(seal_right=MOSTLY)
    def arrive(self, seal_right: bool) -> None:
        vial = self.pencil.vials[3]
        want = self.pencil.arrive(vial, "phil", seal_right=seal_right)
        arrived = ArrivedVial(
            event_id=new_id(), container_id=UUID(vial.key), seal=vial.seal if seal_right else "S-9"
        )
        command = ReceiveOrder(order_id=self.orders[vial.key], vials=(arrived,), counted_units=1)
        self.send(want, ordering.receive_order, command, self.scene.pharmacist)

    @rule(which=VIALS, deed=st.sampled_from(["quarantined", "quarantined", "expired"]))
    def set_aside(self, which: tuple[int, bool], deed: str) -> None:
        vial, phil = self.vial(which, "returned"), self.scene.pharmacist
        want = self.pencil.set_aside(vial, "phil", deed)
        self.send(want, stock.set_aside, SetAside(**self.said(vial, phil), kind=EventKind(deed)), phil)

    @precondition(lambda self: self.there_is(lambda each: each.stage == "returned"))
    @rule(which=VIALS, seal_right=MOSTLY)
    def restock(self, which: tuple[int, bool], seal_right: bool) -> None:
        vial, phil = self.vial(which, "returned"), self.scene.pharmacist
        want = self.pencil.restock(vial, "phil", seal_right=seal_right)
        told = self.said(vial, phil, seal=vial.seal if seal_right else "S-9")
        self.send(want, stock.restock, Restock(**told), phil)

    @precondition(lambda self: self.there_is(lambda each: each.stage in ASIDE))
    @rule(which=VIALS, kind=WITNESSES)
    def destroy(self, which: tuple[int, bool], kind: str) -> None:
        vial, phil = self.vial(which, *ASIDE), self.scene.pharmacist
        want = self.pencil.destroy(vial, "phil", witness_right=kind in SIGNED)
        told = self.said(vial, phil, witness=self.witness(kind, phil, self.scene.other_nurse))
        self.send(want, stock.destroy, Destroy(**told, method=WasteMethod.SOLIDIFYING_CONTAINER), phil)

    @precondition(lambda self: not self.pencil.recalled)
    @rule(really=st.sampled_from([False] * 14 + [True]))
    def recall(self, really: bool) -> None:
        """The lot is recalled, once in a while."""
        if not really:
            return
        phil, clock = self.scene.pharmacist, self.scene.clock
        command = RecallLot(
            recall_id=new_id(), lot_id=self.lot_id, reference="Z-1", reason="particles",
            proof=self.scene.proof(phil),
        )  # fmt: skip
        self.pencil.recall("phil")
        self.name_lines(stock.recall_lot(self.session, command, phil, clock))
        self.session.commit()

    @rule(
        numbers=st.sets(NUMBERS, min_size=1, max_size=2), suits=MOSTLY, who=st.sampled_from(["ada", "bea"]),
        fit=MOSTLY, count_right=MOSTLY, seals_right=MOSTLY, kind=WITNESSES,
    )  # fmt: skip
    def pick_up(
        self,
        numbers: set[int],
        suits: bool,
        who: str,
        fit: bool,
        count_right: bool,
        seals_right: bool,
        kind: str,
    ) -> None:
        found = [self.vial((number, suits), "dispensed") for number in numbers]
        vials = list({vial.key: vial for vial in found}.values())
        nurse = self.nurses[who]
        want = self.pencil.pick_up(
            vials, self.holders[who],
            right=fit and count_right and seals_right and kind == "right",
        )  # fmt: skip
        command = a_pickup(
            self.session, self.scene, *(UUID(vial.key) for vial in vials),
            standing=FIT if fit else EXPIRED, proof=self.scene.proof(nurse),
            witness=self.witness(kind, nurse, self.scene.pharmacist),
            counted_units=len(vials) + (not count_right),
        )  # fmt: skip
        if not seals_right:
            wrong = tuple(replace(each, seal="S-9") for each in command.vials)
            command = replace(command, vials=wrong)
        self.send(want, service.pick_up, command, nurse)

    @rule(which=VIALS, who=PEOPLE)
    def set_out(self, which: tuple[int, bool], who: str) -> None:
        vial = self.vial(which, "picked_up")
        name = self.nurse(who, vial)
        want = self.pencil.set_out(vial, self.holders[name])
        self.send(want, service.set_out, SetOut(**self.said(vial, self.nurses[name])), self.nurses[name])

    @precondition(lambda self: self.there_is(lambda each: each.stage in IN_HAND))
    @rule(which=VIALS, who=PEOPLE, to=st.sampled_from(["ada", "bea"]), seal_right=MOSTLY)
    def offer(self, which: tuple[int, bool], who: str, to: str, seal_right: bool) -> None:
        vial = self.vial(which, *IN_HAND)
        name = self.nurse(who, vial)
        want = self.pencil.offer(vial, self.holders[name], self.holders[to], seal_right=seal_right)
        command = OfferHandOff(
            **self.said(vial, self.nurses[name]), to_nurse_id=self.nurses[to].nurse_id,
            seal=vial.seal if seal_right else "S-9",
        )  # fmt: skip
        self.send(want, service.offer_hand_off, command, self.nurses[name])

    @precondition(lambda self: self.there_is(lambda each: each.offered_to))
    @rule(which=VIALS, fit=MOSTLY, seal_right=MOSTLY)
    def accept(self, which: tuple[int, bool], fit: bool, seal_right: bool) -> None:
        vial = self.offered(which)
        name = self.receiver(which, vial)
        want = self.pencil.accept(vial, self.holders[name], fit=fit, seal_right=seal_right)
        told = self.said(vial, self.nurses[name], standing=FIT if fit else EXPIRED)
        command = AcceptHandOff(**told, seal=vial.seal if seal_right else "S-9")
        self.send(want, service.accept_hand_off, command, self.nurses[name])

    @precondition(lambda self: self.there_is(lambda each: each.offered_to))
    @rule(which=VIALS)
    def decline(self, which: tuple[int, bool]) -> None:
        vial = self.offered(which)
        name = self.receiver(which, vial)
        want = self.pencil.decline(vial, self.holders[name])
        command = DeclineHandOff(**self.said(vial, self.nurses[name]))
        self.send(want, service.decline_hand_off, command, self.nurses[name])

    @rule(which=VIALS, who=PEOPLE, seal_right=MOSTLY)
    def open_vial(self, which: tuple[int, bool], who: str, seal_right: bool) -> None:
        vial = self.vial(which, *IN_BAG)
        name = self.nurse(who, vial)
        want = self.pencil.open_vial(vial, self.holders[name], seal_right=seal_right)
        told = self.said(vial, self.nurses[name], seal=vial.seal if seal_right else "S-9")
        self.send(want, service.open_container, OpenContainer(**told), self.nurses[name])

    @precondition(lambda self: self.there_is(lambda each: each.stage in OPEN))
    @rule(
        which=VIALS, who=PEOPLE, visit=st.integers(0, 1), amount=AMOUNTS,
        ceiling=st.sampled_from([10 * LABEL_UG, 10 * LABEL_UG, LABEL_UG // 2]), overridden=st.booleans(),
    )  # fmt: skip
    def draw(
        self, which: tuple[int, bool], who: str, visit: int, amount: int | str, ceiling: int, overridden: bool
    ) -> None:
        vial = self.vial(which, *OPEN)
        name, ug = self.nurse(who, vial), self.ug(amount, vial)
        want = self.pencil.draw(
            vial, self.holders[name], self.visits[visit], ug, ceiling, overridden=overridden
        )
        told = self.said(vial, self.nurses[name], visit_id=UUID(self.visits[visit]), amount_ug=ug)
        override = AN_OVERRIDE if overridden else None
        command = Draw(**told, order_ceiling_ug=ceiling, override=override)
        self.send(want, service.draw, command, self.nurses[name])

    @precondition(lambda self: self.there_is(lambda each: each.syringe))
    @rule(which=VIALS, who=PEOPLE, visit=st.integers(0, 1), amount=AMOUNTS, completes=st.booleans())
    def give(self, which: tuple[int, bool], who: str, visit: int, amount: int | str, completes: bool) -> None:
        vial = self.vial(which, *OPEN)
        name, ug = self.nurse(who, vial), self.ug(amount, vial)
        want = self.pencil.give(vial, self.holders[name], self.visits[visit], ug, completes=completes)
        told = self.said(vial, self.nurses[name], visit_id=UUID(self.visits[visit]), amount_ug=ug)
        self.send(want, service.administer, Administer(**told, completes=completes), self.nurses[name])

    @precondition(lambda self: self.there_is(lambda each: each.stage in OPEN))
    @rule(which=VIALS, who=PEOPLE, amount=AMOUNTS, kind=WITNESSES)
    def waste(self, which: tuple[int, bool], who: str, amount: int | str, kind: str) -> None:
        vial = self.vial(which, *OPEN)
        name, ug = self.nurse(who, vial), self.ug(amount, vial)
        nurse = self.nurses[name]
        other = self.nurses["bea" if name == "ada" else "ada"]
        witness = self.witness(kind, nurse, other)
        want = self.pencil.waste(vial, self.holders[name], ug, witness_right=kind in SIGNED)
        told = self.said(vial, nurse, witness=witness, amount_ug=ug)
        command = WasteResidual(**told, method=WasteMethod.DEACTIVATION_POUCH)
        self.send(want, service.waste_residual, command, nurse)

    @precondition(lambda self: self.there_is(lambda each: each.stage in (*IN_BAG, "broken", "seal_mismatch")))
    @rule(which=VIALS, who=PEOPLE, seal_right=MOSTLY, kind=WITNESSES)
    def bring_back(self, which: tuple[int, bool], who: str, seal_right: bool, kind: str) -> None:
        vial = self.vial(which, *IN_BAG, "broken", "seal_mismatch")
        name = self.nurse(who, vial)
        nurse = self.nurses[name]
        want = self.pencil.bring_back(
            vial, self.holders[name],
            seal_right=seal_right, witness_right=kind in SIGNED,
        )  # fmt: skip
        told = self.said(vial, nurse, witness=self.witness(kind, nurse, self.scene.pharmacist))
        command = ReturnUnopened(
            **told, pharmacy_id=self.scene.pharmacy_id, seal=vial.seal if seal_right else "S-9"
        )
        self.send(want, service.return_unopened, command, nurse)

    @rule(which=VIALS, who=PEOPLE, what=st.sampled_from(["broken", "lost", "stolen", "seal_mismatch"]))
    def report(self, which: tuple[int, bool], who: str, what: str) -> None:
        vial = self.vial(which, *IN_HAND)
        name = self.nurse(who, vial)
        nurse = self.nurses[name]
        want = self.pencil.report(vial, self.holders[name], what)
        command = ReportException(**self.said(vial, nurse), kind=EventKind(what))
        self.send(want, service.report_exception, command, nurse)

    @precondition(lambda self: self.there_is(lambda each: each.stage in ("wasted", "residual_pending")))
    @rule(which=VIALS)
    def reconcile(self, which: tuple[int, bool]) -> None:
        vial, officer = self.vial(which, "wasted", "residual_pending"), self.scene.compliance
        want = self.pencil.reconcile(vial, "cora")
        self.send(want, service.reconcile, Reconcile(**self.said(vial, officer)), officer)

    @precondition(lambda self: self.there_is(lambda each: each.syringe))
    @rule(which=VIALS, who=PEOPLE, amount=AMOUNTS, overridden=st.booleans())
    def start(self, which: tuple[int, bool], who: str, amount: int | str, overridden: bool) -> None:
        vial = self.vial(which, *OPEN)
        name, prime = self.nurse(who, vial), self.ug(amount, vial) // 10
        want = self.pencil.start(vial, self.holders[name], prime, overridden=overridden)
        told = self.said(vial, self.nurses[name], visit_id=UUID(self.visits[0]))
        command = StartInfusion(
            **told, rate_ug_per_min=1000, prime_ug=prime, override=AN_OVERRIDE if overridden else None
        )
        self.send(want, service.start_infusion, command, self.nurses[name])

    @precondition(lambda self: self.there_is(lambda each: each.stage == "administering"))
    @rule(which=VIALS, who=PEOPLE, rate=st.integers(0, 5000))
    def change_rate(self, which: tuple[int, bool], who: str, rate: int) -> None:
        vial = self.vial(which, "administering")
        name = self.nurse(who, vial)
        want = self.pencil.change_rate(vial, self.holders[name])
        told = self.said(vial, self.nurses[name], visit_id=UUID(self.visits[0]))
        self.send(want, service.change_rate, ChangeRate(**told, rate_ug_per_min=rate), self.nurses[name])

    @precondition(lambda self: self.there_is(lambda each: each.stage == "administering"))
    @rule(which=VIALS, who=PEOPLE, visit=st.integers(0, 1), amount=AMOUNTS, completes=st.booleans())
    def stop(self, which: tuple[int, bool], who: str, visit: int, amount: int | str, completes: bool) -> None:
        vial = self.vial(which, "administering")
        name, ug = self.nurse(who, vial), self.ug(amount, vial)
        want = self.pencil.give(
            vial, self.holders[name], self.visits[visit], ug, completes=completes, deed="stop"
        )
        told = self.said(vial, self.nurses[name], visit_id=UUID(self.visits[visit]), amount_ug=ug)
        self.send(want, service.stop_infusion, StopInfusion(**told, completes=completes), self.nurses[name])

    @precondition(lambda self: self.there_is(lambda each: each.stage in OPEN))
    @rule(which=VIALS, who=PEOPLE, amount=AMOUNTS, sealed=st.booleans())
    def measure(self, which: tuple[int, bool], who: str, amount: int | str, sealed: bool) -> None:
        vial = self.vial(which, *OPEN)
        name = self.nurse(who, vial)
        want = self.pencil.measure(vial, self.holders[name])
        told = self.said(vial, self.nurses[name], measured_ug=self.ug(amount, vial))
        command = SealResidual(**told, seal="R-1") if sealed else MeasureResidual(**told)
        deed = service.seal_residual if sealed else service.measure_residual
        self.send(want, deed, command, self.nurses[name])

    @precondition(lambda self: self.there_is(lambda each: each.stage == "residual_pending"))
    @rule(which=VIALS, who=PEOPLE, amount=AMOUNTS, kind=WITNESSES)
    def carry_back(self, which: tuple[int, bool], who: str, amount: int | str, kind: str) -> None:
        vial = self.vial(which, "residual_pending")
        name = self.nurse(who, vial)
        nurse = self.nurses[name]
        want = self.pencil.carry_back(vial, self.holders[name], witness_right=kind in SIGNED)
        told = self.said(vial, nurse, witness=self.witness(kind, nurse, self.scene.pharmacist))
        command = ReturnResidual(
            **told, pharmacy_id=self.scene.pharmacy_id, measured_ug=self.ug(amount, vial), seal="R-1"
        )
        self.send(want, service.return_residual, command, nurse)

    @rule(
        which=VIALS, entry=st.integers(0, 5), by=st.sampled_from(["cora", "cora", "ada2"]), kind=WITNESSES,
        reasoned=MOSTLY,
    )  # fmt: skip
    def reverse(self, which: tuple[int, bool], entry: int, by: str, kind: str, reasoned: bool) -> None:
        vial = self.vial(which, *OPEN, "wasted", "reconciled", "returned")
        line = self.line(vial, entry, lambda each: each is vial.page[-1])
        want = self.taken_back(vial, line, by, kind, reasoned)
        command = Reverse(**self.approved(vial, line, by, kind, reasoned))
        self.send(want, service.reverse, command, self.officers[by][0])

    @precondition(
        lambda self: self.there_is(lambda each: any(line.deed in AT_THE_BEDSIDE for line in each.page))
    )
    @rule(
        which=VIALS, entry=st.integers(0, 5), by=st.sampled_from(["cora", "cora", "ada2"]), kind=WITNESSES,
        amount=AMOUNTS,
    )  # fmt: skip
    def correct(self, which: tuple[int, bool], entry: int, by: str, kind: str, amount: int | str) -> None:
        """Taken back and entered anew in one deed: both or neither."""
        vial = self.vial(which, *OPEN, "wasted", "reconciled")
        line = self.line(vial, entry, lambda each: each.deed in AT_THE_BEDSIDE)
        ug = self.ug(amount, vial)
        before = deepcopy(self.pencil)
        want = self.taken_back(vial, line, by, kind, reasoned=True)
        if want == MOVED:
            want = self.pencil.anew(vial, line, self.officers[by][1], ug)
        if want == REFUSED:
            self.pencil = before
        told = self.approved(vial, line, by, kind, reasoned=True)
        command = Correct(**told, corrected_event_id=new_id(), amount_ug=ug)
        self.send(want, service.correct, command, self.officers[by][0])

    def line(self, vial: PencilVial, entry: int, suits: Callable[[Line], bool]) -> Line:
        """A line of a vial's page, mostly one that may be taken back."""
        lines = [each for each in vial.page if entry and suits(each) and not each.reversed] or vial.page
        return lines[-1 - entry % len(lines)]

    @property
    def officers(self) -> dict[str, tuple[Actor, str]]:
        """Who may approve a correction, and who they are on paper; ada's second account is ada."""
        return {
            "cora": (self.scene.compliance, "cora"),
            "ada2": (self.scene.second_account, self.holders["ada"]),
        }

    def taken_back(self, vial: PencilVial, line: Line, by: str, kind: str, reasoned: bool) -> str:
        who = self.officers[by][1]
        return self.pencil.reverse(vial, line, who, {who, "phil"}, right=kind == "right" and reasoned)

    def approved(self, vial: PencilVial, line: Line, by: str, kind: str, reasoned: bool) -> dict[str, Any]:
        actor = self.officers[by][0]
        witness = self.witness(kind, actor, self.scene.pharmacist)
        told = self.said(vial, actor, witness=witness, reason="a slip of the pen" if reasoned else " ")
        return told | {"reverses": UUID(line.event_id)}

    @rule(who=st.sampled_from(["ada", "bea"]), wrong=st.sampled_from([0, 0, 0, 1]))
    def close_shift(self, who: str, wrong: int) -> None:
        """The nurse counts and goes home, or is told what she still has."""
        nurse, clock, units = self.nurses[who], self.scene.clock, self.pencil.counted(self.holders[who])
        command = a_count(self.scene, units + wrong, holder=self.holders[who])
        service.count(self.session, command, nurse, clock)
        self.session.commit()
        want = self.pencil.close_shift(self.holders[who], count_right=not wrong)
        try:
            service.close_shift(self.session, nurse, clock, command.round_id)
            self.session.commit()
            got = MOVED
        except Refusal as refused:
            self.session.rollback()
            got = f"{REFUSED}: {refused}"
        assert got.startswith(want), f"close_shift: {got} where the pencil says {want}"

    @rule(who=st.sampled_from(["ada", "bea"]), wrong=st.integers(-1, 1))
    def count(self, who: str, wrong: int) -> None:
        expected = self.pencil.counted(self.holders[who])
        units = max(0, expected + wrong)
        command = a_count(self.scene, units, holder=self.holders[who])
        told = service.count(self.session, command, self.nurses[who], self.scene.clock)
        self.session.commit()
        assert told.finished == (units == expected), "a first figure that differs shows nothing"
        assert told.expected_units == (expected if told.finished else None)

    @precondition(lambda self: self.kept)
    @rule(which=st.integers(0, 99))
    def again(self, which: int) -> None:
        """What was kept comes again, as a phone sends it that got no answer: the same receipt."""
        deed, command, actor, receipt = self.kept[which % len(self.kept)]
        assert deed(self.session, command, actor, self.scene.clock) == receipt
        self.session.commit()

    @precondition(lambda self: any(isinstance(kept[1], VialDeed) for kept in self.kept))
    @rule(which=st.integers(0, 99))
    def altered(self, which: int) -> None:
        """The same id with other words is refused, and alarmed."""
        deeds = [kept for kept in self.kept if isinstance(kept[1], VialDeed)]
        deed, command, actor, _receipt = deeds[which % len(deeds)]
        other = replace(command, reason="other words")
        if isinstance(command, Correct):
            other = replace(other, corrected_event_id=new_id())
        answer = deed(self.session, other, actor, self.scene.clock)
        self.session.commit()
        first = answer if isinstance(answer, Receipt) else answer[0]
        assert first.verdict is Verdict.ID_REUSED, f"{deed.__name__} took one id for two deeds"

    # What must hold after every step.

    @invariant()
    def laws_hold(self) -> None:
        custody_laws.paper_and_ledger_agree(self.session, self.pencil)
        custody_laws.no_microgram_appears_or_vanishes(self.session, self.pencil)
        custody_laws.sequences_run_without_a_gap(self.session, self.pencil)
        custody_laws.every_event_has_its_leaf(self.session)

"""A stock point in Columbus, two nurses, a pharmacist, compliance; and vials in any state."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.areas.records import PharmacyRow, ServiceAreaRow
from dispatch.custody import service
from dispatch.custody.commands import (
    Administer,
    BlindCount,
    Draw,
    ListedVial,
    NewProduct,
    NewVial,
    OpenContainer,
    PickUp,
    ReceiveAtPharmacy,
    ReportException,
    ReturnUnopened,
    WasteResidual,
)
from dispatch.custody.model import (
    Basis,
    DeviceStamp,
    EventKind,
    Standing,
    WasteMethod,
    nurse_holder,
    pharmacy_holder,
)
from dispatch.custody.records import BalanceRow, ContainerRow
from dispatch.identity.model import ProofOfIdentity
from dispatch.identity.records import AccountRow
from dispatch.identity.service import open_account
from dispatch.kernel.actor import SYSTEM, AccountId, Actor, Role
from dispatch.kernel.clock import Clock, SetClock
from dispatch.kernel.ids import new_id
from dispatch.workforce.records import NurseRow

FIT = Standing(licensed=True, on_shift=True, snapshot={"licence": "OH-RN-1", "state": "OH"})
EXPIRED = Standing(licensed=False, on_shift=True, snapshot={"licence": "OH-RN-1", "state": "OH"})
OFF_SHIFT = Standing(licensed=True, on_shift=False)
MONDAY = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
LABEL_UG = 500_000
MG = 1000


@dataclass(frozen=True, kw_only=True)
class Scene:
    """Who and where; `vials` are the containers that were received."""

    area_id: UUID
    pharmacy_id: UUID
    nurse: Actor
    other_nurse: Actor
    second_account: Actor
    pharmacist: Actor
    compliance: Actor
    person_refs: dict[UUID, str]
    clock: SetClock
    vials: tuple[UUID, ...] = ()
    visit_id: UUID = field(default_factory=new_id)

    @property
    def vial(self) -> UUID:
        """The first vial."""
        return self.vials[0]

    @property
    def nurse_holder(self) -> str:
        """The nurse as a holder."""
        return nurse_holder(self.nurse.nurse_id)

    @property
    def pharmacy_holder(self) -> str:
        """The stock point as a holder."""
        return pharmacy_holder(self.pharmacy_id)

    def proof(self, actor: Actor, **more: Any) -> ProofOfIdentity:
        """A fresh proof of identity of `actor`."""
        made = ProofOfIdentity(
            account_id=actor.account_id,
            person_ref=self.person_refs[actor.account_id],
            session_ref=f"proof-{actor.name}",
            proved_at=self.clock.now(),
        )
        return replace(made, **more)


def an_actor(
    session: Session, clock: Clock, name: str, *roles: Role, nurse: NurseRow | None = None, person: str = ""
) -> Actor:
    """A person with an account, signed in to a session of their own."""
    row = open_account(
        session, email=f"{name}@test.example", name=name, password_hash="x", roles=frozenset(roles),
        actor=SYSTEM, clock=clock, person_ref=person or f"person-{name}",
        nurse_id=nurse.id if nurse else None,
    )  # fmt: skip
    session.flush()
    return Actor(
        account_id=AccountId(row.id),
        name=name,
        roles=frozenset(roles),
        nurse_id=nurse.id if nurse else None,
        person_ref=row.person_ref,
        session_ref=f"session-{name}",
    )


def a_nurse(session: Session, area_id: UUID, code: str) -> NurseRow:
    """A nurse of the area."""
    row = NurseRow(
        id=new_id(), area_id=area_id, code=code, name=f"Nurse {code}", home_address="1 Elm St",
        home_lat=39.9, home_lon=-83.0,
    )  # fmt: skip
    session.add(row)
    return row


def a_scene(session: Session, *, vials: int = 1, overfill_percent: int = 0, **more: Any) -> Scene:
    """Make the place and the people, and receive `vials` of 500 mg at the pharmacy."""
    clock = SetClock(MONDAY)
    area = ServiceAreaRow(id=new_id(), slug="columbus", name="Columbus", time_zone="America/New_York")
    session.add(area)
    session.flush()
    place = PharmacyRow(
        id=new_id(), area_id=area.id, code="COL-1", name="Broad St", address="1 Broad St", state="OH",
        lat=39.96, lon=-83.0,
    )  # fmt: skip
    one, two = a_nurse(session, area.id, "N-07"), a_nurse(session, area.id, "N-12")
    session.add(place)
    session.flush()
    actors = {
        "nurse": an_actor(session, clock, "ada", Role.NURSE, nurse=one, person="person-ada"),
        "second_account": an_actor(session, clock, "ada2", Role.COMPLIANCE, person="person-ada"),
        "other_nurse": an_actor(session, clock, "bea", Role.NURSE, nurse=two),
        "pharmacist": an_actor(session, clock, "phil", Role.PHARMACIST),
        "compliance": an_actor(session, clock, "cora", Role.COMPLIANCE),
    }
    refs = {row.id: row.person_ref for row in session.scalars(select(AccountRow))}
    scene = Scene(area_id=area.id, pharmacy_id=place.id, person_refs=refs, clock=clock, **actors)
    service.register_product(
        session,
        NewProduct(
            code="KET-50", name="Ketamine", form="vial", concentration_ug_per_ml=50_000,
            label_ug=LABEL_UG, overfill_percent=overfill_percent,
        ),
        scene.pharmacist,
        clock,
    )  # fmt: skip
    session.flush()
    if vials:
        receipts = service.receive_at_pharmacy(
            session, a_delivery(scene, vials, **more), scene.pharmacist, clock
        )
        scene = replace(scene, vials=tuple(receipt.container_id for receipt in receipts))
    return scene


def a_delivery(scene: Scene, number: int, /, **more: Any) -> ReceiveAtPharmacy:
    """A delivery of `number` vials of lot L1."""
    made = ReceiveAtPharmacy(
        pharmacy_id=scene.pharmacy_id,
        product_code="KET-50",
        lot_number="L1",
        expires_on=date(2027, 6, 30),
        basis=Basis.REGISTRANT_STOCK,
        vials=tuple(
            NewVial(event_id=new_id(), serial=f"7F{each}", seal=f"S-{each}") for each in range(number)
        ),
        invoice="INV-1",
    )
    return replace(made, **more)


def a_pickup(session: Session, scene: Scene, *vials: UUID, **more: Any) -> PickUp:
    """Nurse and pharmacist sign for `vials` (all of the scene when none is named)."""
    listed = tuple(
        ListedVial(event_id=new_id(), container_id=each, seal=session.get_one(ContainerRow, each).seal)
        for each in (vials or scene.vials)
    )
    made = PickUp(
        pickup_id=new_id(),
        pharmacy_id=scene.pharmacy_id,
        vials=listed,
        counted_units=len(listed),
        standing=FIT,
        proof=scene.proof(scene.nurse),
        witness=scene.proof(scene.pharmacist),
    )
    return replace(made, **more)


def picked_up(session: Session, **more: Any) -> Scene:
    """A scene whose nurse holds the sealed vials."""
    scene = a_scene(session, **more)
    service.pick_up(session, a_pickup(session, scene), scene.nurse, scene.clock)
    return scene


def opened(session: Session, **more: Any) -> Scene:
    """A scene whose first vial is open."""
    scene = picked_up(session, **more)
    service.open_container(session, an_opening(scene), scene.nurse, scene.clock)
    return scene


def drawn(session: Session, amount_ug: int = 35 * MG, **more: Any) -> Scene:
    """A scene with drug in the syringe."""
    scene = opened(session, **more)
    service.draw(session, a_draw(scene, amount_ug), scene.nurse, scene.clock)
    return scene


def given(session: Session, amount_ug: int = 31 * MG, **more: Any) -> Scene:
    """A scene whose infusion is over; the residual waits."""
    scene = drawn(session, **more)
    service.administer(session, a_dose(scene, amount_ug), scene.nurse, scene.clock)
    return scene


def wasted(session: Session, **more: Any) -> Scene:
    """A scene whose first vial is wasted before a witness."""
    scene = given(session, **more)
    left = balance(session, f"open:{scene.vial}") + balance(session, f"drawn:{scene.vial}")
    service.waste_residual(session, a_waste(scene, left), scene.nurse, scene.clock)
    return scene


def an_opening(scene: Scene, **more: Any) -> OpenContainer:
    """The first vial's seal is read and broken."""
    made = OpenContainer(event_id=new_id(), container_id=scene.vial, standing=FIT, seal="S-0")
    return replace(made, **more)


def a_draw(scene: Scene, amount_ug: int = 35 * MG, **more: Any) -> Draw:
    """Draw from the first vial, far below the order's ceiling."""
    made = Draw(
        event_id=new_id(), container_id=scene.vial, standing=FIT, visit_id=scene.visit_id,
        amount_ug=amount_ug, order_ceiling_ug=10 * LABEL_UG,
    )  # fmt: skip
    return replace(made, **more)


def a_dose(scene: Scene, amount_ug: int = 31 * MG, **more: Any) -> Administer:
    """Give from the first vial's syringe."""
    made = Administer(
        event_id=new_id(), container_id=scene.vial, standing=FIT, visit_id=scene.visit_id,
        amount_ug=amount_ug,
    )  # fmt: skip
    return replace(made, **more)


def a_waste(scene: Scene, amount_ug: int, **more: Any) -> WasteResidual:
    """Waste of the first vial before the other nurse."""
    made = WasteResidual(
        event_id=new_id(), container_id=scene.vial, standing=FIT, visit_id=scene.visit_id,
        amount_ug=amount_ug, method=WasteMethod.DEACTIVATION_POUCH,
        proof=scene.proof(scene.nurse), witness=scene.proof(scene.other_nurse),
    )  # fmt: skip
    return replace(made, **more)


def a_return(scene: Scene, **more: Any) -> ReturnUnopened:
    """The first vial goes back; the pharmacist signs."""
    made = ReturnUnopened(
        event_id=new_id(), container_id=scene.vial, standing=FIT, pharmacy_id=scene.pharmacy_id, seal="S-0",
        proof=scene.proof(scene.nurse), witness=scene.proof(scene.pharmacist),
    )  # fmt: skip
    return replace(made, **more)


def a_report(scene: Scene, kind: EventKind, **more: Any) -> ReportException:
    """The first vial broke, is lost, was stolen or has a wrong seal."""
    made = ReportException(event_id=new_id(), container_id=scene.vial, standing=FIT, kind=kind)
    return replace(made, **more)


def a_count(scene: Scene, units: int, **more: Any) -> BlindCount:
    """A blind count of the nurse's sealed vials."""
    made = BlindCount(count_id=new_id(), round_id=new_id(), holder=scene.nurse_holder, counted_units=units)
    return replace(made, **more)


def a_stamp(at: datetime, seq: int = 1) -> DeviceStamp:
    """What a phone says of the moment."""
    return DeviceStamp(device_id=UUID(int=77), device_seq=seq, device_time=at)


def balance(session: Session, account: str) -> int:
    """What an account holds, over all lots."""
    rows = session.scalars(select(BalanceRow.balance_ug).where(BalanceRow.account == account))
    return sum(rows)


def the_vial(session: Session, scene: Scene) -> ContainerRow:
    """The first vial's row as it stands in the database."""
    return session.get_one(ContainerRow, scene.vial, populate_existing=True)

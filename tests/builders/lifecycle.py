"""Commands of the deeds beyond the bedside: infusions, residuals, stock, corrections."""

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.areas.records import PolicyRow
from dispatch.custody.commands import Correct, NewVial, Reverse
from dispatch.custody.infusion_commands import (
    ChangeRate,
    MeasureResidual,
    ReturnResidual,
    SealResidual,
    StartInfusion,
    StopInfusion,
)
from dispatch.custody.model import Basis, EventKind, WasteMethod
from dispatch.custody.records import EventRow
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
from dispatch.kernel.ids import new_id
from tests.builders.custody import FIT, Scene, the_vial


def deed(scene: Scene) -> dict[str, Any]:
    """What every deed on the first vial says."""
    return {"event_id": new_id(), "container_id": scene.vial, "standing": FIT}


def a_start(scene: Scene, rate_ug_per_min: int = 500, **more: Any) -> StartInfusion:
    """The pump begins at half a milligram a minute."""
    made = StartInfusion(visit_id=scene.visit_id, rate_ug_per_min=rate_ug_per_min, **deed(scene))
    return replace(made, **more)


def a_rate(scene: Scene, rate_ug_per_min: int, **more: Any) -> ChangeRate:
    """The pump is set to another rate."""
    made = ChangeRate(visit_id=scene.visit_id, rate_ug_per_min=rate_ug_per_min, **deed(scene))
    return replace(made, **more)


def a_stop(scene: Scene, amount_ug: int, **more: Any) -> StopInfusion:
    """The pump is stopped and says what it gave."""
    return replace(StopInfusion(visit_id=scene.visit_id, amount_ug=amount_ug, **deed(scene)), **more)


def a_measure(scene: Scene, measured_ug: int, **more: Any) -> MeasureResidual:
    """The residual is measured."""
    return replace(MeasureResidual(measured_ug=measured_ug, **deed(scene)), **more)


def a_sealing(scene: Scene, measured_ug: int, **more: Any) -> SealResidual:
    """The residual is sealed as R-1."""
    return replace(SealResidual(measured_ug=measured_ug, seal="R-1", **deed(scene)), **more)


def a_bringing_back(scene: Scene, measured_ug: int, **more: Any) -> ReturnResidual:
    """The sealed residual is handed in; the pharmacist signs."""
    made = ReturnResidual(
        pharmacy_id=scene.pharmacy_id, measured_ug=measured_ug, seal="R-1", **both_sign(scene), **deed(scene)
    )
    return replace(made, **more)


def both_sign(scene: Scene) -> dict[str, Any]:
    """The nurse and the pharmacist have both just proved who they are."""
    return {"proof": scene.proof(scene.nurse), "witness": scene.proof(scene.pharmacist)}


def two_approve(scene: Scene) -> dict[str, Any]:
    """Compliance and the pharmacist have both just proved who they are."""
    return {"proof": scene.proof(scene.compliance), "witness": scene.proof(scene.pharmacist)}


def last_event(session: Session, scene: Scene, kind: EventKind) -> UUID:
    """The first vial's newest event of a kind."""
    wanted = select(EventRow.id).where(EventRow.container_id == scene.vial, EventRow.kind == kind.value)
    return session.scalars(wanted.order_by(EventRow.sequence.desc())).first()


def a_reversal(session: Session, scene: Scene, kind: EventKind, **more: Any) -> Reverse:
    """Compliance and the pharmacist take back the newest entry of a kind."""
    made = Reverse(
        reverses=last_event(session, scene, kind), reason="wrong vial", **two_approve(scene), **deed(scene)
    )
    return replace(made, **more)


def a_correction(session: Session, scene: Scene, kind: EventKind, amount_ug: int, **more: Any) -> Correct:
    """Compliance and the pharmacist enter the newest entry of a kind anew."""
    made = Correct(
        reverses=last_event(session, scene, kind), reason="a nought too many", amount_ug=amount_ug,
        corrected_event_id=new_id(), **two_approve(scene), **deed(scene),
    )  # fmt: skip
    return replace(made, **more)


def an_order(scene: Scene, units: int = 2, **more: Any) -> PlaceOrder:
    """Vials are ordered for stock."""
    made = PlaceOrder(
        order_id=new_id(), pharmacy_id=scene.pharmacy_id, product_code="KET-50", units=units,
        basis=Basis.REGISTRANT_STOCK, supplier="Wholesale Inc.", reference="222-1",
    )  # fmt: skip
    return replace(made, **more)


def a_list(order: PlaceOrder, number: int = 2, **more: Any) -> DispenseOrder:
    """The supplier lists vials 8A0, 8A1 ... with the seals T-0, T-1 ..."""
    made = DispenseOrder(
        order_id=order.order_id, lot_number="L9", expires_on=date(2027, 6, 30), invoice="INV-9",
        vials=tuple(
            NewVial(event_id=new_id(), serial=f"8A{each}", seal=f"T-{each}") for each in range(number)
        ),
    )  # fmt: skip
    return replace(made, **more)


def an_arrival(order: PlaceOrder, containers: tuple[UUID, ...], **more: Any) -> ReceiveOrder:
    """All of the listed vials arrive, their seals as listed."""
    made = ReceiveOrder(
        order_id=order.order_id, counted_units=len(containers), invoice="INV-9",
        vials=tuple(
            ArrivedVial(event_id=new_id(), container_id=each, seal=f"T-{number}")
            for number, each in enumerate(containers)
        ),
    )  # fmt: skip
    return replace(made, **more)


def setting_aside(scene: Scene, kind: EventKind = EventKind.QUARANTINED, **more: Any) -> SetAside:
    """The first vial is taken out of stock."""
    return replace(SetAside(kind=kind, **deed(scene)), **more)


def a_restocking(scene: Scene, **more: Any) -> Restock:
    """The first vial goes back on the shelf."""
    return replace(Restock(seal="S-0", **deed(scene)), **more)


def a_destruction(scene: Scene, **more: Any) -> Destroy:
    """The first vial is destroyed before a second person."""
    signed = {"proof": scene.proof(scene.pharmacist), "witness": scene.proof(scene.compliance)}
    return replace(Destroy(method=WasteMethod.SOLIDIFYING_CONTAINER, **signed, **deed(scene)), **more)


def a_recall(session: Session, scene: Scene, **more: Any) -> RecallLot:
    """The lot of the first vial is recalled."""
    made = RecallLot(
        recall_id=new_id(), lot_id=the_vial(session, scene).lot_id, reference="FDA D-0001-2027",
        reason="sub-potent", proof=scene.proof(scene.compliance),
    )  # fmt: skip
    return replace(made, **more)


def signed_policy(session: Session, scene: Scene, key: str, value: dict[str, Any], **scope: Any) -> None:
    """Somebody signed a policy for the area."""
    session.add(
        PolicyRow(
            id=new_id(), area_id=scope.pop("area_id", scene.area_id), key=key, value=value, version=1,
            signed_by="Cora", signed_at=scene.clock.now(), reason="counsel", **scope,
        )
    )  # fmt: skip
    session.flush()

"""Ordered, dispensed by a supplier, counted and received."""

from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.custody import service
from dispatch.custody.model import Basis, EventKind, State, Verdict
from dispatch.custody.records import ContainerRow, DiscrepancyRow
from dispatch.custody.stock import ordering
from dispatch.kernel.ids import new_id
from dispatch.kernel.refusals import Conflict, Forbidden, Invalid, NotFound
from tests.builders.custody import LABEL_UG, Scene, a_delivery, a_pickup, a_report, a_scene, balance
from tests.builders.lifecycle import a_list, an_arrival, an_order, signed_policy


def dispensed(session: Session, units: int = 2) -> tuple[Scene, object, tuple[UUID, ...]]:
    """An order whose vials are on their way."""
    scene = a_scene(session, vials=0)
    order = an_order(scene, units)
    ordering.place_order(session, order, scene.pharmacist, scene.clock)
    receipts = ordering.dispense_order(session, a_list(order, units), scene.pharmacist, scene.clock)
    return scene, order, tuple(receipt.container_id for receipt in receipts)


def test_what_a_supplier_sent_is_nobodys_yet(session: Session) -> None:
    scene, _, containers = dispensed(session)
    row = session.get_one(ContainerRow, containers[0])
    assert (row.state, row.holder) == (State.DISPENSED, "")
    assert balance(session, f"custody:{scene.pharmacy_holder}") == 0
    session.commit()


def test_what_arrives_is_the_pharmacys(session: Session) -> None:
    scene, order, containers = dispensed(session)
    receipts = ordering.receive_order(session, an_arrival(order, containers), scene.pharmacist, scene.clock)
    assert [receipt.verdict for receipt in receipts] == [Verdict.STORED] * 2
    assert balance(session, f"custody:{scene.pharmacy_holder}") == 2 * LABEL_UG
    assert balance(session, "source:pharmacy") == -2 * LABEL_UG
    service.pick_up(session, a_pickup(session, scene, *containers), scene.nurse, scene.clock)
    session.commit()


def test_nothing_is_picked_up_before_it_arrived(session: Session) -> None:
    scene, _, containers = dispensed(session)
    with pytest.raises(Conflict, match="held_by_another"):
        service.pick_up(session, a_pickup(session, scene, *containers), scene.nurse, scene.clock)


def test_a_vial_that_did_not_arrive_becomes_a_case(session: Session) -> None:
    scene, order, containers = dispensed(session)
    ordering.receive_order(session, an_arrival(order, containers[:1]), scene.pharmacist, scene.clock)
    case = session.scalars(select(DiscrepancyRow)).one()
    assert (case.kind, case.container_id) == ("not_received", containers[1])
    assert (case.expected_ug, case.found_ug) == (LABEL_UG, 0)


def test_a_vial_with_a_wrong_seal_is_quarantined_at_the_door(session: Session) -> None:
    scene, order, containers = dispensed(session)
    command = an_arrival(order, containers)
    wrong = replace(command, vials=(replace(command.vials[0], seal="X"), command.vials[1]))
    receipts = ordering.receive_order(session, wrong, scene.pharmacist, scene.clock)
    assert [receipt.state for receipt in receipts] == [State.QUARANTINE, State.DISPENSED]
    assert receipts[0].reasons == ("seal_mismatch",)
    assert balance(session, "quarantine") == LABEL_UG


def test_a_vial_lost_on_its_way_was_never_ours(session: Session) -> None:
    scene, _, containers = dispensed(session)
    lost = a_report(replace(scene, vials=containers), EventKind.LOST)
    service.report_exception(session, lost, scene.compliance, scene.clock)
    assert session.get_one(ContainerRow, containers[0]).state == State.LOST
    assert balance(session, "lost") == 0


def test_the_lists_are_taken_once(session: Session) -> None:
    scene, order, containers = dispensed(session)
    command = an_arrival(order, containers)
    first = ordering.receive_order(session, command, scene.pharmacist, scene.clock)
    assert ordering.receive_order(session, command, scene.pharmacist, scene.clock) == first


def test_an_order_sent_again_is_one_and_with_other_content_refused(session: Session) -> None:
    scene = a_scene(session, vials=0)
    order = an_order(scene)
    first = ordering.place_order(session, order, scene.pharmacist, scene.clock)
    assert ordering.place_order(session, order, scene.pharmacist, scene.clock) is first
    with pytest.raises(Conflict, match="event_id_reused"):
        ordering.place_order(session, replace(order, units=9), scene.pharmacist, scene.clock)


def test_a_list_is_no_longer_than_its_order(session: Session) -> None:
    scene = a_scene(session, vials=0)
    order = an_order(scene, 1)
    ordering.place_order(session, order, scene.pharmacist, scene.clock)
    with pytest.raises(Conflict, match="more_than_ordered"):
        ordering.dispense_order(session, a_list(order, 2), scene.pharmacist, scene.clock)


def test_a_vial_of_another_delivery_is_not_of_the_order(session: Session) -> None:
    scene, order, _ = dispensed(session)
    stranger = a_scene_vial(session, scene)
    with pytest.raises(Conflict, match="not_of_this_order"):
        ordering.receive_order(session, an_arrival(order, (stranger,)), scene.pharmacist, scene.clock)


def a_scene_vial(session: Session, scene: Scene) -> UUID:
    receipts = service.receive_at_pharmacy(session, a_delivery(scene, 1), scene.pharmacist, scene.clock)
    return receipts[0].container_id


def test_the_count_at_the_door_has_to_agree(session: Session) -> None:
    scene, order, containers = dispensed(session)
    with pytest.raises(Conflict, match="count_differs"):
        ordering.receive_order(
            session, an_arrival(order, containers, counted_units=3), scene.pharmacist, scene.clock
        )


@pytest.mark.parametrize("units", [0, -1, 1001])
def test_an_order_names_a_number_of_vials(session: Session, units: int) -> None:
    scene = a_scene(session, vials=0)
    with pytest.raises(Invalid, match="units_not_plausible"):
        ordering.place_order(session, an_order(scene, units), scene.pharmacist, scene.clock)


def test_a_nurse_orders_nothing(session: Session) -> None:
    scene = a_scene(session, vials=0)
    with pytest.raises(Forbidden, match="role_missing"):
        ordering.place_order(session, an_order(scene), scene.nurse, scene.clock)


def test_an_unknown_order_is_not_found(session: Session) -> None:
    scene = a_scene(session, vials=0)
    with pytest.raises(NotFound, match="no_such_order"):
        ordering.dispense_order(
            session, a_list(an_order(scene, order_id=new_id())), scene.pharmacist, scene.clock
        )


def test_where_only_patients_vials_may_be_kept_no_stock_is_ordered(session: Session) -> None:
    scene = a_scene(session, vials=0)
    signed_policy(session, scene, "custody.basis", {"allowed": ["patient_rx"]}, area_id=None, state="OH")
    with pytest.raises(Invalid, match="basis_not_allowed"):
        ordering.place_order(session, an_order(scene), scene.pharmacist, scene.clock)
    order = an_order(scene, basis=Basis.PATIENT_RX)
    assert ordering.place_order(session, order, scene.pharmacist, scene.clock).basis == "patient_rx"

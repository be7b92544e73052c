"""Set aside, put back, destroyed, recalled."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.custody import queries, service
from dispatch.custody.model import Basis, EventKind, State, Verdict
from dispatch.custody.records import ContainerRow
from dispatch.custody.stock import service as stock
from dispatch.kernel.ids import new_id
from dispatch.kernel.refusals import Conflict, Forbidden, Invalid, NotFound
from tests.builders.custody import (
    LABEL_UG,
    MG,
    Scene,
    a_draw,
    a_pickup,
    a_return,
    a_scene,
    an_opening,
    balance,
    opened,
    picked_up,
    the_vial,
)
from tests.builders.lifecycle import a_destruction, a_recall, a_restocking, setting_aside

# Set aside.


def test_a_vial_is_quarantined(session: Session) -> None:
    scene = a_scene(session)
    receipt = stock.set_aside(session, setting_aside(scene), scene.pharmacist, scene.clock)
    assert (receipt.verdict, receipt.state) == (Verdict.STORED, State.QUARANTINE)
    assert balance(session, "quarantine") == LABEL_UG
    assert balance(session, f"custody:{scene.pharmacy_holder}") == 0


def test_what_expired_is_taken_out_of_stock(session: Session) -> None:
    scene = a_scene(session, expires_on=date(2026, 11, 22))
    receipt = stock.set_aside(session, setting_aside(scene, EventKind.EXPIRED), scene.pharmacist, scene.clock)
    assert receipt.state is State.EXPIRED


def test_what_is_in_date_did_not_expire(session: Session) -> None:
    scene = a_scene(session)
    with pytest.raises(Conflict, match="not_expired"):
        stock.set_aside(session, setting_aside(scene, EventKind.EXPIRED), scene.pharmacist, scene.clock)


def test_what_a_nurse_holds_is_not_set_aside_from_afar(session: Session) -> None:
    scene = picked_up(session)
    with pytest.raises(Conflict, match="held_by_another"):
        stock.set_aside(session, setting_aside(scene), scene.pharmacist, scene.clock)


def test_a_nurse_sets_nothing_aside(session: Session) -> None:
    scene = a_scene(session)
    with pytest.raises(Forbidden, match="role_missing"):
        stock.set_aside(session, setting_aside(scene), scene.nurse, scene.clock)


def test_lost_is_not_set_aside(session: Session) -> None:
    scene = a_scene(session)
    with pytest.raises(Invalid, match="not_to_set_aside"):
        stock.set_aside(session, setting_aside(scene, EventKind.LOST), scene.pharmacist, scene.clock)


# Put back.


def returned(session: Session, **more: object) -> Scene:
    scene = picked_up(session, **more)
    service.return_unopened(session, a_return(scene), scene.nurse, scene.clock)
    return scene


def test_a_returned_vial_goes_out_again(session: Session) -> None:
    scene = returned(session)
    stock.restock(session, a_restocking(scene), scene.pharmacist, scene.clock)
    assert balance(session, f"custody:{scene.pharmacy_holder}") == LABEL_UG
    assert balance(session, "returned") == 0
    service.pick_up(session, a_pickup(session, scene), scene.nurse, scene.clock)


def test_a_patients_vial_never_goes_back(session: Session) -> None:
    scene = returned(session, basis=Basis.PATIENT_RX)
    with pytest.raises(Conflict) as refused:
        stock.restock(session, a_restocking(scene), scene.pharmacist, scene.clock)
    assert {reason.code for reason in refused.value.reasons} == {"state_does_not_allow", "not_for_stock"}


def test_a_vial_with_another_seal_does_not_go_back(session: Session) -> None:
    scene = returned(session)
    with pytest.raises(Conflict, match="seal_mismatch"):
        stock.restock(session, a_restocking(scene, seal="S-9"), scene.pharmacist, scene.clock)


def test_a_vial_that_expired_on_the_road_comes_back_as_expired(session: Session) -> None:
    scene = picked_up(session, expires_on=date(2026, 11, 23))
    scene.clock.at = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
    receipt = service.return_unopened(session, a_return(scene), scene.nurse, scene.clock)
    assert receipt.state is State.EXPIRED
    assert balance(session, "quarantine") == LABEL_UG


# Destroyed.


def test_put_aside_drug_is_destroyed_before_two(session: Session) -> None:
    scene = a_scene(session)
    stock.set_aside(session, setting_aside(scene), scene.pharmacist, scene.clock)
    receipt = stock.destroy(session, a_destruction(scene), scene.pharmacist, scene.clock)
    assert (receipt.verdict, receipt.state) == (Verdict.STORED, State.DESTROYED)
    assert balance(session, "waste") == LABEL_UG
    session.commit()


def test_destroyed_by_one_alone_it_is_kept_as_an_exception(session: Session) -> None:
    scene = a_scene(session)
    stock.set_aside(session, setting_aside(scene), scene.pharmacist, scene.clock)
    receipt = stock.destroy(session, a_destruction(scene, witness=None), scene.pharmacist, scene.clock)
    assert (receipt.verdict, receipt.reasons) == (Verdict.FLAGGED, ("witness_missing",))


def test_what_is_in_stock_is_not_destroyed(session: Session) -> None:
    scene = a_scene(session)
    with pytest.raises(Conflict, match="state_does_not_allow"):
        stock.destroy(session, a_destruction(scene), scene.pharmacist, scene.clock)


# Recalled: every container of the lot, wherever it is.


def recalled(session: Session, scene: Scene) -> None:
    stock.recall_lot(session, a_recall(session, scene), scene.compliance, scene.clock)


def test_a_recall_reaches_every_vial_of_the_lot(session: Session) -> None:
    scene = a_scene(session, vials=4)
    service.pick_up(session, a_pickup(session, scene, *scene.vials[:2]), scene.nurse, scene.clock)
    receipts = stock.recall_lot(session, a_recall(session, scene), scene.compliance, scene.clock)
    assert {receipt.container_id for receipt in receipts} == set(scene.vials[2:])
    states = dict(session.execute(select(ContainerRow.id, ContainerRow.state)).all())
    assert [states[each] for each in scene.vials] == ["picked_up", "picked_up", "recalled", "recalled"]
    assert balance(session, "quarantine") == 2 * LABEL_UG
    tasks = queries.recall_tasks(session, scene.area_id)
    assert [line.serial for line in tasks] == ["7F0", "7F1"]
    session.commit()


def test_the_task_is_done_when_the_vial_is_back(session: Session) -> None:
    scene = picked_up(session)
    recalled(session, scene)
    receipt = service.return_unopened(session, a_return(scene), scene.nurse, scene.clock)
    assert receipt.state is State.RECALLED
    assert queries.recall_tasks(session, scene.area_id) == []


def test_a_recalled_vial_is_neither_opened_nor_drawn_from(session: Session) -> None:
    scene = picked_up(session)
    recalled(session, scene)
    with pytest.raises(Conflict, match="lot_recalled"):
        service.open_container(session, an_opening(scene), scene.nurse, scene.clock)


def test_an_open_vial_of_a_recalled_lot_is_not_drawn_from(session: Session) -> None:
    scene = opened(session)
    recalled(session, scene)
    with pytest.raises(Conflict, match="lot_recalled"):
        service.draw(session, a_draw(scene, MG), scene.nurse, scene.clock)


def test_a_recalled_vial_is_not_picked_up(session: Session) -> None:
    scene = a_scene(session)
    recalled(session, scene)
    with pytest.raises(Conflict, match="lot_recalled"):
        service.pick_up(session, a_pickup(session, scene), scene.nurse, scene.clock)


def test_a_recall_is_recorded_once(session: Session) -> None:
    scene = a_scene(session)
    command = a_recall(session, scene)
    stock.recall_lot(session, command, scene.compliance, scene.clock)
    with pytest.raises(Conflict, match="lot_recalled_already"):
        stock.recall_lot(session, command, scene.compliance, scene.clock)


@pytest.mark.parametrize(
    ("proof", "code"),
    [
        (lambda scene: None, "actor_proof_missing"),
        (lambda scene: scene.proof(scene.pharmacist), "proof_of_another"),
        (
            lambda scene: scene.proof(scene.compliance, proved_at=scene.clock.now() - timedelta(minutes=6)),
            "actor_not_fresh",
        ),
    ],
)
def test_a_recall_needs_a_fresh_proof_of_its_own_actor(session: Session, proof, code) -> None:
    scene = a_scene(session)
    with pytest.raises(Forbidden, match=code):
        stock.recall_lot(session, a_recall(session, scene, proof=proof(scene)), scene.compliance, scene.clock)


def test_an_unknown_lot_is_not_found(session: Session) -> None:
    scene = a_scene(session)
    with pytest.raises(NotFound, match="no_such_lot"):
        stock.recall_lot(session, a_recall(session, scene, lot_id=new_id()), scene.compliance, scene.clock)


def test_a_recalled_vial_stays_with_its_nurse_until_it_is_back(session: Session) -> None:
    scene = picked_up(session)
    recalled(session, scene)
    assert the_vial(session, scene).holder == scene.nurse_holder

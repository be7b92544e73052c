"""Delivery and pickup, one refusal a test."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from dispatch.custody import service
from dispatch.custody.commands import NewVial
from dispatch.custody.model import Verdict
from dispatch.kernel.actor import SYSTEM, Role
from dispatch.kernel.ids import new_id
from dispatch.kernel.refusals import Conflict, Forbidden, Invalid, NotFound
from tests.builders.custody import (
    OFF_SHIFT,
    Scene,
    a_delivery,
    a_pickup,
    a_scene,
    an_opening,
    picked_up,
)
from tests.builders.lifecycle import signed_policy

LAST_YEAR = date(2025, 12, 31)


def picking_up(session: Session, scene: Scene, **more: Any) -> None:
    service.pick_up(session, a_pickup(session, scene, **more), scene.nurse, scene.clock)


# Delivery.


def test_only_a_pharmacist_receives(session: Session) -> None:
    scene = a_scene(session, vials=0)
    with pytest.raises(Forbidden, match="role_missing"):
        service.receive_at_pharmacy(session, a_delivery(scene, 1), scene.nurse, scene.clock)


def test_a_serial_number_is_received_once(session: Session) -> None:
    scene = a_scene(session)
    with pytest.raises(Conflict, match="serial_known"):
        service.receive_at_pharmacy(session, a_delivery(scene, 1), scene.pharmacist, scene.clock)


def test_a_vial_without_seal_is_not_received(session: Session) -> None:
    scene = a_scene(session, vials=0)
    bare = a_delivery(scene, 0, vials=(NewVial(event_id=new_id(), serial="X", seal=""),))
    with pytest.raises(Invalid, match="seal_missing"):
        service.receive_at_pharmacy(session, bare, scene.pharmacist, scene.clock)


def test_a_lot_has_one_expiry_date(session: Session) -> None:
    scene = a_scene(session)
    other = (NewVial(event_id=new_id(), serial="X", seal="S"),)
    command = a_delivery(scene, 0, vials=other, expires_on=date(2028, 1, 1))
    with pytest.raises(Conflict, match="lot_expiry_differs"):
        service.receive_at_pharmacy(session, command, scene.pharmacist, scene.clock)


def test_vials_that_may_not_be_kept_here_are_received_and_flagged(session: Session) -> None:
    scene = a_scene(session, vials=0)
    signed_policy(session, scene, "custody.basis", {"allowed": ["patient_rx"]})
    (receipt,) = service.receive_at_pharmacy(session, a_delivery(scene, 1), scene.pharmacist, scene.clock)
    assert (receipt.verdict, receipt.reasons) == (Verdict.FLAGGED, ("basis_not_allowed",))


def test_an_unknown_product_is_not_received(session: Session) -> None:
    scene = a_scene(session, vials=0)
    with pytest.raises(NotFound, match="no_such_product"):
        service.receive_at_pharmacy(
            session, a_delivery(scene, 1, product_code="?"), scene.pharmacist, scene.clock
        )


# Pickup.


def test_a_pickup_needs_the_nurses_proof(session: Session) -> None:
    scene = a_scene(session)
    with pytest.raises(Forbidden, match="actor_proof_missing"):
        picking_up(session, scene, proof=None)


def test_a_pickup_needs_a_second_signature(session: Session) -> None:
    scene = a_scene(session)
    with pytest.raises(Forbidden, match="witness_missing"):
        picking_up(session, scene, witness=None)


def test_a_pickup_is_signed_by_a_pharmacist(session: Session) -> None:
    scene = a_scene(session)
    with pytest.raises(Forbidden, match="pharmacist_missing"):
        picking_up(session, scene, witness=scene.proof(scene.other_nurse))


def test_a_pickup_needs_the_nurses_own_proof(session: Session) -> None:
    scene = a_scene(session)
    with pytest.raises(Forbidden, match="proof_of_another"):
        picking_up(session, scene, proof=scene.proof(scene.other_nurse))


def test_a_proof_grows_old(session: Session) -> None:
    scene = a_scene(session)
    old = scene.proof(scene.nurse, proved_at=scene.clock.now() - timedelta(minutes=5, seconds=1))
    with pytest.raises(Forbidden, match="actor_not_fresh"):
        picking_up(session, scene, proof=old)


def test_a_proof_of_five_minutes_ago_counts(session: Session) -> None:
    scene = a_scene(session)
    picking_up(
        session, scene, proof=scene.proof(scene.nurse, proved_at=scene.clock.now() - timedelta(minutes=5))
    )


def test_a_proof_from_the_future_does_not_count(session: Session) -> None:
    scene = a_scene(session)
    ahead = scene.proof(scene.pharmacist, proved_at=scene.clock.now() + timedelta(seconds=1))
    with pytest.raises(Forbidden, match="witness_not_fresh"):
        picking_up(session, scene, witness=ahead)


def test_a_nurse_off_shift_picks_up_nothing(session: Session) -> None:
    scene = a_scene(session)
    with pytest.raises(Conflict, match="off_shift"):
        picking_up(session, scene, standing=OFF_SHIFT)


def test_the_count_at_pickup_has_to_agree(session: Session) -> None:
    scene = a_scene(session, vials=2)
    with pytest.raises(Conflict, match="count_differs"):
        picking_up(session, scene, counted_units=1)


def test_every_seal_at_pickup_has_to_agree(session: Session) -> None:
    scene = a_scene(session)
    command = a_pickup(session, scene)
    listed = (replace(command.vials[0], seal="S-9"),)
    with pytest.raises(Conflict, match="seal_mismatch"):
        service.pick_up(session, replace(command, vials=listed), scene.nurse, scene.clock)


def test_an_expired_lot_is_not_picked_up(session: Session) -> None:
    scene = a_scene(session, expires_on=LAST_YEAR)
    with pytest.raises(Conflict, match="lot_expired"):
        picking_up(session, scene)


def test_a_vial_is_picked_up_once(session: Session) -> None:
    scene = picked_up(session)
    with pytest.raises(Conflict, match="state_does_not_allow"):
        picking_up(session, scene)


def test_a_pickup_names_every_reason_at_once(session: Session) -> None:
    scene = a_scene(session, vials=2, expires_on=LAST_YEAR)
    with pytest.raises(Conflict) as refused:
        picking_up(session, scene, standing=OFF_SHIFT, counted_units=3)
    assert [reason.code for reason in refused.value.reasons] == [
        "off_shift", "count_differs", "lot_expired", "lot_expired",
    ]  # fmt: skip


def test_a_pickup_with_a_changed_list_is_refused(session: Session) -> None:
    scene = a_scene(session, vials=2)
    command = a_pickup(session, scene, scene.vial)
    service.pick_up(session, command, scene.nurse, scene.clock)
    more = a_pickup(session, scene, scene.vials[1]).vials
    changed = replace(command, vials=command.vials + more)
    with pytest.raises(Conflict, match="list_changed"):
        service.pick_up(session, changed, scene.nurse, scene.clock)


def test_the_system_signs_nothing(session: Session) -> None:
    scene = picked_up(session)
    nobody = replace(SYSTEM, roles=frozenset({Role.NURSE}), nurse_id=scene.nurse.nurse_id)
    with pytest.raises(Forbidden, match="not_signed_in"):
        service.open_container(session, an_opening(scene), nobody, scene.clock)


def test_an_unknown_vial_is_not_found(session: Session) -> None:
    scene = picked_up(session)
    with pytest.raises(NotFound, match="no_such_vial"):
        service.open_container(session, an_opening(scene, container_id=new_id()), scene.nurse, scene.clock)

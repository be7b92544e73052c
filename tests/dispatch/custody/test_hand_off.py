"""From nurse to nurse: offered, then accepted or declined; never without the receiver."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from dispatch.custody import queries, service
from dispatch.custody.commands import AcceptHandOff, DeclineHandOff, OfferHandOff
from dispatch.custody.model import Verdict, nurse_holder
from dispatch.kernel.ids import new_id
from dispatch.kernel.refusals import Conflict, NotFound
from tests.builders.custody import (
    EXPIRED,
    FIT,
    LABEL_UG,
    Scene,
    a_count,
    a_stamp,
    a_waste,
    an_opening,
    balance,
    given,
    picked_up,
    the_vial,
)
from tests.builders.lifecycle import signed_policy


def an_offer(scene: Scene, **more: Any) -> OfferHandOff:
    made = OfferHandOff(
        event_id=new_id(), container_id=scene.vial, standing=FIT, seal="S-0",
        to_nurse_id=scene.other_nurse.nurse_id,
    )  # fmt: skip
    return replace(made, **more)


def an_acceptance(scene: Scene, **more: Any) -> AcceptHandOff:
    made = AcceptHandOff(event_id=new_id(), container_id=scene.vial, standing=FIT, seal="S-0")
    return replace(made, **more)


def offered(session: Session) -> Scene:
    scene = picked_up(session)
    service.offer_hand_off(session, an_offer(scene), scene.nurse, scene.clock)
    return scene


def test_an_offered_vial_stays_with_its_holder(session: Session) -> None:
    scene = offered(session)
    assert the_vial(session, scene).holder == scene.nurse_holder
    assert balance(session, f"custody:{scene.nurse_holder}") == LABEL_UG
    assert [line.serial for line in queries.offers_to(session, scene.other_nurse.nurse_id)] == ["7F0"]


def test_an_accepted_vial_is_the_receivers(session: Session) -> None:
    scene = offered(session)
    service.accept_hand_off(session, an_acceptance(scene), scene.other_nurse, scene.clock)
    receiver = nurse_holder(scene.other_nurse.nurse_id)
    assert the_vial(session, scene).holder == receiver
    assert balance(session, f"custody:{receiver}") == LABEL_UG
    assert balance(session, f"custody:{scene.nurse_holder}") == 0
    assert queries.offers_to(session, scene.other_nurse.nurse_id) == []


def test_accepting_begins_the_receivers_shift(session: Session) -> None:
    scene = offered(session)
    service.accept_hand_off(session, an_acceptance(scene), scene.other_nurse, scene.clock)
    with pytest.raises(Conflict, match="unopened_in_hand"):
        service.close_shift(session, scene.other_nurse, scene.clock)


def test_a_declined_vial_may_be_offered_again(session: Session) -> None:
    scene = offered(session)
    no = DeclineHandOff(event_id=new_id(), container_id=scene.vial, standing=FIT)
    service.decline_hand_off(session, no, scene.other_nurse, scene.clock)
    receipt = service.offer_hand_off(session, an_offer(scene), scene.nurse, scene.clock)
    assert receipt.verdict is Verdict.STORED


def test_nobody_accepts_what_was_not_offered_to_them(session: Session) -> None:
    scene = offered(session)
    with pytest.raises(Conflict, match="no_hand_off"):
        service.accept_hand_off(session, an_acceptance(scene), scene.nurse, scene.clock)


def test_nobody_accepts_without_an_offer(session: Session) -> None:
    scene = picked_up(session)
    with pytest.raises(Conflict, match="no_hand_off"):
        service.accept_hand_off(session, an_acceptance(scene), scene.other_nurse, scene.clock)


def test_the_receiver_reads_the_same_seal(session: Session) -> None:
    scene = offered(session)
    with pytest.raises(Conflict, match="seal_mismatch"):
        service.accept_hand_off(session, an_acceptance(scene, seal="S-9"), scene.other_nurse, scene.clock)


def test_an_unlicensed_receiver_takes_nothing(session: Session) -> None:
    scene = offered(session)
    with pytest.raises(Conflict, match="not_licensed_here"):
        service.accept_hand_off(
            session, an_acceptance(scene, standing=EXPIRED), scene.other_nurse, scene.clock
        )


def test_only_the_holder_offers(session: Session) -> None:
    scene = picked_up(session)
    with pytest.raises(Conflict, match="held_by_another"):
        service.offer_hand_off(
            session, an_offer(scene, to_nurse_id=scene.nurse.nurse_id), scene.other_nurse, scene.clock
        )


def test_a_vial_is_offered_to_one_at_a_time(session: Session) -> None:
    scene = offered(session)
    with pytest.raises(Conflict, match="hand_off_pending"):
        service.offer_hand_off(session, an_offer(scene), scene.nurse, scene.clock)


def test_nobody_hands_a_vial_to_oneself(session: Session) -> None:
    scene = picked_up(session)
    with pytest.raises(Conflict, match="hand_off_to_oneself"):
        service.offer_hand_off(
            session, an_offer(scene, to_nurse_id=scene.nurse.nurse_id), scene.nurse, scene.clock
        )


def test_a_vial_is_not_offered_to_nobody(session: Session) -> None:
    scene = picked_up(session)
    with pytest.raises(NotFound, match="no_such_nurse"):
        service.offer_hand_off(session, an_offer(scene, to_nurse_id=new_id()), scene.nurse, scene.clock)


def test_opening_an_offered_vial_is_kept_and_ends_the_offer(session: Session) -> None:
    scene = offered(session)
    receipt = service.open_container(session, an_opening(scene), scene.nurse, scene.clock)
    assert (receipt.verdict, receipt.reasons) == (Verdict.FLAGGED, ("hand_off_pending",))
    with pytest.raises(Conflict, match="no_hand_off"):
        service.accept_hand_off(session, an_acceptance(scene), scene.other_nurse, scene.clock)


def test_an_offered_vial_is_still_counted_with_the_giver(session: Session) -> None:
    scene = offered(session)
    assert service.count(session, a_count(scene, 1), scene.nurse, scene.clock).variance_units == 0


# An offer expires back to the giver, by the clock alone.


def test_an_offer_expires_back_to_the_giver(session: Session) -> None:
    scene = offered(session)
    scene.clock.advance(timedelta(minutes=60, seconds=1))
    with pytest.raises(Conflict, match="hand_off_expired"):
        service.accept_hand_off(session, an_acceptance(scene), scene.other_nurse, scene.clock)
    assert the_vial(session, scene).holder == scene.nurse_holder
    assert queries.offers_to(session, scene.other_nurse.nurse_id, scene.clock.now()) == []


def test_an_offer_stands_to_the_end_of_its_time(session: Session) -> None:
    scene = offered(session)
    scene.clock.advance(timedelta(minutes=60))
    receipt = service.accept_hand_off(session, an_acceptance(scene), scene.other_nurse, scene.clock)
    assert receipt.verdict is Verdict.STORED


def test_an_acceptance_in_time_that_is_told_late_counts(session: Session) -> None:
    scene = offered(session)
    accepted_at = scene.clock.now() + timedelta(minutes=5)
    scene.clock.advance(timedelta(hours=3))
    command = an_acceptance(scene, stamp=a_stamp(accepted_at))
    receipt = service.accept_hand_off(session, command, scene.other_nurse, scene.clock)
    assert (receipt.verdict, receipt.reasons) == (Verdict.FLAGGED, ("late_entry",))


def test_an_expired_vial_is_offered_and_opened_as_if_nothing_had_been(session: Session) -> None:
    scene = offered(session)
    scene.clock.advance(timedelta(hours=2))
    assert (
        service.offer_hand_off(session, an_offer(scene), scene.nurse, scene.clock).verdict is Verdict.STORED
    )
    scene.clock.advance(timedelta(hours=2))
    receipt = service.open_container(session, an_opening(scene), scene.nurse, scene.clock)
    assert receipt.verdict is Verdict.STORED


@pytest.mark.parametrize(("minutes", "stands"), [(19, True), (21, False)])
def test_how_long_an_offer_stands_is_policy(session: Session, minutes: int, stands: bool) -> None:
    scene = picked_up(session)
    signed_policy(session, scene, "custody.hand_off", {"expires_minutes": 20}, state="OH")
    service.offer_hand_off(session, an_offer(scene), scene.nurse, scene.clock)
    scene.clock.advance(timedelta(minutes=minutes))
    offers = queries.offers_to(session, scene.other_nurse.nurse_id, scene.clock.now())
    assert bool(offers) is stands


def test_opened_drug_changes_hands_too_and_keeps_its_residual(session: Session) -> None:
    scene = given(session)
    service.offer_hand_off(session, an_offer(scene, seal=""), scene.nurse, scene.clock)
    service.accept_hand_off(session, an_acceptance(scene, seal=""), scene.other_nurse, scene.clock)
    row = the_vial(session, scene)
    assert (row.state, row.holder) == ("residual_pending", nurse_holder(scene.other_nurse.nurse_id))
    waste = a_waste(scene, LABEL_UG - 31_000, witness=scene.proof(scene.nurse))
    waste = replace(waste, proof=scene.proof(scene.other_nurse))
    assert service.waste_residual(session, waste, scene.other_nurse, scene.clock).verdict is Verdict.STORED
    session.commit()

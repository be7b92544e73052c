"""Attacks 1 to 4 of custody-rules.md: real threads, each with a session of its own, on both databases."""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from dispatch.audit.records import AuditEntryRow
from dispatch.custody import service
from dispatch.custody.model import State, Verdict
from dispatch.custody.records import DiscrepancyRow
from dispatch.kernel.actor import Actor
from dispatch.kernel.refusals import Conflict
from dispatch.kernel.sealing import Keyring
from dispatch.kernel.storage import transaction
from tests.builders.custody import (
    LABEL_UG,
    MG,
    Scene,
    a_delivery,
    a_draw,
    a_pickup,
    a_scene,
    a_stamp,
    a_waste,
    an_opening,
    balance,
    given,
    opened,
    picked_up,
    the_vial,
)

Sent = Callable[[Session], Any]


def sending(deed: Callable[..., Any], actor: Actor, scene: Scene, *commands: object) -> list[Sent]:
    """Make one call of `deed` for each command."""
    return [
        lambda session, command=command: deed(session, command, actor, scene.clock) for command in commands
    ]


def at_once(engine: Engine, keyring: Keyring, deeds: list[Sent]) -> list[Any]:
    """Run every deed in a thread, a session and a transaction of its own, all at the same moment."""
    gate = threading.Barrier(len(deeds))

    def one(deed: Sent) -> Any:
        gate.wait()
        try:
            with transaction(engine, keyring) as session:
                return deed(session)
        except Exception as refused:
            return refused

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(one, deeds))


def prepared(engine: Engine, keyring: Keyring, make: Callable[..., Scene], **more: object) -> Scene:
    """Make a scene and commit it."""
    with transaction(engine, keyring) as session:
        return make(session, **more)


# 1: two phones open one vial at once.


@pytest.mark.parametrize("phones", [2, 32])
def test_of_phones_that_open_one_vial_at_once_one_wins(engine: Engine, keyring: Keyring, phones: int) -> None:
    scene = prepared(engine, keyring, picked_up)
    commands = [an_opening(scene) for _ in range(phones)]
    deeds = sending(service.open_container, scene.nurse, scene, *commands)
    answers = at_once(engine, keyring, deeds)
    assert Counter(answer.verdict for answer in answers) == {Verdict.STORED: 1, Verdict.CLAIM: phones - 1}
    with transaction(engine, keyring) as session:
        assert balance(session, f"open:{scene.vial}") == LABEL_UG
        cases = session.scalars(select(DiscrepancyRow.kind)).all()
    assert cases == ["state_does_not_allow"] * (phones - 1)


def test_another_nurse_who_opens_the_vial_is_kept_as_a_claim(session: Session) -> None:
    scene = picked_up(session)
    receipt = service.open_container(session, an_opening(scene), scene.other_nurse, scene.clock)
    assert receipt.verdict is Verdict.CLAIM
    assert receipt.reasons == ("held_by_another",)
    assert the_vial(session, scene).state == State.PICKED_UP


# 2: 16 parallel draws of 50 mg from 500 mg.


def test_sixteen_draws_of_fifty_from_five_hundred(engine: Engine, keyring: Keyring) -> None:
    scene = prepared(engine, keyring, opened)
    commands = [a_draw(scene, 50 * MG) for _ in range(16)]
    deeds = sending(service.draw, scene.nurse, scene, *commands)
    answers = at_once(engine, keyring, deeds)
    assert Counter(answer.verdict for answer in answers) == {Verdict.STORED: 10, Verdict.CLAIM: 6}
    with transaction(engine, keyring) as session:
        assert balance(session, f"open:{scene.vial}") == 0
        assert balance(session, f"drawn:{scene.vial}") == LABEL_UG
        found = session.scalars(select(DiscrepancyRow)).all()
        assert {row.kind for row in found} == {"over_draw"}
        assert [(row.expected_ug, row.found_ug) for row in found] == [(0, 50 * MG)] * 6


def test_two_nurses_who_pick_up_the_same_vials_do_not_share_them(engine: Engine, keyring: Keyring) -> None:
    scene = prepared(engine, keyring, a_scene, vials=4)
    with transaction(engine, keyring) as session:
        mine = a_pickup(session, scene)
        theirs = a_pickup(session, scene, *reversed(scene.vials), proof=scene.proof(scene.other_nurse))
    answers = at_once(
        engine,
        keyring,
        sending(service.pick_up, scene.nurse, scene, mine)
        + sending(service.pick_up, scene.other_nurse, scene, theirs),
    )
    assert sum(isinstance(answer, Conflict) for answer in answers) == 1
    assert sum(isinstance(answer, tuple) for answer in answers) == 1


# 3: retry after a time-out.


def test_a_retry_gets_the_same_receipt_and_posts_once(engine: Engine, keyring: Keyring) -> None:
    scene = prepared(engine, keyring, opened)
    command = a_draw(scene)
    deeds = sending(service.draw, scene.nurse, scene, *[command] * 8)
    answers = at_once(engine, keyring, deeds)
    assert all(answer == answers[0] for answer in answers)
    assert sum(answer.replayed for answer in answers) == 7
    with transaction(engine, keyring) as session:
        assert balance(session, f"drawn:{scene.vial}") == 35 * MG


def test_a_retry_a_day_later_needs_no_fresh_witness(session: Session) -> None:
    scene = given(session)
    command = a_waste(scene, LABEL_UG - 31 * MG)
    first = service.waste_residual(session, command, scene.nurse, scene.clock)
    scene.clock.advance(timedelta(days=1))
    assert service.waste_residual(session, command, scene.nurse, scene.clock) == first


def test_a_pickup_sent_again_gets_the_same_receipts(session: Session) -> None:
    scene = a_scene(session, vials=3)
    command = a_pickup(session, scene)
    first = service.pick_up(session, command, scene.nurse, scene.clock)
    assert service.pick_up(session, command, scene.nurse, scene.clock) == first


def test_a_delivery_sent_again_is_received_once(engine: Engine, keyring: Keyring) -> None:
    scene = prepared(engine, keyring, a_scene, vials=0)
    command = a_delivery(scene, 3)
    deeds = [lambda session: service.receive_at_pharmacy(session, command, scene.pharmacist, scene.clock)] * 4
    answers = at_once(engine, keyring, deeds)
    assert all(answer == answers[0] for answer in answers)
    with transaction(engine, keyring) as session:
        assert balance(session, "source:pharmacy") == -3 * LABEL_UG


# 4: same id, altered body.


def test_the_same_id_with_another_amount_is_refused_and_alarmed(session: Session) -> None:
    scene = opened(session)
    command = a_draw(scene)
    service.draw(session, command, scene.nurse, scene.clock)
    receipt = service.draw(session, replace(command, amount_ug=36 * MG), scene.nurse, scene.clock)
    assert receipt.verdict is Verdict.ID_REUSED
    assert balance(session, f"drawn:{scene.vial}") == 35 * MG
    session.flush()
    assert session.scalars(select(DiscrepancyRow.kind)).all() == ["event_id_reused"]
    alarms = select(AuditEntryRow).where(AuditEntryRow.action == "custody.event_id_reused")
    assert len(session.scalars(alarms).all()) == 1


def test_the_same_id_for_two_vials_at_once_is_stored_for_one(engine: Engine, keyring: Keyring) -> None:
    scene = prepared(engine, keyring, picked_up, vials=2)
    first = an_opening(scene)
    second = replace(first, container_id=scene.vials[1], seal="S-1")
    answers = at_once(engine, keyring, sending(service.open_container, scene.nurse, scene, first, second))
    assert {answer.verdict for answer in answers} == {Verdict.STORED, Verdict.ID_REUSED}


def test_the_same_id_from_another_person_is_refused(session: Session) -> None:
    scene = picked_up(session)
    command = an_opening(scene)
    service.open_container(session, command, scene.nurse, scene.clock)
    receipt = service.open_container(session, command, scene.other_nurse, scene.clock)
    assert receipt.verdict is Verdict.ID_REUSED


def test_a_phones_sequence_number_used_twice_is_alarmed(session: Session) -> None:
    scene = opened(session)
    stamp = a_stamp(scene.clock.now())
    service.draw(session, a_draw(scene, stamp=stamp), scene.nurse, scene.clock)
    receipt = service.draw(session, a_draw(scene, stamp=stamp), scene.nurse, scene.clock)
    assert receipt.reasons == ("device_sequence_reused",)

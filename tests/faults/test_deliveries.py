"""Phones send again what they have no answer for: events come shuffled, and many times.

Each vial's events come first in the order in which they happened (a phone sends by its own sequence); vials
are shuffled, and whatever was sent may come again at any moment. State, positions and receipts are those of
a delivery once and in order. ``HOUSECALL_TEST_DELIVERIES=100000`` makes a long run of it.
"""

import os
from collections.abc import Callable, Iterator
from itertools import islice
from random import Random
from typing import Any

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from dispatch.custody import service
from dispatch.custody.model import Receipt
from dispatch.custody.records import BalanceRow, ContainerRow, EventRow
from dispatch.kernel.ids import new_id
from dispatch.kernel.sealing import Keyring
from dispatch.kernel.storage import transaction
from tests.builders.custody import MG, Scene, a_dose, a_draw, a_waste, an_opening, picked_up
from tests.builders.proven_log import proven_events

DELIVERIES = int(os.environ.get("HOUSECALL_TEST_DELIVERIES", "400"))
DEEDS_A_VIAL = 5
VIALS = max(4, min(400, DELIVERIES // 50))
BATCH = 50

Deed = Callable[[Session], Receipt]


def deeds_of(scene: Scene, number: int) -> list[Deed]:
    """One vial's life from the seal on, each deed with an id of its own."""
    common: dict[str, Any] = {"container_id": scene.vials[number], "visit_id": new_id()}
    asked = [
        (service.open_container, an_opening(scene, seal=f"S-{number}", **common)),
        (service.draw, a_draw(scene, 35 * MG, **common)),
        (service.administer, a_dose(scene, 31 * MG, **common)),
        (service.draw, a_draw(scene, 600 * MG, **common)),  # more than it can give: kept as a claim
        (service.waste_residual, a_waste(scene, 4 * MG, **common)),
    ]
    return [
        lambda session, deed=deed, command=command: deed(session, command, scene.nurse, scene.clock)
        for deed, command in asked
    ]


def deliveries(deeds: list[list[Deed]], number: int, random: Random) -> Iterator[tuple[int, int]]:
    """Yield (vial, deed) `number` times: first ones in each vial's order, and any sent before again."""
    new = [vial for vial in range(len(deeds)) for _ in range(DEEDS_A_VIAL)]
    random.shuffle(new)
    first = set(random.sample(range(1, number), len(new) - 1)) | {0}
    sent: list[tuple[int, int]] = []
    done = [0] * len(deeds)
    for each in range(number):
        if each in first:
            vial = new.pop()
            sent.append((vial, done[vial]))
            done[vial] += 1
            yield sent[-1]
        else:
            yield random.choice(sent)


def stands(session: Session) -> tuple[dict[str, int], list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """Balances, containers, and each event's place in its vial's history."""
    balances = select(BalanceRow.account, func.sum(BalanceRow.balance_ug)).group_by(BalanceRow.account)
    vials = select(ContainerRow.serial, ContainerRow.state, ContainerRow.holder, ContainerRow.sequence)
    events = select(EventRow.id, EventRow.sequence, EventRow.kind, EventRow.applied).order_by(EventRow.id)
    return (
        {account: int(ug) for account, ug in session.execute(balances)},
        [tuple(row) for row in session.execute(vials.order_by(ContainerRow.serial))],
        [tuple(row) for row in session.execute(events)],
    )


def told(receipt: Receipt) -> tuple[Any, ...]:
    """What a receipt says of the event; not its hash, which has a salt of its own."""
    return (receipt.event_id, receipt.sequence, receipt.kind, receipt.state, receipt.verdict, receipt.reasons)


def test_shuffled_and_repeated_deliveries_change_nothing(engine: Engine, keyring: Keyring) -> None:
    random = Random(20261123)
    with transaction(engine, keyring) as session:
        scene = picked_up(session, vials=VIALS)
    deeds = [deeds_of(scene, number) for number in range(VIALS)]
    with Session(engine, info={"keyring": keyring}) as session:
        in_order = [[told(deed(session)) for deed in own] for own in deeds]
        session.flush()
        wanted = stands(session)
        session.rollback()
    receipts: dict[tuple[int, int], Receipt] = {}
    queue = deliveries(deeds, DELIVERIES, random)
    while batch := list(islice(queue, BATCH)):
        with transaction(engine, keyring) as session:
            for vial, number in batch:
                receipt = deeds[vial][number](session)
                assert receipt.replayed == ((vial, number) in receipts)
                assert receipts.setdefault((vial, number), receipt) == receipt
    assert [[told(receipts[vial, number]) for number in range(DEEDS_A_VIAL)] for vial in range(VIALS)] == (
        in_order
    )
    with transaction(engine, keyring) as session:
        assert stands(session) == wanted
        assert len(proven_events(session)) == VIALS * (2 + DEEDS_A_VIAL)


@pytest.mark.parametrize("seed", range(3))
def test_the_deliveries_are_shuffled_and_repeated_and_each_comes(seed: int) -> None:
    made = list(deliveries([[]] * 4, 100, Random(seed)))
    assert len(made) == 100
    assert set(made) == {(vial, number) for vial in range(4) for number in range(DEEDS_A_VIAL)}
    firsts = list(dict.fromkeys(made))
    assert all([n for v, n in firsts if v == vial] == list(range(DEEDS_A_VIAL)) for vial in range(4))
    assert firsts != sorted(firsts)

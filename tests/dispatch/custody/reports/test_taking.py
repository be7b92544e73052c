"""An inventory is counted blind, signed, kept for good and proved by the log; what differs opens a case."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from dispatch.areas.records import PharmacyRow
from dispatch.custody import service as ledger
from dispatch.custody.log.records import LeafRow
from dispatch.custody.log.tree import leaf_hash
from dispatch.custody.records import DiscrepancyRow
from dispatch.custody.reports import service
from dispatch.custody.reports.service import TakeInventory
from dispatch.kernel.ids import new_id
from dispatch.kernel.refusals import Conflict, Forbidden, Invalid
from tests.builders.custody import a_pickup, a_scene, opened

MONDAY = date(2026, 11, 23)


@pytest.fixture
def scene(session):
    """Three vials, one of them opened by a nurse, one sealed in her bag, all by 06:00; it is noon now."""
    made = opened(session, vials=3)
    made.clock.advance(timedelta(hours=6))
    return made


@pytest.fixture
def shelved(session):

    made = a_scene(session, vials=3)
    ledger.pick_up(session, a_pickup(session, made, made.vials[0]), made.nurse, made.clock)
    made.clock.advance(timedelta(hours=6))
    return made


def place(session, scene):
    return session.get_one(PharmacyRow, scene.pharmacy_id)


def listed(session, scene):
    at = service.instant_of_business(session, place(session, scene), MONDAY, "open")
    return service.on_hand(session, place(session, scene), at)


def an_inventory(session, scene, units=2, **more):
    made = TakeInventory(
        inventory_id=new_id(), pharmacy_id=scene.pharmacy_id, occasion="biennial", business="open",
        day=MONDAY,
        counted={line.key: units for line in listed(session, scene) if line.countable},
        proof=scene.proof(scene.compliance),
    )  # fmt: skip
    return replace(made, **more)


def take(session, scene, command):
    return service.take_inventory(session, command, scene.compliance, scene.clock)


def test_business_opens_and_closes_on_the_stock_points_clock(session, shelved):
    where = place(session, shelved)
    assert service.instant_of_business(session, where, MONDAY, "open") == datetime(
        2026, 11, 23, 11, tzinfo=UTC
    )
    assert service.instant_of_business(session, where, MONDAY, "close") == datetime(
        2026, 11, 24, 2, tzinfo=UTC
    )
    # On 1 November the clocks go back at 2:00; the doors open at 6:00 all the same.
    assert service.instant_of_business(session, where, date(2026, 11, 1), "open").hour == 11


def test_what_is_on_hand_is_listed_with_form_strength_and_units(session, shelved):
    shelf, bag = listed(session, shelved)
    assert (shelf.called, shelf.units, shelf.countable) == ("on the shelf", 2, True)
    assert (bag.called, bag.units, bag.countable) == ("with N-07", 1, False)
    assert (shelf.product, shelf.form, shelf.lot) == ("Ketamine", "vial", "L1")
    assert (shelf.strength_ug_per_ml, shelf.label_ug) == (50_000, 500_000)


def test_what_opened_vials_hold_is_listed_by_the_record(session, scene):
    assert {line.called: (line.amount_ug, line.countable) for line in listed(session, scene)} == {
        "in opened vials": (500_000, False),
        "with N-07": (1_000_000, False),
    }


def test_an_inventory_is_a_leaf_of_the_log(session, shelved):
    row = take(session, shelved, an_inventory(session, shelved))
    leaf = session.scalars(sa.select(LeafRow).where(LeafRow.kind == "inventory")).one()
    assert (leaf.entry_id, leaf.leaf_hash) == (row.id, leaf_hash(row.canonical))


def test_an_inventory_that_agrees_opens_no_case(session, shelved):
    row = take(session, shelved, an_inventory(session, shelved))
    assert [line["counted_units"] for line in row.lines["lines"]] == [2, None]
    assert session.scalars(sa.select(DiscrepancyRow)).all() == []


def test_what_differs_is_kept_and_opens_a_case(session, shelved):
    row = take(session, shelved, an_inventory(session, shelved, units=1))
    assert row.lines["lines"][0]["counted_units"] == 1
    case = session.scalars(sa.select(DiscrepancyRow)).one()
    assert (case.kind, case.detail["expected_units"], case.detail["counted_units"]) == (
        "count_variance",
        2,
        [1],
    )


def test_sent_again_it_is_the_same_inventory(session, shelved):
    command = an_inventory(session, shelved, units=1)
    assert take(session, shelved, command).id == take(session, shelved, command).id
    assert len(session.scalars(sa.select(DiscrepancyRow)).all()) == 1


def test_sent_again_with_other_figures_it_is_refused(session, shelved):
    command = an_inventory(session, shelved)
    take(session, shelved, command)
    with pytest.raises(Conflict) as refused:
        take(session, shelved, replace(command, counted=dict.fromkeys(command.counted, 1)))
    assert codes(refused) == {"inventory_id_reused"}


def test_an_inventory_is_never_changed(session, shelved):
    take(session, shelved, an_inventory(session, shelved))
    with pytest.raises(sa.exc.DatabaseError, match="append-only"):
        session.execute(sa.text("UPDATE custody_inventory SET occasion = 'other'"))


def codes(refused):
    return {reason.code for reason in refused.value.reasons}


def test_everything_that_is_wrong_with_the_form_is_said_at_once(session, shelved):
    command = an_inventory(
        session, shelved, occasion="birthday", day=MONDAY + timedelta(days=1), counted={"dreams": -1}
    )
    with pytest.raises(Invalid) as refused:
        take(session, shelved, command)
    assert codes(refused) == {"field_not_valid", "inventory_not_yet", "count_missing"}


def test_whoever_takes_it_signs_afresh(session, shelved):
    for proof, code in (
        (None, "actor_proof_missing"),
        (shelved.proof(shelved.pharmacist), "proof_of_another"),
        (
            shelved.proof(shelved.compliance, proved_at=shelved.clock.now() - timedelta(hours=1)),
            "actor_not_fresh",
        ),
    ):
        with pytest.raises(Forbidden) as refused:
            take(session, shelved, an_inventory(session, shelved, proof=proof))
        assert codes(refused) == {code}


def test_a_second_signer_is_a_second_person(session, shelved):
    second = shelved.proof(shelved.compliance, session_ref="another")
    with pytest.raises(Forbidden) as refused:
        take(session, shelved, an_inventory(session, shelved, witness=second))
    assert codes(refused) == {"witness_is_actor", "witness_is_same_person"}
    row = take(session, shelved, an_inventory(session, shelved, witness=shelved.proof(shelved.pharmacist)))
    assert row.witnessed_by == shelved.pharmacist.account_id


def test_a_nurse_takes_no_inventory(session, shelved):
    with pytest.raises(Forbidden):
        service.take_inventory(session, an_inventory(session, shelved), shelved.nurse, shelved.clock)


def test_the_next_one_is_due_in_two_years_at_the_latest(session, shelved):
    assert service.due_on(session, place(session, shelved)) is None
    take(session, shelved, an_inventory(session, shelved))
    assert service.due_on(session, place(session, shelved)) == date(2028, 11, 22)

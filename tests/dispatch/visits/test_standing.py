"""Licensed and on shift, at this moment and in this state; and drug left open at the end of a visit."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from dispatch.areas.records import PharmacyRow
from dispatch.custody import service as custody
from dispatch.custody.commands import ListedVial, OpenContainer, PickUp
from dispatch.custody.queries import vials_at_pharmacy
from dispatch.identity.model import ProofOfIdentity
from dispatch.identity.service import open_account
from dispatch.kernel.actor import SYSTEM, AccountId, Actor, Role
from dispatch.kernel.ids import new_id
from dispatch.kernel.refusals import NotFound
from dispatch.visits.model import Deed
from dispatch.visits.service import record_fact
from dispatch.visits.standing import (
    standing_at_pharmacy,
    standing_at_visit,
    standing_in,
    standing_in_area,
    witness_is_licensed,
)
from dispatch.workforce.records import AuthorisationRow, LicenceRow, NurseRow
from tests.builders.visits import AT_HOME, SEVEN, a_deed, a_town, nurse_actor, some_stock


@pytest.fixture
def town(session, clock):
    clock.at = SEVEN + timedelta(hours=3)
    return a_town(session)


@pytest.fixture
def nina(town):
    return nurse_actor(town.nurse_id)


def test_at_the_visit_of_her_route_she_stands(session, town, nina, clock):
    found = standing_at_visit(session, town.first_id, nina, clock)
    assert (found.licensed, found.on_shift) == (True, True)
    assert found.snapshot["licences"] == "OH RN N-07"
    assert found.snapshot["shift"]


def test_at_another_nurses_visit_there_is_none(session, town, clock):
    with pytest.raises(NotFound):
        standing_at_visit(session, town.first_id, nurse_actor(town.other_nurse_id), clock)


def test_at_the_pharmacy_its_own_state_counts(session, town, nina, clock):
    session.get_one(PharmacyRow, town.pharmacy_id).state = "CA"
    session.flush()
    found = standing_at_pharmacy(session, town.pharmacy_id, nina, clock)
    assert not found.licensed
    assert "licence_not_valid_in_state" in found.snapshot["against"]


def test_at_no_pharmacy_nobody_stands(session, town, nina, clock):
    found = standing_at_pharmacy(session, new_id(), nina, clock)
    assert (found.licensed, found.on_shift) == (False, False)


def test_in_her_area_the_stock_points_state_counts(session, town, nina, clock):
    assert standing_in_area(session, nina, clock).snapshot["state"] == "OH"


def test_an_account_without_a_nurse_stands_nowhere(session, town, clock):
    assert not standing_in_area(session, nurse_actor(None), clock).licensed


@pytest.mark.parametrize(("day", "licensed"), [(23, True), (22, False)])
def test_a_licence_counts_on_its_last_day(session, town, clock, day, licensed):
    session.execute(sa.update(LicenceRow).values(expires_on=date(2026, 11, day)))
    session.expire_all()
    assert standing_in(session, town.nurse_id, "OH", clock).licensed is licensed


@pytest.mark.parametrize(
    "change", [{"expires_on": date(2026, 11, 22)}, {"valid_from": date(2026, 11, 24)}, {"state": "KY"}]
)
def test_whom_no_registrant_named_is_no_agent(session, town, clock, change):
    assert standing_in(session, town.nurse_id, "OH", clock).employed
    session.execute(sa.update(AuthorisationRow).values(**change))
    session.expire_all()
    found = standing_in(session, town.nurse_id, "OH", clock)
    assert (found.employed, found.snapshot["registrant"]) == (False, "")


def test_who_left_is_no_employee(session, town, clock):
    session.execute(sa.update(NurseRow).values(active=False))
    session.expire_all()
    assert not standing_in(session, town.nurse_id, "OH", clock).employed


def test_the_registrant_is_part_of_the_snapshot(session, town, clock):
    assert standing_in(session, town.nurse_id, "OH", clock).snapshot["registrant"] == "FH1234567"


def test_a_nurse_who_witnesses_is_licensed_where_the_deed_is(session, town, nina, clock):
    olga = nurse_actor(town.other_nurse_id)
    where = standing_in(session, town.nurse_id, "OH", clock)
    assert witness_is_licensed(session, olga, where, clock) is True
    session.execute(sa.update(LicenceRow).values(expires_on=date(2026, 11, 22)))
    session.expire_all()
    assert witness_is_licensed(session, olga, where, clock) is False
    assert witness_is_licensed(session, nurse_actor(None), where, clock) is None


def test_a_suspension_counts_at_once(session, town, clock):
    session.execute(sa.update(LicenceRow).values(status="suspended", status_since=clock.now()))
    session.expire_all()
    assert not standing_in(session, town.nurse_id, "OH", clock).licensed


@pytest.mark.parametrize(
    ("hours", "on_shift"), [(-0.01, False), (0, True), (12, True), (12.99, True), (13.01, False)]
)
def test_a_shift_counts_to_the_end_of_its_overtime(session, town, clock, hours, on_shift):
    clock.at = SEVEN + timedelta(hours=hours)
    assert standing_in(session, town.nurse_id, "OH", clock).on_shift is on_shift


def a_signer(session, clock, name: str, role: Role, nurse_id=None) -> tuple[Actor, ProofOfIdentity]:
    row = open_account(
        session, email=f"{name}@test.example", name=name, password_hash="x", roles=frozenset({role}),
        actor=SYSTEM, clock=clock, nurse_id=nurse_id,
    )  # fmt: skip
    session.flush()
    actor = Actor(
        account_id=AccountId(row.id), name=name, roles=frozenset({role}), nurse_id=nurse_id,
        person_ref=row.person_ref, session_ref=name,
    )  # fmt: skip
    proof = ProofOfIdentity(
        account_id=row.id, person_ref=row.person_ref, session_ref=f"proof-{name}", proved_at=clock.now()
    )
    return actor, proof


def test_leaving_with_opened_drug_is_kept_and_flagged(session, town, clock):
    nina, own = a_signer(session, clock, "nina", Role.NURSE, town.nurse_id)
    pam, other = a_signer(session, clock, "pam", Role.PHARMACIST)
    some_stock(session, town.pharmacy_id, pam, clock, vials=1)
    vial = vials_at_pharmacy(session, town.pharmacy_id)[0]
    here = standing_at_pharmacy(session, town.pharmacy_id, nina, clock)
    listed = ListedVial(event_id=new_id(), container_id=vial.container_id, seal="S-1")
    custody.pick_up(
        session,
        PickUp(
            pickup_id=new_id(), pharmacy_id=town.pharmacy_id, vials=(listed,), counted_units=1, standing=here,
            proof=own, witness=other,
        ),
        nina,
        clock,
    )  # fmt: skip
    opened = OpenContainer(
        event_id=new_id(), container_id=vial.container_id, standing=here, seal="S-1", visit_id=town.first_id
    )
    custody.open_container(session, opened, nina, clock)
    for deed in (Deed.CHECK_IN, Deed.START, Deed.STOP):
        record_fact(session, a_deed(town.first_id, deed, clock.now(), position=AT_HOME), nina, clock)
    left = record_fact(
        session, a_deed(town.first_id, Deed.CHECK_OUT, clock.now(), position=AT_HOME), nina, clock
    )
    assert left.flags == ("residual_open", "reason_missing")

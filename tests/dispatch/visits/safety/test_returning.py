"""A board takes a licence at 10:05: the visit at 11:00 is unassigned at once, the drug comes back watched."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from dispatch.assignment.day_rows import plan_in_force
from dispatch.assignment.moves import MoveVisit, move_visit
from dispatch.kernel.actor import Role
from dispatch.kernel.refusals import Conflict
from dispatch.kernel.storage import transaction
from dispatch.messages.records import MessageRow
from dispatch.visits.model import Deed
from dispatch.visits.safety.loading import alarms_where
from dispatch.visits.safety.model import AlarmKind, AlarmState
from dispatch.workforce.records import LicenceRow
from dispatch.workforce.service.licences import reinstate_licence, suspend_licence
from tests.builders.assignment import DANA, a_metro, a_published_plan, local
from tests.builders.safety import a_fact_row, tick
from tests.builders.visits import a_town


@pytest.fixture
def metro(session, clock):
    """Two nurses; an infusion that begins at eleven."""
    metro = a_metro(session)
    metro.add_pharmacy()
    metro.add_nurse()
    metro.add_nurse()
    metro.add_visit((11, 11.5), service="ketamine", name="Dora Quist")
    a_published_plan(session, metro, clock)
    session.flush()
    clock.at = local(10) + timedelta(minutes=5)
    return metro


def holder(metro):
    metro.session.expire_all()
    plan = plan_in_force(metro.session, metro.area.id, metro.day)
    return next((stop.nurse_id for stop in plan.stops if stop.appointment_id == metro.visits[0].id), None)


def suspend(metro, nurse_id, clock):
    licence = metro.session.scalar(select(LicenceRow).where(LicenceRow.nurse_id == nurse_id))
    return suspend_licence(metro.session, licence.id, DANA, clock, source="nursys e-notify")


def test_suspended_at_five_past_ten_the_visit_at_eleven_is_unassigned_in_the_same_transaction(metro, clock):
    nurse_id = holder(metro)
    assert nurse_id is not None
    suspend(metro, nurse_id, clock)
    assert holder(metro) is None


def test_and_reassigned_to_the_other_nurse_never_back_to_her(metro, clock):
    nurse_id = holder(metro)
    suspend(metro, nurse_id, clock)
    plan = plan_in_force(metro.session, metro.area.id, metro.day)
    shifts = {shift.nurse_id: shift.id for shift in metro.shifts}
    other = next(each for each in shifts if each != nurse_id)

    def give_to(who):
        command = MoveVisit(
            area=metro.area.slug, day=metro.day, appointment_id=metro.visits[0].id, plan_number=plan.number,
            shift_id=shifts[who], accept_warnings=True,
        )  # fmt: skip
        return move_visit(metro.session, command, DANA, clock)

    with pytest.raises(Conflict, match="licence_suspended"):
        give_to(nurse_id)
    give_to(other)
    assert holder(metro) == other


def test_who_is_on_her_way_turns_back(metro, clock):
    nurse_id = holder(metro)
    metro.session.add(a_fact_row(metro.visits[0].id, nurse_id, Deed.EN_ROUTE, clock.at))
    metro.session.flush()
    suspend(metro, nurse_id, clock)
    assert holder(metro) is None


def test_a_licence_that_another_covers_for_takes_nothing_off(metro, clock):
    nurse_id = holder(metro)
    second = LicenceRow(
        nurse_id=nurse_id, state="KY", kind="RN", number="KY-1", multistate=False,
        valid_from=metro.day - timedelta(days=99), expires_on=metro.day + timedelta(days=99),
    )  # fmt: skip
    metro.session.add(second)
    metro.session.flush()
    suspend_licence(metro.session, second.id, DANA, clock)
    assert holder(metro) == nurse_id


def test_a_licence_given_back_unassigns_nobody(metro, clock):
    nurse_id = holder(metro)
    licence = metro.session.scalar(select(LicenceRow).where(LicenceRow.nurse_id == nurse_id))
    reinstate_licence(metro.session, licence.id, DANA, clock)
    assert holder(metro) == nurse_id


def test_at_the_bedside_she_stays_and_dispatcher_and_compliance_are_told(engine, keyring, clock):
    clock.at = local(10)
    with transaction(engine, keyring) as session:
        town = a_town(session)
        session.add(a_fact_row(town.first_id, town.nurse_id, Deed.CHECK_IN, clock.at))
        licence = session.scalar(select(LicenceRow).where(LicenceRow.nurse_id == town.nurse_id))
        suspend_licence(session, licence.id, DANA, clock)
    tick(engine, keyring, clock)
    with transaction(engine, keyring) as session:
        told = alarms_where(session)
        kinds = {alarm.due.kind for alarm in told if alarm.due.appointment_id == town.first_id}
        roles = set(session.scalars(select(MessageRow.role)))
    assert AlarmKind.STILL_ASSIGNED in kinds
    assert {Role.DISPATCHER, Role.COMPLIANCE} <= roles


def test_a_nurse_who_carries_drug_gets_a_supervised_return_until_her_box_is_empty(
    engine, keyring, clock, monkeypatch
):
    box = ["a vial"]
    monkeypatch.setattr(
        "dispatch.visits.safety.service.returning.vials_of_nurse", lambda session, nurse_id: box
    )
    clock.at = local(10) + timedelta(minutes=5)
    with transaction(engine, keyring) as session:
        town = a_town(session)
        licence = session.scalar(select(LicenceRow).where(LicenceRow.nurse_id == town.nurse_id))
        suspend_licence(session, licence.id, DANA, clock)

    def task():
        tick(engine, keyring, clock)
        with transaction(engine, keyring) as session:
            found = alarms_where(session)
        return [
            (alarm.state, len(alarm.told)) for alarm in found if alarm.due.kind is AlarmKind.SUPERVISED_RETURN
        ]

    assert task() == [(AlarmState.RAISED, 1)]
    clock.advance(timedelta(minutes=60))
    assert task() == [(AlarmState.RAISED, 2)]
    box.clear()
    assert task() == [(AlarmState.CLEARED, 2)]

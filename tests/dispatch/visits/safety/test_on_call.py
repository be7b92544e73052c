"""Who is on call, licensed and reachable; what keeps a start from it."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from dispatch.kernel.actor import Role
from dispatch.kernel.refusals import Conflict, Forbidden, Invalid, NotFound, Reason
from dispatch.visits.model import Deed
from dispatch.visits.safety import queries
from dispatch.visits.safety.model import ContactHow, NewContact, NewDuty
from dispatch.visits.safety.rules.on_call import uncovered
from dispatch.visits.safety.service import (
    confirm_reachable,
    enter_duty,
    on_call_prescriber,
    reachability,
    supervision_mode,
    withdraw_duty,
)
from dispatch.workforce.records import StateRuleRow
from tests.builders.safety import TEN, a_fact_row, a_staff_member, at
from tests.builders.visits import a_town, nurse_actor

HOUR = timedelta(hours=1)
UNLICENSED = Reason(code="prescriber_licence_missing", text="Not licensed there.")


@pytest.fixture
def licensed(monkeypatch):
    """States in which every prescriber may order."""
    states = {"OH"}

    def against(session, account_id, state, when):
        return () if state in states else (UNLICENSED,)

    for place in ("service.on_call", "queries"):
        monkeypatch.setattr(f"dispatch.visits.safety.{place}.against_prescriber", against)
    return states


@pytest.fixture
def town(session, clock, licensed):
    town = a_town(session)
    rule = StateRuleRow(
        state="OH", roles=["RN"], setting="home", supervision="on_call_video", citation="invented",
        verified_on=TEN.date(),
    )  # fmt: skip
    session.add_all([rule, a_fact_row(town.first_id, town.nurse_id, Deed.CHECK_IN, TEN)])
    session.flush()
    clock.at = at(20)
    return town


@pytest.fixture
def dana(session, town):
    return a_staff_member(session, Role.DISPATCHER, "dana@test.example")


@pytest.fixture
def paul(session, town):
    return a_staff_member(session, Role.PRESCRIBER, "paul@test.example")


def a_duty(session, dana, paul, clock, begins=-60, ends=300, states=("OH",)):
    new = NewDuty(
        account_id=paul.account_id, states=frozenset(states), begins_at=at(begins), ends_at=at(ends),
        phone="+1 614 555 0177",
    )  # fmt: skip
    return enter_duty(session, new, dana, clock)


def missing(session, town, minute=20):
    return [reason.code for reason in reachability(session, town.first_id, at(minute))]


def test_nobody_on_call_keeps_an_infusion_from_being_started(session, town):
    assert missing(session, town) == ["no_prescriber_on_call", "prescriber_not_reached"]


def test_on_call_but_not_reached_is_not_enough(session, town, dana, paul, clock):
    a_duty(session, dana, paul, clock)
    assert missing(session, town) == ["prescriber_not_reached"]


def test_the_prescribers_own_word_holds_for_half_an_hour(session, town, dana, paul, clock):
    duty = a_duty(session, dana, paul, clock)
    confirm_reachable(session, NewContact(duty_id=duty.id, how=ContactHow.OWN_WORD), paul, clock)
    assert [missing(session, town, minute) for minute in (20, 50, 50.01)] == [
        [],
        [],
        ["prescriber_not_reached"],
    ]


def test_a_start_told_late_is_judged_by_what_was_known_when_it_happened(session, town, dana, paul, clock):
    duty = a_duty(session, dana, paul, clock)
    word = NewContact(duty_id=duty.id, how=ContactHow.OWN_WORD)
    confirm_reachable(session, word, paul, clock)
    clock.advance(timedelta(hours=1))
    confirm_reachable(session, word, paul, clock)
    assert missing(session, town, 20) == []


def test_the_nurse_records_a_live_call_for_her_own_visit(session, town, dana, paul, clock):
    duty = a_duty(session, dana, paul, clock)
    call = NewContact(duty_id=duty.id, how=ContactHow.LIVE_CALL, appointment_id=town.first_id)
    confirm_reachable(session, call, nurse_actor(town.nurse_id), clock)
    assert missing(session, town) == []
    assert [r.code for r in reachability(session, town.second_id, at(20))] == ["prescriber_not_reached"]


def test_she_cannot_say_it_for_anothers_visit_nor_in_the_prescribers_place(session, town, dana, paul, clock):
    duty = a_duty(session, dana, paul, clock)
    call = NewContact(duty_id=duty.id, how=ContactHow.LIVE_CALL, appointment_id=town.first_id)
    with pytest.raises(NotFound):
        confirm_reachable(session, call, nurse_actor(town.other_nurse_id), clock)
    word = NewContact(duty_id=duty.id, how=ContactHow.OWN_WORD, appointment_id=town.first_id)
    with pytest.raises(Forbidden, match="not_your_duty"):
        confirm_reachable(session, word, nurse_actor(town.nurse_id), clock)


@pytest.mark.parametrize(
    ("begins", "ends", "covered"), [(5, 135, True), (5.1, 135, False), (5, 134.9, False)]
)
def test_on_call_from_fifteen_minutes_before_the_start_to_fifteen_after_the_end(
    session, town, dana, paul, clock, begins, ends, covered
):
    a_duty(session, dana, paul, clock, begins, ends)
    assert ("no_prescriber_on_call" not in missing(session, town)) is covered


def test_two_turns_that_meet_cover_together(session, town, dana, paul, clock):
    pia = a_staff_member(session, Role.PRESCRIBER, "pia@test.example")
    a_duty(session, dana, paul, clock, -60, 60)
    a_duty(session, dana, pia, clock, 60, 300)
    assert missing(session, town) == ["prescriber_not_reached"]


def test_who_is_not_licensed_in_the_state_does_not_count(session, town, dana, paul, clock, licensed):
    a_duty(session, dana, paul, clock)
    licensed.clear()
    assert missing(session, town) == [UNLICENSED.code, "no_prescriber_on_call", "prescriber_not_reached"]
    assert on_call_prescriber(session, "OH", at(20)) is None
    with pytest.raises(Invalid, match=UNLICENSED.code):
        a_duty(session, dana, paul, clock)


def test_a_state_whose_rule_says_on_site_wants_somebody_there(session, town, dana, paul, clock):
    session.scalar(select(StateRuleRow)).supervision = "onsite"
    duty = a_duty(session, dana, paul, clock)
    assert (supervision_mode(session, "OH"), missing(session, town)) == ("onsite", ["prescriber_not_on_site"])
    there = NewContact(duty_id=duty.id, how=ContactHow.ON_SITE, appointment_id=town.first_id)
    confirm_reachable(session, there, nurse_actor(town.nurse_id), clock)
    assert missing(session, town) == []


def test_no_verified_rule_of_the_state_blocks(session, town):
    session.scalar(select(StateRuleRow)).verified_on = None
    assert missing(session, town) == ["supervision_unknown"]


def test_a_turn_taken_off_counts_no_more(session, town, dana, paul, clock):
    duty = a_duty(session, dana, paul, clock)
    withdraw_duty(session, duty.id, dana, clock)
    assert "no_prescriber_on_call" in missing(session, town)
    with pytest.raises(Conflict, match="duty_not_in_force"):
        confirm_reachable(session, NewContact(duty_id=duty.id, how=ContactHow.OWN_WORD), paul, clock)


def test_every_fault_of_a_turn_at_once(session, town, dana, clock):
    new = NewDuty(
        account_id=dana.account_id, states=frozenset({"XX"}), begins_at=at(-60), ends_at=at(-90),
        phone="call me",
    )  # fmt: skip
    with pytest.raises(Invalid) as refused:
        enter_duty(session, new, dana, clock)
    assert [reason.code for reason in refused.value.reasons] == [
        "ends_before_it_begins", "duty_in_the_past", "state_unknown", "phone_malformed", "no_such_prescriber",
    ]  # fmt: skip


def test_the_dispatcher_sees_beforehand_which_planned_visits_nobody_covers(session, town, dana, paul, clock):
    clock.at = TEN - HOUR * 4
    a_duty(session, dana, paul, clock, -240, 120)
    gaps = queries.roster_gaps(session, town.area_id, clock)
    assert [(gap.reference, gap.begins_at) for gap in gaps] == [("A-1", at(120)), ("A-2", at(285))]


def test_the_number_is_for_the_office_and_the_visits_nurse(session, town, dana, paul, clock):
    duty = a_duty(session, dana, paul, clock)
    hers = nurse_actor(town.nurse_id)
    assert queries.duty_phone(session, duty.id, town.first_id, hers) == "+1 614 555 0177"
    with pytest.raises(NotFound):
        queries.duty_phone(session, duty.id, town.first_id, nurse_actor(town.other_nurse_id))


@pytest.mark.parametrize(
    ("spans", "gaps"),
    [
        ([], [(0, 10)]),
        ([(0, 10)], []),
        ([(2, 4), (3, 6)], [(0, 2), (6, 10)]),
        ([(-5, 3), (3, 20)], []),
        ([(11, 12)], [(0, 10)]),
    ],
)
def test_what_no_turn_covers(spans, gaps):
    found = uncovered([(at(a), at(b)) for a, b in spans], at(0), at(10))
    assert found == tuple((at(a), at(b)) for a, b in gaps)

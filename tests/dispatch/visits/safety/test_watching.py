"""The watch on real rows: raised, told a stage at a time, made up after a pause, never doubled."""

from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from dispatch.areas.model import NewPolicy
from dispatch.areas.records import DayChangeRow
from dispatch.areas.service import sign_policy
from dispatch.kernel.actor import Role
from dispatch.kernel.ids import new_id
from dispatch.kernel.storage import transaction
from dispatch.messages.records import MessageRow
from dispatch.visits.model import Deed
from dispatch.visits.safety.loading import alarms_where
from dispatch.visits.safety.model import AlarmDeed, AlarmKind, AlarmState, AnswerAlarm, CheckIn
from dispatch.visits.safety.records import AlarmRow, ToldRow
from dispatch.visits.safety.rules.clocks import stages_due
from dispatch.visits.safety.service import act_on, answer_alarm, check_in, due_checks, lateness, note_look
from tests.builders.safety import (
    TEN,
    a_fact_row,
    a_reading_row,
    a_sign_row,
    a_staff_member,
    at,
    tick,
)
from tests.builders.visits import a_town, nurse_actor

K = AlarmKind


@pytest.fixture
def town(engine, keyring):
    with transaction(engine, keyring) as session:
        town = a_town(session)
        a_staff_member(session, Role.NURSE, "nina@test.example", town.nurse_id)
        session.add(a_fact_row(town.first_id, town.nurse_id, Deed.CHECK_IN, TEN))
    return town


def alarms(engine, keyring, *kinds):
    with transaction(engine, keyring) as session:
        found = alarms_where(session)
    return [alarm for alarm in found if not kinds or alarm.due.kind in kinds]


def look_at(engine, keyring, clock, minute):
    clock.at = at(minute)
    return tick(engine, keyring, clock)


def test_a_missed_check_in_climbs_its_ladder_once_a_stage(engine, keyring, clock, town):
    told = []
    for minute in (34, 35, 36, 40, 41, 45, 50, 55):
        look_at(engine, keyring, clock, minute)
        found = alarms(engine, keyring, K.MISSED_CHECK_IN)
        told.append(len(found[0].told) if found else 0)
    assert told == [0, 1, 1, 2, 2, 3, 4, 4]
    (alarm,) = alarms(engine, keyring, K.MISSED_CHECK_IN)
    assert [stage.told_at - stage.due_at for stage in alarm.told] == [timedelta()] * 4
    assert alarm.calls_for_help


def test_after_a_pause_every_stage_is_made_up_in_order(engine, keyring, clock, town):
    look_at(engine, keyring, clock, 52)
    (alarm,) = alarms(engine, keyring, K.MISSED_CHECK_IN)
    assert [stage.number for stage in alarm.told] == [1, 2, 3, 4]
    assert [stage.due_at for stage in alarm.told] == [at(35), at(40), at(45), at(50)]


def test_a_stage_queues_a_message_to_each_and_changes_the_board(engine, keyring, clock, town):
    look_at(engine, keyring, clock, 45)
    with transaction(engine, keyring) as session:
        sent = session.scalars(select(MessageRow).order_by(MessageRow.queued_at, MessageRow.id)).all()
        to = [(row.kind, row.role or "account") for row in sent]
        board = session.scalar(
            select(func.count()).select_from(DayChangeRow).where(DayChangeRow.kind == "alarm")
        )
    assert sorted(to) == sorted(
        [("check_in_missed", who) for who in ("account", "dispatcher", "dispatcher", "admin")]
    )
    assert board >= 4


def test_a_check_in_clears_the_alarm_and_ends_its_ladder(engine, keyring, clock, town):
    look_at(engine, keyring, clock, 41)
    with transaction(engine, keyring) as session:
        new = CheckIn(event_id=new_id(), appointment_id=town.first_id, at=at(42))
        clock.at = at(42)
        check_in(session, new, nurse_actor(town.nurse_id), clock)
    look_at(engine, keyring, clock, 60)
    (alarm,) = alarms(engine, keyring, K.MISSED_CHECK_IN)
    assert (alarm.state, len(alarm.told)) == (AlarmState.CLEARED, 2)


def test_once_help_was_called_only_a_person_ends_it(engine, keyring, clock, town):
    look_at(engine, keyring, clock, 50)
    with transaction(engine, keyring) as session:
        session.add(a_sign_row(town.first_id, town.nurse_id, at(51)))
    look_at(engine, keyring, clock, 52)
    assert alarms(engine, keyring, K.MISSED_CHECK_IN)[0].state is AlarmState.RAISED


def test_who_acknowledges_ends_the_ladder(engine, keyring, clock, town):
    look_at(engine, keyring, clock, 36)
    (alarm,) = alarms(engine, keyring)
    with transaction(engine, keyring) as session:
        dana = a_staff_member(session, Role.DISPATCHER, "dana@test.example")
        answer_alarm(session, AnswerAlarm(alarm_id=alarm.alarm_id, deed=AlarmDeed.ACKNOWLEDGE), dana, clock)
    look_at(engine, keyring, clock, 90)
    (alarm,) = alarms(engine, keyring, K.MISSED_CHECK_IN)
    assert (alarm.state, len(alarm.told)) == (AlarmState.ACKNOWLEDGED, 1)


def test_a_new_silence_is_a_new_alarm(engine, keyring, clock, town):
    look_at(engine, keyring, clock, 36)
    with transaction(engine, keyring) as session:
        session.add(a_sign_row(town.first_id, town.nurse_id, at(37)))
    for minute in (38, 72):
        look_at(engine, keyring, clock, minute)
    states = [alarm.state for alarm in alarms(engine, keyring, K.MISSED_CHECK_IN)]
    assert states == [AlarmState.CLEARED, AlarmState.RAISED]


def test_two_processes_that_saw_the_same_act_once(engine, keyring, clock, town):
    clock.at = at(50)
    with transaction(engine, keyring) as session:
        pieces = due_checks(session, clock)
    assert len(pieces) == 4
    for piece in (each for one in pieces for each in (one, one)):
        with transaction(engine, keyring) as session:
            act_on(session, piece, clock)
    with transaction(engine, keyring) as session:
        assert session.scalar(select(func.count()).select_from(ToldRow)) == 4
        assert session.scalar(select(func.count()).select_from(AlarmRow)) == 1


def test_a_piece_is_judged_anew_when_it_is_done(engine, keyring, clock, town):
    clock.at = at(36)
    with transaction(engine, keyring) as session:
        (piece,) = due_checks(session, clock)
        session.add(a_sign_row(town.first_id, town.nurse_id, at(36)))
    with transaction(engine, keyring) as session:
        act_on(session, piece, clock)
    (alarm,) = alarms(engine, keyring)
    assert (alarm.state, alarm.told) == (AlarmState.CLEARED, ())


def test_an_area_that_signed_the_clock_off_is_not_alarmed(engine, keyring, clock, town):
    with transaction(engine, keyring) as session:
        cora = a_staff_member(session, Role.COMPLIANCE, "cora@test.example")
        off = NewPolicy(key="safety.clocks", value={"on": []}, reason="counsel", area_id=town.area_id)
        sign_policy(session, off, cora, clock)
    assert look_at(engine, keyring, clock, 600) == 0


def test_the_watch_says_how_late_it_is(engine, keyring, clock):
    with transaction(engine, keyring) as session:
        assert lateness(session).looked_at is None
        note_look(session, "w1", None, clock)
        clock.advance(timedelta(seconds=5))
        note_look(session, "w2", clock.at - timedelta(seconds=3), clock)
        note_look(session, "w2", clock.at - timedelta(seconds=3), clock)
    with transaction(engine, keyring) as session:
        found = lateness(session)
    assert (found.looked_at, found.waiting_since) == (clock.at, clock.at - timedelta(seconds=3))


MOVES = st.lists(
    st.tuples(
        st.sampled_from(
            ["tick", "tick", "crash", "sign", "reading", "start", "stop", "leave", "answer", "old sign"]
        ),
        st.integers(0, 25),
    ),
    min_size=3,
    max_size=9,
)


class Broken(Exception):
    """The process dies."""


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=MOVES)
def test_every_stage_is_told_once_in_order_and_none_is_forgotten(session, clock, moves):
    with suppress(Broken), session.begin_nested():
        town = a_town(session)
        dana = a_staff_member(session, Role.DISPATCHER, "dana@test.example")
        who = (town.first_id, town.nurse_id)
        session.add(a_fact_row(*who, Deed.CHECK_IN, TEN))
        clock.at = TEN
        for what, minutes in moves:
            clock.advance(timedelta(minutes=minutes))
            now = clock.at
            if what in {"tick", "crash"}:
                session.flush()
                pieces = due_checks(session, clock)
                for number, piece in enumerate(pieces):
                    # A crash is a piece that was not committed, and all behind it.
                    if what == "crash" and number == minutes % len(pieces):
                        with suppress(Broken), session.begin_nested():
                            act_on(session, piece, clock)
                            raise Broken
                        break
                    act_on(session, piece, clock)
                if what == "tick":
                    nothing_waits(session, clock)
            elif what == "answer":
                for alarm in alarms_where(session):
                    if alarm.state is AlarmState.RAISED:
                        said = AnswerAlarm(alarm_id=alarm.alarm_id, deed=AlarmDeed.ACKNOWLEDGE)
                        answer_alarm(session, said, dana, clock)
                        break
            else:
                session.add(fact_of(what, who, now, minutes))
        session.flush()
        for piece in due_checks(session, clock):
            act_on(session, piece, clock)
        nothing_waits(session, clock)
        everything_is_in_order(session)
        raise Broken


def fact_of(what, who, now, minutes):
    match what:
        case "sign":
            return a_sign_row(*who, now)
        case "old sign":  # from a phone that had no signal
            return a_sign_row(*who, now - timedelta(minutes=minutes))
        case "reading":
            return a_reading_row(*who, now)
        case "start":
            return a_fact_row(*who, Deed.START, now)
        case "stop":
            return a_fact_row(*who, Deed.STOP, now)
        case _:
            return a_fact_row(*who, Deed.CHECK_OUT, now)


def nothing_waits(session, clock):
    assert due_checks(session, clock) == []
    for alarm in alarms_where(session):
        if alarm.state is AlarmState.RAISED:
            due = [number for number, _, _ in stages_due(alarm.due, clock.now())]
            assert [each.number for each in alarm.told] == due


def everything_is_in_order(session):
    for alarm in alarms_where(session):
        numbers = [each.number for each in alarm.told]
        assert numbers == list(range(1, len(numbers) + 1))
        assert [each.told_at for each in alarm.told] == sorted(each.told_at for each in alarm.told)
        assert all(each.told_at >= each.due_at for each in alarm.told)
        ended = [step.at for step in alarm.steps]
        assert all(each.told_at <= min(ended) for each in alarm.told if ended)
    told = select(func.count()).select_from(ToldRow)
    assert session.scalar(told) == sum(len(alarm.told) for alarm in alarms_where(session))
    keys = session.scalars(select(AlarmRow.key)).all()
    assert len(keys) == len(set(keys))
    per_stage = session.scalars(
        select(func.count()).select_from(MessageRow).group_by(MessageRow.about, MessageRow.once)
    ).all()
    assert set(per_stage) <= {1}

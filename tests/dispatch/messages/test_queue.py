"""The queue of messages: once, called off, claimed by one, tried again, given up, never lost."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.areas.model import DEFAULT_POLICIES
from dispatch.audit.records import AuditEntryRow
from dispatch.kernel.actor import SYSTEM
from dispatch.kernel.ids import new_id
from dispatch.kernel.refusals import Invalid
from dispatch.messages.model import ENDS, MESSAGE_STEPS, Channel, MessageState, Outcome, Recipient
from dispatch.messages.queries import messages_about, tries_of
from dispatch.messages.records import MessageRow
from dispatch.messages.rules import NEXT, after_try
from dispatch.messages.service import (
    cancel_messages,
    claim_message,
    is_waiting,
    queue_message,
    settle_message,
    sweep_messages,
)
from tests.builders.messages import a_message

SENT = Outcome(sent=True, channel=Channel.TEXT)
AWAY = Outcome(sent=False, code="unreachable", channel=Channel.TEXT)
SENDING = DEFAULT_POLICIES["messages.sending"]


@pytest.fixture
def queue(session, clock):
    return lambda **more: queue_message(session, a_message(clock, **more), SYSTEM, clock)


def state(session, message_id):
    return session.get_one(MessageRow, message_id).state


def test_a_message_is_sent_when_it_is_due_and_not_before(session, clock, queue):
    message_id = queue(due_at=clock.now() + timedelta(hours=1))
    assert claim_message(session, "a", clock) is None
    clock.advance(timedelta(hours=1))
    assert is_waiting(session, clock)
    claim = claim_message(session, "a", clock)
    assert "Mon 23 Nov" in claim.words
    assert claim_message(session, "b", clock) is None
    assert settle_message(session, claim, "a", SENT, clock)
    assert state(session, message_id) == "sent"
    assert not is_waiting(session, clock)
    assert [(each.number, each.sent) for each in tries_of(session, message_id)] == [(1, True)]


def test_a_failed_try_is_repeated_later_and_given_up_at_last(session, clock, queue):
    message_id = queue(lapses_at=None)
    waits = []
    while state(session, message_id) != "failed":
        claim = claim_message(session, "a", clock)
        assert claim is not None
        settle_message(session, claim, "a", AWAY, clock)
        row = session.get_one(MessageRow, message_id)
        waits.append((row.due_at - clock.now()).total_seconds())
        clock.advance(timedelta(hours=2))
    assert waits[:4] == [30, 60, 120, 240]
    assert len(tries_of(session, message_id)) == SENDING["most_tries"]
    assert {each.code for each in tries_of(session, message_id)} == {"unreachable"}


def test_without_an_address_it_fails_at_once(session, clock, queue):
    message_id = queue()
    claim = claim_message(session, "a", clock)
    settle_message(session, claim, "a", Outcome(sent=False, code="no_address", hopeless=True), clock)
    assert state(session, message_id) == "failed"


def test_what_a_dead_sender_left_is_taken_by_another(session, clock, queue):
    message_id = queue()
    first = claim_message(session, "dead", clock)
    clock.advance(timedelta(seconds=SENDING["dead_after_s"] + 1))
    assert is_waiting(session, clock)
    sweep_messages(session, clock)
    second = claim_message(session, "alive", clock)
    assert second.message_id == message_id
    assert not settle_message(session, first, "dead", SENT, clock)
    assert settle_message(session, second, "alive", SENT, clock)


def test_what_lost_its_sense_is_not_sent(session, clock, queue):
    message_id = queue(lapses_at=clock.now() + timedelta(hours=1))
    clock.advance(timedelta(hours=1))
    sweep_messages(session, clock)
    assert state(session, message_id) == "lapsed"
    assert claim_message(session, "a", clock) is None


def test_the_same_mark_queues_once_until_it_is_called_off(session, clock, queue):
    about = new_id()
    first = queue(about=about, once="x")
    assert queue(about=about, once="x") == first
    assert queue(about=about, once="y") != first
    assert cancel_messages(session, about, SYSTEM, clock, kinds=["prepare"]) == 2
    assert queue(about=about, once="x") != first
    assert [each.state for each in messages_about(session, about)].count("cancelled") == 2


def test_what_is_sent_cannot_be_called_off(session, clock, queue):
    about = new_id()
    queue(about=about)
    settle_message(session, claim_message(session, "a", clock), "a", SENT, clock)
    assert cancel_messages(session, about, SYSTEM, clock) == 0


def test_values_are_refused_by_name(queue):
    with pytest.raises(Invalid) as refused:
        queue(kind="prepare", values={"day": "soon", "name": "Mira"})
    assert [r.code for r in refused.value.reasons] == ["message_place_unknown", "message_value_unfit"]


def test_a_message_of_an_unknown_kind_is_refused(session, clock):
    letter = replace(a_message(clock), kind="letter")
    with pytest.raises(Invalid, match="no_such_message"):
        queue_message(session, letter, SYSTEM, clock)


def test_neither_words_nor_links_are_readable_in_the_row(session, clock, queue, keyring):
    message_id = queue(kind="page_link")
    session.flush()
    row = session.get_one(MessageRow, message_id)
    assert b"house.example" not in row.filled_sealed
    entries = session.query(AuditEntryRow).filter_by(subject_id=message_id).all()
    assert [entry.action for entry in entries] == ["message.queue"]
    assert "house.example" not in repr([entry.detail for entry in entries])


def test_a_message_is_for_exactly_one():
    with pytest.raises(ValueError, match="one patient"):
        Recipient()
    with pytest.raises(ValueError, match="one patient"):
        Recipient(patient_id=new_id(), account_id=new_id())


def test_every_state_leads_on_or_is_an_end():
    leads_on = {step.source for step in MESSAGE_STEPS}
    assert leads_on | ENDS == set(MessageState)
    assert not leads_on & ENDS
    assert len(NEXT) == len(MESSAGE_STEPS)


@given(tries=st.integers(1, 200))
def test_waits_grow_and_end(tries):
    from tests.conftest import MONDAY

    after, due_at = after_try(AWAY, tries, MONDAY, SENDING)
    if tries >= SENDING["most_tries"]:
        assert (after, due_at) == (MessageState.FAILED, None)
    else:
        assert after is MessageState.QUEUED
        assert 30 <= (due_at - MONDAY).total_seconds() <= SENDING["longest_wait_s"]

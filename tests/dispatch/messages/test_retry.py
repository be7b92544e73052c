"""A failed message is said once more, by a message of its own: once, audited, and only while it has sense."""

from datetime import timedelta

import pytest

from dispatch.audit.records import AuditEntryRow
from dispatch.kernel.actor import SYSTEM, Role
from dispatch.kernel.ids import new_id
from dispatch.kernel.refusals import Conflict, Forbidden, NotFound
from dispatch.messages.model import Outcome
from dispatch.messages.queries import failed_messages
from dispatch.messages.records import MessageRow
from dispatch.messages.service import claim_message, queue_message, retry_message, settle_message
from tests.builders.intake import staff
from tests.builders.messages import a_message

NO_ADDRESS = Outcome(sent=False, code="no_address", hopeless=True)
DANA = staff(Role.DISPATCHER)


@pytest.fixture
def failed(session, clock):
    def failed(**more):
        message_id = queue_message(session, a_message(clock, **more), SYSTEM, clock)
        fail(session, clock)
        return message_id

    return failed


def fail(session, clock):
    settle_message(session, claim_message(session, "a", clock), "a", NO_ADDRESS, clock)


def codes(session, clock):
    found = failed_messages(session, clock.now() - timedelta(days=1))
    return [(each.row.id, each.code) for each in found]


def test_it_goes_out_again_with_the_same_words_and_the_old_one_stays(session, clock, failed):
    message_id = failed(about=new_id(), once="x")
    assert codes(session, clock) == [(message_id, "no_address")]
    fresh_id = retry_message(session, message_id, DANA, clock)
    assert codes(session, clock) == []
    old, fresh = (session.get_one(MessageRow, each) for each in (message_id, fresh_id))
    assert (old.state, fresh.state, fresh.tries) == ("failed", "queued", 0)
    assert (fresh.patient_id, fresh.about, fresh.filled) == (old.patient_id, old.about, old.filled)
    assert claim_message(session, "a", clock).message_id == fresh_id


def test_pressed_twice_it_is_sent_once(session, clock, failed):
    message_id = failed()
    assert retry_message(session, message_id, DANA, clock) == retry_message(session, message_id, DANA, clock)
    assert session.query(MessageRow).count() == 2


def test_a_retry_that_failed_may_be_retried(session, clock, failed):
    first = retry_message(session, failed(), DANA, clock)
    fail(session, clock)
    assert codes(session, clock) == [(first, "no_address")]
    assert retry_message(session, first, DANA, clock) not in {first, None}


def test_who_asked_for_it_is_in_the_log(session, clock, failed):
    message_id = failed()
    fresh_id = retry_message(session, message_id, DANA, clock)
    (entry,) = session.query(AuditEntryRow).filter_by(action="message.retry").all()
    assert (entry.subject_id, entry.actor_id) == (fresh_id, DANA.account_id)
    assert entry.detail["retry_of"] == str(message_id)


def test_what_is_over_is_not_told_any_more(session, clock, failed):
    message_id = failed(lapses_at=clock.now() + timedelta(hours=1))
    clock.advance(timedelta(hours=1))
    with pytest.raises(Conflict, match="message_lost_its_sense"):
        retry_message(session, message_id, DANA, clock)


def test_what_still_waits_is_not_doubled(session, clock):
    message_id = queue_message(session, a_message(clock), SYSTEM, clock)
    with pytest.raises(Conflict, match="message_not_failed"):
        retry_message(session, message_id, DANA, clock)


def test_a_message_that_is_not_there_is_refused(session, clock):
    with pytest.raises(NotFound, match="no_such_message"):
        retry_message(session, new_id(), DANA, clock)


def test_a_nurse_may_not(session, clock, failed):
    with pytest.raises(Forbidden, match="role_missing"):
        retry_message(session, failed(), staff(Role.NURSE), clock)

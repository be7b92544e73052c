"""Alarms on the board, one in full, the roster; the nurse's check-in and her silent call for help."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from dispatch.audit.records import AuditEntryRow
from dispatch.kernel.actor import Role
from dispatch.kernel.ids import new_id
from dispatch.kernel.storage import transaction
from dispatch.messages.records import MessageRow
from dispatch.visits.model import Deed
from dispatch.visits.safety.model import AlarmKind
from dispatch.visits.safety.records import AlarmRow, AlarmStepRow, SignRow
from tests.builders.safety import TEN, a_fact_row, at, tick
from tests.builders.visits import DAY, a_town
from tests.builders.web import a_browser, a_person, csrf, keyring_of_app

BOARD = f"/board/columbus/{DAY}"


@pytest.fixture
def town(app, engine, clock):
    with transaction(engine, keyring_of_app(app)) as session:
        town = a_town(session)
        session.add(a_fact_row(town.first_id, town.nurse_id, Deed.CHECK_IN, TEN))
    a_person(app, engine, Role.NURSE, email="nina@test.example", nurse_id=town.nurse_id)
    a_person(app, engine, Role.DISPATCHER, email="dana@test.example")
    clock.at = at(5)
    return town


@pytest.fixture
def nurse(app, town):
    return a_browser(app, "nina@test.example")


@pytest.fixture
def dispatcher(app, town):
    return a_browser(app, "dana@test.example")


def call_for_help(nurse):
    sent = {"event_id": str(new_id())}
    return nurse.post("/today/panic", data=sent, headers=csrf(nurse) | {"Referer": "http://localhost/today"})


def test_a_call_for_help_leaves_a_small_sign_and_nothing_else(nurse):
    before = nurse.get("/today").text
    assert call_for_help(nurse).location == "/today"
    after = nurse.get("/today").text
    assert ("Quiet help: sent" in before, "Quiet help: sent" in after) == (False, True)
    seen = re.sub(r"<[^>]+>", " ", after).lower()
    assert not [word for word in ("panic", "alarm", "help") if word in seen]


def test_the_board_shouts_and_the_address_is_only_on_the_alarms_page(app, engine, town, nurse, dispatcher):
    call_for_help(nurse)
    board = dispatcher.get(BOARD).text
    assert "Call for help" in board
    assert "Gate code" not in board
    with transaction(engine, keyring_of_app(app)) as session:
        alarm_id = session.scalar(sa.select(AlarmRow.id))
    page = dispatcher.get(f"/alarms/{alarm_id}").text
    assert "1234 Kenworth Rd" in page
    assert "Gate code 40#" in page
    assert f'href="{BOARD}?visit={town.first_id}"' in page  # where the rest of her day is planned anew
    with transaction(engine, keyring_of_app(app)) as session:
        reads = session.scalars(sa.select(AuditEntryRow).where(AuditEntryRow.action == "safety.read_place"))
        assert len(reads.all()) == 1


def test_a_call_that_is_pressed_twice_is_one_alarm(app, engine, nurse):
    call_for_help(nurse)
    call_for_help(nurse)
    with transaction(engine, keyring_of_app(app)) as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(AlarmRow)) == 1
        assert session.scalars(sa.select(AlarmStepRow.deed)).all() == ["again"]
        nurses = session.scalars(sa.select(MessageRow.role)).all()
    assert nurses == ["dispatcher"]


def test_an_alarm_is_taken_in_hand_and_resolved_in_words(app, engine, nurse, dispatcher):
    call_for_help(nurse)
    with transaction(engine, keyring_of_app(app)) as session:
        place = f"/alarms/{session.scalar(sa.select(AlarmRow.id))}"
    token = csrf(dispatcher)
    assert dispatcher.post(place, data={"deed": "acknowledge", "seen": "0"}, headers=token).status_code == 303
    empty = dispatcher.post(place, data={"deed": "resolve", "seen": "1"}, headers=token)
    assert (empty.status_code, "words_missing" in empty.text) == (422, True)
    stale = dispatcher.post(
        place, data={"deed": "resolve", "seen": "0", "words": "She is well."}, headers=token
    )
    assert (stale.status_code, "alarm_moved_on" in stale.text) == (409, True)
    done = {"deed": "resolve", "seen": "1", "words": "She pressed it by mistake; her voice was calm."}
    assert dispatcher.post(place, data=done, headers=token).status_code == 303
    page = dispatcher.get(place).text
    assert "by mistake" in page
    assert "Gate code" not in page


def test_before_it_comes_to_help_the_address_is_not_shown(app, engine, clock, dispatcher):
    clock.at = at(36)
    tick(engine, keyring_of_app(app), clock)
    with transaction(engine, keyring_of_app(app)) as session:
        alarm_id = session.scalar(sa.select(AlarmRow.id))
    assert "Kenworth" not in dispatcher.get(f"/alarms/{alarm_id}").text
    clock.at = at(50)
    tick(engine, keyring_of_app(app), clock)
    assert "1234 Kenworth Rd" in dispatcher.get(f"/alarms/{alarm_id}").text
    assert "Call 911" in dispatcher.get("/board/columbus/alarms/strip").text


def test_the_nurse_is_told_of_a_missed_check_in_and_ends_it(app, engine, clock, nurse):
    clock.at = at(36)
    tick(engine, keyring_of_app(app), clock)
    nurse = a_browser(app, "nina@test.example")
    page = nurse.get("/today").text
    assert AlarmKind.MISSED_CHECK_IN in page
    with transaction(engine, keyring_of_app(app)) as session:
        visit_id = session.scalar(sa.select(AlarmRow.appointment_id))
    sent = {"event_id": str(new_id()), "longer_minutes": "0"}
    assert nurse.post(f"/today/visits/{visit_id}/well", data=sent, headers=csrf(nurse)).status_code == 303
    tick(engine, keyring_of_app(app), clock)
    assert AlarmKind.MISSED_CHECK_IN not in nurse.get("/today/safety").text


def test_she_may_say_that_it_takes_longer_but_not_without_end(app, engine, nurse, town):
    place, token = f"/today/visits/{town.first_id}/well", csrf(nurse)
    for minutes, status in (("30", 303), ("121", 422), ("many", 422)):
        sent = {"event_id": str(new_id()), "longer_minutes": minutes}
        assert nurse.post(place, data=sent, headers=token).status_code == status
    with transaction(engine, keyring_of_app(app)) as session:
        assert session.scalars(sa.select(SignRow.longer_minutes)).all() == [30]


def test_a_visit_that_is_not_hers_is_not_hers_to_check_in(app, engine, town):
    a_person(app, engine, Role.NURSE, email="olga@test.example", nurse_id=town.other_nurse_id)
    olga = a_browser(app, "olga@test.example")
    sent = {"event_id": str(new_id()), "longer_minutes": "0"}
    answer = olga.post(f"/today/visits/{town.first_id}/well", data=sent, headers=csrf(olga))
    assert answer.status_code == 404


def test_the_empty_pages_say_so(dispatcher, app, engine):
    page = dispatcher.get("/board/columbus/alarms").text
    for said in ("No alarm is open.", "Nobody is on call", "no account of a prescriber yet"):
        assert said in page
    a_person(app, engine, Role.PRESCRIBER, email="paul@test.example")
    assert "You are not on call" in a_browser(app, "paul@test.example").get("/on-call").text


def test_readyz_says_how_long_ago_the_watch_looked(app, engine, clock):
    from api.watching import Watcher

    assert app.test_client().get("/readyz").json["watch_last_look_s"] is None
    Watcher(engine, keyring_of_app(app), clock, "w1").look()
    clock.advance(timedelta(seconds=9))
    assert app.test_client().get("/readyz").json["watch_last_look_s"] == 9

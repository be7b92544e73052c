from datetime import datetime

import pytest

from dispatch.audit.records import AuditEntryRow
from dispatch.kernel.actor import Role
from dispatch.kernel.storage import transaction
from tests.builders.assignment import a_published_plan, a_small_day
from tests.builders.web import a_person, a_phone, keyring_of_app

URL = "/api/v1/areas/columbus/days/2026-11-23/board"


@pytest.fixture
def dispatcher(app, engine, clock):
    with transaction(engine, keyring_of_app(app)) as session:
        a_published_plan(session, a_small_day(session), clock)
    return a_phone(app, engine, a_person(app, engine, Role.DISPATCHER))


def test_a_board_tells_who_goes_where_and_when(dispatcher):
    board = dispatcher.get(URL).json
    assert (board["total"], board["assigned"], board["late"]) == (4, 4, 0)
    assert (board["zone"], board["length_s"], board["plan"]["number"]) == ("America/New_York", 86400, 1)
    stops = [stop for lane in board["lanes"] for stop in lane["stops"] if stop["kind"] == "visit"]
    assert {stop["visit"]["initials"] for stop in stops} == {"A.K.", "C.M.", "B.L.", "D.Q."}
    for stop in stops:
        begins = datetime.fromisoformat(stop["begins_at"])
        spans = stop["visit"]["windows"]
        assert any(
            datetime.fromisoformat(s["begins_at"]) <= begins <= datetime.fromisoformat(s["ends_at"])
            for s in spans
        )


def test_a_board_shows_no_name_and_no_address(dispatcher):
    text = dispatcher.get(URL).text
    assert "Kingsley" not in text
    assert "Kenworth" not in text


def test_looking_at_a_board_is_audited_once(app, engine, dispatcher):
    dispatcher.get(URL)
    with transaction(engine, keyring_of_app(app)) as session:
        entry = session.query(AuditEntryRow).filter_by(action="board.read").one()
        assert entry.detail == {"day": "2026-11-23"}

import itertools
import json
import threading
from datetime import timedelta

import pytest

from api import streams
from api.db import db
from api.streams import Feed, Subscription, as_event, feed_of, follow
from dispatch.areas.model import DayChange
from dispatch.areas.service import note_change
from dispatch.kernel.actor import Role
from dispatch.kernel.ids import new_id
from dispatch.kernel.refusals import Unavailable
from dispatch.kernel.storage import transaction
from tests.builders.assignment import DAY, a_metro
from tests.builders.web import a_person, a_phone, make_app


@pytest.fixture
def area_id(engine, keyring):
    with transaction(engine, keyring) as session:
        return a_metro(session).area.id


@pytest.fixture
def dispatcher(app, engine):
    yield a_phone(app, engine, a_person(app, engine, Role.DISPATCHER))
    feed_of(app).close()


@pytest.fixture
def feed(engine):
    feed = Feed(engine, 1)
    yield feed
    feed.close()


def tell(engine, keyring, clock, area_id, kind="plan", day=DAY, subject_id=None):
    with transaction(engine, keyring) as session:
        note_change(session, area_id, day, kind, clock, subject_id)


def a_change(position=1, **more):
    known = {"area_id": new_id(), "day": DAY, "kind": "plan", "subject_id": None}
    return DayChange(position=position, **(known | more))


def first(answer, count):
    """Read the first so many pieces of a stream, then hang up."""
    pieces = [piece.decode() for piece in itertools.islice(answer.response, count)]
    answer.close()
    return pieces


def test_an_event_carries_a_kind_and_an_id_and_nothing_else(engine, keyring, clock, area_id, dispatcher):
    subject = new_id()
    tell(engine, keyring, clock, area_id, "visit", subject_id=subject)
    answer = dispatcher.get("/board/columbus/2026-11-23/events?after=0", buffered=False)
    assert answer.content_type.startswith("text/event-stream")
    retry, event = first(answer, 2)
    assert retry == "retry: 2000\n\n"
    number, name, data, *_ = event.split("\n")
    assert (number, name) == ("id: 1", "event: board-changed")
    assert json.loads(data.removeprefix("data: ")) == {"kind": "visit", "id": str(subject)}


def test_a_plan_run_has_an_event_of_its_own():
    assert "event: plan-run\n" in as_event(a_change(kind="plan_run"))


def test_a_stream_goes_on_behind_the_last_event(engine, keyring, clock, area_id, dispatcher):
    for kind in ("plan", "visit", "plan"):
        tell(engine, keyring, clock, area_id, kind)
    answer = dispatcher.get(
        "/board/columbus/2026-11-23/events", headers={"Last-Event-ID": "1"}, buffered=False
    )
    assert [event.split("\n")[0] for event in first(answer, 3)[1:]] == ["id: 2", "id: 3"]


def test_a_stream_that_missed_too_much_is_told_to_load_everything(
    engine, keyring, clock, area_id, dispatcher, monkeypatch
):
    monkeypatch.setattr(streams, "MOST_AT_ONCE", 2)
    for _ in range(3):
        tell(engine, keyring, clock, area_id)
    answer = dispatcher.get("/board/columbus/2026-11-23/events?after=0", buffered=False)
    _, event = first(answer, 2)
    assert event.startswith("id: 3\n")
    assert '"everything"' in event


def test_what_happens_while_it_is_open_arrives(app, engine, keyring, clock, area_id, dispatcher):
    answer = dispatcher.get("/board/columbus/2026-11-23/events", buffered=False)
    pieces = iter(answer.response)
    next(pieces)
    tell(engine, keyring, clock, area_id)
    assert b"event: board-changed" in next(pieces)
    answer.close()


def test_other_days_and_areas_are_not_heard(engine, keyring, clock, area_id, feed):
    stream = feed.subscribe(area_id, DAY)
    tell(engine, keyring, clock, area_id, day=DAY + timedelta(days=1))
    tell(engine, keyring, clock, area_id, kind="mine")
    assert stream.changes.get(timeout=30).kind == "mine"


def test_an_open_stream_holds_no_connection_to_the_database(app, dispatcher, area_id):
    answer = dispatcher.get("/board/columbus/2026-11-23/events", buffered=False)
    next(iter(answer.response))
    with app.app_context():
        pool = db.engine.pool
        deadline = threading.Event()
        assert any(pool.checkedout() == 0 or deadline.wait(0.05) for _ in range(100))
    answer.close()


def test_too_many_streams_are_refused_and_a_closed_one_makes_room(database_url, engine, clock, area_id):
    app = make_app(database_url, clock, HOUSECALL_STREAMS="1")
    phone = a_phone(app, engine, a_person(app, engine, Role.DISPATCHER))
    url = "/board/columbus/2026-11-23/events"
    held = phone.get(url, buffered=False)
    refused = phone.get(url)
    assert refused.status_code == 503
    held.close()
    again = phone.get(url, buffered=False)
    assert again.status_code == 200
    again.close()
    assert feed_of(app).open_streams == 0
    feed_of(app).close()
    with app.app_context():
        db.engine.dispose()


@pytest.mark.parametrize("day", ["2026-13-01", "today", "20261123", "9999-12-31"])
def test_a_day_that_is_none_is_not_found(dispatcher, area_id, day):
    assert dispatcher.get(f"/board/columbus/{day}/events").status_code == 404


def test_an_unknown_area_is_not_found_and_holds_no_stream(app, dispatcher):
    assert dispatcher.get("/board/nowhere/2026-11-23/events").status_code == 404
    assert feed_of(app).open_streams == 0


def test_a_nurse_gets_no_board(app, engine, area_id):
    nurse = a_phone(app, engine, a_person(app, engine, Role.NURSE))
    assert nurse.get("/board/columbus/2026-11-23/events").status_code == 403


def test_a_silent_stream_sends_comments_and_ends_in_time(monkeypatch):
    monkeypatch.setattr(streams, "HEARTBEAT_S", 0.01)
    pieces = list(follow(Subscription(new_id(), DAY), [], 0.05))
    assert pieces[0].startswith("retry:")
    assert set(pieces[1:]) == {": still here\n\n"}


def test_a_stream_that_is_too_slow_loads_everything_once():
    area_id = new_id()
    stream = Subscription(area_id, DAY)
    for position in range(1, streams.MOST_AT_ONCE + 2):
        stream.offer(a_change(position, area_id=area_id))
    pieces = follow(stream, [], 30)
    next(pieces)
    event = next(pieces)
    assert event.startswith(f"id: {streams.MOST_AT_ONCE}\n")
    assert '"everything"' in event
    assert stream.changes.empty()


def test_a_change_that_commits_late_is_still_seen(feed, area_id, monkeypatch):
    rows = [a_change(7, area_id=area_id)]
    monkeypatch.setattr(streams, "newest_changes", lambda _session, _most: list(rows))
    stream = Subscription(area_id, DAY)
    feed._streams.add(stream)
    feed.look()
    rows.insert(0, a_change(6, area_id=area_id))
    feed.look()
    assert [stream.changes.get_nowait().position for _ in range(2)] == [7, 6]
    assert stream.changes.empty()


def test_the_limit_is_the_feeds_own(feed, area_id):
    feed.subscribe(area_id, DAY)
    with pytest.raises(Unavailable):
        feed.subscribe(area_id, DAY)


def test_a_feed_that_nobody_follows_any_more_looks_no_more(feed, area_id):
    feed.leave(feed.subscribe(area_id, DAY))
    feed.close()
    stream = feed.subscribe(area_id, DAY)
    assert feed.open_streams == 1
    feed.leave(stream)

"""Live boards: server-sent events that carry only what kind of thing changed, and its id.

One thread a process looks for changes and feeds all streams, however many there are; a stream that waits
holds a thread, but no session and no transaction. `Last-Event-ID` (or `?after=` on the first connection)
tells where a board goes on, so that nothing between two connections is missed.
"""

import json
import queue
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

import structlog
from flask import Flask, Response, current_app, request
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from api.actor import policy, roles
from api.days import day_from
from api.db import current_session, db
from api.pages import pages
from api.settings import Settings
from dispatch.areas.model import DayChange
from dispatch.areas.service import area_by_slug, changes_after, newest_changes
from dispatch.kernel.actor import Role
from dispatch.kernel.refusals import Unavailable, refuse
from dispatch.kernel.storage import READ_ONLY

log = structlog.get_logger("housecall.streams")
LOOK_EVERY_S = 0.5
HEARTBEAT_S = 15.0
# Transactions may commit in another order than they took their positions: look this far back.
LOOK_BACK = 200
# More than this to catch up with, and a board is better told to load everything again.
MOST_AT_ONCE = 200
RETRY_MS = 2000


def event_name(kind: str) -> str:
    """Return the name of the DOM event: plan runs have their own strip, everything else is the board."""
    return "plan-run" if kind == "plan_run" else "board-changed"


def as_event(change: DayChange) -> str:
    """Write a change as a server-sent event."""
    data = json.dumps({"kind": change.kind, "id": str(change.subject_id) if change.subject_id else None})
    return f"id: {change.position}\nevent: {event_name(change.kind)}\ndata: {data}\n\n"


def everything(position: int) -> str:
    """Write the event that tells a board to load all of itself again."""
    data = json.dumps({"kind": "everything", "id": None})
    return f"id: {position}\nevent: board-changed\ndata: {data}\n\n"


@dataclass(eq=False)
class Subscription:
    """One stream's changes that are not yet sent."""

    area_id: UUID
    day: date
    changes: queue.Queue[DayChange] = field(default_factory=lambda: queue.Queue(MOST_AT_ONCE))
    overrun: bool = False

    def offer(self, change: DayChange) -> None:
        """Queue a change of this day; a stream that is too slow will load everything instead."""
        if (change.area_id, change.day) == (self.area_id, self.day):
            try:
                self.changes.put_nowait(change)
            except queue.Full:
                self.overrun = True


class Feed:
    """Follows the changes of all days while anybody listens, at most `most` streams at once."""

    def __init__(self, engine: Engine, most: int) -> None:
        self.engine = engine.execution_options(**READ_ONLY)
        self.most = most
        self._lock = threading.Lock()
        self._streams: set[Subscription] = set()
        self._seen: set[int] = set()
        self._follower: threading.Thread | None = None
        self._nobody = threading.Event()

    @property
    def open_streams(self) -> int:
        """How many boards are being fed."""
        return len(self._streams)

    def subscribe(self, area_id: UUID, day: date) -> Subscription:
        """Start to feed a stream.

        Raises
        ------
        Unavailable
            When there are too many: each holds a thread, and the others need some.
        """
        stream = Subscription(area_id, day)
        with self._lock:
            if len(self._streams) >= self.most:
                raise refuse(
                    Unavailable,
                    "too_many_streams",
                    "Too many boards are open live at the moment.",
                    way_out="This one shows new things when it is loaded again.",
                )
            self._streams.add(stream)
            self._nobody.clear()
            if self._follower is None:
                self._seen = {change.position for change in self._newest()}
                self._follower = threading.Thread(target=self._follow, name="day-changes", daemon=True)
                self._follower.start()
        return stream

    def leave(self, stream: Subscription) -> None:
        """End a stream."""
        with self._lock:
            self._streams.discard(stream)
            if not self._streams:
                self._nobody.set()

    def close(self) -> None:
        """End all streams and wait until nothing looks into the database any more."""
        follower = self._follower
        for stream in tuple(self._streams):
            self.leave(stream)
        if follower is not None:
            follower.join()

    def look(self) -> None:
        """Give every stream what is new."""
        for change in self._newest():
            if change.position not in self._seen:
                self._seen.add(change.position)
                for stream in tuple(self._streams):
                    stream.offer(change)
        if len(self._seen) > 4 * LOOK_BACK:
            self._seen = set(sorted(self._seen)[-2 * LOOK_BACK :])

    def _newest(self) -> Sequence[DayChange]:
        with Session(self.engine) as session:
            return newest_changes(session, LOOK_BACK)

    def _follow(self) -> None:
        while True:
            with self._lock:
                if not self._streams:
                    self._follower = None
                    return
            try:
                self.look()
            except DBAPIError as error:  # away for a while; the streams stay open and catch up
                log.warning("database_away", kind=type(error).__name__)
            self._nobody.wait(LOOK_EVERY_S)


def feed_of(app: Flask) -> Feed:
    """Return the app's feed, made when first asked for."""
    if "housecall_feed" not in app.extensions:
        settings: Settings = app.extensions["housecall_settings"]
        with app.app_context():
            app.extensions.setdefault("housecall_feed", Feed(db.engine, settings.streams))
    found: Feed = app.extensions["housecall_feed"]
    return found


@pages.route("/board/<slug>/<day>/events")
@policy(roles(Role.DISPATCHER))
def day_events(slug: str, day: str) -> Response:
    """Stream what changes on an area's day."""
    on = day_from(day)
    area_id = area_by_slug(current_session(), slug).id
    settings: Settings = current_app.extensions["housecall_settings"]
    feed = feed_of(current_app)
    stream = feed.subscribe(area_id, on)
    try:
        missed = _missed(area_id, on)
    except BaseException:
        feed.leave(stream)
        raise
    answer = Response(follow(stream, missed, settings.logoff_minutes * 60), content_type="text/event-stream")
    answer.headers["X-Accel-Buffering"] = "no"
    answer.call_on_close(lambda: feed.leave(stream))
    return answer


def _missed(area_id: UUID, day: date) -> list[str]:
    """Return what changed since the board was drawn, or since the last event it got."""
    last = request.headers.get("Last-Event-ID") or request.args.get("after", "")
    if not (last.isascii() and last.isdigit() and len(last) < 19):
        return []
    changes = changes_after(current_session(), area_id, day, int(last))
    if len(changes) > MOST_AT_ONCE:
        return [everything(changes[-1].position)]
    return [as_event(change) for change in changes]


def follow(stream: Subscription, missed: Sequence[str], longest_s: float) -> Iterator[str]:
    """Yield the stream's text: what was missed, then what comes, with a comment when nothing does.

    After `longest_s` it ends, and the board connects again: a session that is over then ends it for good.
    """
    yield f"retry: {RETRY_MS}\n\n"
    yield from missed
    until = time.monotonic() + longest_s
    while (left_s := until - time.monotonic()) > 0:
        try:
            change = stream.changes.get(timeout=min(HEARTBEAT_S, left_s))
        except queue.Empty:
            yield ": still here\n\n"
            continue
        if stream.overrun:
            stream.overrun = False
            last = change.position
            while not stream.changes.empty():
                last = stream.changes.get_nowait().position
            yield everything(last)
        else:
            yield as_event(change)

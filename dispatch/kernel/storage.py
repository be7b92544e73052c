"""The two databases: SQLite as the embedded default, PostgreSQL by URL alone.

SQLite (figures in reliability.md): WAL with ``synchronous=FULL`` lost nothing in 1,000 power cuts;
``recursive_triggers`` keeps ``INSERT OR REPLACE`` from walking past append-only triggers; one writer lock
a process brings the p99 of a write from 1.3 s to 60 ms. Versions before 3.51.3 can corrupt a WAL with two
writing connections, hence the driver `pysqlite3` and the refusal of an older library.

Writers take turns in the order in which they came. With a plain lock, whoever has just written takes it again
while others wait: the custody ledger at 8 clients had a median of 57 ms and a p99 of 3.6 s; in turns, on the
same busy machine, 420 ms and 1.3 s.
"""

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pysqlite3 import dbapi2 as sqlite
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.orm import Session

from dispatch.kernel.refusals import Unavailable, refuse
from dispatch.kernel.sealing import Keyring

OLDEST_SQLITE = (3, 51, 3)
WRITER_WAIT_S = 30.0
TRUSTED_S = 1.0
PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "recursive_triggers=ON",
    "mmap_size=0",
    "busy_timeout=10000",
)
# A transaction that only reads says so, and then waits for no writer.
READ_ONLY: dict[str, Any] = {"housecall_read_only": True}


def engine_options(url: str) -> dict[str, Any]:
    """Return the options of `create_engine` for `url`.

    `hide_parameters` keeps patients' data out of the texts of database errors, and so out of logs.

    Raises
    ------
    RuntimeError
        When the SQLite library is older than `OLDEST_SQLITE`.
    """
    options: dict[str, Any] = {"hide_parameters": True}
    if make_url(url).get_backend_name() == "sqlite":
        version = ".".join(map(str, sqlite.sqlite_version_info))
        if sqlite.sqlite_version_info < OLDEST_SQLITE:
            raise RuntimeError(
                f"SQLite {version} can corrupt its log when two connections write. "
                "Install pysqlite3 0.6.1 or newer, or use PostgreSQL (HOUSECALL_DATABASE_URL)."
            )
        return options | {"module": sqlite, "pool_size": 64, "max_overflow": 32}
    return options | {"pool_size": 16, "max_overflow": 48}


class Turns:
    """A lock that is handed on in the order in which it was asked for."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._held = False
        self._waiting: deque[threading.Event] = deque()

    def acquire(self, timeout: float) -> bool:
        """Wait for one's turn, at most `timeout` seconds; tell whether it came."""
        with self._guard:
            if not self._held:
                self._held = True
                return True
            turn = threading.Event()
            self._waiting.append(turn)
        if turn.wait(timeout):
            return True
        with self._guard:
            if turn.is_set():  # it came at the last moment
                return True
            self._waiting.remove(turn)
            return False

    def release(self) -> None:
        """End one's turn: it is the next one's, or nobody's."""
        with self._guard:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._held = False


def _asked_after_a_rest(engine: Engine) -> Engine:
    """Ask a connection that rested whether it still lives; one just used does not pay the round trip.

    Where it died within `TRUSTED_S`, the first statement fails, and the pool then drops every connection.
    """

    @event.listens_for(engine, "checkin")
    def _on_checkin(_connection: Any, record: Any) -> None:
        record.info["rests_since"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def _on_checkout(connection: Any, record: Any, _proxy: Any) -> None:
        rested_s = time.monotonic() - record.info.get("rests_since", time.monotonic())
        if rested_s < TRUSTED_S:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise DisconnectionError from error

    return engine


def prepare(engine: Engine) -> Engine:
    """Attach pragmas and the writer lock to an SQLite engine, and to PostgreSQL a question after a rest."""
    if engine.dialect.name != "sqlite":
        return _asked_after_a_rest(engine)
    writer = Turns()

    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves, below
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        if connection.get_execution_options().get("housecall_read_only"):
            connection.exec_driver_sql("BEGIN")
            return
        held = connection.connection.info
        if not held.get("writes"):
            if not writer.acquire(timeout=WRITER_WAIT_S):
                raise refuse(
                    Unavailable,
                    "database_busy",
                    "Another change takes unusually long.",
                    way_out="Try again in a moment.",
                )
            held["writes"] = True
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    @event.listens_for(engine, "checkin")
    def _on_checkin(_connection: Any, record: Any) -> None:
        if record.info.pop("writes", False):
            writer.release()

    return engine


def open_engine(url: str) -> Engine:
    """Return a prepared engine for `url`, for use outside the web floor."""
    return prepare(create_engine(url, **engine_options(url)))


@contextmanager
def transaction(engine: Engine, keyring: Keyring) -> Iterator[Session]:
    """Give a session whose work is committed once at the end, or not at all."""
    with Session(engine, info={"keyring": keyring}) as session, session.begin():
        yield session

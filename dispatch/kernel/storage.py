"""The two databases: SQLite as the embedded default, PostgreSQL by URL alone.

SQLite (figures in reliability.md): WAL with ``synchronous=FULL`` lost nothing in 1,000 power cuts;
``recursive_triggers`` keeps ``INSERT OR REPLACE`` from walking past append-only triggers; one writer lock
a process brings the p99 of a write from 1.3 s to 60 ms. Versions before 3.51.3 can corrupt a WAL with two
writing connections, hence the driver `pysqlite3` and the refusal of an older library.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pysqlite3 import dbapi2 as sqlite
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from dispatch.kernel.refusals import Unavailable, refuse
from dispatch.kernel.sealing import Keyring

OLDEST_SQLITE = (3, 51, 3)
WRITER_WAIT_S = 30.0
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
    return options | {"pool_pre_ping": True, "pool_size": 16, "max_overflow": 48}


def prepare(engine: Engine) -> Engine:
    """Attach pragmas and the writer lock to an SQLite engine; PostgreSQL needs neither."""
    if engine.dialect.name != "sqlite":
        return engine
    writer = threading.Lock()

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

"""The databases of the tests: everything that touches tables runs on SQLite and on PostgreSQL.

Every test gets an empty database that the migrations built: on SQLite a copy of a template, on PostgreSQL
the test process's own one, emptied after each test. What needs
PostgreSQL, Redis or Chromium runs where they are there (`tests.machine`); what is left out is named at the
end, and with `HOUSECALL_TEST_REQUIRE_ALL=1`, as in CI, it fails the run.
"""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import hypothesis
import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from api.db import db
from api.migrations import migrate
from dispatch.kernel.clock import SetClock
from dispatch.kernel.sealing import Keyring
from dispatch.kernel.storage import open_engine
from tests import machine
from tests.browser import chromium, live_server, open_page  # noqa: F401 - one Chromium for all tests
from tests.builders import tables  # noqa: F401 - every chapter's tables
from tests.builders.web import close, engine_at, lent, make_app

# The same examples in every run: what passes here passes in CI. New ones: --hypothesis-profile=search.
hypothesis.settings.register_profile("same", derandomize=True)
hypothesis.settings.register_profile("search")
hypothesis.settings.load_profile("same")

KEYRING = Keyring({1: b"k" * 32}, 1, b"i" * 32)
MONDAY = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)  # 06:00 in Columbus


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what the machine cannot run, saying why; what takes longest, pages in a browser, is first."""
    long = {item.path for item in items if item.get_closest_marker("browser")}
    items.sort(key=lambda item: item.path not in long)
    for need, missing in machine.missing().items():
        for item in items:
            if item.get_closest_marker(need):
                item.add_marker(pytest.mark.skip(reason=missing))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name what was left out."""
    for missing in machine.missing().values():
        terminalreporter.write_line(f"LEFT OUT: {missing}", yellow=True)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a run that had to be whole and was not."""
    if machine.must_be_whole() and machine.missing():
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def build_schema(url: str) -> None:
    """Make all tables in the database at `url`."""
    engine = open_engine(url)
    migrate(engine)
    engine.dispose()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with the whole schema and no rows."""
    path = tmp_path_factory.mktemp("template") / "template.sqlite"
    build_schema(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def sqlite_place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where this test process keeps its SQLite database."""
    return tmp_path_factory.mktemp("sqlite")


@pytest.fixture
def fresh_sqlite(sqlite_place: Path, sqlite_template: Path) -> str:
    """An empty SQLite database, always at the same place: what an engine has compiled serves again."""
    for left in sqlite_place.iterdir():
        left.unlink()
    path = sqlite_place / "housecall.sqlite"
    shutil.copyfile(sqlite_template, path)
    return f"sqlite:///{path}"


# Empties a database in milliseconds, where copying a template takes half a second. The replica role
# passes by the append-only triggers, which only a superuser can do; the tests are one.
EMPTY = """DO $$ DECLARE name text; BEGIN
    SET LOCAL session_replication_role = replica;
    FOR name IN SELECT quote_ident(relname) FROM pg_class
        WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'
    LOOP EXECUTE 'DELETE FROM ' || name; END LOOP;
    FOR name IN SELECT quote_ident(relname) FROM pg_class
        WHERE relkind = 'S' AND relnamespace = 'public'::regnamespace
    LOOP EXECUTE 'ALTER SEQUENCE ' || name || ' RESTART'; END LOOP;
END $$"""


@pytest.fixture(scope="session")
def postgresql_database() -> Iterator[str]:
    """The URL of this test process's own PostgreSQL database, with the whole schema."""
    name = f"housecall_test_{uuid4().hex[:12]}"
    admin = sa.create_engine(machine.postgresql_url(), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
        connection.exec_driver_sql(f"ALTER DATABASE {name} SET synchronous_commit = off")
    url = make_url(machine.postgresql_url()).set(database=name).render_as_string(hide_password=False)
    build_schema(url)
    yield url
    with admin.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    admin.dispose()


@pytest.fixture(scope="session")
def emptying(postgresql_database: str) -> Iterator[Engine]:
    """One connection that empties: a new one would read the whole catalogue anew."""
    engine = sa.create_engine(postgresql_database, poolclass=sa.StaticPool)
    yield engine
    engine.dispose()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """An empty database with the whole schema; real concurrency may be tried on it."""
    if request.param == "sqlite":
        yield request.getfixturevalue("fresh_sqlite")
        return
    request.getfixturevalue("emptying")
    url = request.getfixturevalue("postgresql_database")
    yield url
    with request.getfixturevalue("emptying").begin() as connection:
        connection.exec_driver_sql(EMPTY)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine on `database_url`."""
    engine = engine_at(database_url, "test")
    yield engine
    close(engine)


@pytest.fixture
def keyring() -> Keyring:
    """The keys that seal patients' fields in tests."""
    return KEYRING


@pytest.fixture
def session(engine: Engine, keyring: Keyring) -> Iterator[Session]:
    """A session on a fresh database; nothing is committed unless the test does."""
    with Session(engine, info={"keyring": keyring}) as session:
        yield session
        session.rollback()


@pytest.fixture
def clock() -> SetClock:
    """A clock that stands on Monday 2026-11-23, 06:00 in Columbus, Ohio."""
    return SetClock(MONDAY)


@pytest.fixture(scope="session")
def built_app(sqlite_template: Path) -> Flask:
    """The app, built once: its routes and its OpenAPI document take a third of a second."""
    return make_app(f"sqlite:///{sqlite_template}", SetClock(MONDAY))


@pytest.fixture
def app(built_app: Flask, database_url: str, clock: SetClock) -> Iterator[Flask]:
    """The app on a fresh database. A test that changes the app's routes makes its own (`own_app`)."""
    with lent(built_app, database_url, clock):
        yield built_app


@pytest.fixture
def own_app(database_url: str, clock: SetClock) -> Iterator[Flask]:
    """An app on a fresh database, for one test alone."""
    app = make_app(database_url, clock)
    yield app
    with app.app_context():
        db.engine.dispose()

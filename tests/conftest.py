"""The databases of the tests: everything that touches tables runs on SQLite and on PostgreSQL.

`HOUSECALL_TEST_POSTGRESQL_URL` names a PostgreSQL where databases may be made; without it the
PostgreSQL half is left out, and the summary says so. Every test gets a database of its own, copied
from a template that is built once.
"""

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from api.db import db
from dispatch.kernel.clock import SetClock
from dispatch.kernel.row import Row
from dispatch.kernel.sealing import Keyring
from dispatch.kernel.storage import open_engine
from tests.builders import tables  # noqa: F401 - every chapter's tables
from tests.builders.web import make_app

POSTGRESQL_URL = os.environ.get("HOUSECALL_TEST_POSTGRESQL_URL", "")
KEYRING = Keyring({1: b"k" * 32}, 1, b"i" * 32)
MONDAY = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)  # 06:00 in Columbus


def build_schema(url: str) -> None:
    """Make all tables in the database at `url`."""
    engine = open_engine(url)
    with engine.begin() as connection:
        Row.metadata.create_all(connection)
    engine.dispose()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with the whole schema and no rows."""
    path = tmp_path_factory.mktemp("template") / "template.sqlite"
    build_schema(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgresql_template() -> Iterator[str]:
    """The name of a PostgreSQL database with the whole schema and no rows."""
    name = f"housecall_template_{uuid4().hex[:12]}"
    admin = sa.create_engine(POSTGRESQL_URL, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    build_schema(make_url(POSTGRESQL_URL).set(database=name).render_as_string(hide_password=False))
    yield name
    with admin.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    admin.dispose()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A fresh database with the whole schema; real concurrency may be tried on it."""
    if request.param == "sqlite":
        path = tmp_path / "housecall.sqlite"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    if not POSTGRESQL_URL:
        pytest.skip("HOUSECALL_TEST_POSTGRESQL_URL is not set")
    template = request.getfixturevalue("postgresql_template")
    name = f"housecall_test_{uuid4().hex[:12]}"
    admin = sa.create_engine(POSTGRESQL_URL, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {template}")
    yield make_url(POSTGRESQL_URL).set(database=name).render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    admin.dispose()


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine on `database_url`."""
    engine = open_engine(database_url)
    yield engine
    engine.dispose()


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


@pytest.fixture
def app(database_url: str, clock: SetClock) -> Iterator[Flask]:
    """The app on a fresh database."""
    app = make_app(database_url, clock)
    yield app
    with app.app_context():
        db.engine.dispose()

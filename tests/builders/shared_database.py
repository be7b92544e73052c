"""A session for tests that never commit: one database a module, rolled back after each test.

A conftest that imports both fixtures gives its folder a `session` without a new database for every test.
"""

import shutil
from collections.abc import Iterator
from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from dispatch.kernel.sealing import Keyring
from dispatch.kernel.storage import open_engine
from tests import machine


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def shared_engine(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Engine]:
    """An engine on a database that all tests of the module use, one after the other."""
    if request.param == "sqlite":
        path = tmp_path_factory.mktemp("shared") / "housecall.sqlite"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
        engine = open_engine(f"sqlite:///{path}")
        yield engine
        engine.dispose()
        return
    name, template = f"housecall_shared_{uuid4().hex[:12]}", request.getfixturevalue("postgresql_template")
    admin = sa.create_engine(machine.postgresql_url(), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {template}")
    engine = open_engine(
        make_url(machine.postgresql_url()).set(database=name).render_as_string(hide_password=False)
    )
    yield engine
    engine.dispose()
    with admin.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    admin.dispose()


@pytest.fixture
def session(shared_engine: Engine, keyring: Keyring) -> Iterator[Session]:
    """A session whose work is undone; a test that commits wants the fixture `engine` instead."""
    with Session(shared_engine, info={"keyring": keyring}) as session:
        yield session
        session.rollback()

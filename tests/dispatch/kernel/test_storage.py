"""Connections of PostgreSQL: one that died at rest is replaced, and statements go in one trip."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dispatch.kernel import storage
from dispatch.kernel.ids import new_id
from dispatch.kernel.one_trip import in_one_trip
from dispatch.kernel.row import UtcDateTime
from dispatch.kernel.storage import open_engine

pytestmark = pytest.mark.postgresql
PID = sa.text("SELECT pg_backend_pid()")


@pytest.fixture
def pool(postgresql_database) -> Iterator[Engine]:
    engine = open_engine(postgresql_database)
    yield engine
    engine.dispose()


def test_a_connection_that_died_at_rest_is_replaced(pool, postgresql_database, monkeypatch) -> None:
    monkeypatch.setattr(storage, "TRUSTED_S", 0.0)
    with pool.connect() as connection:
        pid = connection.scalar(PID)
    other = sa.create_engine(postgresql_database, isolation_level="AUTOCOMMIT")
    with other.connect() as killer:
        killer.execute(sa.text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})
    other.dispose()
    with pool.connect() as connection:
        assert connection.scalar(PID) != pid


def send(session: Session, *numbers: int) -> None:
    """Insert each number by a statement of its own, all in one trip."""
    with in_one_trip(session) as connection:
        for number in numbers:
            connection.execute(sa.text("INSERT INTO once VALUES (:number)"), {"number": number})


def test_what_the_database_has_against_a_statement_of_a_trip_is_raised_at_its_end(pool) -> None:
    with Session(pool) as session:
        session.execute(sa.text("CREATE TEMPORARY TABLE once (number int PRIMARY KEY)"))
        send(session, 1, 2)
        assert session.scalar(sa.text("SELECT count(*) FROM once")) == 2
        with pytest.raises(IntegrityError, match="once_pkey"):
            send(session, 3, 1, 4)


def test_a_trip_turns_values_as_their_types_say(pool) -> None:
    table = sa.Table("dated", sa.MetaData(), sa.Column("at", UtcDateTime()), sa.Column("told", sa.JSON()))
    add, at = table.insert(), datetime(2026, 3, 8, 2, 30, tzinfo=UTC)
    with Session(pool) as session:
        session.execute(sa.text("CREATE TEMPORARY TABLE dated (at timestamptz, told json)"))
        with in_one_trip(session) as trip:
            trip.execute(add, {"at": at, "told": {"ug": 1}})
        assert session.execute(sa.select(table)).one() == (at, {"ug": 1})
        with pytest.raises(ValueError, match="needs a time zone"), in_one_trip(session) as trip:
            trip.execute(add, {"at": at.replace(tzinfo=None), "told": {}})


def test_a_statement_of_a_trip_makes_up_no_value(pool) -> None:
    table = sa.Table(
        "made", sa.MetaData(), sa.Column("id", sa.Uuid(), default=new_id), sa.Column("n", sa.Integer)
    )
    with (
        Session(pool) as session,
        pytest.raises(TypeError, match="names every column: id"),
        in_one_trip(session) as trip,
    ):
        trip.execute(table.insert(), {"n": 1})

"""Connections of PostgreSQL: one that died at rest is replaced, and statements go in one trip."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dispatch.kernel import storage
from dispatch.kernel.storage import in_one_trip, open_engine

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

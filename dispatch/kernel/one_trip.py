"""Statements that ask for no answer, in one round trip: for moments in which others wait for a lock.

On PostgreSQL they pass SQLAlchemy's own execution by: it is two thirds of what such a statement costs our
processor, and everybody waits for whoever holds the log's head (docs/benchmarks.md).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Protocol, TypeAlias

from sqlalchemy import ClauseElement, Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

Values: TypeAlias = Mapping[str, Any] | Sequence[Mapping[str, Any]]
_Process: TypeAlias = Callable[[Any], Any]


class Writes(Protocol):
    """What a statement without an answer is given to: a connection, or a trip."""

    def execute(self, statement: Any, parameters: Any, /) -> object:
        """Run the statement with one row of values, or with several."""


class Trip:
    """A psycopg pipeline, with values turned into the driver's as SQLAlchemy's types say."""

    def __init__(self, driver: Any, dialect: Dialect) -> None:
        self._cursor, self._dialect = driver.cursor(), dialect

    def execute(self, statement: ClauseElement, parameters: Values, /) -> None:
        """Send the statement on its way, once for each row of values."""
        rows = [parameters] if isinstance(parameters, Mapping) else parameters
        for row in rows:
            words, fixed, processes = _prepared(statement, self._dialect, tuple(row))
            values = fixed | {
                name: process(row[name]) if process else row[name] for name, process in processes.items()
            }
            self._cursor.execute(words, values)


@lru_cache(maxsize=256)
def _prepared(
    statement: ClauseElement, dialect: Dialect, named: tuple[str, ...]
) -> tuple[str, dict[str, Any], dict[str, _Process | None]]:
    """Return a statement's words, its own values, and what turns each of `named` into the driver's."""
    made: Any = statement.compile(dialect=dialect, column_keys=list(named), for_executemany=True)
    if made.prefetch:
        missing = ", ".join(each.name for each in made.prefetch)
        raise TypeError(f"a statement of a trip names every column: {missing}")
    types = {name: bind.type.dialect_impl(dialect) for bind, name in made.bind_names.items()}
    processes = {name: types[name].bind_processor(dialect) for name in named if name in types}
    fixed = {name: value for name, value in made.params.items() if name not in processes}
    return str(made), fixed, processes


@contextmanager
def in_one_trip(session: Session) -> Iterator[Writes]:
    """Let statements that ask for no answer go to PostgreSQL in one round trip; one by one on SQLite.

    For the moments in which a lock is held that others wait for. What the database has against any of them is
    raised at the end, as the same error that the statement alone would have raised.
    """
    connection = session.connection()
    if connection.dialect.name != "postgresql":
        yield connection
        return
    driver: Any = connection.connection.driver_connection
    dbapi: Any = connection.dialect.loaded_dbapi
    try:
        with driver.pipeline():
            yield Trip(driver, connection.dialect)
    except dbapi.Error as error:
        lost = connection.dialect.is_disconnect(error, driver, None)
        if lost:
            connection.invalidate(error)
        raise DBAPIError.instance(
            None, None, error, dbapi.Error, hide_parameters=True, connection_invalidated=lost,
            dialect=connection.dialect,
        ) from error  # fmt: skip

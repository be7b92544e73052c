"""Rows as they lie in the database, cell by cell, in the forms that signed bytes have.

A cell that does not have the one form in which this program writes it is passed on as it lies there: an
auditor must see an edited row contradict its leaf, and an unreadable one must not stop the export. So no
type of SQLAlchemy reads it: text comes as bytes from SQLite, moments as text from PostgreSQL.
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Column, ColumnElement, Table, cast, func, select, type_coerce
from sqlalchemy.orm import Session

from dispatch.kernel.row import UtcDateTime

# Canonical bytes, which are text: told as such, so that a reader can read them.
TEXT_IN_BYTES = frozenset({"canonical", "content"})
_UUID = re.compile(r"([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})")
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d\.\d{6})")


def rows_of(session: Session, table: Table, *where: ColumnElement[bool]) -> Iterator[dict[str, Any]]:
    """Yield the rows of a table as objects of JSON cells, in the order of its key."""
    dialect = session.get_bind().dialect.name
    read = [(column.name, cell_of(column, dialect)) for column in table.columns]
    for row in raw_rows(session, table, *where):
        yield {name: into(cell) for (name, into), cell in zip(read, row, strict=True)}


def raw_rows(session: Session, table: Table, *where: ColumnElement[bool]) -> Iterator[Sequence[Any]]:
    """Yield the rows of a table with the cells as they lie there, for `cell_of`."""
    dialect = session.get_bind().dialect.name
    asked = select(*(_raw(column, dialect).label(column.name) for column in table.columns)).where(*where)
    yield from session.execute(asked.order_by(*table.primary_key.columns))


def _raw(column: Column[Any], dialect: str) -> ColumnElement[Any]:
    kind = column.type
    if dialect == "sqlite":
        if isinstance(kind, (sa.Integer, sa.Boolean, sa.LargeBinary)):
            return type_coerce(column, sa.types.NullType())
        return cast(type_coerce(column, sa.LargeBinary), sa.LargeBinary)
    if isinstance(kind, UtcDateTime):
        return func.to_char(func.timezone("UTC", column), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
    if isinstance(kind, (sa.JSON, sa.Uuid, sa.Date)):
        return cast(type_coerce(column, sa.types.NullType()), sa.Text)
    return type_coerce(column, sa.types.NullType())


def cell_of(column: Column[Any], dialect: str) -> Callable[[Any], Any]:
    """Return what turns a raw cell of this column into its JSON form."""
    kind = column.type
    if isinstance(kind, sa.LargeBinary):
        return _as_it_is if column.name in TEXT_IN_BYTES else _as_hex
    if isinstance(kind, sa.JSON):
        return _as_json
    if dialect == "sqlite":
        if isinstance(kind, sa.Boolean):
            return _as_bool
        if isinstance(kind, sa.Uuid):
            return _as_uuid
        if isinstance(kind, UtcDateTime):
            return _as_moment
    return _as_it_is


def _as_it_is(cell: Any) -> Any:
    return cell.decode("utf-8", "surrogateescape") if isinstance(cell, bytes) else cell


def _as_hex(cell: Any) -> Any:
    return cell.hex() if isinstance(cell, bytes) else cell


def _as_json(cell: Any) -> Any:
    text = _as_it_is(cell)
    try:
        found = json.loads(text)
    except (TypeError, ValueError):
        return text
    return found if json.dumps(found) == text else text


def _as_bool(cell: Any) -> Any:
    return {0: False, 1: True}.get(cell, cell) if isinstance(cell, int) else cell


def _as_uuid(cell: Any) -> Any:
    text = _as_it_is(cell)
    found = _UUID.fullmatch(text) if isinstance(text, str) else None
    return "-".join(found.groups()) if found else text


def _as_moment(cell: Any) -> Any:
    text = _as_it_is(cell)
    found = _MOMENT.fullmatch(text) if isinstance(text, str) else None
    return f"{found[1]}T{found[2]}Z" if found else text

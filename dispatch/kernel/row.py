"""The base of every table: ids, UTC times, named constraints, append-only tables."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, TypeVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import DDL, Dialect, MetaData, event
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, registry
from sqlalchemy.types import TypeDecorator

from dispatch.kernel.ids import new_id

# Every constraint has a name: a migration can then change it in both databases.
NAMES = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """An instant. SQLite drops time zones, so naive values are rejected and all are stored as UTC."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Reject naive instants; store UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        at = value.astimezone(UTC)
        return at.replace(tzinfo=None) if dialect.name == "sqlite" else at

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return aware UTC instants."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Row(DeclarativeBase):
    """Base of every table. `api.db` hands it to Flask-SQLAlchemy; nothing here knows Flask."""

    metadata = MetaData(naming_convention=NAMES)
    registry = registry(
        metadata=metadata,
        type_annotation_map={
            UUID: sa.Uuid(),
            datetime: UtcDateTime(),
            date: sa.Date(),
            str: sa.String(),
            bytes: sa.LargeBinary(),
            Mapping[str, Any]: sa.JSON(),
            list[str]: sa.JSON(),
        },
    )


class Identified:
    """A row with its own UUIDv7."""

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)


class Versioned:
    """A row that two people may edit: the loser of a race is told (ETag, If-Match)."""

    version: Mapped[int] = mapped_column(default=1)

    @sa.orm.declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:  # noqa: N805 - SQLAlchemy passes the class
        """Let SQLAlchemy count versions and refuse a lost update."""
        return {"version_id_col": cls.version}


def append_only_ddl(table: str, dialect: str) -> tuple[str, ...]:
    """Return the statements that make `table` refuse UPDATE, DELETE and (PostgreSQL) TRUNCATE.

    ``INSERT OR REPLACE`` on SQLite fires DELETE triggers only with ``recursive_triggers`` on, which
    `api.db` sets for every connection (reliability.md).
    """
    if dialect == "sqlite":
        return tuple(
            f"CREATE TRIGGER {table}_no_{deed.lower()} BEFORE {deed} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            for deed in ("UPDATE", "DELETE")
        )
    function = (
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME "
        "USING ERRCODE = 'restrict_violation'; END $$"
    )
    return (
        function,
        f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()",
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    )


def table_of(row: type[Row]) -> sa.Table:
    """Return a row's table, for statements that are made once and pass the mapper by."""
    table = row.__table__
    assert isinstance(table, sa.Table)
    return table


RowT = TypeVar("RowT", bound=Row)

# Tables whose rows nobody may change, in the order they were declared; migrations read it too.
APPEND_ONLY: list[str] = []


def append_only(row: type[RowT]) -> type[RowT]:
    """Class decorator: the database itself refuses to change or delete rows of this table."""
    table = row.__table__
    assert isinstance(table, sa.Table)
    APPEND_ONLY.append(table.name)
    for dialect in ("sqlite", "postgresql"):
        for statement in append_only_ddl(table.name, dialect):
            ddl = DDL(statement.replace("%", "%%"))  # type: ignore[no-untyped-call]
            event.listen(table, "after_create", ddl.execute_if(dialect=dialect))
    return row

"""The migrations make exactly the tables that are declared: columns, constraints, indexes, triggers."""

from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url

from api.migrations import Unmigrated, migrate, require_migrated, version_of
from dispatch.kernel.row import Row
from dispatch.kernel.storage import open_engine
from tests import machine

TRIGGERS = {
    "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": (
        "SELECT tgname, pg_get_triggerdef(t.oid) || coalesce(pg_get_functiondef(tgfoid), '') "
        "FROM pg_trigger t WHERE NOT tgisinternal"
    ),
}


def plain(index):
    """An index as text, its condition included."""
    options = {name: str(value) for name, value in index.get("dialect_options", {}).items()}
    return repr(index | {"dialect_options": options})


def inventory(engine):
    """Everything the schema holds, as plain sorted values."""
    look = sa.inspect(engine)
    found = {}
    for table in look.get_table_names():
        if table == "alembic_version":
            continue
        columns = [(c["name"], str(c["type"]), c["nullable"], c["default"]) for c in look.get_columns(table)]
        found[table] = {
            "columns": sorted(columns),
            "key": look.get_pk_constraint(table),
            "foreign": sorted(map(repr, look.get_foreign_keys(table))),
            "unique": sorted(map(repr, look.get_unique_constraints(table))),
            "checks": sorted((c["name"], c["sqltext"]) for c in look.get_check_constraints(table)),
            "indexes": sorted(map(plain, look.get_indexes(table))),
        }
    with engine.connect() as connection:
        triggers = connection.exec_driver_sql(TRIGGERS[engine.dialect.name]).all()
    found["triggers"] = sorted((name, " ".join(text.split())) for name, text in triggers)
    return found


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def two_empty_engines(request, tmp_path):
    if request.param == "sqlite":
        engines = [open_engine(f"sqlite:///{tmp_path / name}") for name in ("a.sqlite", "b.sqlite")]
        yield engines
        for engine in engines:
            engine.dispose()
        return
    admin = sa.create_engine(machine.postgresql_url(), isolation_level="AUTOCOMMIT")
    names = [f"housecall_empty_{uuid4().hex[:12]}" for _ in range(2)]
    with admin.connect() as connection:
        for name in names:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
    url = make_url(machine.postgresql_url())
    engines = [open_engine(url.set(database=name).render_as_string(hide_password=False)) for name in names]
    yield engines
    for engine in engines:
        engine.dispose()
    with admin.connect() as connection:
        for name in names:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    admin.dispose()


def test_the_migrations_make_what_the_tables_declare(two_empty_engines):
    migrated, declared = two_empty_engines
    migrate(migrated)
    with declared.begin() as connection:
        Row.metadata.create_all(connection)
    ours, theirs = inventory(migrated), inventory(declared)
    assert set(ours) == set(theirs)
    for part in ours:
        assert ours[part] == theirs[part], part


def test_down_and_up_again_makes_the_same(two_empty_engines):
    engine, _ = two_empty_engines
    migrate(engine)
    before = inventory(engine)
    migrate(engine, "base")
    assert inventory(engine) == {"triggers": []}
    migrate(engine)
    assert inventory(engine) == before


def test_an_unmigrated_database_is_not_served(two_empty_engines):
    engine, _ = two_empty_engines
    assert version_of(engine) is None
    with pytest.raises(Unmigrated, match="housecall migrate"):
        require_migrated(engine)

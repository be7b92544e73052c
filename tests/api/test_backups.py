"""A backup is taken from a served database and put back in place of an empty one."""

from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url

from api.backups import back_up, restore
from api.settings import read_settings
from dispatch.audit.model import AuditEntry
from dispatch.audit.service import record
from dispatch.kernel.actor import SYSTEM
from dispatch.kernel.storage import open_engine
from tests import machine


def settings_for(url):
    return read_settings({"HOUSECALL_DEMO": "1", "HOUSECALL_DATABASE_URL": url})


def entries(url):
    engine = open_engine(url)
    with engine.connect() as connection:
        found = connection.execute(sa.text("SELECT action FROM audit_entry")).scalars().all()
    engine.dispose()
    return found


@pytest.fixture
def empty_url(database_url, tmp_path):
    if database_url.startswith("sqlite"):
        yield f"sqlite:///{tmp_path / 'restored.sqlite'}"
        return
    name = f"housecall_restored_{uuid4().hex[:12]}"
    admin = sa.create_engine(machine.postgresql_url(), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    yield make_url(machine.postgresql_url()).set(database=name).render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    admin.dispose()


def test_what_was_stored_comes_back_and_stays_append_only(database_url, session, clock, empty_url, tmp_path):
    record(session, AuditEntry(action="before.backup", subject_kind="t", subject_id=None), SYSTEM, clock)
    session.commit()
    copy = tmp_path / "copy"
    back_up(settings_for(database_url), copy)
    restore(settings_for(empty_url), copy)
    assert entries(empty_url) == ["before.backup"]
    engine = open_engine(empty_url)
    with engine.connect() as connection, pytest.raises(sa.exc.DBAPIError, match="append-only"):
        connection.exec_driver_sql("DELETE FROM audit_entry")
    engine.dispose()


def test_a_backup_overwrites_nothing(database_url, tmp_path):
    taken = tmp_path / "copy"
    taken.write_text("mine")
    with pytest.raises(SystemExit):
        back_up(settings_for(database_url), taken)
    assert taken.read_text() == "mine"

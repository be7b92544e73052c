"""Whatever stands in a cell or a file, the import answers; it never fails and never half-writes."""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from dispatch.appointments.day_import import import_files
from dispatch.appointments.records import AppointmentRow, PatientRow
from dispatch.kernel.actor import SYSTEM
from dispatch.kernel.clock import SetClock
from dispatch.kernel.storage import open_engine
from tests.builders.day_files import ROWS, a_day, an_area, csv_bytes

NASTY = [
    "0001-01-01", "9999-12-31", "1970-01-01", "9999-12-31T23:59-12:00", "NaN", "inf", "1e400", "-0", "٣",
    "\0", "\u202e", "=cmd()", "\ud7ff", "🌻", "a" * 5000, "00:00-23:59", "23:59-23:59;", "24:00",
    ";", ":", "/",
    "acls:0001-01-01/9999-12-31", "REG:OH:2026-01-01/2026-01-01;;", "999999999", "-999999999", "true", ", ,",
    "'; DROP TABLE patient", "ketamine_first", "LPN", "suspended", "N-07;N-07", "\"", "a\nb", "\r",
]  # fmt: skip
CELLS = st.one_of(st.sampled_from(NASTY), st.text(max_size=12))
CHANGES = st.lists(
    st.sampled_from([(file, column) for file, row in ROWS.items() for column in row]).flatmap(
        lambda place: st.tuples(st.just(place), CELLS)
    ),
    min_size=1,
    max_size=3,
)
QUIET = {"deadline": None, "suppress_health_check": [HealthCheck.function_scoped_fixture]}


@pytest.fixture(scope="module")
def database(sqlite_template, tmp_path_factory):
    path = tmp_path_factory.mktemp("fuzz") / "housecall.sqlite"
    path.write_bytes(sqlite_template.read_bytes())
    engine = open_engine(f"sqlite:///{path}")
    yield engine
    engine.dispose()


def take(database, keyring, files):
    clock = SetClock(datetime(2026, 11, 23, 11, tzinfo=UTC))
    with Session(database, info={"keyring": keyring}) as session:
        area = an_area(session, clock)
        report = import_files(session, files, SYSTEM, clock, area_id=area.id)
        session.flush()
        counts = [
            session.scalar(sa.select(sa.func.count()).select_from(table))
            for table in (PatientRow, AppointmentRow)
        ]
        session.rollback()
    return report, counts


@settings(max_examples=120, **QUIET)
@given(CHANGES)
def test_any_cell_gets_an_answer(database, keyring, changes):
    rows = {file: dict(row) for file, row in ROWS.items()}
    for (file, column), cell in changes:
        rows[file][column] = cell
    report, counts = take(database, keyring, {file: csv_bytes([row]) for file, row in rows.items()})
    assert counts == ([1, 1] if report.ok else [0, 0])
    for cell in report.bad_cells:
        assert cell.rule
        assert cell.text
        assert cell.line >= 1


@settings(max_examples=80, **QUIET)
@given(st.sampled_from(sorted(ROWS)), st.binary(max_size=60), st.integers(0, 400))
def test_any_file_gets_an_answer(database, keyring, name, noise, at):
    files = a_day()
    files[name] = files[name][:at] + noise + files[name][at:]
    report, counts = take(database, keyring, files)
    assert report.ok or counts == [0, 0]

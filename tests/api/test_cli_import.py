"""`housecall import` on the command line: all or nothing, said in lines that a person can act on."""

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from sqlalchemy.orm import Session

from api.cli_import import import_command
from dispatch.appointments.records import AppointmentRow
from dispatch.kernel.storage import transaction
from tests.builders.day_files import a_day, an_area, csv_bytes


@pytest.fixture
def run(engine, keyring, clock, tmp_path):
    """Write the files and import them; `areas` are there before."""

    def run(files, *options, areas=("columbus",)):
        with transaction(engine, keyring) as session:
            for slug in areas:
                an_area(session, clock, slug)
        for name, content in files.items():
            (tmp_path / name).write_bytes(content)
        command = import_command(lambda: transaction(engine, keyring), clock)
        return CliRunner().invoke(command, [*(str(tmp_path / name) for name in files), *options])

    return run


def booked(engine):
    with Session(engine) as session:
        return session.scalar(sa.select(sa.func.count()).select_from(AppointmentRow))


def test_a_day_is_imported_and_counted(run, engine):
    result = run(a_day(patients={"lat": "", "lon": ""}))
    assert result.exit_code == 0, result.output
    assert "appointments.csv" in result.stdout
    assert "1 patients wait for a dispatcher" in result.stdout
    assert booked(engine) == 1


def test_bad_cells_are_listed_and_nothing_is_imported(run, engine):
    result = run(a_day(patients={"name": "=cmd()"}, appointments={"priority": "9"}))
    assert result.exit_code == 1
    assert "patients.csv:2 name: '=cmd()' looks_like_a_formula: " in result.stderr
    assert "appointments.csv:2 priority: '9' number_out_of_range: Between 1 and 5." in result.stderr
    assert "2 bad cells; nothing was imported." in result.stderr
    assert booked(engine) == 0


@pytest.mark.parametrize("areas", [(), ("columbus", "dayton")])
def test_the_area_is_asked_for_unless_there_is_one(run, areas):
    result = run(a_day(), areas=areas)
    assert result.exit_code == 2
    assert "--area" in result.stderr


def test_the_area_is_named(run, engine):
    assert run(a_day(), "--area", "dayton", areas=("columbus", "dayton")).exit_code == 0
    assert booked(engine) == 1


def test_an_area_nobody_knows_is_named(run):
    result = run(a_day(), "--area", "paris")
    assert result.exit_code == 2
    assert "no service area of that name" in result.stderr


def test_a_file_that_is_not_there_is_named(run):
    result = run({}, "nurses.csv")
    assert result.exit_code == 2
    assert "nurses.csv" in result.stderr


def test_many_bad_cells_are_cut_with_their_number(run):
    rows = [{"nurse": "N-07", "day": "x", "starts": "x", "ends": "x"}] * 100
    result = run({"shifts.csv": csv_bytes(rows)})
    assert "... and " in result.stderr

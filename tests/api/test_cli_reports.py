"""`housecall custody report` writes any report; what it cannot do it says in a line."""

import csv
import io
from hashlib import sha256

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from api.cli import main
from dispatch.audit.records import AuditEntryRow
from dispatch.custody.reports.headings import ReportKind
from dispatch.kernel.storage import transaction
from tests.api.test_paper import text_of
from tests.builders.reports import a_full_day
from tests.builders.web import keyring_of_app


@pytest.fixture
def housecall(app, engine, database_url, monkeypatch):
    monkeypatch.setenv("HOUSECALL_DATABASE_URL", database_url)
    monkeypatch.setenv("HOUSECALL_DEMO", "1")
    with transaction(engine, keyring_of_app(app)) as session:
        a_full_day(session)
    return lambda *words: CliRunner().invoke(main, ["custody", "report", *words, *BY])


BY = ("--as", "cora@test.example", "--for", "own-audit")


DAY = ("--area", "columbus", "--from", "2026-11-23", "--to", "2026-11-23")


def test_a_report_is_written_as_csv_and_pdf_that_names_the_csv(housecall, tmp_path, engine):
    made, printed = tmp_path / "a.csv", tmp_path / "a.pdf"
    done = housecall("nurse-reconciliation", *DAY, "--csv", str(made), "--pdf", str(printed))
    assert done.exit_code == 0, done.output
    rows = list(csv.reader(io.StringIO(made.read_text())))
    assert rows[0][:4] == ["Nurse", "Had (mg)", "Taken (vials)", "Taken (mg)"]
    assert rows[1][:4] == ["N-07", "0.000", "5", "2500.000"]
    shown = text_of(printed.read_bytes())
    assert sha256(made.read_bytes()).hexdigest() in shown
    for word in (
        "Per-nurse reconciliation",
        "America/New_York",
        "custody.shift default",
        "Made by",
        "Page 1 of",
    ):
        assert word in shown
    with engine.connect() as connection:
        read = AuditEntryRow.action == "custody.read_report"
        kept = connection.execute(sa.select(AuditEntryRow.actor_name, AuditEntryRow.detail).where(read)).one()
    assert (kept.actor_name, kept.detail["purpose"]) == ("cora", "own-audit")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("receipts", "--area", "columbus"), "--csv FILE"),
        (("receipts", "--area", "atlantis", "--csv", "x"), "no service area"),
        (("receipts", "--area", "columbus", "--from", "soon", "--csv", "x"), "A day is written as"),
        (
            ("perpetual-inventory", "--area", "columbus", "--as-of", "soon", "--csv", "x"),
            "An instant is",
        ),
        (
            ("nurse-reconciliation", "--area", "columbus", "--nurse", "N-99", "--csv", "x"),
            "no nurse of that",
        ),
        (("receipts", *DAY, "--csv", "/nowhere/at/all.csv"), "Choose a place that can be written"),
        (("dreams", *DAY), "NAME"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(housecall, words, says, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = housecall(*words)
    assert done.exit_code == 2
    assert says in done.output
    assert "Traceback" not in done.output


def test_every_report_can_be_written(housecall, tmp_path):
    for kind in ReportKind:
        done = housecall(kind.value, "--area", "columbus", "--csv", str(tmp_path / f"{kind.value}.csv"))
        assert done.exit_code == 0, done.output

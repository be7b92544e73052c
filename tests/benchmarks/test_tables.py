"""Measured rows find their place in the document."""

import pytest
from click.testing import CliRunner

from benchmarks.__main__ import main
from benchmarks.tables import DOCUMENT, PEERS, TABLES, written
from tests.builders.measured import a_line, a_run, said

EMPTY = "before\n<!-- table targets -->\n<!-- end targets -->\nafter\n"


def row(size: str, seconds: str, figure: str) -> list[str]:
    return [
        size,
        seconds,
        "3",
        figure,
        *["-"] * (len(TABLES["targets"].head) - 1),
        "2.0",
        "0-1",
        "2026-01-01",
    ]


def test_a_row_is_added_under_the_head():
    text = written(EMPTY, "targets", row("100/28", "30", "1 %"))
    assert text.startswith("before\n<!-- table targets -->\n| board | seconds | boards | median gap")
    assert "| 100/28 | 30 | 3 | 1 %" in text
    assert text.endswith("<!-- end targets -->\nafter\n")


def test_a_row_measured_again_takes_the_place_of_the_old_one():
    once = written(EMPTY, "targets", row("100/28", "30", "1 %"))
    twice = written(once, "targets", row("100/28", "30", "2 %"))
    assert "1 %" not in twice
    assert len(twice.splitlines()) == len(once.splitlines())


def test_rows_stand_in_the_tables_order():
    text = EMPTY
    for size, seconds in (("200/55", "60"), ("100/28", "120"), ("20/6", "2")):
        text = written(text, "targets", row(size, seconds, "1 %"))
    assert [line.split()[1] for line in text.splitlines()[4:-2]] == ["20/6", "100/28", "200/55"]


def test_a_document_without_a_place():
    with pytest.raises(ValueError, match="table peers"):
        written(EMPTY, "peers", row("100/28", "30", "1 %"))


def test_the_documents_tables_are_all_there():
    text = DOCUMENT.read_text(encoding="utf-8")
    for name in TABLES:
        assert f"<!-- table {name} -->\n" in text


def test_figures_of_our_own_runs():
    lines = [
        a_line(a_run(100, bound_mc=100, progress=(said(0.04, 120), said(2, 100, 100)), peak_rss_mb=300.0)),
        a_line(a_run(100, bound_mc=99, progress=(said(0.02, 120),), peak_rss_mb=200.0)),
        a_line(a_run(100, bound_mc=98, progress=(said(0.03, 120),), peak_rss_mb=200.0)),
    ]
    assert TABLES["targets"].cells(lines) == ["1.00 %", "2.00 %", "1 of 3", "2.0 s", "30 ms", "300 MB"]


def test_figures_beside_the_peers():
    def line(*costs: int):
        return a_line(a_run(100), *(a_run(c, engine=name) for name, c in zip(PEERS, costs, strict=True)))

    cells = TABLES["peers"].cells([line(200, 125, 100), line(400, 125, 125), line(200, 125, 80)])
    assert cells == ["no bound", "2.000 (2.000)", "1.250 (1.250)", "1.000 (0.800)", "1.2500"]


def test_tables_with_peers_want_peers(monkeypatch):
    monkeypatch.setattr("benchmarks.tables.missing_peers", lambda: ["vroom"])
    done = CliRunner().invoke(main, ["tables", "short"])
    assert done.exit_code == 1
    assert "make peers" in done.output

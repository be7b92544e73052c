"""One run of `housecall demo --no-serve` for all tests of it that read: playing a day takes half a minute."""

import fcntl
import os
import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from api.cli import main

DAY = date(2026, 11, 23)


@dataclass(frozen=True, kw_only=True)
class DemoRun:
    """A finished demo: the address of its database, and what it printed."""

    url: str
    output: str


def run_demo(url: str, *more: str) -> Result:
    """Run the demo of `DAY` on the database at `url`, without serving it."""
    arguments = ["demo", "--no-serve", "--database", url, "--seconds", "6", "--day", DAY.isoformat(), *more]
    return CliRunner().invoke(main, arguments, catch_exceptions=False)


def finished(url: str) -> DemoRun:
    """Run the demo on the database at `url` to its end."""
    result = run_demo(url)
    assert result.exit_code == 0, result.output
    return DemoRun(url=url, output=result.output)


def a_finished_demo(tmp_path_factory: pytest.TempPathFactory) -> DemoRun:
    """Return a copy of a finished demo on SQLite, which all processes of a test run make once."""
    base = tmp_path_factory.getbasetemp()
    whole = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    kept, said = whole / "demo.sqlite", whole / "demo.txt"
    with (whole / "demo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not said.exists():
            said.write_text(finished(f"sqlite:///{kept}").output)
    copy: Path = tmp_path_factory.mktemp("demo") / "demo.sqlite"
    shutil.copyfile(kept, copy)
    return DemoRun(url=f"sqlite:///{copy}", output=said.read_text())

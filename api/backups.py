"""Backup and restore, for both databases, drilled by tests/api/test_backups.py."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
from pysqlite3 import dbapi2
from sqlalchemy.engine import URL, make_url

from api.settings import Settings

sqlite: Any = dbapi2  # its names are made in C, where no type checker looks


def back_up(settings: Settings, target: Path) -> str:
    """Write a consistent copy to `target`; the served database goes on meanwhile."""
    if target.exists():
        _leave(f"{target} exists already; a backup never overwrites one. Name another file.")
    url = make_url(settings.database_url)
    if settings.is_sqlite:
        source, copy = sqlite.connect(url.database), sqlite.connect(str(target))
        with source, copy:
            source.backup(copy)
        source.close()
        copy.close()
    else:
        _run("pg_dump", "--format=custom", f"--file={target}", f"--dbname={_libpq(url)}")
    return f"Backup written to {target}."


def restore(settings: Settings, source: Path) -> str:
    """Put a backup in place of an empty database."""
    url = make_url(settings.database_url)
    if settings.is_sqlite:
        database = Path(str(url.database))
        if database.exists():
            _leave(f"{database} exists; stop the server and move it away, then restore.")
        check = sqlite.connect(str(source))
        sound = check.execute("PRAGMA integrity_check").fetchone()[0]
        check.close()
        if sound != "ok":
            _leave(f"{source} is damaged: {sound}")
        shutil.copyfile(source, database)
    else:
        _run("pg_restore", "--exit-on-error", "--no-owner", f"--dbname={_libpq(url)}", str(source))
    return f"Restored from {source}."


def _libpq(url: URL) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def _run(*command: str) -> None:
    if shutil.which(command[0]) is None:
        _leave(f"{command[0]} is not installed; it comes with PostgreSQL's client programs.")
    ended = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - fixed programs
    if ended.returncode:
        _leave(f"{command[0]} failed: {ended.stderr.strip().splitlines()[-1] if ended.stderr else ''}")


def _leave(line: str) -> None:
    click.echo(line, err=True)
    sys.exit(2)

"""`housecall import`: a real day from CSV files, with a progress bar and every bad cell at once."""

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from uuid import UUID

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn
from rich.table import Table
from sqlalchemy.orm import Session

from dispatch.appointments.day_import import ImportReport, import_files
from dispatch.appointments.model import Geocode
from dispatch.areas.service import area_by_slug, areas
from dispatch.kernel.actor import SYSTEM
from dispatch.kernel.clock import Clock, SystemClock
from dispatch.kernel.refusals import Refusal

# Gives a session whose work is committed once at the end of the block, or not at all.
OpenSession = Callable[[], AbstractContextManager[Session]]

SHOWN_CELLS = 200


class _NothingWritten(Exception):
    """Leaves the transaction without committing what a report refused."""


def import_command(
    open_session: OpenSession, clock: Clock | None = None, geocode: Geocode | None = None
) -> click.Command:
    """Return the command `import`, given how a session is opened and how addresses are looked up."""

    @click.command("import")
    @click.argument(
        "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
    )
    @click.option("--area", "slug", help="The service area; needed when there are several.")
    def command(files: tuple[Path, ...], slug: str | None) -> None:
        """Import FILES: nurses.csv, licences.csv, shifts.csv, patients.csv, appointments.csv.

        Any of them, in any order; docs/import.md names the columns. All cells are judged before anything
        is written: either everything is imported or nothing. The same files again change nothing.
        """
        sys.exit(run_import(files, slug, open_session, clock or SystemClock(), geocode))

    return command


def run_import(
    files: tuple[Path, ...],
    slug: str | None,
    open_session: OpenSession,
    clock: Clock,
    geocode: Geocode | None = None,
) -> int:
    """Import and print what became of it; return the exit code: 0 done, 1 bad cells, 2 not even tried."""
    errors = Console(stderr=True)
    if twice := {path.name for path in files if [p.name for p in files].count(path.name) > 1}:
        errors.print(f"Two files are named {sorted(twice)[0]}.", markup=False)
        return 2
    report: ImportReport | None = None
    try:
        with open_session() as session, _bar(errors) as show:
            area_id = _area(session, slug)
            named: dict[str, bytes | Path] = {path.name: path for path in files}
            report = import_files(session, named, SYSTEM, clock, show, area_id=area_id, geocode=geocode)
            if not report.ok:
                raise _NothingWritten
    except Refusal as refusal:
        for reason in refusal.reasons:
            errors.print(f"{reason.text} {reason.way_out}".strip(), markup=False)
        return 2
    except _NothingWritten:
        assert report is not None
        _print_bad(report, errors)
        return 1
    _print_done(report, Console())
    return 0


def _area(session: Session, slug: str | None) -> UUID:
    if slug is not None:
        return area_by_slug(session, slug).id
    known = areas(session)
    if len(known) != 1:
        names = ", ".join(area.slug for area in known) or "none yet"
        raise click.UsageError(f"Say --area: there are several to choose from, or none ({names}).")
    return known[0].id


@contextmanager
def _bar(console: Console) -> Iterator[Callable[[str, int, int], None]]:
    """Show one line a stage; nothing but the end of it where the output is no terminal."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console) as progress:
        tasks: dict[str, TaskID] = {}

        def show(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = progress.add_task(stage, total=None)
            progress.update(tasks[stage], completed=done, total=total or None)

        yield show


def _print_bad(report: ImportReport, console: Console) -> None:
    for cell in report.bad_cells[:SHOWN_CELLS]:
        place = f"{cell.file}:{cell.line}" + (f" {cell.column}" if cell.column else "")
        value = f" {cell.value!r}" if cell.value else ""
        console.print(
            f"{place}:{value} {cell.rule}: {cell.text}", markup=False, highlight=False, soft_wrap=True
        )
    more = len(report.bad_cells) - SHOWN_CELLS
    if more > 0:
        console.print(f"... and {more} more.", markup=False)
    console.print(f"{len(report.bad_cells)} bad cells; nothing was imported.", markup=False)


def _print_done(report: ImportReport, console: Console) -> None:
    table = Table("file", "added", "changed", "unchanged")
    for name, tally in report.tallies.items():
        table.add_row(name, str(tally.added), str(tally.changed), str(tally.unchanged))
    console.print(table)
    if report.points_to_confirm:
        count = len(report.points_to_confirm)
        console.print(
            f"{count} patients wait for a dispatcher to confirm where they live: "
            "nobody is sent to them before.",
            markup=False,
        )

"""`housecall custody report`: any report as CSV or PDF, by whoever owns the database and says who that is."""

import sys
from pathlib import Path
from typing import NoReturn

import click
from sqlalchemy.orm import Session

from api.cli_as import by_whom, officer
from dispatch.custody.reports.headings import HEADINGS, ReportKind
from dispatch.custody.reports.model import Report
from dispatch.kernel.actor import Actor

OUT = click.Path(dir_okay=False, path_type=Path)
NAMES = ", ".join(kind.value for kind in ReportKind)


@click.command("report", help=f"Write the report NAME of a service area.\n\nNAME is one of: {NAMES}.")
@click.argument("name", type=click.Choice([kind.value for kind in ReportKind]), metavar="NAME")
@click.option("--area", "slug", required=True, help="The service area, such as columbus.")
@click.option("--from", "first", default="", help="First local day, 2026-11-01; today when left out.")
@click.option("--to", "last", default="", help="Last local day, included.")
@click.option(
    "--as-of",
    "as_of",
    default="",
    help="An instant on the area's clock, 2026-11-23T18:00; now when left out.",
)
@click.option("--nurse", "code", default="", help="Only this nurse, by code, where the report knows nurses.")
@click.option("--csv", "csv_file", type=OUT, help="Write CSV to this file.")
@click.option("--pdf", "pdf_file", type=OUT, help="Write PDF to this file.")
@by_whom
def report(
    name: str,
    slug: str,
    first: str,
    last: str,
    as_of: str,
    code: str,
    csv_file: Path | None,
    pdf_file: Path | None,
    email: str,
    purpose: str,
) -> None:
    """Write the report NAME of a service area."""
    from api.cli_setup import settings_or_exit
    from api.reporting import csv_of, pdf_of_report
    from dispatch.kernel.refusals import Refusal
    from dispatch.kernel.storage import open_engine, transaction

    if csv_file is None and pdf_file is None:
        _leave("Say where to: --csv FILE, --pdf FILE or both.")
    settings = settings_or_exit()
    engine = open_engine(settings.database_url)
    try:
        with transaction(engine, settings.keyring) as session:
            words = {"from": first, "to": last, "as_of": as_of}
            made = _made(session, officer(session, email), purpose, ReportKind(name), slug, code, words)
            if csv_file is not None:
                csv_file.write_text(csv_of(made), encoding="utf-8", newline="")
            if pdf_file is not None:
                pdf_file.write_bytes(pdf_of_report(made))
    except Refusal as refusal:
        _leave("; ".join(f"{reason.text} {reason.way_out}".strip() for reason in refusal.reasons))
    except OSError as error:
        _leave(f"{error.filename}: {error.strerror}. Choose a place that can be written.")
    finally:
        engine.dispose()
    click.echo(f"{HEADINGS[made.kind].title}, {made.period}: {len(made.body.lines)} lines.")


def _made(
    session: Session,
    actor: Actor,
    purpose: str,
    kind: ReportKind,
    slug: str,
    code: str,
    words: dict[str, str],
) -> Report:
    """Make the report, and write down that it was made and whose names are in it (45 CFR 164.312(b))."""
    from api.reporting import note_reading, nurse_asked, question_of, sources
    from dispatch.areas.service import area_by_slug, zone_of
    from dispatch.custody.reports.service import make_report
    from dispatch.kernel.clock import SystemClock

    clock = SystemClock()
    area = area_by_slug(session, slug)
    nurse_id = nurse_asked(session, area.id, code)
    question = question_of(HEADINGS[kind], area.id, zone_of(area), clock, words, nurse_id)
    made = make_report(session, kind, question, actor, sources(session, clock))
    note_reading(session, made, area.id, "file", actor, clock, purpose)
    return made


def _leave(line: str) -> NoReturn:
    click.echo(line, err=True)
    sys.exit(2)

"""`housecall custody export` and `housecall custody verify`: an audit bundle out, and checked alone."""

import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

import click

from api.cli_as import by_whom, officer

NOT_POSSIBLE = 2  # exit status: bad input, or no bundle
DAY = click.DateTime(["%Y-%m-%d"])


@click.command("export")
@click.option("--from", "first", type=DAY, help="First local day; vials with an event since then.")
@click.option("--to", "last", type=DAY, help="Last local day, included.")
@click.option("--area", "slug", help="The service area, for its calendar, nurses and patients.")
@click.option("--vial", help="Only the vial of this serial number.")
@click.option("--nurse", help="Only vials that this nurse held: her code, such as N-07.")
@click.option("--patient", help="Only vials of this patient's visits: the patient's reference.")
@click.option(
    "--with-visits", is_flag=True,
    help="Name every visit, for a reader who may see all patients' records. Otherwise visits are proven by "
    "commitments; those of --patient are always named.",
)  # fmt: skip
@click.option(
    "--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="A new or empty directory."
)
@by_whom
def export(out: Path, email: str, purpose: str, **wishes: Any) -> None:
    """Write an audit bundle: entries, proofs, checkpoints, keys, and the program that checks them.

    Without limits it holds the whole log. Vials come with their whole lives. Check it with
    `housecall custody verify DIR`, or on any machine with `python -I DIR/verify.py`.
    """
    from api.bundles import make_bundle
    from api.cli_setup import settings_or_exit
    from api.log_settings import read_signers
    from dispatch.kernel.clock import SystemClock
    from dispatch.kernel.refusals import Refusal
    from dispatch.kernel.storage import open_engine, transaction

    if out.exists() and any(out.iterdir()):
        _leave(f"{out} is not empty. Name a new directory: a bundle holds nothing but its own files.")
    settings = settings_or_exit()
    engine = open_engine(settings.database_url)
    try:
        with transaction(engine, settings.keyring) as session:
            actor = officer(session, email)
            asked, zone = _asked(session, **wishes)
            signers = read_signers(settings.log_keys)
            files = make_bundle(session, asked, signers, zone, actor, SystemClock(), purpose)
        for name, content in files.items():
            (out / name).parent.mkdir(parents=True, exist_ok=True)
            (out / name).write_bytes(content)
    except Refusal as refusal:
        _leave("; ".join(f"{reason.text} {reason.way_out}".strip() for reason in refusal.reasons))
    except OSError as error:
        _leave(f"{error.filename}: {error.strerror}. Choose a place that can be written.")
    finally:
        engine.dispose()
    click.echo(f"{out}: {len(files)} files, {sum(map(len, files.values())):,} bytes.")
    if not signers:
        click.echo("No key signs this log (HOUSECALL_LOG_KEYS), so nothing in it can be proven.", err=True)
    click.echo(f"Check it: housecall custody verify {out}")


def _asked(
    session: Any,
    first: datetime | None,
    last: datetime | None,
    slug: str | None,
    vial: str | None,
    nurse: str | None,
    patient: str | None,
    with_visits: bool,
) -> tuple[Any, ZoneInfo]:
    """Turn words into what is asked of the bundle, and the zone in which it is read."""
    from dispatch.appointments.queries import visits_of_patient
    from dispatch.areas.service import area_by_slug, areas, zone_of
    from dispatch.custody.bundle.model import Asked
    from dispatch.custody.queries import find_vial
    from dispatch.kernel.local_time import day_bounds
    from dispatch.workforce.service import nurse_by_code

    known = areas(session)
    if slug is None and len(known) > 1 and (first or last or nurse or patient):
        _leave(f"Say which area: --area {' or --area '.join(area.slug for area in known)}.")
    area = area_by_slug(session, slug) if slug else (known[0] if known else None)
    if area is None:
        return Asked(shows_visits=with_visits), ZoneInfo("UTC")
    zone = zone_of(area)
    return (
        Asked(
            since=day_bounds(_day(first), zone)[0] if first else None,
            until=day_bounds(_day(last), zone)[1] if last else None,
            container_id=find_vial(session, vial).container_id if vial else None,
            nurse_id=nurse_by_code(session, area.id, nurse).id if nurse else None,
            visit_ids=visits_of_patient(session, area.id, patient) if patient else None,
            shows_visits=with_visits,
        ),
        zone,
    )


def _day(read: datetime) -> date:
    return read.replace(tzinfo=UTC).date()


@click.command("verify")
@click.argument("directory", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--checkpoint", multiple=True, help="A checkpoint kept outside (a file).")
@click.option("--key", multiple=True, help="The log's verifier key, as you know it.")
@click.option("--witness", multiple=True, help="A witness's verifier key.")
@click.option("--all", "every", is_flag=True, help="Name everything that is wrong, not the first only.")
def verify(
    directory: Path,
    checkpoint: tuple[str, ...],
    key: tuple[str, ...],
    witness: tuple[str, ...],
    every: bool,
) -> None:
    """Check the bundle in DIR without database or server.

    Ends with 0 when everything agrees, 1 when something does not (the first wrong leaf is named), 2 when
    DIR is no bundle. The bundle's own verify.py does the same without this program.
    """
    from dispatch.custody.bundle import verifier

    given = (("--checkpoint", checkpoint), ("--key", key), ("--witness", witness))
    arguments = [word for name, words in given for each in words for word in (name, each)]
    sys.exit(verifier.main([str(directory), *arguments, *(["--all"] if every else [])]))


def _leave(line: str) -> NoReturn:
    click.echo(line, err=True)
    sys.exit(NOT_POSSIBLE)

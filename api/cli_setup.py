"""From an empty database to a company: areas, pharmacies, state rules, products; and a real day imported."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path

import click
from sqlalchemy.orm import Session

from api.cli_import import run_import
from api.geocoding import geocode_by
from api.settings import Settings, SettingsInvalid, read_settings
from dispatch.appointments.service import seed_catalogue
from dispatch.areas import service as areas
from dispatch.areas.model import NewArea, NewPharmacy
from dispatch.custody.commands import NewProduct
from dispatch.custody.service import register_product
from dispatch.kernel.actor import Actor, Role
from dispatch.kernel.clock import SystemClock
from dispatch.kernel.quantities import ug_from_mg
from dispatch.kernel.refusals import Refusal
from dispatch.kernel.storage import open_engine, transaction
from dispatch.workforce.model import StateRule
from dispatch.workforce.service import enter_state_rule

# Whoever may run the command on the server already holds the keys of the house.
OPERATOR = Actor(account_id=None, name="housecall command", roles=frozenset({Role.ADMIN}))


def settings_or_exit() -> Settings:
    """Read the settings; on a bad one print a line each and leave."""
    try:
        return read_settings(os.environ)
    except SettingsInvalid as wrong:
        for line in wrong.lines:
            click.echo(line, err=True)
        sys.exit(2)


@contextmanager
def open_session() -> Iterator[Session]:
    """Give a session on the configured database, committed once at the end or not at all."""
    from api.migrations import Unmigrated, require_migrated

    settings = settings_or_exit()
    engine = open_engine(settings.database_url)
    try:
        require_migrated(engine)
        with transaction(engine, settings.keyring) as session:
            yield session
    except Unmigrated as behind:
        click.echo(str(behind), err=True)
        sys.exit(2)
    finally:
        engine.dispose()


@contextmanager
def _or_one_line() -> Iterator[Session]:
    """Give a session; a refusal is one line and exit code 2."""
    try:
        with open_session() as session:
            yield session
    except Refusal as refusal:
        for reason in refusal.reasons:
            click.echo(f"{reason.field}: {reason.text} {reason.way_out}".strip(" :"), err=True)
        sys.exit(2)


@click.command("import")
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option("--area", "slug", help="The service area; needed when there are several.")
def import_day(files: tuple[Path, ...], slug: str | None) -> None:
    """Import FILES: nurses.csv, licences.csv, shifts.csv, patients.csv, appointments.csv.

    Any of them, in any order; docs/import.md names the columns. All cells are judged before anything is
    written: either everything is imported or nothing. The same files again change nothing.
    """
    sys.exit(run_import(files, slug, open_session, SystemClock(), geocode_by(settings_or_exit())))


@click.group()
def area() -> None:
    """Open and list service areas."""


@area.command("open")
@click.argument("slug")
@click.option("--name", required=True, help="What people call it.")
@click.option("--zone", required=True, help="IANA time zone, such as America/New_York.")
def open_area(slug: str, name: str, zone: str) -> None:
    """Open the service area SLUG; the first one also brings the service catalogue."""
    with _or_one_line() as session:
        areas.open_area(session, NewArea(slug=slug, name=name, time_zone=zone), OPERATOR, SystemClock())
        seed_catalogue(session, OPERATOR, SystemClock())
    click.echo(f"Service area {slug} is open.")


@area.command("list")
def list_areas() -> None:
    """List the service areas and their pharmacies."""
    with _or_one_line() as session:
        for row in areas.areas(session):
            codes = ", ".join(place.code for place in areas.pharmacies(session, row.id)) or "no pharmacy"
            click.echo(f"{row.slug}\t{row.name}\t{row.time_zone}\t{codes}")


@click.command("pharmacy")
@click.argument("code")
@click.option("--area", "slug", required=True, help="The service area it belongs to.")
@click.option("--name", required=True, help="The pharmacy's name.")
@click.option("--address", required=True, help="Its address.")
@click.option("--state", required=True, help="Its state, two letters.")
@click.option("--lat", required=True, type=click.FloatRange(-90, 90), help="Latitude in degrees.")
@click.option("--lon", required=True, type=click.FloatRange(-180, 180), help="Longitude in degrees.")
@click.option("--opens", default="06:00", show_default=True, help="Local opening time.")
@click.option("--closes", default="21:00", show_default=True, help="Local closing time.")
def open_pharmacy(
    code: str, slug: str, name: str, address: str, state: str, lat: float, lon: float, opens: str, closes: str
) -> None:
    """Open the pharmacy CODE, a stock point where nurses pick up and bring back drug."""
    new = NewPharmacy(
        code=code, name=name, address=address, state=state.upper(), lat=lat, lon=lon,
        opens_minute=_minute(opens), closes_minute=_minute(closes),
    )  # fmt: skip
    with _or_one_line() as session:
        found = areas.area_by_slug(session, slug)
        areas.open_pharmacy(session, found.id, new, OPERATOR, SystemClock())
    click.echo(f"Pharmacy {code} is open.")


def _minute(text: str) -> int:
    try:
        read = datetime.strptime(text, "%H:%M")  # noqa: DTZ007 - a clock's reading, no instant
    except ValueError:
        raise click.BadParameter(f"{text!r} is no time such as 07:30") from None
    return read.hour * 60 + read.minute


@click.command("state-rule")
@click.argument("state")
@click.option("--role", "roles", multiple=True, required=True, help="RN or APRN; repeat it for several.")
@click.option("--setting", required=True, help="Where it may be given, such as home.")
@click.option("--supervision", required=True, help="Such as on_call_video or onsite.")
@click.option("--citation", required=True, help="The law or board rule that says so.")
@click.option(
    "--verified-on",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The day somebody checked it against the law; without it the state stays blocked.",
)
def state_rule(
    state: str,
    roles: tuple[str, ...],
    setting: str,
    supervision: str,
    citation: str,
    verified_on: datetime | None,
) -> None:
    """Enter who may give ketamine at home in STATE. A state without a verified rule is blocked."""
    checked: date | None = verified_on.date() if verified_on else None
    rule = StateRule(
        state=state.upper(), roles=frozenset(roles), setting=setting, supervision=supervision,
        bolus_allowed=False, citation=citation, verified_on=checked,
    )  # fmt: skip
    with _or_one_line() as session:
        enter_state_rule(session, rule, OPERATOR, SystemClock())
    click.echo(f"{rule.state}: {'in force' if checked else 'entered, blocked until it is verified'}.")


@click.command("product")
@click.argument("code")
@click.option("--name", required=True, help="What the ledger calls it, such as Ketamine 50 mg/mL.")
@click.option("--form", default="vial", show_default=True, help="Its form.")
@click.option("--mg-per-ml", required=True, help="Concentration in milligrams a millilitre.")
@click.option("--label-mg", required=True, help="What the label says a vial holds, in milligrams.")
@click.option("--overfill-percent", type=int, help="How much more it may hold; else by policy.")
def register(
    code: str, name: str, form: str, mg_per_ml: str, label_mg: str, overfill_percent: int | None
) -> None:
    """Register the controlled drug CODE in one form and strength."""
    try:
        new = NewProduct(
            code=code, name=name, form=form, concentration_ug_per_ml=ug_from_mg(mg_per_ml),
            label_ug=ug_from_mg(label_mg), overfill_percent=overfill_percent,
        )  # fmt: skip
    except ValueError as error:
        raise click.BadParameter(str(error)) from None
    with _or_one_line() as session:
        register_product(session, new, OPERATOR, SystemClock())
    click.echo(f"Product {code} is registered.")


COMMANDS = (import_day, area, open_pharmacy, state_rule, register)

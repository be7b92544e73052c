"""The `housecall` command. Each subcommand imports what it needs when it runs, so that help is quick."""

import base64
import secrets
from pathlib import Path

import click

from api.cli_bench import bench
from api.cli_custody import custody
from api.cli_explain import explain
from api.cli_log import log_key, witness
from api.cli_plan import plan, plan_check
from api.cli_replan import replan
from api.cli_setup import COMMANDS, settings_or_exit
from api.demo.command import demo
from api.settings import PREFIX


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="housecall")
def main() -> None:
    """Housecall sends nurses into people's homes: plan a day, serve the screens, keep the ledger."""


for _command in COMMANDS:
    main.add_command(_command)
main.add_command(plan)
main.add_command(plan_check)
main.add_command(replan)
main.add_command(explain)
main.add_command(bench)
main.add_command(demo)
main.add_command(custody)
main.add_command(log_key)
main.add_command(witness)


@main.command()
def migrate() -> None:
    """Bring the database to this program's version."""
    from api.migrations import migrate as bring_to_head
    from api.migrations import version_of
    from api.roles import grant_to_serving_role
    from dispatch.kernel.storage import open_engine

    settings = settings_or_exit()
    engine = open_engine(settings.owner_database_url or settings.database_url)
    bring_to_head(engine)
    if settings.owner_database_url:
        grant_to_serving_role(engine, settings.database_url)
    click.echo(f"The database is at version {version_of(engine)}.")


@main.command("secrets")
def print_secrets() -> None:
    """Print fresh secrets as environment lines; keep them in your secret store."""

    def key() -> str:
        return base64.b64encode(secrets.token_bytes(32)).decode()

    click.echo(f"{PREFIX}SECRET_KEY={secrets.token_urlsafe(48)}")
    click.echo(f"{PREFIX}SEALING_KEYS=1:{key()}")
    click.echo(f"{PREFIX}INDEX_KEY={key()}")


@main.command()
def serve() -> None:
    """Serve the screens and the API (gunicorn, threads for live boards)."""
    from api.serving import serve as run

    run(settings_or_exit())


@main.command()
def worker() -> None:
    """Solve queued plans in this process, beside servers that have HOUSECALL_JOBS=worker."""
    from api.jobs import work

    work(settings_or_exit())


@main.group()
def account() -> None:
    """Open and list accounts."""


@account.command("open")
@click.option("--email", required=True, help="The address to sign in with.")
@click.option("--name", required=True, help="The person's name.")
@click.option("--role", "role_names", multiple=True, required=True, help="A role; repeat it for several.")
@click.option("--nurse", "nurse_code", help="For a nurse: the code of her record, such as N-07.")
@click.option("--area", "area_slug", help="For a nurse: her service area.")
@click.password_option(help="Asked for when it is not given.")
def open_account(
    email: str,
    name: str,
    role_names: tuple[str, ...],
    nurse_code: str | None,
    area_slug: str | None,
    password: str,
) -> None:
    """Open an account with one or more roles."""
    from api.cli_accounts import open_from_command_line

    open_from_command_line(settings_or_exit(), email, name, role_names, nurse_code, area_slug, password)


@main.command()
@click.argument("target", type=click.Path(path_type=Path))
def backup(target: Path) -> None:
    """Write a consistent copy of the database to TARGET while it is served."""
    from api.backups import back_up

    click.echo(back_up(settings_or_exit(), target))


@main.command()
@click.argument("source", type=click.Path(exists=True, path_type=Path))
def restore(source: Path) -> None:
    """Replace an empty or stopped database by the backup SOURCE."""
    from api.backups import restore as put_back

    click.echo(put_back(settings_or_exit(), source))

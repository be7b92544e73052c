"""`housecall demo`: one command from nothing to three screens of a day in full swing."""

import socket
from datetime import date, datetime

import click


@click.command("demo")
@click.option("--no-serve", is_flag=True, help="Do everything but serve, then end.")
@click.option(
    "--port", type=click.IntRange(1, 65535), default=8000, show_default=True, help="Where to serve."
)
@click.option(
    "--database",
    default="sqlite:///var/demo.sqlite",
    show_default=True,
    help="Where to keep it. The default file is made anew each time; any other database must be empty.",
)
@click.option("--keep", is_flag=True, help="Go on with what the last demo left instead of making it anew.")
@click.option(
    "--seconds", type=click.IntRange(1, 600), default=12, show_default=True, help="Time for the planner."
)
@click.option(
    "--day", type=click.DateTime(["%Y-%m-%d"]), help="The demo's day; today in Columbus, Ohio, by default."
)
def demo(no_serve: bool, port: int, database: str, keep: bool, seconds: int, day: datetime | None) -> None:
    """Seed an invented day in Columbus, Ohio, plan it, play its morning, and serve the screens.

    The clock of the demo starts at 10:20 on that day and then runs on. All people are invented.
    """
    from api.demo.run import run

    if not no_serve:
        _require_free(port)
    run(database, port, seconds, _date_of(day), keep=keep, serves=not no_serve)


def _date_of(day: datetime | None) -> date | None:
    return day.date() if day else None


def _require_free(port: int) -> None:
    """Say at once that the port is taken, not after half a minute of work."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise click.ClickException(
                f"Port {port} is taken. Name another with --port, or stop what listens there."
            ) from None

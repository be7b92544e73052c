"""`housecall log-key`, and `housecall witness`, which a second party runs."""

import os
import sys
from pathlib import Path
from typing import NoReturn

import click

from api.settings import PREFIX
from api.witness import Witness, make_folder, server
from dispatch.custody.log.note import ED25519, Malformed, Signer, Verifier
from dispatch.kernel.clock import SystemClock

FOLDER = click.Path(file_okay=False, path_type=Path)


def _leave(text: str) -> NoReturn:
    click.echo(text, err=True)
    sys.exit(2)


def _signer(name: str) -> Signer:
    try:
        signer = Signer(name, ED25519, os.urandom(32))
        signer.verifier  # noqa: B018 - the name is judged here
    except Malformed as wrong:
        raise click.BadParameter(str(wrong)) from None
    return signer


@click.command("log-key")
@click.argument("name")
def log_key(name: str) -> None:
    """Make a key that signs the custody log's checkpoints.

    NAME is the log's own, such as your-domain.example/custody, and never changes. To replace a key, set
    HOUSECALL_LOG_KEYS=OLD,NEW and restart: the old one hands over to the new one. Then drop the old one.
    """
    signer = _signer(name)
    click.echo(f"{PREFIX}LOG_KEYS={signer.written()}")
    click.echo(f"Verifier key, for witnesses and inspectors: {signer.verifier}", err=True)


@click.group()
def witness() -> None:
    """Hold the checkpoints of somebody's custody log, and cosign those that continue the last one."""


@witness.command("init")
@click.argument("folder", type=FOLDER)
@click.argument("name")
def init(folder: Path, name: str) -> None:
    """Make FOLDER with a fresh key under NAME, such as your-domain.example/witness."""
    try:
        make_folder(folder, name)
    except Malformed as wrong:
        raise click.BadParameter(str(wrong)) from None
    except FileExistsError:
        _leave(f"{folder} has a key, which others may know; take another folder.")
    with_key = _opened(folder)
    click.echo(f"Your verifier key, for {PREFIX}WITNESSES: {with_key.signer.verifier}")


@witness.command("key")
@click.argument("folder", type=FOLDER)
def key(folder: Path) -> None:
    """Print the verifier key of the witness in FOLDER."""
    click.echo(_opened(folder).signer.verifier)


@witness.command("trust")
@click.argument("folder", type=FOLDER)
@click.argument("verifier")
def trust(folder: Path, verifier: str) -> None:
    """Accept checkpoints signed by the key VERIFIER, as the log's owner gave it to you in person."""
    try:
        _opened(folder).trust(Verifier.read(verifier))
    except Malformed as wrong:
        raise click.BadParameter(str(wrong)) from None
    click.echo(f"Checkpoints of {verifier.split('+')[0]} are accepted.")


@witness.command("serve")
@click.argument("folder", type=FOLDER)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", default=8090, show_default=True, type=click.IntRange(0, 65535), help="Port; 0 for any free one."
)
def serve(folder: Path, host: str, port: int) -> None:
    """Serve POST /add-checkpoint until stopped; put an HTTPS proxy before it."""
    found = _opened(folder)
    if not found.trusted():
        _leave("No log is trusted yet: housecall witness trust FOLDER VERIFIER")
    try:
        found.hold()
    except BlockingIOError:
        _leave(f"Another process serves {folder} already.")
    listening = server(found, host, port)
    click.echo(f"Witness {found.signer.name} listens on {host}:{listening.server_address[1]}.")
    try:
        listening.serve_forever()
    except KeyboardInterrupt:
        click.echo("Stopped.")
    finally:
        listening.server_close()


def _opened(folder: Path) -> Witness:
    try:
        return Witness(folder, SystemClock())
    except (OSError, Malformed):
        _leave(f"{folder} holds no witness: housecall witness init FOLDER NAME")

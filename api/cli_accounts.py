"""Open accounts from the command line."""

import sys

import click
from flask_security import hash_password

from api.app import create_app
from api.db import current_session, db
from api.settings import Settings
from dispatch.areas.service import area_by_slug
from dispatch.identity.service import open_account
from dispatch.kernel.actor import SYSTEM, Role
from dispatch.kernel.clock import SystemClock
from dispatch.kernel.refusals import Refusal
from dispatch.workforce.service import nurse_by_code

SHORTEST_PASSWORD = 12


def open_from_command_line(
    settings: Settings,
    email: str,
    name: str,
    role_names: tuple[str, ...],
    nurse_code: str | None,
    area_slug: str | None,
    password: str,
) -> None:
    """Open the account, or say in one line a problem why not."""
    unknown = sorted(set(role_names) - {role.value for role in Role})
    if unknown:
        _leave(f"--role {unknown[0]}: choose from " + ", ".join(role.value for role in Role))
    if len(password) < SHORTEST_PASSWORD:
        _leave(f"--password: at least {SHORTEST_PASSWORD} characters")
    if (nurse_code is None) != (area_slug is None):
        _leave("--nurse and --area go together")
    app = create_app(settings)
    with app.app_context():
        session = current_session()
        session.info["keyring"] = settings.keyring
        try:
            nurse_id = None
            if nurse_code is not None and area_slug is not None:
                nurse_id = nurse_by_code(session, area_by_slug(session, area_slug).id, nurse_code).id
            row = open_account(
                session,
                email=email,
                name=name,
                password_hash=hash_password(password),
                roles=frozenset(Role(role) for role in role_names),
                actor=SYSTEM,
                clock=SystemClock(),
                nurse_id=nurse_id,
            )
            db.session.commit()
        except Refusal as refusal:
            _leave("; ".join(f"{reason.text} {reason.way_out}".strip() for reason in refusal.reasons))
        click.echo(f"Account {row.email} is open.")


def _leave(line: str) -> None:
    click.echo(line, err=True)
    sys.exit(2)

"""Who takes the ledger's figures away by the command line, and what for: both stand in the audit log.

No password is asked: whoever runs it has the database and its keys in hand, and a password would guard
nothing. It is told, not proven, who that is; so the entry says that it came from the command line.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import click
from sqlalchemy.orm import Session

from dispatch.kernel.actor import Actor, Role

# Words, not free text: an audit entry never holds what somebody typed, which may name a patient.
PURPOSES = ("inspection", "investigation", "own-audit", "patient-request", "rehearsal")
SESSION = "command line"
_Command = TypeVar("_Command", bound=Callable[..., Any])


def by_whom(command: _Command) -> _Command:
    """Give a command the options that say who runs it, and what for."""
    asked = (
        click.option(
            "--as", "email", required=True, metavar="ACCOUNT",
            help="Who takes it away: the e-mail address of an account of compliance.",
        ),
        click.option("--for", "purpose", required=True, type=click.Choice(PURPOSES), help="What for."),
    )  # fmt: skip
    for option in reversed(asked):
        command = option(command)
    return command


def officer(session: Session, email: str) -> Actor:
    """Return whom an address names, or refuse.

    Raises
    ------
    NotFound
        ``no_such_account``.
    Forbidden
        ``role_missing``: only compliance takes the ledger away.
    """
    from dispatch.identity.service import account_by_email, actor_of_account
    from dispatch.kernel.refusals import NotFound, refuse

    row = account_by_email(session, email)
    found = actor_of_account(session, row.id, SESSION, None) if row else None
    if found is None:
        raise refuse(
            NotFound, "no_such_account", "--as names no active account.", field="as",
            way_out="Give the e-mail address of an account of compliance.",
        )  # fmt: skip
    found.require((Role.COMPLIANCE,))
    return found

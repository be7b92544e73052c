"""The demo's accounts: one for each office role and one for each nurse, all with the same password."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flask import Flask
from flask_security import hash_password
from sqlalchemy.orm import Session

from api.demo.day import DemoDay
from dispatch.identity.model import ProofOfIdentity
from dispatch.identity.service import actor_of_account, open_account
from dispatch.kernel.actor import SYSTEM, Actor, Role
from dispatch.kernel.clock import Clock
from dispatch.kernel.ids import new_id
from dispatch.workforce.service import nurse_by_code

# Printed on the terminal and good on this machine only: the demo's people are invented.
PASSWORD = "columbus-demo-day"  # noqa: S105


@dataclass(frozen=True, kw_only=True)
class Staff:
    """Everybody who can sign in, as actors: the office by role, the nurses by code."""

    office: Mapping[Role, Actor]
    nurses: Mapping[str, Actor]


def office_email(role: Role) -> str:
    """Return the address of the one who holds an office role."""
    return f"{role.value}@demo.example"


def nurse_email(code: str) -> str:
    """Return the address of a nurse."""
    return f"{code.lower()}@demo.example"


def hashed_password(app: Flask) -> str:
    """Hash the password once for all accounts: 39 times argon2id would take as many tenths of a second."""
    with app.app_context():
        digest: str = hash_password(PASSWORD)
    return digest


def open_office(session: Session, day: DemoDay, digest: str, clock: Clock) -> dict[Role, Actor]:
    """Open one account for each office role."""
    found = {}
    for role_name, person in day.office.items():
        role = Role(role_name)
        row = open_account(
            session,
            email=office_email(role),
            name=person.name,
            password_hash=digest,
            roles=frozenset({role}),
            actor=SYSTEM,
            clock=clock,
        )
        session.flush()
        found[role] = _signed_in(session, row.id)
    return found


def open_nurses(session: Session, day: DemoDay, area_id: UUID, digest: str, clock: Clock) -> dict[str, Actor]:
    """Open an account for every imported nurse."""
    found = {}
    for nurse in day.nurses:
        row = open_account(
            session,
            email=nurse_email(nurse.code),
            name=nurse.person.name,
            password_hash=digest,
            roles=frozenset({Role.NURSE}),
            actor=SYSTEM,
            clock=clock,
            nurse_id=nurse_by_code(session, area_id, nurse.code).id,
        )
        session.flush()
        found[nurse.code] = _signed_in(session, row.id)
    return found


def _signed_in(session: Session, account_id: UUID) -> Actor:
    actor = actor_of_account(session, account_id, f"demo:{new_id().hex}", None)
    assert actor is not None
    return actor


def sign(actor: Actor, at: datetime) -> ProofOfIdentity:
    """Return the proof that the actor just showed who they are, as the proofs route makes it."""
    assert actor.account_id is not None
    return ProofOfIdentity(
        account_id=actor.account_id,
        person_ref=actor.person_ref,
        session_ref=f"proof:{new_id().hex}",
        proved_at=at,
    )

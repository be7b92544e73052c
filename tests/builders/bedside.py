"""A nurse of `tests.builders.visits.a_town` at a bedside, with a vial that is open."""

from uuid import UUID

from flask import Flask
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from dispatch.custody import service
from dispatch.custody.commands import ListedVial, OpenContainer, PickUp
from dispatch.custody.records import ContainerRow
from dispatch.identity.model import ProofOfIdentity
from dispatch.identity.records import AccountRow
from dispatch.kernel.actor import AccountId, Actor, Role
from dispatch.kernel.clock import Clock
from dispatch.kernel.ids import new_id
from dispatch.kernel.storage import transaction
from tests.builders.custody import FIT
from tests.builders.visits import some_stock
from tests.builders.web import a_person, keyring_of_app


def a_signer(app: Flask, engine: Engine, name: str, *roles: Role, nurse_id: UUID | None = None) -> Actor:
    """Somebody with an account `name`@test.example, signed in to a session of their own."""
    account_id = a_person(app, engine, *roles, nurse_id=nurse_id, email=f"{name}@test.example")
    with transaction(engine, keyring_of_app(app)) as session:
        person_ref = session.get_one(AccountRow, account_id).person_ref
    return Actor(
        account_id=AccountId(account_id), name=name, roles=frozenset(roles), nurse_id=nurse_id,
        person_ref=person_ref, session_ref=str(new_id()),
    )  # fmt: skip


def a_proof(actor: Actor, clock: Clock) -> ProofOfIdentity:
    """A fresh proof of who `actor` is."""
    return ProofOfIdentity(
        account_id=actor.account_id, person_ref=actor.person_ref, session_ref=str(new_id()),
        proved_at=clock.now(),
    )  # fmt: skip


def an_open_vial(
    session: Session, pharmacy_id: UUID, visit_id: UUID, nurse: Actor, pharmacist: Actor, clock: Clock
) -> UUID:
    """Receive a vial of 100 mg, hand it to the nurse and break its seal for the visit."""
    some_stock(session, pharmacy_id, pharmacist, clock, vials=1)
    session.flush()
    return open_the_vial(session, pharmacy_id, visit_id, nurse, pharmacist, clock)


def open_the_vial(
    session: Session, pharmacy_id: UUID, visit_id: UUID, nurse: Actor, pharmacist: Actor, clock: Clock
) -> UUID:
    """Hand the only vial to the nurse and break its seal for the visit."""
    vial = session.scalars(select(ContainerRow)).one()
    listed = ListedVial(event_id=new_id(), container_id=vial.id, seal=vial.seal)
    pickup = PickUp(
        pickup_id=new_id(), pharmacy_id=pharmacy_id, vials=(listed,), counted_units=1, standing=FIT,
        proof=a_proof(nurse, clock), witness=a_proof(pharmacist, clock),
    )  # fmt: skip
    service.pick_up(session, pickup, nurse, clock)
    opening = OpenContainer(
        event_id=new_id(), container_id=vial.id, standing=FIT, seal=vial.seal, visit_id=visit_id
    )
    service.open_container(session, opening, nurse, clock)
    return vial.id

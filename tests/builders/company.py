"""A company before its first day: an area with its law, a pharmacy, a catalogue and a drug."""

from uuid import UUID

from sqlalchemy.orm import Session

from dispatch.appointments.service import seed_catalogue
from dispatch.areas.model import NewArea, NewPharmacy
from dispatch.areas.service import open_area, open_pharmacy
from dispatch.custody.commands import NewProduct
from dispatch.custody.service import register_product
from dispatch.kernel.actor import Actor, Role
from dispatch.kernel.clock import Clock
from dispatch.workforce.service import enter_state_rule
from tests.builders.workforce import a_state_rule

ADMIN = Actor(account_id=None, name="set-up", roles=frozenset({Role.ADMIN}))


def a_company(session: Session, clock: Clock) -> tuple[UUID, UUID]:
    """Open Columbus with one pharmacy and ketamine 50 mg/mL; return the ids of area and pharmacy."""
    columbus = NewArea(slug="columbus", name="Columbus", time_zone="America/New_York")
    area = open_area(session, columbus, ADMIN, clock)
    pharmacy = NewPharmacy(
        code="COL-1", name="Broad St", address="1 Broad St", state="OH", lat=39.96, lon=-83.0
    )
    place = open_pharmacy(session, area.id, pharmacy, ADMIN, clock)
    seed_catalogue(session, ADMIN, clock)
    enter_state_rule(session, a_state_rule(), ADMIN, clock)
    ketamine = NewProduct(
        code="KET-50", name="Ketamine 50 mg/mL", form="vial", concentration_ug_per_ml=50_000, label_ug=100_000
    )
    register_product(session, ketamine, ADMIN, clock)
    return area.id, place.id

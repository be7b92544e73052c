"""Fills the empty database: the area, its pharmacies, the law, the accounts, and the day by the import."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy.orm import Session

from api.demo.day import DemoDay
from api.demo.day_files import day_files
from api.demo.office import Staff, open_nurses, open_office
from dispatch.appointments.day_import import import_files
from dispatch.appointments.day_import.model import Progress
from dispatch.appointments.service import seed_catalogue
from dispatch.areas.model import NewArea, NewPharmacy, NewPolicy
from dispatch.areas.service import open_area, open_pharmacy, sign_policy
from dispatch.kernel.actor import SYSTEM, Actor, Role
from dispatch.kernel.clock import Clock
from dispatch.workforce.model import StateRule
from dispatch.workforce.service import enter_state_rule, verify_state_rule

SLUG, AREA_NAME, TIME_ZONE, STATE = "columbus", "Columbus", "America/New_York", "OH"
# Configuration of the demo, no legal advice; where people are treated compliance checks it first.
SAMPLE_RULE = StateRule(
    state=STATE,
    roles=frozenset({"RN", "APRN"}),
    setting="home",
    supervision="on_call_video",
    bolus_allowed=False,
    citation="SAMPLE, verify before use: check the Ohio Board of Nursing's rules",
    verified_on=None,
)


class ImportFailed(RuntimeError):
    """The import found bad cells in the invented files: a fault in the demo."""


@dataclass(frozen=True, kw_only=True)
class Seeded:
    """What the rest of the demo needs of the seeded database."""

    area_id: UUID
    staff: Staff


def seed(session: Session, day: DemoDay, digest: str, clock: Clock, on_progress: Progress) -> Seeded:
    """Seed the demo's day; `digest` is the hash of the one password.

    Raises
    ------
    ImportFailed
        With the first bad cell.
    """
    office = open_office(session, day, digest, clock)
    admin = office[Role.ADMIN]
    area = open_area(session, NewArea(slug=SLUG, name=AREA_NAME, time_zone=TIME_ZONE), admin, clock)
    for number, spot in enumerate(day.pharmacies, start=1):
        pharmacy = NewPharmacy(
            code=f"COL-{number}",
            name=spot.name,
            address=spot.address,
            state=spot.state,
            lat=spot.lat,
            lon=spot.lon,
        )
        open_pharmacy(session, area.id, pharmacy, admin, clock)
    seed_catalogue(session, SYSTEM, clock)
    _let_imported_pass(session, area.id, office[Role.COMPLIANCE], clock)
    allow_ketamine_at_home(session, day.day, office[Role.COMPLIANCE], clock)
    report = import_files(
        session, day_files(day), office[Role.DISPATCHER], clock, on_progress, area_id=area.id
    )
    if not report.ok:
        cell = report.bad_cells[0]
        raise ImportFailed(f"{cell.file} line {cell.line}, {cell.column}: {cell.text}")
    nurses = open_nurses(session, day, area.id, digest, clock)
    return Seeded(area_id=area.id, staff=Staff(office=office, nurses=nurses))


def _let_imported_pass(session: Session, area_id: UUID, compliance: Actor, clock: Clock) -> None:
    """Let the invented day be imported, whose patients have no case here; who has one goes the whole path."""
    value = NewPolicy(
        key="booking.without_case",
        value={"refused": False},
        reason="Demo: the day of an earlier system is imported, which keeps these patients' clearances",
        area_id=area_id,
    )
    sign_policy(session, value, compliance, clock)


def allow_ketamine_at_home(session: Session, on: date, compliance: Actor, clock: Clock) -> None:
    """Enter the sample of the state's rule and let the demo's compliance officer verify it."""
    enter_state_rule(session, SAMPLE_RULE, compliance, clock)
    session.flush()
    verify_state_rule(session, STATE, on, compliance, clock)

"""Opening service areas and pharmacies."""

import pytest
from sqlalchemy.orm import Session

from dispatch.areas.model import NewArea, NewPharmacy
from dispatch.areas.service import area_by_slug, open_area, open_pharmacy, pharmacies
from dispatch.kernel.actor import SYSTEM
from dispatch.kernel.clock import SetClock
from dispatch.kernel.refusals import Conflict, Invalid

COLUMBUS = NewArea(slug="columbus", name="Columbus", time_zone="America/New_York")
HIGH_STREET = NewPharmacy(
    code="PH-1", name="High Street Pharmacy", address="10 High St", state="OH", lat=39.96, lon=-83.0
)


def test_an_open_area_is_found_by_its_slug(session: Session, clock: SetClock) -> None:
    row = open_area(session, COLUMBUS, SYSTEM, clock)
    assert area_by_slug(session, "columbus").id == row.id


def test_a_second_area_of_the_same_slug_is_refused(session: Session, clock: SetClock) -> None:
    open_area(session, COLUMBUS, SYSTEM, clock)
    with pytest.raises(Conflict, match="area_exists"):
        open_area(session, COLUMBUS, SYSTEM, clock)


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../etc/passwd", ""])
def test_an_unknown_time_zone_is_refused(session: Session, clock: SetClock, zone: str) -> None:
    with pytest.raises(Invalid, match="no_such_time_zone"):
        open_area(session, NewArea(slug="x", name="X", time_zone=zone), SYSTEM, clock)


def test_an_areas_pharmacies_are_listed_by_code(session: Session, clock: SetClock) -> None:
    area = open_area(session, COLUMBUS, SYSTEM, clock)
    open_pharmacy(session, area.id, HIGH_STREET, SYSTEM, clock)
    assert [row.code for row in pharmacies(session, area.id)] == ["PH-1"]


def test_a_second_pharmacy_of_the_same_code_is_refused(session: Session, clock: SetClock) -> None:
    area = open_area(session, COLUMBUS, SYSTEM, clock)
    open_pharmacy(session, area.id, HIGH_STREET, SYSTEM, clock)
    with pytest.raises(Conflict, match="pharmacy_exists"):
        open_pharmacy(session, area.id, HIGH_STREET, SYSTEM, clock)

"""A database with one patient's whole care path and her nurse's day: where `VisitMachine` works."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from dispatch.appointments.records import AppointmentRow, ServiceRow, WindowRow
from dispatch.areas.records import PharmacyRow
from dispatch.custody import service as custody
from dispatch.custody.commands import NewVial, ReceiveAtPharmacy
from dispatch.custody.model import Basis
from dispatch.kernel.actor import Actor, Role
from dispatch.kernel.clock import SetClock
from dispatch.kernel.ids import new_id
from dispatch.kernel.row import Row
from dispatch.kernel.sealing import Keyring
from dispatch.kernel.storage import open_engine
from dispatch.series import service as series
from dispatch.visits.safety.model import NewDuty
from dispatch.visits.safety.service import enter_duty
from tests.builders.bedside import open_the_vial
from tests.builders.care_path import registered
from tests.builders.clearance import Scene, a_scene, cleared
from tests.builders.custody import an_actor
from tests.builders.series import DISPATCHER, ordered
from tests.builders.visit_pencil import MONDAY, ORDERED_UG
from tests.builders.visits import DAY, SEVEN, a_nurse, a_patient, fit_for_work, publish

KEYRING = Keyring({1: b"k" * 32}, 1, b"i" * 32)


@dataclass(frozen=True, kw_only=True)
class Place:
    """Who and what the machine works with."""

    scene: Scene
    series_id: UUID
    visit_id: UUID
    other_visit_id: UUID
    nurse: Actor
    vial_id: UUID
    duty_id: UUID


@contextmanager
def a_home(folder: Path) -> Iterator[tuple[Connection, Place]]:
    """Give a connection to a database in which one patient's whole care path stands, and her nurse's day."""
    engine = open_engine(f"sqlite:///{folder / 'home.sqlite'}")
    Row.metadata.create_all(engine)
    with Session(engine, info={"keyring": KEYRING}) as session:
        place = _a_place(session)
        session.commit()
    with engine.connect() as connection:
        yield connection, place
    engine.dispose()


def _a_place(session: Session) -> Place:
    clock = SetClock(MONDAY)
    scene = registered(cleared(a_scene(session, clock)))
    row = a_nurse(scene.area_id, "N-07", "Nina North")
    carlos = a_patient(scene.area_id, 2, "Carlos Mendez")
    session.add_all([row, carlos])
    session.flush()
    session.add_all(fit_for_work(row.id, "RN-7"))
    nurse = an_actor(session, clock, "nina", Role.NURSE, nurse=row)
    phil = an_actor(session, clock, "phil", Role.PHARMACIST)
    kind = session.scalars(select(ServiceRow).where(ServiceRow.controlled).order_by(ServiceRow.code)).first()
    assert kind is not None
    opens = SEVEN + timedelta(hours=3)
    visits = [
        AppointmentRow(
            id=new_id(), area_id=scene.area_id, patient_id=patient_id, service_id=kind.id, day=DAY,
            reference=f"A-{number}", minutes=120, units=1, dose_ug=ORDERED_UG, booked_at=MONDAY,
            windows=[WindowRow(begins_at=opens, ends_at=opens + timedelta(hours=1))],
        )
        for number, patient_id in enumerate((scene.patient_id, carlos.id), 1)
    ]  # fmt: skip
    session.add_all(visits)
    session.flush()
    made = ordered(scene)
    first, other = (visit.id for visit in visits)
    series.note_booked(session, made.series_id, 1, first, DISPATCHER, clock)
    pharmacy = session.scalars(select(PharmacyRow)).one()
    publish(session, scene.area_id, row.id, pharmacy.id, [first, other], number=1)
    delivery = ReceiveAtPharmacy(
        pharmacy_id=pharmacy.id, product_code="KET-50", lot_number="L-1", expires_on=date(2027, 6, 30),
        basis=Basis.REGISTRANT_STOCK, vials=(NewVial(event_id=new_id(), serial="V-1", seal="S-1"),),
    )  # fmt: skip
    custody.receive_at_pharmacy(session, delivery, phil, clock)
    session.flush()
    duty = NewDuty(
        account_id=scene.prescriber.account_id, states=frozenset({"OH"}), begins_at=MONDAY,
        ends_at=MONDAY + timedelta(days=2), phone="+1 614 555 0122",
    )  # fmt: skip
    at_the_door = SetClock(SEVEN + timedelta(hours=3, minutes=20))  # an open vial may be used for some hours
    return Place(
        scene=scene, series_id=made.series_id, visit_id=first, other_visit_id=other, nurse=nurse,
        vial_id=open_the_vial(session, pharmacy.id, first, nurse, phil, at_the_door),
        duty_id=enter_duty(session, duty, DISPATCHER, clock).id,
    )  # fmt: skip

"""A published route of one nurse: home, pharmacy, two visits, home; and deeds of hers."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from dispatch.appointments.records import AppointmentRow, PatientRow, ServiceRow, WindowRow
from dispatch.areas.records import PharmacyRow, PolicyRow, ServiceAreaRow
from dispatch.assignment.records import PlannedStopRow, PlanRow
from dispatch.custody import service as custody
from dispatch.custody.commands import NewProduct, NewVial, ReceiveAtPharmacy
from dispatch.custody.model import Basis
from dispatch.kernel.actor import AccountId, Actor, DeviceId, Role
from dispatch.kernel.clock import Clock
from dispatch.kernel.ids import new_id
from dispatch.kernel.row import Row
from dispatch.visits.model import Deed, NewFact, Position
from dispatch.workforce.records import AuthorisationRow, LicenceRow, NurseRow, ResidenceRow, ShiftRow

DAY = date(2026, 11, 23)
SEVEN = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)  # 07:00 in Columbus
HOME = (39.961200, -82.998800)
AT_HOME = Position(lat=39.961300, lon=-82.998800, accuracy_m=8)  # 11 m north of it
FAR_AWAY = Position(lat=39.971200, lon=-82.998800, accuracy_m=8)  # 1.1 km north of it


@dataclass(frozen=True, kw_only=True)
class Town:
    """The ids of what `a_town` made."""

    area_id: UUID
    nurse_id: UUID
    other_nurse_id: UUID
    pharmacy_id: UUID
    first_id: UUID
    second_id: UUID
    plan_id: UUID


def a_patient(area_id: UUID, number: int, name: str, *, verified: bool = True) -> PatientRow:
    """An invented patient at `HOME`."""
    row = PatientRow(
        id=new_id(), area_id=area_id, reference=f"P-{number}", state="OH", point_source="dispatcher",
        point_verified=verified, name_index=bytes([number]) * 32, pets=["dog"] if number == 1 else [],
        required_language="es" if number == 2 else None,
    )  # fmt: skip
    row.name = name
    row.address = f"{1233 + number} Kenworth Rd, Columbus, OH 43224"
    row.phone = "+1 614 555 0100"
    row.born_on = "1980-02-29"
    row.access_notes = "Gate code 40#"
    row.point = f"{HOME[0]:.6f},{HOME[1]:.6f}"
    return row


def a_nurse(area_id: UUID, code: str, name: str) -> NurseRow:
    """An invented nurse."""
    return NurseRow(
        id=new_id(), area_id=area_id, code=code, name=name, home_address="1 Elm St, Columbus",
        home_lat=39.99, home_lon=-83.01,
    )  # fmt: skip


def fit_for_work(nurse_id: UUID, number: str) -> list[Row]:
    """An Ohio licence, an Ohio home, a registrant's authorisation and a shift from 07:00 to 19:00."""
    return [
        LicenceRow(
            nurse_id=nurse_id, state="OH", kind="RN", number=number, valid_from=date(2024, 1, 1),
            expires_on=date(2027, 12, 31),
        ),
        ResidenceRow(nurse_id=nurse_id, state="OH", since=date(2020, 1, 1)),
        AuthorisationRow(
            nurse_id=nurse_id, registrant="FH1234567", state="OH", valid_from=date(2024, 1, 1),
            expires_on=date(2027, 12, 31),
        ),
        ShiftRow(nurse_id=nurse_id, starts_at=SEVEN, ends_at=SEVEN + timedelta(hours=12)),
    ]  # fmt: skip


def some_stock(session: Session, pharmacy_id: UUID, pharmacist: Actor, clock: Clock, vials: int = 2) -> None:
    """Receive vials V-1, V-2 ... of 100 mg ketamine with the seals S-1, S-2 ... at the pharmacy."""
    product = NewProduct(
        code="KET-50", name="Ketamine 50 mg/mL", form="vial", concentration_ug_per_ml=50_000, label_ug=100_000
    )
    custody.register_product(session, product, pharmacist, clock)
    session.flush()
    delivery = ReceiveAtPharmacy(
        pharmacy_id=pharmacy_id, product_code="KET-50", lot_number="L1", expires_on=date(2027, 6, 30),
        basis=Basis.REGISTRANT_STOCK, invoice="INV-1",
        vials=tuple(
            NewVial(event_id=new_id(), serial=f"V-{number}", seal=f"S-{number}")
            for number in range(1, vials + 1)
        ),
    )  # fmt: skip
    custody.receive_at_pharmacy(session, delivery, pharmacist, clock)


def signed_off(area_id: UUID, key: str, value: dict[str, object]) -> PolicyRow:
    """A policy value of one area, for tests of what does not need it."""
    return PolicyRow(
        id=new_id(), area_id=area_id, key=key, value=value, version=1, signed_by="Test", signed_at=SEVEN,
        reason="for a test",
    )  # fmt: skip


NO_CHECKLIST: dict[str, object] = {"required": False, "prescriber_reachable": False}


def a_town(session: Session, *, verified: bool = True, checklist: dict[str, object] | None = None) -> Town:
    """Make an area, two nurses, two appointments and a plan that gives both to the first nurse.

    The bedside checklist is signed off for the area, unless `checklist` is the policy's value.
    """
    area = ServiceAreaRow(id=new_id(), slug="columbus", name="Columbus", time_zone="America/New_York")
    service = ServiceRow(
        id=new_id(), code="ketamine", name="Ketamine infusion", minutes=120, competencies=["iv", "ketamine"],
        controlled=True, units=1,
    )  # fmt: skip
    session.add_all([area, service])
    session.flush()
    session.add(signed_off(area.id, "visit.checklist", checklist or NO_CHECKLIST))
    nurse, other = a_nurse(area.id, "N-07", "Nina North"), a_nurse(area.id, "N-12", "Olga Other")
    pharmacy = PharmacyRow(
        id=new_id(), area_id=area.id, code="PH-1", name="High Street Pharmacy", address="10 High St",
        state="OH", lat=39.96, lon=-83.0,
    )  # fmt: skip
    people = [
        a_patient(area.id, 1, "Ada Kingsley", verified=verified), a_patient(area.id, 2, "Carlos Mendez")
    ]  # fmt: skip
    session.add_all([nurse, other, pharmacy, *people])
    session.flush()
    session.add_all([row for each in (nurse, other) for row in fit_for_work(each.id, each.code)])
    visits = [
        AppointmentRow(
            id=new_id(), area_id=area.id, patient_id=patient.id, service_id=service.id,
            reference=f"A-{number}", day=DAY, minutes=120, units=1, first_infusion=number == 2,
            dose_ug=35_000,
            booked_at=SEVEN - timedelta(days=3),
            windows=[WindowRow(begins_at=opens, ends_at=opens + timedelta(minutes=30))],
        )
        for number, (patient, opens) in enumerate(
            zip(people, (SEVEN + timedelta(hours=3, minutes=15), SEVEN + timedelta(hours=6)), strict=True), 1
        )
    ]  # fmt: skip
    session.add_all(visits)
    session.flush()
    plan_id = publish(session, area.id, nurse.id, pharmacy.id, [visit.id for visit in visits], number=1)
    return Town(
        area_id=area.id, nurse_id=nurse.id, other_nurse_id=other.id, pharmacy_id=pharmacy.id,
        first_id=visits[0].id, second_id=visits[1].id, plan_id=plan_id,
    )  # fmt: skip


def publish(
    session: Session,
    area_id: UUID,
    nurse_id: UUID,
    pharmacy_id: UUID,
    visit_ids: list[UUID],
    *,
    number: int,
    at: datetime = SEVEN - timedelta(hours=12),
) -> UUID:
    """Publish a plan that gives all visits to one nurse: home, pharmacy, visits, pharmacy, home."""
    plan = PlanRow(
        id=new_id(), area_id=area_id, day=DAY, number=number, published_at=at, publisher="Dana",
        origin="published", status="feasible", cost=1, terms={}, unassigned={}, fingerprint="f",
    )  # fmt: skip
    session.add(plan)
    session.flush()
    kinds = ["start", "pickup", *["visit"] * len(visit_ids), "return", "end"]
    left, shift_id = iter(visit_ids), new_id()
    for sequence, kind in enumerate(kinds):
        arrives = SEVEN + timedelta(hours=2 + 3 * (sequence - 1) if sequence else 1.5)
        session.add(
            PlannedStopRow(
                plan_id=plan.id, nurse_id=nurse_id, shift_id=shift_id, sequence=sequence, kind=kind,
                appointment_id=next(left) if kind == "visit" else None,
                pharmacy_id=pharmacy_id if kind in {"pickup", "return"} else None,
                arrives_at=arrives, begins_at=arrives, ends_at=arrives + timedelta(minutes=10),
                travel_s=0 if kind == "start" else 1080,
                units=len(visit_ids) if kind == "pickup" else 0,
            )
        )  # fmt: skip
    session.flush()
    return plan.id


def nurse_actor(nurse_id: UUID, *, device: UUID | None = None) -> Actor:
    """The nurse, at a screen or with a phone."""
    return Actor(
        account_id=AccountId(new_id()), name="nina", roles=frozenset({Role.NURSE}), nurse_id=nurse_id,
        device_id=DeviceId(device) if device else None, session_ref="test",
    )  # fmt: skip


def a_deed(
    appointment_id: UUID,
    deed: Deed,
    at: datetime,
    *,
    position: Position | None = None,
    reason: str = "",
    device_seq: int | None = None,
    sent_at: datetime | None = None,
    calls_made: int | None = None,
    event_id: UUID | None = None,
) -> NewFact:
    """A deed as a phone reports it."""
    return NewFact(
        event_id=event_id or new_id(), appointment_id=appointment_id, deed=deed, at=at, sent_at=sent_at,
        device_seq=device_seq, position=position, reason=reason, calls_made=calls_made,
    )  # fmt: skip

"""An invented day to plan: Columbus, nurses with all papers, appointments on a small grid of streets."""

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from dispatch.appointments.records import AppointmentRow, PatientRow, ServiceRow, WindowRow
from dispatch.areas.records import PharmacyRow, ServiceAreaRow
from dispatch.assignment.records import PlanRow, PlanRunRow
from dispatch.assignment.runs import claim_run, hand_in
from dispatch.assignment.service import PlanOrder, order_plan
from dispatch.kernel.actor import AccountId, Actor, Role
from dispatch.kernel.clock import Clock
from dispatch.kernel.ids import new_id
from dispatch.workforce.records import (
    AuthorisationRow,
    CompetencyRow,
    LicenceRow,
    NurseRow,
    ResidenceRow,
    ShiftRow,
    StateRuleRow,
)
from routing.dayfile import day_from_json
from routing.engine.solve import solve
from routing.planfile import write_plan
from tests.builders.appointments import without_care_path

DAY = date(2026, 11, 23)
COLUMBUS = ZoneInfo("America/New_York")
DANA = Actor(
    account_id=AccountId(UUID(int=0xDA7A)),
    name="Dana Desk",
    roles=frozenset({Role.DISPATCHER}),
    session_ref="d",
)
OLLE = Actor(
    account_id=AccountId(UUID(int=0x011E)),
    name="Olle Other",
    roles=frozenset({Role.DISPATCHER}),
    session_ref="o",
)


def local(hour: float, day: date = DAY) -> datetime:
    """The instant at which Columbus' clocks show `hour` of the day."""
    minutes = round(hour * 60)
    reading = datetime.combine(day, time(minutes // 60, minutes % 60))
    return reading.replace(tzinfo=COLUMBUS).astimezone(UTC)


@dataclass
class Metro:
    """A service area and whatever was added to it."""

    session: Session
    area: ServiceAreaRow
    day: date
    services: dict[str, ServiceRow] = field(default_factory=dict)
    nurses: list[NurseRow] = field(default_factory=list)
    shifts: list[ShiftRow] = field(default_factory=list)
    visits: list[AppointmentRow] = field(default_factory=list)
    pharmacies: list[PharmacyRow] = field(default_factory=list)

    def add_pharmacy(self, **more: Any) -> PharmacyRow:
        """A pharmacy in the middle of town, open 06:00 to 21:00."""
        number = len(self.pharmacies) + 1
        row = PharmacyRow(
            **{"id": new_id(), "area_id": self.area.id, "code": f"PH-{number}",
               "name": "High Street Pharmacy", "address": "10 High St", "state": "OH",
               "lat": 39.96 + number / 1000, "lon": -83.0}
            | more
        )  # fmt: skip
        self.session.add(row)
        self.pharmacies.append(row)
        return row

    def add_nurse(self, begins: float = 7, ends: float = 17, *, state: str = "OH", **more: Any) -> NurseRow:
        """A registered nurse with every paper, at work between two readings of the clocks."""
        number = len(self.nurses) + 1
        row = NurseRow(
            **{"id": new_id(), "area_id": self.area.id, "code": f"N-{number:02d}", "name": f"Nurse {number}",
               "home_address": "1 Elm St", "home_lat": 39.95 + number % 8 / 100,
               "home_lon": -83.05 + number // 8 / 100, "languages": ["en"], "pet_allergies": []}
            | more
        )  # fmt: skip
        row.licences = [
            LicenceRow(
                id=new_id(), state=state, kind="RN", number=f"{state}-{row.id.hex}", multistate=False,
                valid_from=date(2024, 1, 1), expires_on=date(2027, 12, 31),
            )
        ]  # fmt: skip
        row.residences = [ResidenceRow(id=new_id(), state=state, since=date(2020, 1, 1))]
        row.competencies = [
            CompetencyRow(id=new_id(), code=code, valid_from=date(2026, 1, 1), expires_on=date(2027, 12, 31))
            for code in ("acls", "bls", "iv", "ketamine")
        ]
        row.authorisations = [
            AuthorisationRow(
                id=new_id(), registrant="REG-1", state=state, valid_from=date(2026, 1, 1),
                expires_on=date(2027, 12, 31),
            )
        ]  # fmt: skip
        self.session.add(row)
        self.session.flush()
        self.nurses.append(row)
        self.add_shift(row, begins, ends)
        return row

    def add_shift(self, nurse: NurseRow, begins: float, ends: float) -> ShiftRow:
        """A shift by the area's clocks."""
        row = ShiftRow(
            id=new_id(), nurse_id=nurse.id, starts_at=local(begins, self.day), ends_at=local(ends, self.day)
        )
        self.session.add(row)
        self.session.flush()
        self.shifts.append(row)
        return row

    def add_visit(
        self,
        *windows: tuple[float, float],
        service: str = "hydration",
        name: str = "Ada Kingsley",
        patient: dict[str, Any] | None = None,
        **more: Any,
    ) -> AppointmentRow:
        """An appointment that may begin in `windows`, 08:00 to 15:00 unless said otherwise."""
        number = len(self.visits) + 1
        who = PatientRow(
            **{"id": new_id(), "area_id": self.area.id, "reference": f"P-{number}", "state": "OH",
               "point_source": "dispatcher", "point_verified": True,
               "name_index": number.to_bytes(32, "big"), "pets": []}
            | (patient or {})
        )  # fmt: skip
        who.name, who.address = name, f"{100 + number} Kenworth Rd"
        who.phone, who.born_on, who.access_notes = "+1 614 555 0100", "1980-02-29", "Gate code 40#"
        who.point = f"{39.94 + number % 17 / 100:.6f},{-83.06 + number // 17 / 100:.6f}"
        self.session.add(who)
        self.session.flush()
        kind = self.services[service]
        row = AppointmentRow(
            **{"id": new_id(), "area_id": self.area.id, "patient_id": who.id, "service_id": kind.id,
               "reference": f"A-{number:03d}", "day": self.day, "minutes": kind.minutes, "units": kind.units,
               "nurses_needed": kind.nurses_needed, "booked_at": local(9, self.day - timedelta(days=3))}
            | more
        )  # fmt: skip
        row.windows = [
            WindowRow(id=new_id(), begins_at=local(begins, self.day), ends_at=local(ends, self.day))
            for begins, ends in windows or ((8, 15),)
        ]
        self.session.add(row)
        self.session.flush()
        self.visits.append(row)
        return row


def a_metro(session: Session, day: date = DAY, slug: str = "columbus") -> Metro:
    """An area with a rule for Ohio and three services, but nobody and nothing in it yet."""
    area = ServiceAreaRow(id=new_id(), slug=slug, name="Columbus", time_zone=COLUMBUS.key, weights={})
    session.add(area)
    session.add(
        StateRuleRow(
            id=new_id(), state="OH", roles=["RN"], setting="home", supervision="on_call_video",
            citation="invented for tests", verified_on=date(2026, 11, 1),
        )
    )  # fmt: skip
    metro = Metro(session=session, area=area, day=day)
    for code, minutes, skills, units, nurses in (
        ("hydration", 60, ["iv"], 0, 1),
        ("ketamine", 120, ["acls", "bls", "iv", "ketamine"], 1, 1),
        ("twosome", 60, ["iv"], 0, 2),
    ):
        metro.services[code] = ServiceRow(
            id=new_id(), code=code, name=code.title(), minutes=minutes, competencies=skills,
            controlled=units > 0, units=units, nurses_needed=nurses,
        )  # fmt: skip
    session.add_all(metro.services.values())
    session.flush()
    without_care_path(session, area.id)
    return metro


def a_small_day(session: Session, day: date = DAY) -> Metro:
    """A pharmacy, two nurses, three hydrations and a ketamine infusion."""
    metro = a_metro(session, day)
    metro.add_pharmacy()
    metro.add_nurse()
    metro.add_nurse()
    metro.add_visit()
    metro.add_visit((9, 11), name="Carlos Mendez")
    metro.add_visit((12, 14), name="Bea Lang")
    metro.add_visit(service="ketamine", name="Dora Quist")
    return metro


def order(session: Session, metro: Metro, clock: Clock, **more: Any) -> PlanRunRow:
    """Order a plan of the day."""
    wanted = {"area": metro.area.slug, "day": metro.day, "seconds": 1, "engine": "greedy"} | more
    return order_plan(session, PlanOrder(**wanted), DANA, clock)


def solve_here(session: Session, run: PlanRunRow, clock: Clock, *, proven_share: float | None = None) -> None:
    """Do what a worker does, in this process; `proven_share` of the cost is said to be the bound."""
    session.flush()
    claim = claim_run(session, "test", clock)
    assert claim is not None
    assert claim.run_id == run.id
    plan = solve(day_from_json(claim.day_file), seconds=5, engine=claim.engine, seed=claim.seed)
    if proven_share is not None:
        plan = replace(plan, bound_mc=round(proven_share * plan.cost_mc))
    assert hand_in(session, run.id, "test", json.loads(write_plan(plan)), clock)
    session.flush()


def a_published_plan(session: Session, metro: Metro, clock: Clock) -> PlanRow:
    """Order, solve and publish the day."""
    from dispatch.assignment.publish import publish

    run = order(session, metro, clock)
    solve_here(session, run, clock)
    return publish(session, run.id, DANA, clock)

"""A small invented day as the five CSV files, and larger ones by number."""

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy.orm import Session

from dispatch.appointments.service import seed_catalogue
from dispatch.areas.records import ServiceAreaRow
from dispatch.kernel.actor import SYSTEM
from dispatch.kernel.clock import Clock
from dispatch.kernel.ids import new_id
from tests.builders.appointments import without_care_path

PROOFS = "; ".join(f"{code}:2026-01-01/2027-12-31" for code in ("acls", "bls", "iv", "ketamine"))
NURSE = {
    "code": "N-07", "name": "Ana Reyes", "gender": "female", "languages": "en; es", "pet_allergies": "cat",
    "home_address": "12 Oak St, Columbus, OH 43215", "home_lat": "39.9612", "home_lon": "-82.9988",
    "lock_box_units": "6", "active": "yes", "residence_state": "OH", "residence_since": "2020-05-01",
    "competencies": PROOFS, "authorisations": "REG-1:OH:2026-01-01/2027-12-31",
}  # fmt: skip
LICENCE = {
    "nurse": "N-07", "state": "OH", "kind": "RN", "number": "RN.100", "multistate": "yes",
    "valid_from": "2024-01-01", "expires_on": "2027-12-31",
}  # fmt: skip
SHIFT = {"nurse": "N-07", "day": "2026-11-23", "starts": "07:00", "ends": "17:00"}
PATIENT = {
    "reference": "P-1", "state": "OH", "name": "Mira Holt", "phone": "+1 614 555 0100",
    "born_on": "1980-02-29", "address": "4711 Kenworth Rd, Columbus, OH 43224",
    "lat": "40.0441", "lon": "-82.9779",
    "access_notes": "Gate 40#", "pets": "dog", "required_language": "", "required_gender": "",
    "preferred_language": "", "preferred_gender": "", "excluded_nurses": "",
}  # fmt: skip
APPOINTMENT = {
    "reference": "A-1", "patient": "P-1", "service": "ketamine_repeat", "day": "2026-11-23",
    "windows": "09:00-13:00", "minutes": "", "units": "", "dose_order_ref": "ORD-1", "dose_mg": "35.0",
    "priority": "3", "nurses_needed": "", "preferred_nurse": "",
}  # fmt: skip
ROWS: Mapping[str, Mapping[str, str]] = {
    "nurses.csv": NURSE,
    "licences.csv": LICENCE,
    "shifts.csv": SHIFT,
    "patients.csv": PATIENT,
    "appointments.csv": APPOINTMENT,
}


def csv_bytes(rows: Iterable[Mapping[str, Any]]) -> bytes:
    """Write rows, the first one's keys as the header."""
    listed = list(rows)
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(listed[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(listed)
    return text.getvalue().encode()


def a_day(**changes: Mapping[str, Any]) -> dict[str, bytes]:
    """The five files, one row each; `nurses={"name": ""}` changes cells of it, None drops a column."""
    files = {}
    for name, row in ROWS.items():
        merged = {**row, **changes.get(name.removesuffix(".csv"), {})}
        files[name] = csv_bytes([{key: value for key, value in merged.items() if value is not None}])
    return files


def a_large_day(appointments: int, nurses: int = 60) -> dict[str, bytes]:
    """Files of that many appointments, each of a patient of her own, over several days."""
    numbers = range(nurses)
    days = [f"2026-11-{day}" for day in (23, 24, 25, 26, 27, 28, 29)]
    return {
        "nurses.csv": csv_bytes(
            NURSE | {"code": f"N-{i}", "name": f"Nurse {i}", "home_lat": str(39.9 + i / 1000)}
            for i in numbers
        ),
        "licences.csv": csv_bytes(LICENCE | {"nurse": f"N-{i}", "number": f"RN.{i}"} for i in numbers),
        "shifts.csv": csv_bytes(SHIFT | {"nurse": f"N-{i}", "day": day} for i in numbers for day in days[:5]),
        "patients.csv": csv_bytes(
            PATIENT | {"reference": f"P-{i}", "name": f"Patient Nr {i}", "lat": str(39.8 + i / 20000)}
            for i in range(appointments)
        ),
        "appointments.csv": csv_bytes(
            APPOINTMENT
            | {
                "reference": f"A-{i}",
                "patient": f"P-{i}",
                "day": days[i % 7],
                "windows": "09:00-11:00; 14:00-16:00" if i % 3 == 0 else "08:00-12:00",
                "dose_order_ref": f"ORD-{i}",
                "preferred_nurse": f"N-{i % nurses}" if i % 5 == 0 else "",
            }
            for i in range(appointments)
        ),
    }


def an_area(
    session: Session, clock: Clock, slug: str = "columbus", *, care_path: bool = False
) -> ServiceAreaRow:
    """Columbus, Ohio, with the service catalogue; the gate of the care path stands only where it is asked."""
    area = ServiceAreaRow(id=new_id(), slug=slug, name=slug.title(), time_zone="America/New_York", weights={})
    session.add(area)
    session.flush()
    seed_catalogue(session, SYSTEM, clock)
    if not care_path:
        without_care_path(session, area.id)
    return area

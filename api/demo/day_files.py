"""The invented day as the five CSV files of the import (docs/import.md): the demo's only way in."""

import csv
import io
from collections.abc import Iterator, Mapping
from datetime import date, timedelta

from api.demo.bookings import BookingOfDay, PatientOfDay
from api.demo.day import DemoDay
from api.demo.nurses import REGISTRANT, NurseOfDay
from dispatch.kernel.quantities import mg_text

PROVEN = timedelta(days=900)
STATE = "OH"


def day_files(day: DemoDay) -> dict[str, bytes]:
    """Return name and content of each file."""
    return {
        "nurses.csv": _csv(_nurse(nurse, day.day) for nurse in day.nurses),
        "licences.csv": _csv(row for nurse in day.nurses for row in _licences(nurse)),
        "shifts.csv": _csv(_shift(nurse, day.day) for nurse in day.nurses),
        "patients.csv": _csv(map(_patient, day.patients)),
        "appointments.csv": _csv(_appointment(booking, day.day) for booking in day.bookings),
    }


def _csv(rows: Iterator[Mapping[str, object]]) -> bytes:
    listed = list(rows)
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(listed[0]))
    writer.writeheader()
    writer.writerows(listed)
    return text.getvalue().encode()


def clock_reading(minute: int) -> str:
    """Write minutes after midnight as a clock shows them."""
    return f"{minute // 60:02}:{minute % 60:02}"


def _nurse(nurse: NurseOfDay, day: date) -> Mapping[str, object]:
    proven = day - PROVEN
    leave = f"{REGISTRANT}:{STATE}:{proven}/{nurse.authorised_until}" if nurse.authorised_until else ""
    return {
        "code": nurse.code,
        "name": nurse.person.name,
        "gender": nurse.person.gender,
        "languages": "; ".join(nurse.languages),
        "pet_allergies": "; ".join(nurse.pet_allergies),
        "home_address": nurse.home.address,
        "home_lat": nurse.home.lat,
        "home_lon": nurse.home.lon,
        "lock_box_units": nurse.lock_box_units,
        "residence_state": nurse.lives_in,
        "residence_since": nurse.lives_since,
        "competencies": "; ".join(f"{code}:{proven}/{until}" for code, until in nurse.competencies.items()),
        "authorisations": leave,
    }


def _licences(nurse: NurseOfDay) -> Iterator[Mapping[str, object]]:
    for licence in nurse.licences:
        yield {
            "nurse": nurse.code,
            "state": licence.state,
            "kind": licence.kind,
            "number": licence.number,
            "multistate": "yes" if licence.multistate else "no",
            "valid_from": licence.valid_from,
            "expires_on": licence.expires_on,
        }


def _shift(nurse: NurseOfDay, day: date) -> Mapping[str, object]:
    return {
        "nurse": nurse.code,
        "day": day,
        "starts": clock_reading(nurse.begins_minute),
        "ends": clock_reading(nurse.ends_minute),
    }


def _patient(patient: PatientOfDay) -> Mapping[str, object]:
    return {
        "reference": patient.reference,
        "state": patient.spot.state,
        "name": patient.person.name,
        "phone": patient.phone,
        "born_on": patient.born_on,
        "address": patient.spot.address,
        "lat": patient.spot.lat,
        "lon": patient.spot.lon,
        "access_notes": patient.access_notes,
        "pets": "; ".join(patient.pets),
        "required_language": patient.required_language,
        "required_gender": patient.required_gender,
        "preferred_language": patient.preferred_language,
        "preferred_gender": patient.preferred_gender,
        "excluded_nurses": "; ".join(patient.excluded_nurses),
    }


def _appointment(booking: BookingOfDay, day: date) -> Mapping[str, object]:
    ordered = booking.dose_ug is not None
    return {
        "reference": booking.reference,
        "patient": booking.patient,
        "service": booking.service,
        "day": day,
        "windows": f"{clock_reading(booking.begins_minute)}-{clock_reading(booking.ends_minute)}",
        "dose_order_ref": f"ORD-{booking.reference}" if ordered else "",
        "dose_mg": mg_text(booking.dose_ug) if booking.dose_ug is not None else "",
        "priority": booking.priority,
        "preferred_nurse": booking.preferred_nurse,
    }

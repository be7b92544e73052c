"""What the office sends to the API: a nurse, a patient, a booking, as JSON."""

from typing import Any

MONDAY = "/api/v1/areas/columbus/days/2026-11-23"
NOBODY = "01a1fdec-fee2-774a-a5b5-d915f350f71e"


def nurse_form(**changes: Any) -> dict[str, Any]:
    """A nurse whose home is on the map."""
    return {
        "code": "N-70", "name": "Ana Reyes", "gender": "female", "languages": ["en", "es"],
        "pet_allergies": ["cat"], "home_address": "12 Oak St, Columbus, OH 43215", "home_lat": 39.9612,
        "home_lon": -82.9988, "lock_box_units": 6,
    } | changes  # fmt: skip


def licence_form(**changes: Any) -> dict[str, Any]:
    """A multistate licence of Ohio."""
    return {
        "state": "OH", "kind": "RN", "number": "RN.700", "multistate": True,
        "valid_from": "2024-01-01", "expires_on": "2027-12-31",
    } | changes  # fmt: skip


def shift_form(**changes: Any) -> dict[str, Any]:
    """Monday, 07:00 to 17:00 in Columbus."""
    return {"starts_at": "2026-11-23T12:00:00+00:00", "ends_at": "2026-11-23T22:00:00+00:00"} | changes


def patient_form(**changes: Any) -> dict[str, Any]:
    """A patient at an address of which no geocoder knows."""
    return {
        "reference": "P-70", "state": "OH", "name": "Mira Holt", "phone": "+1 614 555 0100",
        "born_on": "1980-02-29", "address": "4711 Kenworth Rd, Columbus, OH 43224", "pets": ["dog"],
    } | changes  # fmt: skip


def booking_form(**changes: Any) -> dict[str, Any]:
    """A repeat infusion on the Monday morning."""
    return {
        "reference": "A-70", "service": "ketamine_repeat", "day": "2026-11-23",
        "windows": [{"begins": "09:00", "ends": "13:00"}], "dose_order_ref": "ORD-1", "dose_mg": "35.0",
    } | changes  # fmt: skip

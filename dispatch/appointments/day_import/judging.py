"""What the files say of each other and of the database: every reference and booking that does not hold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from dispatch.appointments.day_import.drafts import (
    AppointmentEntry,
    Drafted,
    LicenceEntry,
    NurseEntry,
    PatientEntry,
    ShiftEntry,
)
from dispatch.appointments.day_import.keeping import BOOKING_KEEPS, kept
from dispatch.appointments.day_import.known import Known
from dispatch.appointments.day_import.reading import Findings, ReadRow
from dispatch.appointments.model import (
    AppointmentStatus,
    BookingPolicy,
    Geocode,
    Occupied,
    Point,
    occupied_by,
)
from dispatch.appointments.rules.booking import booking_faults
from dispatch.appointments.service.bookings import occupied
from dispatch.appointments.service.catalogue import service_of
from dispatch.appointments.service.patients import born_on
from dispatch.areas.service import zone_of
from dispatch.workforce.model import Shift
from dispatch.workforce.rules.hours import overlapping
from dispatch.workforce.service.licences import lifts_discipline


@dataclass(kw_only=True)
class Files:
    """The drafts of all files; empty where a file was not given."""

    nurses: list[Drafted[NurseEntry]]
    licences: list[Drafted[LicenceEntry]]
    shifts: list[Drafted[ShiftEntry]]
    patients: list[Drafted[PatientEntry]]
    appointments: list[Drafted[AppointmentEntry]]


def judge(
    files: Files, known: Known, policy: BookingPolicy, geocode: Geocode | None, findings: Findings
) -> None:
    """Note everything that cannot stand together."""
    codes = {one.draft.nurse.code for one in files.nurses} | known.nurses.keys()
    _judge_homes(files.nurses, known, geocode, findings)
    for licence in files.licences:
        _nurse_exists(licence.row, "nurse", licence.draft.nurse, codes, findings)
        _judge_licence(licence, known, findings)
    for shift in files.shifts:
        _nurse_exists(shift.row, "nurse", shift.draft.nurse, codes, findings)
    _judge_rosters(files.shifts, known, findings)
    for patient in files.patients:
        for code in patient.draft.excluded_nurses:
            _nurse_exists(patient.row, "excluded_nurses", code, codes, findings)
    for one in files.appointments:
        if one.draft.preferred_nurse is not None:
            _nurse_exists(one.row, "preferred_nurse", one.draft.preferred_nurse, codes, findings)
    _judge_bookings(files, known, policy, findings)


def _nurse_exists(row: ReadRow, column: str, code: str, codes: set[str], findings: Findings) -> None:
    if code not in codes:
        text = "Neither nurses.csv nor the area has a nurse of that code."
        findings.add(row, column, "unknown_nurse", text)


def _judge_homes(
    nurses: list[Drafted[NurseEntry]], known: Known, geocode: Geocode | None, findings: Findings
) -> None:
    """A nurse's route begins at home: its point must be given, known already, or found."""
    for index, one in enumerate(nurses):
        entry = one.draft
        if entry.home is not None or {"home_lat", "home_lon", "home_address"} & one.row.faulty:
            continue
        row = known.nurses.get(entry.nurse.code)
        if row is not None and row.home_address == entry.nurse.home_address:
            home = Point(lat=row.home_lat, lon=row.home_lon)
        else:
            placed = geocode(entry.nurse.home_address) if geocode is not None else None
            if placed is None or placed.point is None:
                text = "The address could not be looked up: give latitude and longitude."
                findings.add(one.row, "home_lat", "point_missing", text)
                continue
            home = placed.point
        nurse = replace(entry.nurse, home_point=(home.lat, home.lon))
        nurses[index] = Drafted(one.row, replace(entry, nurse=nurse, home=home))


def _judge_licence(one: Drafted[LicenceEntry], known: Known, findings: Findings) -> None:
    licence = one.draft.licence
    row = known.licences.get((licence.state, licence.kind.value, licence.number))
    if row is None:
        return
    holder = known.nurses.get(one.draft.nurse)
    if holder is None or row.nurse_id != holder.id:
        text = "Another nurse holds a licence of that state, kind and number."
        findings.add(one.row, "number", "licence_of_another_nurse", text)
    if one.draft.says_status and lifts_discipline(row, licence.status):
        text = f"The licence is {row.status}: a file does not lift that. Reinstate it by hand."
        findings.add(one.row, "status", "licence_disciplined", text)


def _judge_rosters(shifts: Sequence[Drafted[ShiftEntry]], known: Known, findings: Findings) -> None:
    rosters: dict[str, dict[object, Shift]] = {}
    for one in shifts:
        code = one.draft.nurse
        if code not in rosters:
            nurse = known.nurses.get(code)
            rows = known.shifts.get(nurse.id, []) if nurse is not None else []
            rosters[code] = {
                row.starts_at: Shift(starts_at=row.starts_at, ends_at=row.ends_at) for row in rows
            }
        rosters[code][one.draft.shift.starts_at] = one.draft.shift
    for one in shifts:
        if overlapping(one.draft.shift, rosters[one.draft.nurse].values()):
            text = "She works then already: shifts of one nurse do not overlap."
            findings.add(one.row, "starts", "shift_overlaps", text)


def _judge_bookings(files: Files, known: Known, policy: BookingPolicy, findings: Findings) -> None:
    zone = zone_of(known.area)
    births = {one.draft.patient.reference: one.draft.patient.born_on for one in files.patients}
    taken = _taken_elsewhere(files, known)
    for one in files.appointments:
        entry, draft = one.draft, one.draft.booking
        row = known.appointments.get(draft.reference)
        if row is not None and row.status == AppointmentStatus.CANCELLED:
            continue
        draft = kept(one.row, draft, row, BOOKING_KEEPS)
        stored = known.patients.get(entry.patient)
        if entry.patient not in births and stored is None:
            text = "Neither patients.csv nor the area has a patient of that reference."
            findings.add(one.row, "patient", "unknown_patient", text)
            continue
        if row is not None and row.patient.reference != entry.patient:
            text = "The appointment is another patient's: give it a reference of its own."
            findings.add(one.row, "patient", "patient_never_changes", text)
        birth = births.get(entry.patient) or (born_on(stored) if stored is not None else None)
        service = known.services.get(draft.service_code)
        value = service_of(service) if service is not None else None
        others = taken.setdefault(entry.patient, [])
        faults = booking_faults(draft, value, entry.windows, birth, others, policy, zone)
        # What was booked while its day was to come may be named again when it is over.
        same_day = row is not None and row.day == draft.day
        findings.add_all(
            one.row, [fault for fault in faults if not (same_day and fault.code == "day_is_past")], {}
        )
        minutes = draft.minutes or (value.minutes if value else 0)
        others.extend(occupied_by(draft.reference, entry.windows, minutes))


def _taken_elsewhere(files: Files, known: Known) -> dict[str, list[Occupied]]:
    """When patients are busy with appointments that the files do not name."""
    named = {one.draft.booking.reference for one in files.appointments}
    references: Mapping[UUID, str] = {row.id: reference for reference, row in known.patients.items()}
    taken: dict[str, list[Occupied]] = {}
    for patient_id, rows in known.booked.items():
        for row in rows:
            if row.reference not in named:
                taken.setdefault(references[patient_id], []).extend(occupied(row))
    return taken

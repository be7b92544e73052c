"""Typed rows -> the drafts that services take, judged by the same rules as a form on a screen."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Generic, TypeVar
from zoneinfo import ZoneInfo

from dispatch.appointments.day_import.cells import Reading
from dispatch.appointments.day_import.reading import Findings, ReadRow
from dispatch.appointments.model import BookingDraft, PatientDraft, Placed, Point, PointSource, Window
from dispatch.appointments.rules.booking import resolve_windows
from dispatch.appointments.rules.patients import patient_faults
from dispatch.kernel.local_time import instant
from dispatch.kernel.refusals import Refusal
from dispatch.workforce.model import (
    Authorisation,
    Competency,
    Licence,
    LicenceStatus,
    NurseDraft,
    Residence,
    Shift,
)
from dispatch.workforce.rules.compact import the_compact
from dispatch.workforce.rules.drafts import (
    authorisation_faults,
    competency_faults,
    licence_faults,
    nurse_faults,
    point_faults,
    residence_faults,
    shift_form_faults,
)

DraftT = TypeVar("DraftT")


@dataclass(frozen=True)
class Drafted(Generic[DraftT]):
    """A row with what it means."""

    row: ReadRow
    draft: DraftT


@dataclass(frozen=True, kw_only=True)
class NurseEntry:
    """A line of nurses.csv. `home` is None where the address has to be looked up."""

    nurse: NurseDraft
    home: Point | None
    residence: Residence
    competencies: tuple[Competency, ...]
    authorisations: tuple[Authorisation, ...]


@dataclass(frozen=True, kw_only=True)
class LicenceEntry:
    """A line of licences.csv."""

    nurse: str
    licence: Licence
    says_status: bool


@dataclass(frozen=True, kw_only=True)
class ShiftEntry:
    """A line of shifts.csv."""

    nurse: str
    shift: Shift


@dataclass(frozen=True, kw_only=True)
class PatientEntry:
    """A line of patients.csv. `placed` is None where the address has to be looked up."""

    patient: PatientDraft
    placed: Placed | None
    excluded_nurses: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class AppointmentEntry:
    """A line of appointments.csv. `preferred_nurse` becomes an id once the nurses are known."""

    booking: BookingDraft
    windows: tuple[Window, ...]
    patient: str
    preferred_nurse: str | None


@dataclass(frozen=True)
class Calendar:
    """Where and when the import happens."""

    zone: ZoneInfo
    today: date


def draft_nurse(row: ReadRow, findings: Findings, calendar: Calendar) -> NurseEntry:
    """Make a nurse of a row."""
    values, today = row.values, calendar.today
    home = _point(row, "home_lat", "home_lon", findings)
    nurse = NurseDraft(
        code=values["code"],
        name=values["name"],
        gender=values["gender"],
        languages=values["languages"],
        pet_allergies=values["pet_allergies"],
        home_address=values["home_address"],
        # A place on land for one that is looked up later, so that nothing else is said about it now.
        home_point=(home.lat, home.lon) if home else (1.0, 1.0),
        lock_box_units=values["lock_box_units"],
        active=values["active"],
    )
    findings.add_all(row, nurse_faults(nurse), {})
    residence = Residence(state=values["residence_state"], since=values["residence_since"])
    named = {"state": "residence_state", "since": "residence_since"}
    findings.add_all(row, residence_faults(residence, today, the_compact()), named)
    for proof in values["competencies"]:
        findings.add_all(row, competency_faults(proof, today), {"*": "competencies"})
    for word in values["authorisations"]:
        findings.add_all(row, authorisation_faults(word, today, the_compact()), _all("authorisations"))
    return NurseEntry(
        nurse=nurse,
        home=home,
        residence=residence,
        competencies=values["competencies"],
        authorisations=values["authorisations"],
    )


def _all(column: str) -> Mapping[str, str]:
    return {"*": column}


def _point(row: ReadRow, lat: str, lon: str, findings: Findings) -> Point | None:
    north, east = row.values[lat], row.values[lon]
    if {lat, lon} & row.faulty or (north is None and east is None):
        return None
    if north is None or east is None:
        missing = lat if north is None else lon
        findings.add(row, missing, "value_missing", "Latitude and longitude go together.")
        return None
    faults = tuple(point_faults(north, east, lat, lon))
    findings.add_all(row, faults, {})
    return None if faults else Point(lat=north, lon=east)


def draft_licence(row: ReadRow, findings: Findings, calendar: Calendar) -> LicenceEntry:
    """Make a licence of a row."""
    values = row.values
    licence = Licence(
        state=values["state"],
        kind=values["kind"],
        number=values["number"],
        multistate=values["multistate"],
        valid_from=values["valid_from"],
        expires_on=values["expires_on"],
        status=values["status"] or LicenceStatus.ACTIVE,
        status_since=values["status_since"],
    )
    findings.add_all(row, licence_faults(licence, calendar.today, the_compact()), {})
    return LicenceEntry(nurse=values["nurse"], licence=licence, says_status=values["status"] is not None)


def draft_shift(row: ReadRow, findings: Findings, calendar: Calendar) -> ShiftEntry | None:
    """Make a shift of a row, None when its times cannot be made out."""
    day, starts, ends = row.values["day"], row.values["starts"], row.values["ends"]
    if {"day", "starts", "ends"} & row.faulty:
        return None
    if not calendar.today - timedelta(days=31) <= day <= calendar.today + timedelta(days=400):
        text = "Shifts lie between a month ago and 400 days ahead."
        findings.add(row, "day", "date_out_of_range", text)
        return None
    ends_on = day if ends.at > starts.at else day + timedelta(days=1)
    moments = []
    for column, on, said in (("starts", day, starts), ("ends", ends_on, ends)):
        try:
            moments.append(_instant(on, said, calendar.zone, column))
        except Refusal as refusal:
            findings.add_all(row, refusal.reasons, {})
    if len(moments) < 2:
        return None
    shift = Shift(starts_at=moments[0], ends_at=moments[1])
    findings.add_all(row, shift_form_faults(shift), {"starts_at": "starts", "ends_at": "ends"})
    return ShiftEntry(nurse=row.values["nurse"], shift=shift)


def _instant(day: date, said: Reading, zone: ZoneInfo, column: str) -> datetime:
    return instant(day, said.at, zone, fold=said.fold, field=column)


def draft_patient(row: ReadRow, findings: Findings, calendar: Calendar) -> PatientEntry:
    """Make a patient of a row."""
    values = row.values
    point = _point(row, "lat", "lon", findings)
    patient = PatientDraft(
        reference=values["reference"],
        state=values["state"],
        name=values["name"],
        phone=values["phone"],
        born_on=values["born_on"],
        address=values["address"],
        access_notes=values["access_notes"],
        pets=values["pets"],
        required_language=values["required_language"],
        required_gender=values["required_gender"],
        preferred_language=values["preferred_language"],
        preferred_gender=values["preferred_gender"],
    )
    findings.add_all(row, patient_faults(patient, calendar.today, the_compact()), {})
    placed = Placed(point=point, source=PointSource.IMPORT, verified=True) if point else None
    return PatientEntry(patient=patient, placed=placed, excluded_nurses=values["excluded_nurses"])


def draft_appointment(row: ReadRow, findings: Findings, calendar: Calendar) -> AppointmentEntry:
    """Make an appointment of a row; whether it may be booked is judged once its patient is known."""
    values = row.values
    windows: tuple[Window, ...] = ()
    if not {"day", "windows"} & row.faulty:
        windows, faults = resolve_windows(values["day"], values["windows"], calendar.zone)
        findings.add_all(row, faults, {})
    booking = BookingDraft(
        reference=values["reference"],
        service_code=values["service"],
        day=values["day"],
        windows=values["windows"],
        minutes=values["minutes"],
        units=values["units"],
        dose_order_ref=values["dose_order_ref"],
        dose_ug=values["dose_mg"],
        priority=values["priority"],
        nurses_needed=values["nurses_needed"],
    )
    return AppointmentEntry(
        booking=booking,
        windows=windows,
        patient=values["patient"],
        preferred_nurse=values["preferred_nurse"],
    )


def draft_all(
    rows: Sequence[ReadRow],
    draft: Callable[[ReadRow, Findings, Calendar], DraftT | None],
    findings: Findings,
    calendar: Calendar,
) -> list[Drafted[DraftT]]:
    """Make drafts of all rows that allow one."""
    found = []
    for row in rows:
        made = draft(row, findings, calendar)
        if made is not None:
            found.append(Drafted(row, made))
    return found


def refuse_repeats(
    drafted: Sequence[Drafted[DraftT]], key: Callable[[DraftT], Hashable], column: str, findings: Findings
) -> None:
    """Note every row whose key an earlier row of the file already has."""
    first: dict[Hashable, int] = {}
    for one in drafted:
        if column in one.row.faulty:
            continue
        line = first.setdefault(key(one.draft), one.row.line)
        if line != one.row.line:
            findings.add(one.row, column, "duplicate_row", f"Line {line} has the same key already.")

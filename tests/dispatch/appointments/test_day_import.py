"""Every bad cell at once with its place; everything or nothing; the same again changes nothing."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from dispatch.appointments.day_import import FILES, columns_as_markdown, import_files
from dispatch.appointments.model import Placed, Point, PointSource
from dispatch.appointments.records import AppointmentRow, ExclusionRow, PatientRow, WindowRow
from dispatch.appointments.service import cancel_appointment, confirm_point, patients_named
from dispatch.areas.records import DayChangeRow
from dispatch.audit.records import AuditEntryRow
from dispatch.kernel.actor import SYSTEM
from dispatch.kernel.refusals import Invalid
from dispatch.workforce.records import LicenceRow, NurseRow, ResidenceRow, ShiftRow
from dispatch.workforce.service import suspend_licence
from tests.builders.day_files import (
    APPOINTMENT,
    LICENCE,
    NURSE,
    PATIENT,
    SHIFT,
    a_day,
    a_large_day,
    an_area,
    csv_bytes,
)

ROOT = Path(__file__).parents[3]
TABLES = (NurseRow, LicenceRow, ShiftRow, PatientRow, AppointmentRow, WindowRow, ExclusionRow)


@pytest.fixture
def area(session, clock):
    return an_area(session, clock)


@pytest.fixture
def take(session, clock, area):
    """Import files, flushed but not committed."""

    def take(files, **more):
        return import_files(session, files, SYSTEM, clock, area_id=area.id, **more)

    return take


def counts(session):
    return [session.scalar(sa.select(sa.func.count()).select_from(table)) for table in TABLES]


def bad(report):
    return [(cell.file, cell.line, cell.column, cell.rule) for cell in report.bad_cells]


def tallies(report):
    return {
        name.removesuffix(".csv"): (tally.added, tally.changed, tally.unchanged)
        for name, tally in report.tallies.items()
    }


def test_a_day_comes_in(session, take):
    report = take(a_day(patients={"excluded_nurses": "N-07"}))
    assert report.ok
    assert set(tallies(report).values()) == {(1, 0, 0)}
    assert counts(session) == [1] * 7
    assert report.days == (date(2026, 11, 23),)
    assert report.points_to_confirm == ()
    booked = session.scalar(sa.select(AppointmentRow))
    assert (booked.minutes, booked.units, booked.dose_ug, booked.patient.name) == (
        120,
        1,
        35_000,
        "Mira Holt",
    )
    assert [w.begins_at.hour for w in booked.windows] == [14]
    nurse = session.scalar(sa.select(NurseRow))
    assert {row.code for row in nurse.competencies} == {"acls", "bls", "iv", "ketamine"}
    assert [(row.registrant, row.state) for row in nurse.authorisations] == [("REG-1", "OH")]
    assert [(row.state, row.since) for row in nurse.residences] == [("OH", date(2020, 5, 1))]


def test_the_same_again_changes_nothing(session, take):
    files = a_day(patients={"excluded_nurses": "N-07"})
    take(files)
    before = counts(session), session.scalar(sa.select(sa.func.count()).select_from(AuditEntryRow))
    report = take(files)
    assert set(tallies(report).values()) == {(0, 0, 1)}
    assert before == (
        counts(session), session.scalar(sa.select(sa.func.count()).select_from(AuditEntryRow))
    )  # fmt: skip


def test_what_differs_is_changed(session, take):
    take(a_day())
    report = take(
        a_day(
            nurses={"lock_box_units": "4"},
            licences={"expires_on": "2028-12-31"},
            shifts={"ends": "18:00"},
            patients={"name": "Mira Holt-Vega"},
            appointments={"windows": "10:00-12:00"},
        )
    )
    assert set(tallies(report).values()) == {(0, 1, 0)}
    assert counts(session)[:6] == [1] * 6
    assert session.scalar(sa.select(AppointmentRow)).version == 2
    area_id = session.scalar(sa.select(PatientRow)).area_id
    assert len(patients_named(session, area_id, "mira  HOLT-vega")) == 1
    assert patients_named(session, area_id, "Mira Holt") == []


def test_a_column_that_is_left_out_leaves_what_is_stored(session, take):
    take(a_day())
    report = take(
        a_day(
            nurses={"pet_allergies": None, "competencies": None},
            patients={"pets": None, "access_notes": None},
            appointments={"dose_mg": None, "dose_order_ref": None},
        )
    )
    assert set(tallies(report).values()) == {(0, 0, 1)}
    booked = session.scalar(sa.select(AppointmentRow))
    assert (booked.patient.pets, booked.patient.access_notes, booked.dose_ug) == (["dog"], "Gate 40#", 35_000)


def test_a_new_row_has_nothing_stored_to_lean_on(take):
    report = take(a_day(appointments={"dose_mg": None}))
    assert bad(report) == [("appointments.csv", 2, "dose_mg", "dose_missing")]


def test_an_empty_cell_clears_it(session, take):
    take(a_day())
    take(a_day(patients={"pets": "", "access_notes": ""}))
    patient = session.scalar(sa.select(PatientRow))
    assert (patient.pets, patient.access_notes) == ([], None)


def test_some_files_lean_on_what_is_stored(session, take):
    take(a_day())
    report = take({"appointments.csv": csv_bytes([APPOINTMENT | {"reference": "A-2", "day": "2026-11-24"}])})
    assert tallies(report) == {"appointments": (1, 0, 0)}


def test_nothing_is_written_when_one_cell_is_bad(session, take):
    report = take(a_day(appointments={"priority": "9"}))
    session.flush()
    assert bad(report) == [("appointments.csv", 2, "priority", "number_out_of_range")]
    assert counts(session) == [0] * 7


def test_all_bad_cells_are_told_at_once_in_order(take):
    report = take(
        a_day(
            nurses={"code": "N 07", "home_lat": "north", "lock_box_units": "-1"},
            licences={"state": "ZZ", "kind": "MD", "valid_from": "01/02/2024"},
            shifts={"starts": "7 am", "day": "2026-02-30"},
            patients={"born_on": "2099-01-01", "phone": "call me", "state": "Ohio"},
            appointments={"service": "massage", "windows": "morning", "dose_mg": "a lot", "day": ""},
        )
    )
    assert bad(report) == [
        ("nurses.csv", 2, "home_lat", "number_malformed"),
        ("nurses.csv", 2, "code", "code_malformed"),
        ("nurses.csv", 2, "lock_box_units", "number_out_of_range"),
        ("licences.csv", 2, "kind", "choice_unknown"),
        ("licences.csv", 2, "valid_from", "date_malformed"),
        ("licences.csv", 2, "state", "state_unknown"),
        ("licences.csv", 2, "nurse", "unknown_nurse"),
        ("shifts.csv", 2, "day", "date_malformed"),
        ("shifts.csv", 2, "starts", "time_malformed"),
        ("patients.csv", 2, "state", "state_unknown"),
        ("patients.csv", 2, "phone", "phone_malformed"),
        ("patients.csv", 2, "born_on", "date_out_of_range"),
        ("appointments.csv", 2, "day", "value_missing"),
        ("appointments.csv", 2, "windows", "window_malformed"),
        ("appointments.csv", 2, "dose_mg", "dose_malformed"),
        ("appointments.csv", 2, "service", "service_unknown"),
    ]


NOT_SKIPPED = "2026-03-08"  # 02:30 is skipped in Columbus
TWICE = "2026-11-01"  # 01:30 comes twice


@pytest.mark.parametrize(
    ("file", "cell", "rule"),
    [
        ("patients", {"name": "Mira\0Holt"}, "unseen_character"),
        ("patients", {"name": "Mira\x07Holt"}, "unseen_character"),
        ("patients", {"name": "Mira \u202etloH"}, "turned_text"),
        ("patients", {"name": "=cmd()"}, "looks_like_a_formula"),
        ("patients", {"address": "+1+1"}, "looks_like_a_formula"),
        ("patients", {"access_notes": "@SUM(A1)"}, "looks_like_a_formula"),
        ("patients", {"name": "x" * 1_000_000}, "text_too_long"),
        ("patients", {"access_notes": "x" * 2_001}, "text_too_long"),
        ("patients", {"name": ""}, "value_missing"),
        ("patients", {"name": "Mira\nHolt"}, "text_of_several_lines"),
        ("appointments", {"reference": "A\N{GRINNING FACE}"}, "code_malformed"),
        ("patients", {"phone": "٠١٢٣٤٥٦"}, "phone_malformed"),
        ("patients", {"born_on": "١٩٨٠-01-01"}, "date_malformed"),
        ("patients", {"born_on": "1899-12-31"}, "date_out_of_range"),
        ("patients", {"lat": "91"}, "number_out_of_range"),
        ("patients", {"lat": "NaN"}, "number_malformed"),
        ("patients", {"lat": ""}, "value_missing"),
        ("patients", {"required_language": "Spanish"}, "word_malformed"),
        ("patients", {"required_gender": "any"}, "choice_unknown"),
        ("patients", {"excluded_nurses": "N-99"}, "unknown_nurse"),
        ("nurses", {"languages": ""}, "value_missing"),
        ("nurses", {"competencies": "acls"}, "span_malformed"),
        ("nurses", {"competencies": "juggling:2026-01-01/2027-01-01"}, "choice_unknown"),
        ("nurses", {"competencies": "iv:2027-01-01/2026-01-01"}, "ends_before_it_begins"),
        ("nurses", {"authorisations": "REG-1:XX:2026-01-01/2027-01-01"}, "state_unknown"),
        ("nurses", {"residence_since": "2030-01-01"}, "date_out_of_range"),
        ("nurses", {"active": "maybe"}, "choice_unknown"),
        ("licences", {"nurse": "N-99"}, "unknown_nurse"),
        ("licences", {"expires_on": "2099-12-31"}, "date_out_of_range"),
        ("licences", {"valid_from": "1900-01-01"}, "date_out_of_range"),
        ("licences", {"kind": "APRN", "multistate": "yes"}, "kind_never_multistate"),
        ("licences", {"state": "NV", "multistate": "yes"}, "home_state_not_issuing"),
        ("licences", {"status": "fine"}, "choice_unknown"),
        ("licences", {"status": "suspended", "status_since": "2026-11-21T10:05"}, "time_malformed"),
        ("shifts", {"day": "1970-01-01"}, "date_out_of_range"),
        ("shifts", {"day": "2099-01-01"}, "date_out_of_range"),
        ("shifts", {"day": "2027-03-14", "starts": "02:30"}, "local_time_does_not_exist"),
        ("shifts", {"day": "2026-11-01", "starts": "01:30"}, "local_time_exists_twice"),
        ("shifts", {"starts": "24:00"}, "time_malformed"),
        ("appointments", {"patient": "P-9"}, "unknown_patient"),
        ("appointments", {"preferred_nurse": "N-99"}, "unknown_nurse"),
        ("appointments", {"day": "1970-01-01"}, "day_is_past"),
        ("appointments", {"day": "2099-01-01"}, "day_too_far"),
        ("appointments", {"day": "2027-03-14", "windows": "02:30-05:00"}, "local_time_does_not_exist"),
        ("appointments", {"windows": "13:00-09:00"}, "ends_before_it_begins"),
        ("appointments", {"windows": "09:00-11:00; 10:00-12:00"}, "windows_overlap"),
        ("appointments", {"windows": "18:30-19:00"}, "ends_too_late"),
        ("appointments", {"windows": "09:00-25:00"}, "time_malformed"),
        ("appointments", {"priority": "٣"}, "number_malformed"),
        ("appointments", {"minutes": "60"}, "minutes_too_few"),
        ("appointments", {"service": "esketamine"}, "service_not_offered"),
        ("appointments", {"service": "ketamine_lozenge"}, "service_not_offered"),
        ("appointments", {"dose_order_ref": ""}, "order_missing"),
        ("appointments", {"dose_mg": ""}, "dose_missing"),
        ("appointments", {"dose_mg": "1.2345"}, "dose_malformed"),
        ("appointments", {"dose_mg": "NaN"}, "dose_malformed"),
        ("appointments", {"reference": "A 1"}, "code_malformed"),
    ],
)  # fmt: skip
def test_a_bad_cell_is_named_with_its_rule(session, take, file, cell, rule):
    report = take(a_day(**{file: cell}))
    column = list(cell)[-1]
    assert bad(report) == [(f"{file}.csv", 2, column, rule)]
    assert len(report.bad_cells[0].value) <= 130
    assert "\0" not in report.bad_cells[0].value


@pytest.mark.parametrize(
    ("cell", "stored"),
    [
        ({"name": "נועה לוי"}, "נועה לוי"),
        ({"name": "María 🌻 Ortíz"}, "María 🌻 Ortíz"),
        ({"name": " Mira Holt\u00a0"}, "Mira Holt"),
    ],
)
def test_names_of_every_script_are_kept(session, take, cell, stored):
    assert take(a_day(patients=cell)).ok
    assert session.scalar(sa.select(PatientRow)).name == stored


def test_notes_may_have_several_lines_and_lines_are_still_counted(take):
    rows = [PATIENT | {"access_notes": "Gate 40#\nthen left"}, PATIENT | {"reference": "P-2", "name": ""}]
    report = take(a_day() | {"patients.csv": csv_bytes(rows)})
    assert bad(report) == [("patients.csv", 4, "name", "value_missing")]


def test_files_from_a_sheet_program_are_read(take):
    files = {name: b"\xef\xbb\xbf" + content.replace(b"\n", b"\r\n") for name, content in a_day().items()}
    assert take(files).ok


def test_a_repeated_reading_is_told_apart_by_a_letter(session, take, clock):
    clock.advance(timedelta(days=-40))
    row = APPOINTMENT | {"day": TWICE, "windows": "01:30b-03:00"}
    assert take(a_day() | {"appointments.csv": csv_bytes([row])}).ok
    assert session.scalar(sa.select(WindowRow)).begins_at.hour == 6
    row = row | {"reference": "A-2", "windows": "01:30-03:00"}
    report = take({"appointments.csv": csv_bytes([row])})
    assert bad(report) == [("appointments.csv", 2, "windows", "local_time_exists_twice")]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", (0, "", "file_empty")),
        (b"code;name\nN-1;Ana\n", (1, "", "not_separated_by_commas")),
        (b"code,name\nN-1\n", None),
        (b"reference,reference\n", (1, "reference", "duplicate_column")),
        (b"reference,colour\n", (1, "colour", "unknown_column")),
        (b"\xff\xfe", (1, "", "not_utf8")),
    ],
)
def test_a_file_of_the_wrong_form_is_named(take, content, found):
    report = take({"appointments.csv": content})
    told = [place[1:] for place in bad(report)]
    if found is None:
        assert {rule for _, _, rule in told} == {"unknown_column", "missing_column"}
    else:
        assert found in told


def test_missing_columns_are_all_named(take):
    report = take({"shifts.csv": b"nurse\nN-07\n"})
    assert bad(report) == [("shifts.csv", 1, name, "missing_column") for name in ("day", "starts", "ends")]


def test_a_line_with_too_few_cells_is_named(take):
    content = csv_bytes([SHIFT]) + b"N-07,2026-11-24\n"
    assert bad(take(a_day() | {"shifts.csv": content})) == [("shifts.csv", 3, "", "wrong_number_of_cells")]


def test_a_file_of_another_name_is_refused(take):
    assert bad(take({"doctors.csv": b"a\n1\n"})) == [("doctors.csv", 0, "", "file_unknown")]


@pytest.mark.parametrize(
    ("file", "row", "column"),
    [
        ("nurses", NURSE, "code"),
        ("licences", LICENCE, "number"),
        ("shifts", SHIFT, "starts"),
        ("patients", PATIENT, "reference"),
        ("appointments", APPOINTMENT, "reference"),
    ],
)
def test_the_same_key_twice_in_a_file_is_refused(take, file, row, column):
    report = take(a_day() | {f"{file}.csv": csv_bytes([row, row])})
    assert (f"{file}.csv", 3, column, "duplicate_row") in bad(report)
    assert "Line 2" in report.bad_cells[0].text


def test_shifts_of_one_nurse_may_not_overlap_in_the_file(take):
    report = take(a_day() | {"shifts.csv": csv_bytes([SHIFT, SHIFT | {"starts": "12:00", "ends": "20:00"}])})
    assert bad(report) == [("shifts.csv", line, "starts", "shift_overlaps") for line in (2, 3)]


def test_nor_with_those_stored(take):
    take(a_day())
    report = take({"shifts.csv": csv_bytes([SHIFT | {"starts": "06:30"}])})
    assert bad(report) == [("shifts.csv", 2, "starts", "shift_overlaps")]


def test_a_night_shift_ends_on_the_next_day(session, take):
    assert take(a_day(shifts={"starts": "22:00", "ends": "06:00"})).ok
    shift = session.scalar(sa.select(ShiftRow))
    assert shift.ends_at - shift.starts_at == timedelta(hours=8)


@pytest.mark.parametrize(
    ("windows", "rule"), [("12:00-14:00", "patient_double_booked"), ("15:30-16:00", None)]
)
def test_a_patient_is_not_booked_twice_at_a_time(take, windows, rule):
    rows = [APPOINTMENT, APPOINTMENT | {"reference": "A-2", "windows": windows}]
    report = take(a_day() | {"appointments.csv": csv_bytes(rows)})
    assert bad(report) == ([("appointments.csv", 3, "windows", rule)] if rule else [])


def test_nor_beside_an_appointment_that_is_stored(take):
    take(a_day())
    report = take({"appointments.csv": csv_bytes([APPOINTMENT | {"reference": "A-2"}])})
    assert bad(report) == [("appointments.csv", 2, "windows", "patient_double_booked")]


def test_an_appointment_stays_its_patients(take):
    take(a_day())
    files = {
        "patients.csv": csv_bytes([PATIENT | {"reference": "P-2"}]),
        "appointments.csv": csv_bytes([APPOINTMENT | {"patient": "P-2"}]),
    }
    assert bad(take(files)) == [("appointments.csv", 2, "patient", "patient_never_changes")]


def test_a_day_that_is_over_may_be_named_again_but_not_booked(take, clock):
    take(a_day())
    clock.advance(timedelta(days=2))
    assert take(a_day()).ok
    late = APPOINTMENT | {"reference": "A-2", "windows": "15:30-16:00"}
    assert bad(take({"appointments.csv": csv_bytes([late])})) == [
        ("appointments.csv", 2, "day", "day_is_past")
    ]


def test_nobody_under_age_is_booked_for_ketamine(take):
    report = take(a_day(patients={"born_on": "2008-11-24"}))
    assert bad(report) == [("appointments.csv", 2, "patient", "patient_under_age")]
    assert take(a_day(patients={"born_on": "2008-11-23"})).ok


# Safeguards that a file never lifts.


def test_a_cancelled_appointment_stays_cancelled(session, take, clock):
    take(a_day())
    booked = session.scalar(sa.select(AppointmentRow))
    cancel_appointment(session, booked.id, "patient", SYSTEM, clock)
    report = take(a_day(appointments={"windows": "10:00-11:00"}))
    assert tallies(report)["appointments"] == (0, 0, 1)
    assert session.scalar(sa.select(AppointmentRow)).status == "cancelled"


def test_a_cancelled_appointment_keeps_no_time_from_another(session, take, clock):
    take(a_day())
    cancel_appointment(session, session.scalar(sa.select(AppointmentRow.id)), "patient", SYSTEM, clock)
    rows = [APPOINTMENT, APPOINTMENT | {"reference": "A-2"}]
    assert tallies(take({"appointments.csv": csv_bytes(rows)})) == {"appointments": (1, 0, 1)}


def test_a_suspension_stays(session, take, clock):
    take(a_day())
    suspend_licence(session, session.scalar(sa.select(LicenceRow.id)), SYSTEM, clock)
    assert take(a_day()).ok
    assert session.scalar(sa.select(LicenceRow)).status == "suspended"
    report = take(a_day(licences={"status": "active"}))
    assert bad(report) == [("licences.csv", 2, "status", "licence_disciplined")]


def test_a_file_may_suspend(session, take):
    take(a_day())
    take(a_day(licences={"status": "suspended", "status_since": "2026-11-23T10:05-05:00"}))
    licence = session.scalar(sa.select(LicenceRow))
    assert (licence.status, licence.status_since.hour) == ("suspended", 15)


def test_an_exclusion_stays(session, take):
    take(a_day(patients={"excluded_nurses": "N-07"}))
    take(a_day(patients={"excluded_nurses": ""}))
    assert counts(session)[-1] == 1


def test_a_confirmed_pin_stays_while_the_address_does(session, take, clock):
    take(a_day())
    patient = session.scalar(sa.select(PatientRow))
    confirm_point(session, patient.id, Point(lat=40.1, lon=-83.1), SYSTEM, clock)
    assert tallies(take(a_day()))["patients"] == (0, 0, 1)
    assert patient.point == "40.100000,-83.100000"
    take(a_day(patients={"address": "1 Elm St, Columbus, OH 43215"}))
    assert (patient.point, patient.point_source) == ("40.044100,-82.977900", "import")


def test_a_move_is_kept_beside_the_earlier_residence(session, take):
    take(a_day())
    take(a_day(nurses={"residence_state": "KY", "residence_since": "2026-11-01"}))
    assert [row.state for row in session.scalars(sa.select(ResidenceRow).order_by(ResidenceRow.since))] == [
        "OH",
        "KY",
    ]


def test_a_licence_of_another_nurse_is_refused(take):
    take(a_day())
    other = NURSE | {"code": "N-08"}
    files = {"nurses.csv": csv_bytes([other]), "licences.csv": csv_bytes([LICENCE | {"nurse": "N-08"}])}
    assert bad(take(files)) == [("licences.csv", 2, "number", "licence_of_another_nurse")]


# Points.

SOMEWHERE = Placed(point=Point(lat=40.0, lon=-83.0), source=PointSource.ZIP_CENTROID, verified=False)


def test_a_patient_without_a_point_waits_for_one(session, take):
    report = take(a_day(patients={"lat": "", "lon": ""}))
    patient = session.scalar(sa.select(PatientRow))
    assert (patient.point, patient.point_source, patient.point_verified) == (None, "none", False)
    assert report.points_to_confirm == ("P-1",)


def test_an_address_is_looked_up_once_and_waits_for_a_dispatcher(session, take):
    asked = []

    def geocode(address):
        asked.append(address)
        return SOMEWHERE

    files = a_day(patients={"lat": "", "lon": ""}, nurses={"home_lat": "", "home_lon": ""})
    for _ in range(2):
        report = take(files, geocode=geocode)
    assert asked == [NURSE["home_address"], PATIENT["address"]]
    assert report.points_to_confirm == ("P-1",)
    assert session.scalar(sa.select(PatientRow)).point_source == "zip_centroid"


@pytest.mark.parametrize("geocode", [None, lambda address: None])
def test_a_nurse_needs_a_point_at_once(take, geocode):
    report = take(a_day(nurses={"home_lat": "", "home_lon": ""}), geocode=geocode)
    assert bad(report) == [("nurses.csv", 2, "home_lat", "point_missing")]


# What is left behind.


def test_every_row_has_its_audit_entry_without_a_patients_data(session, take):
    take(a_day(patients={"excluded_nurses": "N-07"}))
    entries = session.scalars(sa.select(AuditEntryRow).order_by(AuditEntryRow.action)).all()
    assert [entry.action for entry in entries if entry.action not in ("service.add", "competency.add")] == [
        "appointment.book", "authorisation.add", "exclusion.add", "import.day", "licence.add",
        "message.queue", "message.queue", "nurse.add", "patient.register", "residence.add", "shift.add",
    ]  # fmt: skip
    kept = repr([entry.detail for entry in entries])
    assert not [word for word in ("Mira", "Kenworth", "555 0", "1980-0", "1980, ") if word in kept]


def test_boards_are_told_of_each_day_once(session, take):
    take(a_day())
    told = session.execute(sa.select(DayChangeRow.day, DayChangeRow.kind)).all()
    assert [tuple(row) for row in told] == [(date(2026, 11, 23), "import")]


def test_values_of_bad_cells_are_for_the_person_and_never_for_a_log(take):
    report = take(a_day(patients={"name": "=Mira"}))
    assert report.as_json()["bad_cells"][0]["value"] == "=Mira"
    assert "Mira" not in repr(report)
    with pytest.raises(Invalid) as refused:
        report.refuse_if_bad()
    assert "Mira" not in str(refused.value)
    assert refused.value.extra["bad_cells"] == report.as_json()["bad_cells"]


def test_progress_is_told_for_each_stage(take):
    told = []
    take(a_large_day(300, nurses=2), on_progress=lambda *step: told.append(step))
    assert ("reading appointments.csv", 250, 0) in told
    assert ("writing appointments.csv", 250, 300) in told
    assert ("writing appointments.csv", 300, 300) in told


def test_patients_are_sealed_in_the_database(session, take):
    take(a_day())
    session.flush()
    raw = session.execute(sa.text("SELECT * FROM patient")).all()
    assert "Mira" not in repr(raw)
    assert "Kenworth" not in repr(raw)


def test_the_columns_are_documented():
    text = (ROOT / "docs" / "import.md").read_text()
    assert columns_as_markdown() in text
    assert all(replace(column, name="x").about for columns in FILES.values() for column in columns)

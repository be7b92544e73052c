"""A file under the default policy brings in no controlled visit that could not be booked by hand."""

import pytest
import sqlalchemy as sa

from dispatch.appointments.day_import import import_files
from dispatch.appointments.records import AppointmentRow, PatientRow
from dispatch.areas.records import ServiceAreaRow
from dispatch.audit.records import AuditEntryRow
from dispatch.kernel.actor import SYSTEM
from dispatch.series.queries import infusion_of
from tests.builders.care_path import a_ready_patient, registered
from tests.builders.clearance import a_scene
from tests.builders.day_files import APPOINTMENT, PATIENT, an_area, csv_bytes

VISIT = APPOINTMENT | {
    "service": "ketamine_first", "day": "2026-11-25", "windows": "09:00-11:00", "dose_order_ref": "",
    "dose_mg": "",
}  # fmt: skip


@pytest.fixture
def take(session, clock):
    """Import visits, and patients where some are given, into the one area there is."""

    def take(*visits, patients=()):
        files = {"appointments.csv": csv_bytes(visits)} if visits else {}
        if patients:
            files["patients.csv"] = csv_bytes(patients)
        area = session.scalars(sa.select(ServiceAreaRow)).one()
        return import_files(session, files, SYSTEM, clock, area_id=area.id)

    return take


@pytest.fixture
def ready(session, clock):
    return a_ready_patient(session, clock)


def rules(report):
    return {cell.rule for cell in report.bad_cells}


def booked(session):
    return session.scalars(sa.select(AppointmentRow)).unique().all()


def test_a_patient_whom_the_file_brings_has_no_clearance_and_nothing_of_it_comes_in(session, clock, take):
    an_area(session, clock, care_path=True)
    report = take(VISIT, patients=[PATIENT])
    assert (report.ok, rules(report)) == (False, {"no_case"})
    assert (booked(session), session.scalars(sa.select(PatientRow)).all()) == ([], [])
    assert take(patients=[PATIENT]).ok
    report = take(VISIT)
    assert not report.ok
    assert {"no_series", "order_not_in_force", "responsible_adult_missing"} <= rules(report)


def test_what_is_not_controlled_needs_no_care_path(session, clock, take):
    an_area(session, clock, care_path=True)
    assert take(VISIT | {"service": "hydration"}, patients=[PATIENT]).ok
    assert [row.service.code for row in booked(session)] == ["hydration"]


def test_whose_path_stands_comes_in_under_the_order_in_force(session, ready, take):
    assert take(VISIT).ok
    [row] = booked(session)
    assert (row.patient_id, row.dose_ug) == (ready.patient_id, 35_000)
    assert row.dose_order_ref.endswith("/1")
    number = infusion_of(session, row.id)
    assert (number.number, number.of) == (1, 6)
    wanted = sa.select(AuditEntryRow.detail).where(AuditEntryRow.action == "appointment.gate")
    assert session.scalars(wanted).one()["passed"] == []
    assert take(VISIT).tallies["appointments.csv"].unchanged == 1


def several(*days):
    return [
        VISIT | {"reference": f"A-{at}", "service": service, "day": f"2026-{day}"}
        for at, (day, service) in enumerate(
            zip(days, ("ketamine_first", *["ketamine_repeat"] * 9), strict=False)
        )
    ]


def test_visits_of_one_file_count_against_each_other(session, ready, take):
    assert rules(take(*several("11-25", "11-27", "11-29", "12-01"))) == {
        "too_many_in_days", "response_not_reviewed"
    }  # fmt: skip
    assert rules(take(*several("11-25", "11-28", "12-01", "12-04"))) == {"response_not_reviewed"}
    assert rules(take(*several("11-25", "11-25"))) >= {"too_close"}
    assert take(*several("11-25", "11-28", "12-01")).ok
    found = [infusion_of(session, row.id).number for row in sorted(booked(session), key=lambda row: row.day)]
    assert found == [1, 2, 3]


@pytest.mark.parametrize(
    ("more", "rule"),
    [
        ({"dose_order_ref": "ORD-1"}, "order_differs"),
        ({"dose_mg": "36.0"}, "dose_differs"),
        ({"service": "ketamine_oral"}, "service_not_offered"),
    ],
)
def test_another_order_dose_or_way_than_the_one_in_force_is_refused(session, ready, take, more, rule):
    report = take(VISIT | more)
    assert (report.ok, rule in rules(report)) == (False, True)
    assert booked(session) == []


def test_theophylline_is_refused_and_no_cell_names_it(session, ready, take):
    ready.takes("theophylline")
    report = take(VISIT)
    assert not report.ok
    assert "theophylline" not in str(report.bad_cells).lower()
    assert booked(session) == []


def test_one_bad_visit_keeps_the_good_one_out(session, ready, take):
    other = VISIT | {"reference": "A-2", "day": "2026-11-26", "dose_mg": "99.0"}
    assert not take(VISIT, other).ok
    assert booked(session) == []


def test_what_stands_is_judged_again_only_when_it_moves(session, clock, ready, take):
    assert take(VISIT).ok
    ready.takes("theophylline")
    report = take(VISIT | {"priority": "5"})
    assert (report.ok, booked(session)[0].priority) == (True, 5)
    assert not take(VISIT | {"priority": "5", "day": "2026-11-26"}).ok
    assert [str(row.day) for row in booked(session)] == ["2026-11-25"]


def test_who_is_known_but_was_never_cleared_is_refused_with_everything(session, clock, take):
    registered(a_scene(session, clock))
    report = take(VISIT)
    assert {"no_series", "order_not_in_force"} <= rules(report)
    assert len(rules(report)) > 3

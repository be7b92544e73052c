"""What is done to patients and appointments: refusals, audit, boards told."""

from dataclasses import replace
from datetime import date, time, timedelta

import pytest
import sqlalchemy as sa

from dispatch.appointments.model import BookingDraft, LocalWindow, PatientDraft, Placed, Point, PointSource
from dispatch.appointments.queries import confirmed_on, unplaced_patients
from dispatch.appointments.records import ServiceRow
from dispatch.appointments.rules.catalogue import CATALOGUE
from dispatch.appointments.rules.patients import age_on, name_key
from dispatch.appointments.service import (
    appointment_by_reference,
    book_appointment,
    cancel_appointment,
    change_appointment,
    change_patient,
    confirm_point,
    exclude_nurse,
    lift_exclusion,
    patients_named,
    place_patient,
    register_patient,
    seed_catalogue,
)
from dispatch.areas.records import DayChangeRow
from dispatch.audit.records import AuditEntryRow
from dispatch.kernel.actor import SYSTEM
from dispatch.kernel.refusals import Conflict, Invalid, NotFound, Stale
from dispatch.workforce.service import add_nurse
from tests.builders.day_files import an_area
from tests.builders.workforce import MONDAY, at
from tests.dispatch.workforce.test_service import ANA

TUESDAY = MONDAY + timedelta(days=1)
MIRA = PatientDraft(
    reference="P-1",
    state="OH",
    name="Mira Holt",
    phone="+1 614 555 0100",
    born_on=date(1980, 2, 29),
    address="4711 Kenworth Rd, Columbus, OH 43224",
)
DOOR = Point(lat=40.0441, lon=-82.9779)
MORNING = LocalWindow(begins=time(9), ends=time(13))
INFUSION = BookingDraft(
    reference="A-1",
    service_code="ketamine_repeat",
    day=MONDAY,
    windows=(MORNING,),
    dose_order_ref="ORD-1",
    dose_ug=35_000,
)
SEVEN_WINDOWS = tuple(LocalWindow(begins=time(8 + i), ends=time(8 + i)) for i in range(7))
HYDRATION = replace(INFUSION, service_code="hydration", dose_order_ref=None, dose_ug=None)


@pytest.fixture
def area(session, clock):
    return an_area(session, clock)


@pytest.fixture
def mira(session, clock, area):
    return register_patient(session, area.id, MIRA, SYSTEM, clock)


@pytest.fixture
def book(session, clock, mira):
    return lambda draft=INFUSION: book_appointment(session, mira.id, draft, SYSTEM, clock)


def codes(refusal):
    return [reason.code for reason in refusal.value.reasons]


def told(session):
    session.flush()
    return [tuple(row) for row in session.execute(sa.select(DayChangeRow.day, DayChangeRow.kind))]


# The catalogue.


@pytest.mark.parametrize(
    ("code", "minutes"),
    [
        ("ketamine_first", 150), ("ketamine_repeat", 120), ("ketamine_repeat_40", 105), ("consultation", 45),
        ("hydration", 60), ("nad_plus", 240), ("antibiotic", 75), ("line_dressing", 40),
    ],
)  # fmt: skip
def test_services_take_the_minutes_of_the_trade(code, minutes):
    (service,) = [service for service in CATALOGUE if service.code == code]
    assert (service.minutes, service.offered) == (minutes, True)


def test_ketamine_needs_all_four_competencies():
    for service in CATALOGUE:
        assert not service.controlled or service.competencies >= {"acls", "bls", "iv", "ketamine"}
        assert service.controlled is (service.units > 0)


def test_seeding_again_leaves_what_was_edited(session, clock, area):
    session.scalar(sa.select(ServiceRow).where(ServiceRow.code == "hydration")).minutes = 70
    assert seed_catalogue(session, SYSTEM, clock)["hydration"].minutes == 70


# Patients.


def test_a_patient_is_found_by_name_whatever_the_case(session, area, mira):
    assert patients_named(session, area.id, " mira  HOLT ") == [mira]
    assert patients_named(session, area.id, "Mira") == []


def test_names_are_looked_up_in_one_form():
    assert name_key("ﬁona  STRAẞE") == name_key("Fiona Strasse")


def test_a_reference_is_given_once(session, clock, area, mira):
    with pytest.raises(Conflict) as refused:
        register_patient(session, area.id, MIRA, SYSTEM, clock)
    assert codes(refused) == ["reference_taken"]


def test_all_faults_of_a_patient_are_named_without_repeating_them(session, clock, area):
    draft = replace(
        MIRA, name="=Mira", phone="secret", state="XX", born_on=date(2030, 1, 1), pets=("Rex!",), address=" "
    )
    with pytest.raises(Invalid) as refused:
        register_patient(session, area.id, draft, SYSTEM, clock)
    fields = {reason.field for reason in refused.value.reasons}
    assert fields == {"name", "phone", "state", "born_on", "pets", "address"}
    assert not [r for r in refused.value.reasons if "Mira" in r.text or "secret" in r.text or "Rex" in r.text]


def test_nobody_is_sent_before_a_dispatcher_confirms_the_pin(session, clock, mira, book, area):
    book()
    assert (mira.point_verified, mira.point) == (False, None)
    assert unplaced_patients(session, area.id, MONDAY) == [mira]
    confirm_point(session, mira.id, DOOR, SYSTEM, clock, seen=1)
    assert (mira.point_verified, mira.point, mira.point_source) == (
        True,
        "40.044100,-82.977900",
        "dispatcher",
    )
    assert unplaced_patients(session, area.id, MONDAY) == []
    assert told(session)[-1] == (MONDAY, "patient")


def test_a_pin_in_the_sea_is_refused(session, clock, mira):
    with pytest.raises(Invalid) as refused:
        confirm_point(session, mira.id, Point(lat=0, lon=0), SYSTEM, clock)
    assert codes(refused) == ["point_at_zero"]


def test_a_new_address_loses_its_pin(session, clock, mira):
    confirm_point(session, mira.id, DOOR, SYSTEM, clock)
    change_patient(session, mira.id, replace(MIRA, phone=None), SYSTEM, clock)
    assert mira.point_verified
    change_patient(session, mira.id, replace(MIRA, address="1 Elm St, Columbus"), SYSTEM, clock)
    assert (mira.point_verified, mira.point) == (False, None)


def test_a_geocoder_does_not_overrule_a_person_or_a_move(session, clock, mira):
    found = Placed(point=DOOR, source=PointSource.GEOCODER, verified=False)
    assert not place_patient(session, mira.id, "an older address", found, SYSTEM, clock)
    assert place_patient(session, mira.id, MIRA.address, found, SYSTEM, clock)
    confirm_point(session, mira.id, DOOR, SYSTEM, clock)
    assert not place_patient(session, mira.id, MIRA.address, found, SYSTEM, clock)
    assert mira.point_verified


def test_the_loser_of_a_race_on_a_patient_is_told(session, clock, mira):
    confirm_point(session, mira.id, DOOR, SYSTEM, clock, seen=1)
    with pytest.raises(Stale):
        change_patient(session, mira.id, MIRA, SYSTEM, clock, seen=1)


def test_the_audit_of_a_patient_holds_no_data_of_hers(session, clock, mira):
    change_patient(session, mira.id, replace(MIRA, name="Mira Vega", address="9 Elm St"), SYSTEM, clock)
    entries = session.scalars(sa.select(AuditEntryRow).where(AuditEntryRow.patient_id == mira.id)).all()
    assert [entry.action for entry in entries] == ["patient.register", "patient.change"]
    assert not [
        word for word in ("Mira", "Elm", "Kenworth", "555 0") if word in repr([e.detail for e in entries])
    ]


def test_an_exclusion_is_made_once_and_lifted(session, clock, area, mira):
    nurse = add_nurse(session, area.id, ANA, SYSTEM, clock)
    session.flush()
    row = exclude_nurse(session, mira.id, nurse.id, "patient", SYSTEM, clock)
    session.flush()
    assert exclude_nurse(session, mira.id, nurse.id, "nurse", SYSTEM, clock) is row
    lift_exclusion(session, row.id, SYSTEM, clock)
    session.flush()
    with pytest.raises(NotFound):
        lift_exclusion(session, row.id, SYSTEM, clock)


def test_somebody_asks_for_an_exclusion(session, clock, mira):
    with pytest.raises(Invalid):
        exclude_nurse(session, mira.id, mira.id, "", SYSTEM, clock)


@pytest.mark.parametrize(
    ("day", "age"), [(date(1998, 2, 28), 17), (date(1998, 3, 1), 18), (date(2000, 2, 29), 20)]
)
def test_age_is_counted_in_completed_years(day, age):
    assert age_on(date(1980, 2, 29), day) == age


# Bookings.


def test_an_appointment_takes_its_services_minutes_and_vials(session, area, book):
    row = book()
    assert (row.minutes, row.units, row.first_infusion, row.status) == (120, 1, False, "confirmed")
    assert [(w.begins_at, w.ends_at) for w in row.windows] == [(at(9), at(13))]
    assert list(confirmed_on(session, area.id, MONDAY)) == [row]
    assert told(session) == [(MONDAY, "appointment")]


def test_the_first_infusion_is_marked(book):
    assert book(replace(INFUSION, service_code="ketamine_first")).first_infusion


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"service_code": "massage"}, "service_unknown"),
        ({"service_code": "esketamine"}, "service_not_offered"),
        ({"service_code": "ketamine_lozenge"}, "service_not_offered"),
        ({"dose_order_ref": None}, "order_missing"),
        ({"dose_ug": None}, "dose_missing"),
        ({"dose_ug": 0}, "dose_missing"),
        ({"units": 0}, "number_out_of_range"),
        ({"units": 21}, "number_out_of_range"),
        ({"priority": 0}, "number_out_of_range"),
        ({"nurses_needed": 3}, "number_out_of_range"),
        ({"minutes": 119}, "minutes_too_few"),
        ({"reference": "A 1"}, "code_malformed"),
        ({"dose_order_ref": "=1"}, "code_malformed"),
        ({"day": MONDAY - timedelta(days=1)}, "day_is_past"),
        ({"day": MONDAY + timedelta(days=401)}, "day_too_far"),
        ({"windows": ()}, "window_missing"),
        ({"windows": (LocalWindow(begins=time(13), ends=time(9)),)}, "ends_before_it_begins"),
        ({"windows": (MORNING, LocalWindow(begins=time(13), ends=time(14)))}, "windows_overlap"),
        ({"windows": (LocalWindow(begins=time(18, 1), ends=time(19)),)}, "ends_too_late"),
        ({"windows": SEVEN_WINDOWS}, "too_many_windows"),
    ],
)  # fmt: skip
def test_a_booking_that_cannot_be_is_refused(book, change, code):
    with pytest.raises(Invalid) as refused:
        book(replace(INFUSION, **change))
    assert codes(refused) == [code]


def test_lozenges_are_no_transaction_at_all(book):
    with pytest.raises(Invalid, match="service_not_offered") as refused:
        book(replace(INFUSION, service_code="ketamine_lozenge"))
    assert "there is no such transaction" in refused.value.reasons[0].text


def test_a_visit_may_end_at_the_latest_hour_but_not_after(book):
    assert book(replace(INFUSION, windows=(LocalWindow(begins=time(18), ends=time(19)),)))


@pytest.mark.parametrize("change", [{"units": 1}, {"dose_ug": 1_000}])
def test_what_takes_no_drug_has_no_dose(book, change):
    with pytest.raises(Invalid) as refused:
        book(replace(HYDRATION, **change))
    assert codes(refused) == ["service_not_controlled"]


def test_a_time_that_the_clocks_skip_is_refused(book):
    change = date(2027, 3, 14)
    with pytest.raises(Invalid) as refused:
        book(replace(INFUSION, day=change, windows=(LocalWindow(begins=time(2, 30), ends=time(5)),)))
    assert codes(refused) == ["local_time_does_not_exist"]
    assert refused.value.reasons[0].field == "windows[0].begins"


def test_a_time_that_the_clocks_show_twice_is_asked_about(book):
    change = date(2027, 11, 7)
    window = LocalWindow(begins=time(1, 30), ends=time(5))
    with pytest.raises(Invalid) as refused:
        book(replace(INFUSION, day=change, windows=(window,)))
    assert codes(refused) == ["local_time_exists_twice"]
    row = book(replace(INFUSION, day=change, windows=(replace(window, begins_fold=1),)))
    assert row.windows[0].begins_at.hour == 6


def test_a_child_is_not_booked_for_ketamine_but_for_water(session, clock, mira, book):
    change_patient(session, mira.id, replace(MIRA, born_on=date(2008, 11, 24)), SYSTEM, clock)
    with pytest.raises(Invalid) as refused:
        book()
    assert codes(refused) == ["patient_under_age"]
    assert book(HYDRATION)


def test_a_patient_is_not_booked_twice_at_a_time(book):
    book()
    with pytest.raises(Conflict) as refused:
        book(replace(HYDRATION, reference="A-2", windows=(LocalWindow(begins=time(14), ends=time(15)),)))
    assert codes(refused) == ["patient_double_booked"]
    assert book(replace(HYDRATION, reference="A-2", windows=(LocalWindow(begins=time(15), ends=time(16)),)))


@pytest.mark.parametrize(("day", "code"), [(date.min, "day_is_past"), (date.max, "day_too_far")])
def test_a_day_beyond_all_calendars_is_refused(book, day, code):
    with pytest.raises(Invalid) as refused:
        book(replace(INFUSION, day=day))
    assert codes(refused) == [code]


def test_a_birthday_nobody_knows_blocks_ketamine(session, mira, book):
    mira.born_on = None
    with pytest.raises(Invalid) as refused:
        book()
    assert codes(refused) == ["birthday_missing"]


def test_nor_when_the_earlier_one_may_run_into_it(book):
    book()
    with pytest.raises(Conflict) as refused:
        book(replace(HYDRATION, reference="A-2", windows=(LocalWindow(begins=time(8), ends=time(8, 30)),)))
    assert codes(refused) == ["patient_double_booked"]


@pytest.mark.parametrize("change", [{"minutes": 120}, {"day": MONDAY + timedelta(days=400)}])
def test_the_edges_of_what_may_be_booked(book, change):
    assert book(replace(INFUSION, **change))


def test_a_reference_of_an_appointment_is_given_once(book):
    book()
    with pytest.raises(Conflict) as refused:
        book(replace(HYDRATION, day=TUESDAY))
    assert codes(refused) == ["reference_taken"]


def test_a_nurse_asked_for_must_exist(book, mira):
    with pytest.raises(NotFound):
        book(replace(INFUSION, preferred_nurse_id=mira.id))


def test_a_booking_is_changed_as_a_whole(session, clock, book):
    row = book()
    change_appointment(session, row.id, replace(INFUSION, day=TUESDAY, priority=5), SYSTEM, clock, seen=1)
    assert (row.day, row.priority, row.version) == (TUESDAY, 5, 2)
    assert told(session) == [(MONDAY, "appointment"), (MONDAY, "appointment"), (TUESDAY, "appointment")]


def test_new_windows_alone_make_a_new_version(session, clock, book):
    row = book()
    row.pinned_begin_at = at(9)
    session.flush()
    before = row.version
    later = replace(INFUSION, windows=(LocalWindow(begins=time(10), ends=time(12)),))
    change_appointment(session, row.id, later, SYSTEM, clock, seen=before)
    assert row.version == before + 1
    assert row.pinned_begin_at is None
    assert [(w.begins_at, w.ends_at) for w in row.windows] == [(at(10), at(12))]


def test_a_change_does_not_collide_with_itself(session, clock, book):
    row = book()
    change_appointment(session, row.id, replace(INFUSION, minutes=130), SYSTEM, clock)
    assert row.minutes == 130


def test_the_loser_of_a_race_on_an_appointment_is_told(session, clock, book):
    row = book()
    change_appointment(session, row.id, replace(INFUSION, priority=5), SYSTEM, clock, seen=1)
    with pytest.raises(Stale):
        cancel_appointment(session, row.id, "patient", SYSTEM, clock, seen=1)


def test_a_cancelled_appointment_stays_on_record_and_frees_the_time(session, clock, area, book):
    row = book()
    cancel_appointment(session, row.id, "patient", SYSTEM, clock)
    assert appointment_by_reference(session, area.id, "A-1").status == "cancelled"
    assert confirmed_on(session, area.id, MONDAY) == []
    assert book(replace(INFUSION, reference="A-2"))
    for again in (
        lambda: cancel_appointment(session, row.id, "patient", SYSTEM, clock),
        lambda: change_appointment(session, row.id, INFUSION, SYSTEM, clock),
    ):
        with pytest.raises(Conflict) as refused:
            again()
        assert codes(refused) == ["appointment_cancelled"]


def test_an_appointment_nobody_knows_is_not_found(session, clock, area):
    with pytest.raises(NotFound):
        cancel_appointment(session, area.id, "patient", SYSTEM, clock)

"""The screens of a series: proposed, ordered, times, ways, accepted, booked; and the same by API."""

import re
from datetime import timedelta
from io import BytesIO
from itertools import pairwise
from uuid import UUID

import pytest
from icalendar import Calendar

from api.calendars import Entry, calendar_of
from dispatch.appointments.model import PatientDraft
from dispatch.appointments.service import register_patient
from dispatch.areas.model import NewPolicy
from dispatch.areas.service import sign_policy
from dispatch.intake.commands import GivenAnswer
from dispatch.intake.service import give_answer
from dispatch.intake.statements import Saying
from dispatch.kernel.actor import Role
from dispatch.kernel.ids import new_id
from dispatch.kernel.storage import transaction
from dispatch.series.queries import order_versions, series_of_patient
from dispatch.series.service import note_given, note_missed
from tests.builders.clearance import a_scene, cleared, enter
from tests.builders.company import ADMIN
from tests.builders.intake import PATIENT
from tests.builders.series import NOW, TODAY, nurses_at_work
from tests.builders.web import PASSWORD, a_browser, a_person, csrf, keyring_of_app

DISPATCHER_EMAIL, DOCTOR_EMAIL = "desk@test.example", "house.doctor@test.example"
ORDER = {
    "seen": "0", "indication": "major_depression", "route": "intravenous_infusion", "delivery": "pump",
    "weight_kg": "70", "weighed_on": TODAY.isoformat(), "mg_per_kg": "0.5", "concentration_mg_per_ml": "50",
    "draw_rounding": "nearest", "final_ml": "50", "minutes": "40", "rate_low_ml_h": "50",
    "rate_high_ml_h": "75", "antiemetic": "ondansetron_prn", "own_secret": PASSWORD,
}  # fmt: skip


class Office:
    """A company with a cleared patient, two nurses for weeks, a dispatcher and a prescriber signed in."""

    def __init__(self, app, engine, clock):
        self.app, self.engine, self.clock = app, engine, clock
        a_person(app, engine, Role.DISPATCHER, email=DISPATCHER_EMAIL)
        doctor = a_person(app, engine, Role.PRESCRIBER, email=DOCTOR_EMAIL)
        with self.session() as session:
            scene = a_scene(session, clock)
            patient = register_patient(
                session, scene.area_id,
                PatientDraft(
                    reference="P-70", state="OH", name="Mira Holt", phone="+1 614 555 0100",
                    born_on=TODAY.replace(year=1980), address="4711 Kenworth Rd, Columbus, OH 43224",
                ),
                ADMIN, clock,
            )  # fmt: skip
            scene.case().patient_id = scene.patient_id = patient.id
            cleared(scene)
            nurses_at_work(scene)
            enter(session, clock, doctor, dea_number="AC1234563")
            off = NewPolicy(
                key="booking.care_path", value={"required": False}, reason="Tried elsewhere.",
                area_id=scene.area_id,
            )  # fmt: skip
            sign_policy(session, off, ADMIN, clock)
            self.patient_id, self.area_id, self.case_id = patient.id, scene.area_id, scene.case_id
        self.desk = a_browser(app, DISPATCHER_EMAIL)
        self.doctor = a_browser(app, DOCTOR_EMAIL)

    def session(self):
        return transaction(self.engine, keyring_of_app(self.app))

    def send(self, browser, path, **form):
        return browser.post(path, data=form, headers=csrf(browser))

    def proposed(self):
        sent = {"who": "P-70", "template": "T-S0", "first_day": TODAY.isoformat()}
        return self.send(self.desk, "/series/columbus", **sent).location

    def ordered(self):
        place = self.proposed()
        answer = self.send(self.doctor, f"{place}/order", event_id=str(new_id()), **ORDER)
        assert answer.status_code == 303, answer.text
        name = {"text_version": "2026-11", "signed_name": "Mira Holt", "signed_on": TODAY.isoformat()}
        assert self.send(self.desk, f"{place}/consent", **name).status_code == 303
        return place

    def times(self, place, adult="1 2 3 4 5"):
        ticks = [f"{day} {part}" for day in range(1, 6) for part in ("morning", "afternoon")]
        adults = [tick for tick in ticks if tick[0] in adult]
        return self.send(self.desk, f"{place}/times", patient=ticks, adult=adults, away="")


@pytest.fixture
def office(app, engine, clock):
    return Office(app, engine, clock)


def codes(page):
    return re.findall(r'data-code="([^"]+)"', page)


def test_a_series_from_its_proposal_to_its_appointments(office):
    place = office.ordered()
    page = office.desk.get(place).text
    assert "35.0 mg" in page
    assert "0.70 mL" in page
    assert "What blocks infusion 1<" in page
    assert "Nothing in the series does." in page
    assert office.times(place).location.endswith("ways=1#ways")
    page = office.desk.get(f"{place}?ways=1").text
    ways = re.findall(r'name="way" value="([^"]+)"', page)
    assert len(ways) == 3
    assert office.send(office.desk, f"{place}/laying", way=ways[0]).status_code == 303
    booked = office.send(office.desk, f"{place}/bookings").text
    assert booked.count(": booked") == 6
    with office.session() as session:
        [series] = series_of_patient(session, office.patient_id)
    days = [each.day for each in series.infusions]
    assert all(2 <= (after - before).days <= 5 for before, after in pairwise(days))
    assert {each.state.value for each in series.infusions} == {"booked"}


def test_an_order_that_breaks_rules_is_not_signed_and_keeps_what_was_typed(office):
    place = office.proposed()
    wrong = ORDER | {"mg_per_kg": "0.6", "minutes": "30", "antiemetic": "", "event_id": str(new_id())}
    page = office.send(office.doctor, f"{place}/order", **wrong).text
    assert {"minutes_unusual", "antiemetic_missing"} <= set(codes(page))
    assert 'value="0.6"' in page
    again = wrong | {"antiemetic": "none", "event_id": str(new_id())}
    page = office.send(office.doctor, f"{place}/order", **again).text
    assert {"first_dose_too_high_ordered", "no_antiemetic", "rate_too_high_ordered"} <= set(codes(page))


def test_a_dispatcher_signs_nothing(office):
    place = office.proposed()
    assert "Sign the order" not in office.desk.get(place).text
    assert office.send(office.desk, f"{place}/order", **ORDER).status_code == 403


def test_what_blocks_is_named_when_the_adult_is_never_free(office):
    place = office.ordered()
    office.times(place, adult="")
    page = office.desk.get(f"{place}?ways=1").text
    assert "It could be laid if the adult could be there at other times." in page
    assert page.count("morning") > 3


def test_ways_wait_for_somebody_to_say_when_they_are_free(office):
    place = office.ordered()
    assert "habits_missing" in codes(office.desk.get(f"{place}?ways=1").text)


def test_the_list_shows_who_waits_and_an_empty_area_says_so(office):
    assert "No series goes on" in office.desk.get("/series/columbus").text
    place = office.proposed()
    page = office.desk.get("/series/columbus").text
    assert place.rpartition("/")[2] in page
    assert "P-70" in page


def test_nobody_else_sees_a_series(office):
    place = office.proposed()
    a_person(office.app, office.engine, Role.PHARMACIST, email="pharm@test.example")
    other = a_browser(office.app, "pharm@test.example")
    assert other.get(place).status_code == 403
    assert office.desk.get(f"/series/columbus/{new_id()}").status_code == 404


def test_the_same_by_the_api(office):
    place = office.proposed()
    series_id = place.rpartition("/")[2]
    desk = office.desk
    shown = desk.get(f"/api/v1/series/{series_id}").json
    assert (shown["state"], len(shown["infusions"])) == ("proposed", 6)
    habits = {str(day): ["morning", "afternoon"] for day in range(1, 6)}
    head = csrf(desk) | {"Idempotency-Key": "k1"}
    answer = desk.post(
        f"/api/v1/series/{series_id}/habits", json={"patient": habits, "adult": habits}, headers=head
    )
    assert answer.status_code == 200, answer.json
    ways = desk.get(f"/api/v1/series/{series_id}/ways").json["ways"]
    assert len(ways) == 3
    places = [{k: p[k] for k in ("number", "day", "part", "nurse_id")} for p in ways[1]["places"]]
    head = csrf(desk) | {"Idempotency-Key": "k2"}
    laid = desk.post(f"/api/v1/series/{series_id}/laying", json={"places": places}, headers=head)
    assert [each["day"] for each in laid.json["infusions"]] == [each["day"] for each in places]
    moved = [places[0] | {"day": places[1]["day"]}, *places[1:]]
    head = csrf(desk) | {"Idempotency-Key": "k3"}
    refused = desk.post(f"/api/v1/series/{series_id}/laying", json={"places": moved}, headers=head)
    assert refused.status_code == 409
    judged = office.doctor.post(
        f"/api/v1/series/{series_id}/orders/judgement",
        json={"weight_kg": "70", "mg_per_kg": "0.5", "concentration_ug_per_ml": 50000, "final_ml": "50",
              "minutes": 40, "rate_low_ml_h": "50", "rate_high_ml_h": "75"},
        headers=csrf(office.doctor),
    ).json  # fmt: skip
    assert judged["dose"] is None
    assert {each["code"] for each in judged["findings"]} >= {"indication_missing", "route_missing"}
    assert desk.get("/api/v1/areas/columbus/phq9-due").json == []


SCAN = b"%PDF-1.7 an order in ink"


def transcribed(office, place, **more):
    sent = {
        "prescriber_name": "Dr. Out", "licence_number": "35.9", "licence_state": "oh",
        "signed_on": TODAY.isoformat(), "file": (BytesIO(SCAN), "order.pdf"),
    }  # fmt: skip
    return office.send(office.desk, f"{place}/outside", **(sent | more))


def test_an_order_from_outside_is_transcribed_with_its_scan_and_countersigned(office):
    place = office.proposed()
    assert transcribed(office, place).status_code == 303
    page = office.desk.get(place).text
    assert "Dr. Out, licence 35.9 of OH" in page
    assert "a prescriber of ours countersigns it" in page
    assert office.doctor.get(re.search(r'href="(/intake/[^"]+)">The scan', page)[1]).data == SCAN
    form = office.doctor.get(place).text
    chosen = re.search(r'<option value="([0-9a-f-]{36})">the order of Dr. Out', form)[1]
    signed = ORDER | {"outside": chosen, "event_id": str(new_id())}
    assert office.send(office.doctor, f"{place}/order", **signed).status_code == 303
    assert ", countersigned" in office.desk.get(place).text
    series_id = place.rpartition("/")[2]
    with office.session() as session:
        assert order_versions(session, UUID(series_id))[0].external.prescriber_name == "Dr. Out"


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"licence_number": " "}, "external_incomplete"),
        ({"licence_state": "ZZ"}, "no_such_state"),
        ({"signed_on": "2026-11-24"}, "signed_in_the_future"),
        ({"file": (BytesIO(b"MZ"), "order.exe")}, "document_type"),
    ],
)
def test_an_order_from_outside_that_is_not_whole_is_not_kept(office, more, code):
    place = office.proposed()
    assert code in codes(transcribed(office, place, **more).text)
    assert "None. An order that somebody outside signed" in office.desk.get(place).text


def test_the_table_says_what_was_given_missed_booked_and_planned(office):
    place = office.ordered()
    assert office.desk.get(place).text.count("<td>not laid yet</td>") == 6
    office.times(place)
    way = re.search(r'name="way" value="([^"]+)"', office.desk.get(f"{place}?ways=1").text)[1]
    office.send(office.desk, f"{place}/laying", way=way)
    assert office.desk.get(place).text.count("<td>planned</td>") == 6
    office.send(office.desk, f"{place}/bookings")
    with office.session() as session:
        [series] = series_of_patient(session, office.patient_id)
        first, second = (each.appointment_id for each in series.infusions[:2])
        note_given(session, first, NOW, ADMIN, office.clock)
        note_missed(session, second, ADMIN, office.clock)
    line = r"<td>(given|missed|booked)</td>\s*<td>(.*?)</td>\s*<td>(.*?)</td>"
    rows = re.findall(line, office.desk.get(place).text)
    assert [state for state, _, _ in rows] == ["given", "missed", *["booked"] * 4]
    assert ("Mon 23 Nov 2026" in rows[0][1], rows[0][2]) == (True, "10:00")
    assert rows[2][2].startswith("from ")


def test_earlier_esketamine_is_shown_to_who_orders_and_to_nobody_else(office):
    place = office.proposed()
    assert "Esketamine before: no." in office.doctor.get(place).text
    office.clock.advance(timedelta(minutes=1))
    with office.session() as session:
        told = GivenAnswer(
            case_id=office.case_id, item="treatments.esketamine", saying=Saying.YES,
            detail="2025-03-03 to 2025-05-12, a little better.",
        )  # fmt: skip
        give_answer(session, told, PATIENT, office.clock)
    page = office.doctor.get(place).text
    assert "Esketamine before: yes, 11 weeks; by its label 14 to 15 doses, last step maintenance." in page
    assert "Esketamine before" not in office.desk.get(place).text


def test_who_reviews_is_led_to_the_curve_of_responses_and_the_desk_is_not(office):
    place, curve = office.proposed(), f"/clearance/cases/{office.case_id}#scores"
    assert curve in office.doctor.get(place).text
    assert curve not in office.desk.get(place).text


def test_a_patient_in_treatment_is_found_again_among_the_enquiries(office):
    assert f'href="/intake/{office.case_id}"' in office.desk.get("/board/columbus/enquiries").text


def test_a_pause_is_shown_with_who_and_why(office):
    place = office.ordered()
    office.send(office.doctor, f"{place}/decision", deed="pause", why="Dizzy for a day.")
    page = office.desk.get(place).text
    assert re.search(r"Pause, 23 Nov 2026 06:00, house.doctor: Dizzy for a day.", page)


def test_a_calendar_holds_neither_drug_nor_reason():
    booked = Entry(
        visit_id=new_id(), begins_at=None, ends_at=None, day=TODAY, version=2
    )  # fmt: skip
    text = calendar_of([booked], NOW).decode()
    read = Calendar.from_ical(text)
    [event] = read.walk("VEVENT")
    assert (str(event["SUMMARY"]), event.decoded("DTSTART")) == ("Housecall visit", TODAY)
    assert str(event["STATUS"]) == "TENTATIVE"
    for word in ("ketamine", "infusion", "depression", "mg", "dose"):
        assert word not in text.lower().replace("message", "")

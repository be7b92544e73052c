"""A series over the JSON API: proposed, signed, laid, booked, mended, reviewed, paused."""

from datetime import date, timedelta
from itertools import pairwise
from uuid import UUID

import pytest
import sqlalchemy as sa

from dispatch.appointments.care.service import name_adult
from dispatch.audit.records import AuditEntryRow
from dispatch.clearance.model import Occasion
from dispatch.kernel.actor import SYSTEM, AccountId, Actor, Role
from dispatch.kernel.ids import new_id
from dispatch.kernel.storage import transaction
from dispatch.series.records import SeriesDecisionRow
from dispatch.series.service import note_given
from tests.builders.care_path import SISTER, registered
from tests.builders.clearance import a_scene, cleared, enter
from tests.builders.intake import fill
from tests.builders.series import TODAY, nurses_at_work, scored
from tests.builders.web import PASSWORD, a_person, a_phone, keyring_of_app

DOCTOR = "house.doctor@test.example"
TERMS = {
    "indication": "major_depression", "route": "intravenous_infusion", "delivery": "pump", "weight_kg": "70",
    "weighed_on": TODAY.isoformat(), "mg_per_kg": "0.5", "concentration_ug_per_ml": 50000, "final_ml": "50",
    "minutes": 40, "rate_low_ml_h": "50", "rate_high_ml_h": "75", "antiemetic": "ondansetron_prn",
}  # fmt: skip
WEEKDAYS = {str(day): ["morning", "afternoon"] for day in range(1, 6)}


def codes(answer):
    return {each["code"] for each in answer.json["reasons"]}


class Office:
    """A cleared patient, two nurses for weeks, a dispatcher and a prescriber, each with a phone."""

    def __init__(self, app, engine, clock):
        self.app, self.engine, self.clock = app, engine, clock
        doctor = a_person(app, engine, Role.PRESCRIBER, email=DOCTOR)
        self.desk = a_phone(app, engine, a_person(app, engine, Role.DISPATCHER))
        self.doctor = a_phone(app, engine, doctor)
        with self.session() as session:
            enter(session, clock, doctor)
            prescriber = Actor(
                account_id=AccountId(doctor),
                name="doctor",
                roles=frozenset({Role.PRESCRIBER}),
                session_ref="x",
            )
            self.scene = registered(cleared(a_scene(session, clock, prescriber)))
            fill(session, self.scene.case_id, clock, {"agreements"})
            name_adult(session, self.scene.patient_id, SISTER, SYSTEM, clock)
            nurses_at_work(self.scene)
            self.patient_id = str(self.scene.patient_id)

    def session(self):
        return transaction(self.engine, keyring_of_app(self.app))

    def told(self, deed, *more, **words):
        """Do something on the same scene in a session of its own."""
        with self.session() as session:
            self.scene.session = session
            return deed(self.scene, *more, **words)

    def proposed(self):
        tomorrow = (TODAY + timedelta(days=1)).isoformat()
        sent = {"patient_id": self.patient_id, "template": "T-S0", "first_day": tomorrow}
        answer = self.desk.post("/api/v1/areas/columbus/series", json=sent)
        assert (answer.status_code, answer.json["state"]) == (201, "proposed")
        return f"/api/v1/series/{answer.json['series_id']}"

    def signed(self, **more):
        event_id = str(new_id())
        sent = {"email": DOCTOR, "secret": PASSWORD, "event_id": event_id}
        return more | {
            "event_id": event_id,
            "proof": self.doctor.post("/api/v1/proofs", json=sent).json["proof"],
        }

    def ordered(self):
        place = self.proposed()
        answer = self.doctor.post(f"{place}/orders", json=self.signed(terms=TERMS))
        assert (answer.status_code, answer.json["dose"]["mg"]) == (201, "35.0"), answer.json
        consent = {
            "text_version": "2026-11", "signed_name": "Ada Example", "signed_at": self.clock.now().isoformat()
        }  # fmt: skip
        assert self.desk.post(f"{place}/consents", json=consent).json["consented"]
        return place

    def ways(self, place):
        sent = {"patient": WEEKDAYS, "adult": WEEKDAYS}
        assert self.desk.post(f"{place}/habits", json=sent).status_code == 200
        return [places_of(way) for way in self.desk.get(f"{place}/ways").json["ways"]]

    def laid(self, place, way=0):
        answer = self.desk.post(f"{place}/laying", json={"places": self.ways(place)[way]})
        assert answer.status_code == 200, answer.json
        return answer.json["infusions"]

    def booked(self, place):
        answer = self.desk.post(f"{place}/bookings")
        assert answer.status_code == 200
        return answer.json

    def gives(self, appointment_id):
        with self.session() as session:
            note_given(session, appointment_id, self.clock.now(), SYSTEM, self.clock)

    def shown(self, place):
        return self.desk.get(place).json


def places_of(way):
    return [{name: each[name] for name in ("number", "day", "part", "nurse_id")} for each in way["places"]]


@pytest.fixture
def office(app, engine, clock):
    return Office(app, engine, clock)


def test_an_order_is_signed_in_versions_and_never_from_an_old_one(office):
    place = office.ordered()
    change = TERMS | {"mg_per_kg": "0.4"}
    bare = office.doctor.post(f"{place}/orders", json=office.signed(terms=change, seen=1))
    assert (bare.status_code, codes(bare)) == (422, {"reason_missing"})
    sent = office.signed(terms=change, seen=1, reason="Dizzy last time.")
    made = office.doctor.post(f"{place}/orders", json=sent)
    assert (made.json["version"], made.json["dose"]["drawn_ug"]) == (2, 28_000)
    stale = office.doctor.post(f"{place}/orders", json=office.signed(terms=TERMS, seen=1, reason="Back."))
    assert (stale.status_code, codes(stale)) == (409, {"order_changed"})
    assert [each["version"] for each in office.desk.get(f"{place}/orders").json] == [2, 1]


def test_an_order_that_breaks_rules_names_all_of_them_and_signs_nothing(office):
    place = office.proposed()
    wrong = TERMS | {"mg_per_kg": "1.2", "route": "oral", "minutes": 30, "antiemetic": None}
    refused = office.doctor.post(f"{place}/orders", json=office.signed(terms=wrong))
    assert refused.status_code == 422
    assert codes(refused) >= {"route_not_offered", "minutes_unusual", "antiemetic_missing"}
    assert office.desk.get(f"{place}/orders").json == []
    assert office.shown(place)["state"] == "proposed"
    assert office.desk.post(f"{place}/orders", json=office.signed(terms=TERMS)).status_code == 403


def test_no_way_but_an_infusion_is_ordered_for_a_home(office):
    place = office.proposed()
    for route in ("intramuscular", "intranasal", "esketamine_spray", "oral", "sublingual", "lozenge"):
        judged = office.doctor.post(f"{place}/orders/judgement", json=TERMS | {"route": route}).json
        [against] = judged["findings"]
        assert (against["rule_class"], against["code"]) == ("BLOCK", "route_not_offered")
        assert against["text"]


def test_a_series_is_laid_booked_missed_and_mended(office):
    place = office.ordered()
    nobody_said = office.desk.get(f"{place}/ways")
    assert (nobody_said.status_code, codes(nobody_said)) == (409, {"habits_missing"})
    ways = office.ways(place)
    assert len(ways) == 3
    assert len({tuple((each["day"], each["part"]) for each in way) for way in ways}) == 3
    short = office.desk.post(f"{place}/laying", json={"places": ways[0][:-1]})
    assert (short.status_code, codes(short)) == (422, {"places_incomplete"})
    infusions = office.laid(place)
    days = [date.fromisoformat(each["day"]) for each in infusions]
    assert all(2 <= (after - before).days <= 5 for before, after in pairwise(days))

    tried = office.booked(place)
    assert [each["number"] for each in tried] == [1, 2, 3, 4]
    assert [bool(each["appointment_id"]) for each in tried] == [True, True, True, False]
    assert [each["code"] for each in tried[3]["reasons"]] == ["response_not_reviewed"]

    missed = tried[1]["appointment_id"]
    seen = office.desk.get(f"/api/v1/appointments/{missed}").headers["ETag"]
    sent = {"reason": "patient_ill"}
    gone = office.desk.post(f"/api/v1/appointments/{missed}/cancel", json=sent, headers={"If-Match": seen})
    assert gone.status_code == 200, gone.json
    assert [each["state"] for each in office.shown(place)["infusions"]][:3] == ["booked", "missed", "booked"]
    way = office.desk.get(f"{place}/ways").json["ways"][0]
    assert [each["stands"] for each in way["places"]][:3] == [True, False, True]
    kept = office.desk.post(f"{place}/laying", json={"places": places_of(way)}).json["infusions"]
    assert kept[0]["day"] == infusions[0]["day"]
    assert kept[2]["day"] == infusions[2]["day"]
    assert [each["state"] for each in kept][:3] == ["booked", "planned", "booked"]
    assert office.booked(place)[0]["number"] == 2


def test_one_booked_by_itself_stands_where_it_is_and_the_rest_is_laid_around_it(office):
    place = office.ordered()
    sent = {
        "reference": "A-1", "service": "ketamine_first", "day": "2026-11-25",
        "windows": [{"begins": "13:00", "ends": "15:00"}],
    }  # fmt: skip
    booked = office.desk.post(f"/api/v1/patients/{office.patient_id}/appointments", json=sent)
    assert booked.status_code == 201, booked.json
    first = office.shown(place)["infusions"][0]
    assert (first["state"], first["day"], first["part"]) == ("booked", "2026-11-25", "afternoon")
    way = office.ways(place)[0]
    assert (way[0]["day"], way[0]["part"]) == ("2026-11-25", "afternoon")
    assert way[1]["day"] >= "2026-11-27"
    kept = office.desk.post(f"{place}/laying", json={"places": way}).json["infusions"][0]
    assert (kept["state"], kept["appointment_id"]) == ("booked", booked.json["id"])

    moved = sent | {"day": "2026-11-26", "windows": [{"begins": "09:00", "ends": "11:00"}]}
    there = f"/api/v1/appointments/{booked.json['id']}"
    seen = office.desk.get(there).headers["ETag"]
    assert office.desk.put(there, json=moved, headers={"If-Match": seen}).status_code == 200
    first = office.shown(place)["infusions"][0]
    assert (first["day"], first["part"]) == ("2026-11-26", "morning")


def test_the_fourth_waits_for_a_review_that_needs_two_scores_and_a_proof(office):
    office.told(scored, 20, Occasion.BASELINE)
    place = office.ordered()
    office.laid(place)
    tried = office.booked(place)
    for number in (0, 1):
        office.clock.advance(timedelta(days=2))
        office.gives(UUID(tried[number]["appointment_id"]))
    assert (office.shown(place)["state"], office.shown(place)["given"]) == ("review_due", 2)
    unsigned = {"event_id": str(new_id()), "proof": "x", "go_on": True}
    assert codes(office.doctor.post(f"{place}/reviews", json=unsigned)) == {"proof_not_valid"}
    bare = office.doctor.post(f"{place}/reviews", json=office.signed(go_on=True))
    assert (bare.status_code, codes(bare)) == (422, {"phq9_missing", "response_missing"})
    office.clock.advance(timedelta(minutes=1))
    office.told(scored, 9)
    review = office.signed(go_on=True)
    made = office.doctor.post(f"{place}/reviews", json=review)
    assert (made.status_code, made.json["state"], made.json["reviewed_after"]) == (201, "active", 2)
    again = office.doctor.post(f"{place}/reviews", json=office.signed(go_on=True))
    assert (again.status_code, codes(again)) == (409, {"series_step_not_allowed"})
    assert [each["number"] for each in office.booked(place)] == [4, 5, 6]


def test_a_pause_keeps_who_when_and_why_and_nothing_is_booked_meanwhile(office):
    place = office.ordered()
    office.laid(place)
    assert office.desk.post(f"{place}/decisions", json={"deed": "pause", "reason": "No."}).status_code == 403
    bare = office.doctor.post(f"{place}/decisions", json={"deed": "pause", "reason": " "})
    assert (bare.status_code, codes(bare)) == (422, {"reason_missing"})
    paused = office.doctor.post(f"{place}/decisions", json={"deed": "pause", "reason": "Dizzy for a day."})
    assert paused.json["state"] == "paused"
    [tried] = office.booked(place)
    assert tried["appointment_id"] is None
    assert "series_not_open" in {each["code"] for each in tried["reasons"]}
    twice = office.doctor.post(f"{place}/decisions", json={"deed": "pause", "reason": "Dizzy for a day."})
    assert (twice.status_code, codes(twice)) == (409, {"series_step_not_allowed"})
    office.clock.advance(timedelta(hours=1))
    assert (
        office.doctor.post(f"{place}/decisions", json={"deed": "resume", "reason": "Well again."}).json[
            "state"
        ]
        == "ordered"
    )
    [resumed, halted] = office.desk.get(f"{place}/decisions").json
    assert (resumed["deed"], resumed["reason"]) == ("resume", "Well again.")
    assert (halted["deed"], halted["by"]) == ("pause", "house.doctor")
    with office.session() as session:
        entries = session.scalars(
            sa.select(AuditEntryRow).where(AuditEntryRow.action == "series.pause")
        ).all()
        [kept] = session.scalars(sa.select(SeriesDecisionRow).where(SeriesDecisionRow.deed == "pause")).all()
        assert [each.detail for each in entries] == [{"decision": str(kept.id)}]
    [tried, *_] = office.booked(place)
    assert (tried["number"], tried["reasons"]) == (1, [])


def test_stopping_drops_what_was_to_come_and_a_new_series_may_be_proposed(office):
    place = office.ordered()
    stopped = office.doctor.post(
        f"{place}/decisions", json={"deed": "stop", "reason": "She moves away."}
    ).json
    assert (stopped["state"], {each["state"] for each in stopped["infusions"]}) == ("stopped", {"dropped"})
    over = office.desk.get(f"{place}/ways")
    assert (over.status_code, codes(over)) == (409, {"series_over"})
    late = office.doctor.post(f"{place}/orders", json=office.signed(terms=TERMS, seen=1, reason="Again."))
    assert codes(late) >= {"series_over"}
    office.proposed()

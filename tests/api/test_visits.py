"""The nurse's phone: her route, her deeds, and nobody else's."""

from datetime import timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa

from dispatch.audit.records import AuditEntryRow
from dispatch.kernel.actor import Role
from dispatch.kernel.ids import new_id
from dispatch.kernel.storage import transaction
from dispatch.visits.records import VisitFactRow
from tests.builders.visits import AT_HOME, SEVEN, a_town
from tests.builders.web import a_person, a_phone, keyring_of_app


@pytest.fixture
def town(app, engine, clock):
    clock.at = SEVEN + timedelta(hours=3)
    with transaction(engine, keyring_of_app(app)) as session:
        return a_town(session)


@pytest.fixture
def phone(app, engine, town):
    return a_phone(app, engine, a_person(app, engine, Role.NURSE, nurse_id=town.nurse_id))


@pytest.fixture
def others_phone(app, engine, town):
    return a_phone(app, engine, a_person(app, engine, Role.NURSE, nurse_id=town.other_nurse_id))


def body(clock, kind="check_in", **more):
    here = {"lat": AT_HOME.lat, "lon": AT_HOME.lon, "accuracy_m": 8}
    return {
        "event_id": str(new_id()),
        "kind": kind,
        "at": clock.now().isoformat(),
        "device_seq": 1,
        **here,
        **more,
    }


def post(phone, appointment_id, sent, **headers):
    return phone.post(f"/api/v1/visits/{appointment_id}/facts", json=sent, headers=headers)


def audited(engine, action):
    with engine.connect() as connection:
        wanted = sa.select(AuditEntryRow.patient_id).where(AuditEntryRow.action == action)
        return connection.execute(wanted).scalars().all()


def test_a_deed_gets_a_receipt(phone, town, clock):
    answer = post(phone, town.first_id, body(clock))
    assert answer.status_code == 201
    assert answer.json["state"] == "arrived"
    assert answer.json["flags"] == []
    assert answer.json["distance_m"] == 11


def test_a_flag_comes_with_its_sentence(phone, town, clock):
    sent = body(clock)
    sent = {name: value for name, value in sent.items() if name not in {"lat", "lon", "accuracy_m"}}
    flags = post(phone, town.first_id, sent).json["flags"]
    assert flags[0] == {"code": "no_position", "text": "The phone gave no position."}


def test_the_same_event_under_another_key_gets_the_same_receipt(phone, town, clock):
    sent = body(clock)
    first = post(phone, town.first_id, sent)
    clock.advance(timedelta(minutes=1))
    again = post(phone, town.first_id, sent)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json == first.json


def test_the_same_key_is_answered_once(phone, town, clock, engine):
    sent = body(clock)
    first = post(phone, town.first_id, sent, **{"Idempotency-Key": "one"})
    again = post(phone, town.first_id, sent, **{"Idempotency-Key": "one"})
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.json == first.json


def test_an_event_id_with_another_body_is_refused_and_alarmed(phone, town, clock, engine):
    sent = body(clock)
    post(phone, town.first_id, sent)
    answer = post(phone, town.first_id, sent | {"kind": "abort", "device_seq": 2})
    assert answer.status_code == 409
    assert answer.json["reasons"][0]["code"] == "event_id_reused"
    assert len(audited(engine, "visit.event_id_reused")) == 1


def test_today_tells_the_route_in_order(phone, town):
    day = phone.get("/api/v1/today").json
    assert [stop["kind"] for stop in day["stops"]] == ["start", "pickup", "visit", "visit", "return", "end"]
    assert day["stops"][1]["pharmacy"]["name"] == "High Street Pharmacy"
    assert day["stops"][2]["visit"]["next_deeds"] == ["en_route", "check_in"]


def test_today_shows_one_patient_in_full(phone, town):
    visits = [stop["visit"] for stop in phone.get("/api/v1/today").json["stops"] if stop["visit"]]
    assert visits[0]["care"]["name"] == "Ada Kingsley"
    assert visits[1]["care"] is None
    assert "Mendez" not in str(visits[1])


def test_reading_the_route_is_written_down(phone, town, engine):
    phone.get("/api/v1/today")
    assert len(audited(engine, "visit.read_route")) == 2


def test_a_day_without_a_plan_is_empty(phone, town):
    day = phone.get("/api/v1/today?day=2026-11-24").json
    assert (day["plan_number"], day["stops"]) == (None, [])


def test_a_visit_tells_what_comes_next(phone, town, clock):
    post(phone, town.first_id, body(clock))
    visit = phone.get(f"/api/v1/visits/{town.first_id}").json
    assert visit["state"] == "arrived"
    assert visit["next_deeds"] == ["start", "no_show", "abort", "emergency"]
    assert list(visit["times"]) == ["check_in"]


@pytest.mark.parametrize("other", ["others", "missing"])
def test_not_hers_looks_like_not_there(others_phone, town, clock, other):
    appointment_id = town.first_id if other == "others" else uuid4()
    read, wrote = (
        others_phone.get(f"/api/v1/visits/{appointment_id}"),
        post(others_phone, appointment_id, body(clock)),
    )
    assert (read.status_code, wrote.status_code) == (404, 404)
    assert read.json["reasons"] == wrote.json["reasons"]


def test_another_nurses_day_is_her_own(others_phone, town):
    assert others_phone.get("/api/v1/today").json["stops"] == []


def test_a_dispatcher_has_no_route(app, engine, town):
    phone = a_phone(app, engine, a_person(app, engine, Role.DISPATCHER))
    assert phone.get("/api/v1/today").status_code == 403


def test_an_account_without_a_nurse_is_told_so(app, engine, town):
    phone = a_phone(app, engine, a_person(app, engine, Role.NURSE))
    answer = phone.get("/api/v1/today")
    assert answer.status_code == 404
    assert answer.json["reasons"][0]["code"] == "no_nurse_record"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"at": "2026-11-23T10:00:00"}, "at"),
        ({"at": "1969-11-23T10:00:00Z"}, "at"),
        ({"kind": "cancel"}, "kind"),
        ({"kind": "START"}, "kind"),
        ({"lat": 91}, "lat"),
        ({"lat": "NaN"}, "lat"),
        ({"lon": None}, "lon"),
        ({"accuracy_m": -1}, "accuracy_m"),
        ({"device_seq": 0}, "device_seq"),
        ({"device_seq": 1.5}, "device_seq"),
        ({"reason": "x" * 501}, "reason"),
        ({"event_id": "7"}, "event_id"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_malformed_fact_names_its_field(phone, town, clock, wrong, field):
    answer = post(phone, town.first_id, body(clock) | wrong)
    assert answer.status_code == 422
    assert field in {reason["field"] for reason in answer.json["reasons"]}


def test_half_a_place_is_refused(phone, town, clock):
    sent = body(clock)
    del sent["lon"]
    assert post(phone, town.first_id, sent).status_code == 422


@pytest.mark.parametrize("text", ["=cmd()", "\u202eevil", "🙂" * 100, "a\nb", "٣"])
def test_odd_text_in_a_reason_is_kept_as_it_is(phone, town, clock, engine, app, text):
    assert post(phone, town.first_id, body(clock, reason=text)).status_code == 201
    with transaction(engine, keyring_of_app(app)) as session:
        assert session.scalar(sa.select(VisitFactRow)).reason == text


def test_a_nul_in_a_reason_is_no_error(phone, town, clock):
    assert post(phone, town.first_id, body(clock, reason="a\0b")).status_code in {201, 422}


@pytest.mark.parametrize("at", ["1970-01-01T00:00:00Z", "2099-12-31T23:59:59Z"])
def test_a_phone_with_a_lost_clock_is_flagged(phone, town, clock, at):
    answer = post(phone, town.first_id, body(clock, at=at, sent_at=at))
    assert answer.status_code == 201
    assert [flag["code"] for flag in answer.json["flags"]] == ["clock_skewed"]

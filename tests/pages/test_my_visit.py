"""The patient's page of her next visit, behind her link: what it says, what she does there, on a phone."""

import re
from datetime import time, timedelta

import html5lib
import pytest
from icalendar import Calendar
from sqlalchemy import select

from api.actor import visitor_cookie
from dispatch.appointments.care.queries import open_wishes, responsible_adult, told_by
from dispatch.appointments.model import LocalWindow
from dispatch.appointments.records import AppointmentRow
from dispatch.intake.service import open_link
from dispatch.kernel.actor import Role
from dispatch.kernel.storage import transaction
from dispatch.messages.records import MessageRow
from tests.builders.care_path import VISIT, a_ready_patient, book
from tests.builders.intake import a_patient_link
from tests.builders.web import a_browser, a_person, csrf, keyring_of_app
from tests.builders.workforce import at


@pytest.fixture
def keyring(app):
    """The app's own: what is sealed here is opened there."""
    return keyring_of_app(app)


@pytest.fixture
def made(app, engine, keyring, clock):
    """The ids of a ready patient and her visit, and the secret of the device that she opened her link on."""
    with transaction(engine, keyring) as session:
        scene = a_ready_patient(session, clock)
        row = book(scene, windows=(LocalWindow(begins=time(9), ends=time(11)),))
        device = open_link(session, a_patient_link(session, scene.case_id, clock), clock)
        return scene.patient_id, row.id, device.secret


@pytest.fixture
def mira(app, made):
    browser = app.test_client()
    with app.app_context():
        browser.set_cookie(visitor_cookie(), made[2])
    return browser


def token(page):
    return re.search(r'name="csrf_token" value="([^"]+)"', page.text)[1]


def test_it_says_when_how_long_and_until_when_to_eat(mira, clock):
    page = mira.get("/visit")
    assert page.status_code == 200
    for words in ("Wednesday 25 November", "09:00 – 11:00", "Wed 03:00", "Wed 07:00", "Nora Example"):
        assert words in page.text
    clock.at = at(5, VISIT.day)
    later = mira.get("/visit").text
    assert "over: nothing of it any more" in later
    assert "2 h 0 min left" in later


def test_it_is_nobodys_without_a_link(app, made):
    assert app.test_client().get("/visit").status_code == 403
    assert app.test_client().post("/visit/cancel").status_code == 403


def test_she_names_another_adult(mira, made, engine, keyring, clock):
    clock.advance(timedelta(minutes=1))
    form = {
        "name": "Ben Friend", "phone": "+1 614 555 0177", "relation": "friend", "of_age": "yes",
        "can_drive": "yes", "chosen_by_patient": "yes", "csrf_token": token(mira.get("/visit")),
    }  # fmt: skip
    assert mira.post("/visit/adult", data=form).status_code == 303
    with transaction(engine, keyring) as session:
        assert responsible_adult(session, made[0]).name == "Ben Friend"
    refused = mira.post("/visit/adult", data=form | {"phone": "call me"})
    assert refused.status_code == 422
    assert "Use plain digits" in refused.text


def test_she_asks_for_a_chaperone_and_for_another_time(mira, made, engine, keyring):
    sent = {"csrf_token": token(mira.get("/visit")), "words": "After Thanksgiving"}
    for kind in ("chaperone", "another_time"):
        assert mira.post("/visit/wish", data=sent | {"kind": kind}).status_code == 303
    with transaction(engine, keyring) as session:
        assert [row.kind for row in open_wishes(session, [made[0]])] == ["chaperone", "another_time"]


def test_she_calls_it_off_with_a_reason(mira, made, engine, keyring):
    sent = {"csrf_token": token(mira.get("/visit")), "visit": str(made[1])}
    assert mira.post("/visit/cancel", data=sent).status_code == 422
    assert mira.post("/visit/cancel", data=sent | {"reason": "no_nurse"}).status_code == 422
    assert mira.post("/visit/cancel", data=sent | {"reason": "patient_ill"}).status_code == 303
    with transaction(engine, keyring) as session:
        assert session.get_one(AppointmentRow, made[1]).status == "cancelled"
    assert "No visit is booked" in mira.get("/visit").text
    assert mira.post("/visit/cancel", data=sent | {"reason": "patient_ill"}).status_code == 404


def test_what_she_tells_is_private_and_a_boundary_report_too(mira, made, engine, keyring):
    sent = {"csrf_token": token(mira.get("/visit/feedback"))}
    assert mira.post("/visit/feedback", data=sent | {"words": " "}).status_code == 422
    assert mira.post("/visit/feedback", data=sent | {"words": "All well."}).status_code == 303
    report = sent | {"words": "He asked for my number.", "kind": "boundary", "share": "yes"}
    assert mira.post("/visit/feedback", data=report).status_code == 303
    with transaction(engine, keyring) as session:
        told = sorted((row.kind, row.may_be_shared) for row in told_by(session, made[0]))
    assert told == [("boundary", False), ("feedback", False)]


@pytest.fixture
def desk(app, engine, made):
    a_person(app, engine, Role.DISPATCHER, email="desk@test.example")
    return a_browser(app, "desk@test.example")


def test_a_wish_waits_on_the_dispatchers_page_until_it_is_answered(mira, desk):
    place = "/board/columbus/requests"
    assert "No patient waits for an answer." in desk.get(place).text
    sent = {"csrf_token": token(mira.get("/visit")), "words": "After Thanksgiving", "kind": "another_time"}
    mira.post("/visit/wish", data=sent)
    page = desk.get(place)
    assert "After Thanksgiving" in page.text
    html5lib.HTMLParser(strict=True).parse(page.text)
    there = re.search(r'action="(/board/columbus/requests/[^"]+)"', page.text)[1]
    assert desk.post(there, data={"answer": "maybe"}, headers=csrf(desk)).status_code == 422
    assert desk.post(there, data={"answer": "called"}, headers=csrf(desk)).status_code == 303
    assert "No patient waits for an answer." in desk.get(place).text
    assert desk.post(there, data={"answer": "done"}, headers=csrf(desk)).status_code == 404
    assert "We have not answered yet" not in mira.get("/visit").text


def test_feedback_is_private_unless_shared_and_reports_are_compliances_alone(app, engine, mira, desk):
    sent = {"csrf_token": token(mira.get("/visit/feedback"))}
    mira.post("/visit/feedback", data=sent | {"words": "Only for you."})
    mira.post("/visit/feedback", data=sent | {"words": "Tell everybody.", "share": "yes"})
    mira.post("/visit/feedback", data=sent | {"words": "He asked for my number.", "kind": "boundary"})
    page = desk.get("/board/columbus/requests").text
    assert "Tell everybody." in page
    assert "Only for you." not in page
    assert "my number" not in page
    assert desk.get("/custody/columbus/boundaries").status_code == 403
    a_person(app, engine, Role.COMPLIANCE, email="rules@test.example")
    reports = a_browser(app, "rules@test.example").get("/custody/columbus/boundaries").text
    assert "He asked for my number." in reports
    assert "Only for you." not in reports
    html5lib.HTMLParser(strict=True).parse(reports)


def test_a_message_that_failed_is_shown_without_its_words(made, desk, engine, keyring):
    with transaction(engine, keyring) as session:
        row = session.scalars(select(MessageRow).where(MessageRow.patient_id == made[0])).first()
        row.state, row.tries = "failed", 3
    page = desk.get("/board/columbus/requests").text
    assert "tried 3 times. Call instead, or put it right and send it again." in page


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_wish_is_answered_with_the_mouse(mira, desk, open_page, scheme, tmp_path):
    from axe_playwright_python.sync_playwright import Axe

    sent = {"csrf_token": token(mira.get("/visit")), "words": "After Thanksgiving", "kind": "another_time"}
    mira.post("/visit/wish", data=sent)
    mira.post("/visit/feedback", data=sent | {"words": "All went well.", "share": "yes"})
    page = open_page("desk@test.example", "/board/columbus/requests", color_scheme=scheme)
    assert Axe().run(page).response["violations"] == []
    page.screenshot(path=tmp_path / "requests.png", full_page=True)
    page.get_by_role("button", name="I called").click()
    page.get_by_text("No patient waits for an answer.").wait_for()
    assert page.errors == []


def test_her_calendar_says_when_and_nothing_of_why(mira):
    assert 'href="/api/v1/visit/calendar.ics"' in mira.get("/visit").text
    answer = mira.get("/api/v1/visit/calendar.ics")
    assert answer.content_type == "text/calendar; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    calendar = Calendar.from_ical(answer.data)
    entries = [each for each in calendar.walk("VEVENT") if each["STATUS"] == "CONFIRMED"]
    assert [each["DTSTART"].dt for each in entries] == [at(9, VISIT.day)]
    assert {str(each["SUMMARY"]) for each in calendar.walk("VEVENT")} == {"Housecall visit"}
    assert "etamin" not in answer.text


def test_a_calendar_is_nobodys_without_a_link(app, made):
    assert app.test_client().get("/api/v1/visit/calendar.ics").status_code in {401, 403}


def test_a_form_of_another_page_does_nothing(mira):
    assert mira.post("/visit/wish", data={"kind": "call", "csrf_token": "x"}).status_code == 400


@pytest.mark.browser
def test_on_a_phone(app, made, live_server, chromium, tmp_path):
    from axe_playwright_python.sync_playwright import Axe

    base = live_server
    context = chromium.new_context(base_url=base, viewport={"width": 390, "height": 844})
    with app.app_context():
        context.add_cookies([{"name": visitor_cookie(), "value": made[2], "url": base}])
    page = context.new_page()
    for place in ("/visit", "/visit/feedback"):
        page.goto(place)
        page.screenshot(path=str(tmp_path / f"{place.rpartition('/')[2]}.png"), full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert [each["id"] for each in Axe().run(page).response["violations"]] == []
    context.close()

"""The patient's page after a visit: well or help, PHQ-9 on the day after with the crisis text at once."""

import re
from datetime import timedelta

import html5lib
import pytest

from api.actor import visitor_cookie
from dispatch.clearance.model import TaskKind
from dispatch.clearance.queries import scores_at
from dispatch.kernel.storage import transaction
from dispatch.visits.safety.loading import alarms_where
from dispatch.visits.safety.model import AlarmKind
from tests.builders.aftercare import (
    CALM,
    LEFT_AT,
    WORRYING,
    a_treated_patient,
    alarms_for_prescriber,
    her_device,
)
from tests.builders.visits import signed_off
from tests.builders.web import keyring_of_app
from tests.builders.workforce import MONDAY, at

TUESDAY_9 = at(9, MONDAY + timedelta(days=1))
LOUD = "You told us of thoughts"


@pytest.fixture
def begin(app, engine):
    return lambda: transaction(engine, keyring_of_app(app))


@pytest.fixture
def treated(begin, clock):
    clock.at = LEFT_AT
    with begin() as session:
        treated = a_treated_patient(session)
        session.add(signed_off(treated.town.area_id, "safety.contact", {"office_phone": "+1 614 555 0199"}))
        return treated


@pytest.fixture
def ada(app, begin, treated, clock):
    with begin() as session:
        secret = her_device(session, treated, clock)
    browser = app.test_client()
    with app.app_context():
        browser.set_cookie(visitor_cookie(), secret)
    return browser


def send(browser, place, **form):
    page = browser.get("/visit").text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
    return browser.post(place, data={"csrf_token": token, **form})


def answers(values):
    return {f"p{number}": str(each) for number, each in enumerate(values, 1) if each is not None}


def test_well_is_asked_two_hours_after_and_help_at_once(ada, clock):
    page = ada.get("/visit").text
    html5lib.HTMLParser(strict=True).parse(page)
    assert "At 16:00 we ask how you are" in page
    assert "I feel well" not in page
    assert "I need help" in page
    for number in ("988", "911", "+16145550199"):
        assert f'href="tel:{number}"' in page
    clock.at = LEFT_AT + timedelta(hours=2)
    assert "I feel well" in ada.get("/visit").text


def test_i_feel_well_is_kept_and_not_asked_again(ada, clock):
    assert send(ada, "/visit/check", answer="well").status_code == 409
    clock.at = LEFT_AT + timedelta(hours=2)
    assert send(ada, "/visit/check", answer="well").status_code == 303
    page = ada.get("/visit").text
    assert "You told us that you feel well." in page
    assert "I feel well</button>" not in page


def test_i_need_help_alarms_and_shows_whom_to_call(ada, begin):
    answer = send(ada, "/visit/check", answer="unwell", words="My heart races.")
    page = ada.get(answer.location).text
    assert "We have your call for help" in page
    assert 'href="tel:+16145550199"' in page
    with begin() as session:
        assert [each.due.kind for each in alarms_where(session)] == [AlarmKind.PATIENT_UNWELL]


def test_a_button_that_is_not_there_is_refused(ada):
    assert send(ada, "/visit/check", answer="not_reached").status_code == 422


def test_on_the_same_day_the_form_is_not_there_yet(ada, begin, treated):
    page = ada.get("/visit/day-after").text
    assert "Come back tomorrow." in page
    assert "<fieldset" not in page
    assert send(ada, "/visit/day-after", **answers(CALM)).status_code == 409
    with begin() as session:
        assert scores_at(session, treated.visit_id) == ()


def test_on_the_next_day_she_fills_it_in_once(ada, clock, begin, treated):
    clock.at = TUESDAY_9
    assert "Nine short questions" in ada.get("/visit").text
    page = ada.get("/visit/day-after").text
    html5lib.HTMLParser(strict=True).parse(page)
    assert page.count("<legend>") == 9
    assert LOUD not in page
    for _ in range(2):
        assert send(ada, "/visit/day-after", **answers(CALM)).status_code == 303
    done = ada.get("/visit/day-after").text
    assert "Thank you." in done
    assert LOUD not in done
    with begin() as session:
        assert [line.total for line in scores_at(session, treated.visit_id)] == [8]


def test_thoughts_of_self_harm_show_the_crisis_text_at_once_and_alarm(ada, clock, begin, treated):
    clock.at = TUESDAY_9
    answer = send(ada, "/visit/day-after", **answers(WORRYING))
    page = ada.get(answer.location).text
    html5lib.HTMLParser(strict=True).parse(page)
    assert LOUD in page
    assert 'href="tel:988"' in page
    with begin() as session:
        assert alarms_for_prescriber(session, treated) == [TaskKind.SUICIDALITY_SAME_DAY]


def test_what_is_open_or_no_answer_is_said_and_the_rest_stays_filled_in(ada, clock):
    clock.at = TUESDAY_9
    refused = send(ada, "/visit/day-after", **answers((None, *CALM[1:])))
    assert refused.status_code == 422
    assert "Question 1 is open." in refused.text
    assert refused.text.count("checked") == 8
    assert send(ada, "/visit/day-after", **answers(CALM) | {"p2": "٣"}).status_code == 422


def test_nobody_without_a_link_and_nothing_for_who_was_not_treated(app, ada, clock):
    assert app.test_client().get("/visit/day-after").status_code == 403
    clock.at = at(9, MONDAY + timedelta(days=4))
    assert ada.get("/visit/day-after").status_code == 404
    assert "After your visit" not in ada.get("/visit").text

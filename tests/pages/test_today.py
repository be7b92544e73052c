"""The nurse's screen by its plain forms, without script."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from dispatch.appointments.records import AppointmentRow
from dispatch.audit.records import AuditEntryRow
from dispatch.kernel.actor import Role
from dispatch.kernel.storage import transaction
from dispatch.visits.records import VisitFactRow
from tests.builders.nurse_screen import (
    HERE,
    NINA,
    OLGA,
    THERE,
    VISIT_FIRST,
    a_staffed_town,
    fields_of,
    press,
    stored,
    valid,
)
from tests.builders.visits import SEVEN, Town, publish
from tests.builders.web import a_browser, a_person, csrf, keyring_of_app


@pytest.fixture
def town(app, engine, clock) -> Town:
    clock.at = SEVEN + timedelta(hours=3)
    return a_staffed_town(app, engine)


@pytest.fixture
def nina(app, town):
    return a_browser(app, NINA)


def test_the_page_is_valid_html(nina):
    valid(nina.get("/today").text)
    valid(nina.get(VISIT_FIRST).text)


def test_the_next_stop_is_shown_in_full_and_later_ones_by_initials(nina):
    page = nina.get(VISIT_FIRST).text
    assert "Ada Kingsley" in page
    assert "Gate code 40#" in page
    assert "C.M." in page
    assert "Mendez" not in page


def test_the_phone_number_waits_until_she_is_under_way(nina, town):
    assert "tel:" not in nina.get(VISIT_FIRST).text
    press(nina, town.first_id, "en_route")
    assert "tel:+16145550100" in nina.get("/today").text


def test_navigation_takes_the_point_and_no_name(nina):
    link = re.search(r'href="(geo:[^"]+)"', nina.get(VISIT_FIRST).text).group(1)
    assert link == "geo:39.961200,-82.998800?q=39.961200,-82.998800"


def test_one_deed_after_the_other_by_plain_forms(nina, town, engine):
    for kind in ("en_route", "check_in", "start", "stop", "check_out"):
        assert press(nina, town.first_id, kind, **HERE).status_code == 303
    assert stored(engine) == ["en_route", "check_in", "start", "stop", "check_out"]
    assert "Carlos Mendez" in nina.get("/today").text


def test_a_visit_without_a_controlled_drug_speaks_of_no_infusion(app, nina, town, engine):
    with transaction(engine, keyring_of_app(app)) as session:
        session.get_one(AppointmentRow, town.first_id).service.controlled = False
    press(nina, town.first_id, "check_in", **HERE)
    page = nina.get(VISIT_FIRST).text
    assert ">Begin</button>" in page
    press(nina, town.first_id, "start", page)
    assert "under way" in nina.get(VISIT_FIRST).text
    press(nina, town.first_id, "stop")
    page = nina.get(VISIT_FIRST).text
    assert "finished" in page
    assert not re.search(r"infus(ing|ion (stopped|paused))|(Start|Stop|Resume|Pause) infusion", page)


def test_pressing_twice_is_one_deed(nina, town, engine, clock):
    page = nina.get(VISIT_FIRST).text
    press(nina, town.first_id, "en_route", page)
    clock.advance(timedelta(seconds=1))
    assert press(nina, town.first_id, "en_route", page).status_code == 303
    assert stored(engine) == ["en_route"]


def test_out_of_range_asks_why_before_it_is_recorded(nina, town, engine):
    answer = press(nina, town.first_id, "check_in", **THERE)
    assert answer.status_code == 422
    assert "1.1 km from the verified address" in answer.text
    assert stored(engine) == []
    valid(answer.text)


def test_with_a_reason_it_is_recorded(nina, town, engine):
    asked = press(nina, town.first_id, "check_in", **THERE).text
    answer = press(nina, town.first_id, "check_in", asked, reason="The road is closed")
    assert answer.status_code == 303
    assert stored(engine) == ["check_in"]
    assert "outside the fence" in nina.get("/today").text


def test_without_a_position_it_asks_why(nina, town):
    assert "gave no position" in press(nina, town.first_id, "check_in").text


def test_the_time_of_the_first_press_stays(nina, town, engine, clock):
    asked = press(nina, town.first_id, "check_in", **THERE).text
    pressed_at = clock.now()
    clock.advance(timedelta(minutes=1))
    press(nina, town.first_id, "check_in", asked, reason="The road is closed")
    with engine.connect() as connection:
        assert connection.scalar(sa.select(VisitFactRow.device_at)) == pressed_at


def test_a_no_show_asks_for_the_calls(nina, town, engine):
    press(nina, town.first_id, "check_in", **HERE)
    asked = press(nina, town.first_id, "no_show").text
    assert 'name="calls_made"' in asked
    press(nina, town.first_id, "no_show", asked, reason="Nobody opens", calls_made="2")
    assert stored(engine) == ["check_in", "no_show"]


def test_a_form_that_is_not_valid_names_the_field(nina, town):
    answer = press(nina, town.first_id, "check_in", lat="200", lon="1")
    assert answer.status_code == 422
    assert "lat:" in answer.text


def test_another_nurses_visit_is_not_found(app, town):
    olga = a_browser(app, OLGA)
    sent = {"event_id": "0198b2f1-0000-7000-8000-000000000001", "kind": "start"}
    assert olga.post(f"/today/visits/{town.first_id}", data=sent, headers=csrf(olga)).status_code == 404


def test_without_a_page_token_nothing_happens(nina, town, engine):
    sent = fields_of(nina.get(VISIT_FIRST).text, "en_route") | {"csrf_token": ""}
    assert nina.post(f"/today/visits/{town.first_id}", data=sent).status_code == 400
    assert stored(engine) == []


def test_a_deed_pressed_after_signing_off_leads_back_to_the_screen(app, nina, town, engine):
    sent = fields_of(nina.get(VISIT_FIRST).text, "en_route")
    answer = app.test_client().post(f"/today/visits/{town.first_id}", data=sent)
    assert answer.status_code == 302
    assert answer.location.endswith("next=/") or answer.location.endswith("next=%2F")
    assert stored(engine) == []


def test_a_nurse_without_a_route_reads_so(app, town):
    page = a_browser(app, OLGA).get("/today")
    assert "No visits for you on this day" in page.text
    valid(page.text)


def test_a_day_that_is_not_published_reads_so(nina):
    assert "No route is published yet" in nina.get("/today?day=2026-11-30").text


def test_a_day_that_is_no_date_is_refused(nina):
    assert nina.get("/today?day=soon").status_code == 422


def test_an_account_without_a_nurse_reads_what_to_do(app, engine, town):
    a_person(app, engine, Role.NURSE, email="new@test.example")
    page = a_browser(app, "new@test.example").get("/today")
    assert page.status_code == 404
    assert "Ask an administrator" in page.text
    valid(page.text)


def test_a_dispatcher_does_not_open_it(app, engine, town):
    a_person(app, engine, Role.DISPATCHER, email="dana@test.example")
    assert a_browser(app, "dana@test.example").get("/today").status_code == 403


def test_what_was_shown_is_written_down(nina, engine):
    nina.get("/today")
    with engine.connect() as connection:
        wanted = sa.select(sa.func.count()).where(AuditEntryRow.action == "visit.read_route")
        assert connection.scalar(wanted) == 2


def test_no_inline_style_or_script(nina):
    page = nina.get("/today").text
    assert not re.search(r"\sstyle=|\son[a-z]+=|<style|<script(?![^>]*src=)", page)


def test_a_page_left_open_can_ask_for_the_plan_in_force(nina, town, app, engine):
    assert nina.get("/today/plan").json == {"plan": 1}
    with transaction(engine, keyring_of_app(app)) as session:
        publish(session, town.area_id, town.nurse_id, town.pharmacy_id, [town.first_id], number=2)
    assert nina.get("/today/plan").json == {"plan": 2}
    assert nina.get("/today/plan?day=2026-11-30").json == {"plan": None}

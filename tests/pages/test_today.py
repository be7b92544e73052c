"""The nurse's screen: plain forms without script, and a phone of 390 px in Chromium."""

import re
import threading
from collections.abc import Iterator
from datetime import timedelta

import html5lib
import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.serving import make_server

from dispatch.audit.records import AuditEntryRow
from dispatch.kernel.actor import Role
from dispatch.kernel.storage import transaction
from dispatch.visits.records import VisitFactRow
from tests import machine
from tests.builders.visits import AT_HOME, FAR_AWAY, SEVEN, Town, a_town
from tests.builders.web import PASSWORD, a_browser, a_person, csrf, keyring_of_app

NINA, OLGA = "nina@test.example", "olga@test.example"


@pytest.fixture
def town(app, engine, clock) -> Town:
    clock.at = SEVEN + timedelta(hours=3)
    with transaction(engine, keyring_of_app(app)) as session:
        town = a_town(session)
    a_person(app, engine, Role.NURSE, email=NINA, nurse_id=town.nurse_id)
    a_person(app, engine, Role.NURSE, email=OLGA, nurse_id=town.other_nurse_id)
    return town


@pytest.fixture
def nina(app, town):
    return a_browser(app, NINA)


def fields_of(page: str, kind: str) -> dict[str, str]:
    """The hidden fields of the form whose deed is `kind`."""
    forms = re.findall(r"<form class=\"deed\".*?</form>", page, re.DOTALL)
    form = next(form for form in forms if f'name="kind" value="{kind}"' in form)
    return dict(re.findall(r'name="([^"]+)"(?: [a-z]+="[^"]*")*? value="([^"]*)"', form))


def press(browser, town_visit_id, kind: str, page: str = "", **more: str):
    page = page or browser.get("/today").text
    return browser.post(f"/today/visits/{town_visit_id}", data=fields_of(page, kind) | more)


HERE = {"lat": str(AT_HOME.lat), "lon": str(AT_HOME.lon), "accuracy_m": "8"}
THERE = {"lat": str(FAR_AWAY.lat), "lon": str(FAR_AWAY.lon), "accuracy_m": "8"}


def stored(engine) -> list[str]:
    with engine.connect() as connection:
        return list(
            connection.execute(sa.select(VisitFactRow.deed).order_by(VisitFactRow.position)).scalars()
        )


def test_the_page_is_valid_html(nina):
    parser = html5lib.HTMLParser(strict=True)
    parser.parse(nina.get("/today").text)


def test_the_next_stop_is_shown_in_full_and_later_ones_by_initials(nina):
    page = nina.get("/today").text
    assert "Ada Kingsley" in page
    assert "Gate code 40#" in page
    assert "C.M." in page
    assert "Mendez" not in page


def test_the_phone_number_waits_until_she_is_under_way(nina, town):
    assert "tel:" not in nina.get("/today").text
    press(nina, town.first_id, "en_route")
    assert "tel:+16145550100" in nina.get("/today").text


def test_navigation_takes_the_point_and_no_name(nina):
    link = re.search(r'href="(geo:[^"]+)"', nina.get("/today").text).group(1)
    assert link == "geo:39.961200,-82.998800?q=39.961200,-82.998800"


def test_one_deed_after_the_other_by_plain_forms(nina, town, engine):
    for kind in ("en_route", "check_in", "start", "stop", "check_out"):
        assert press(nina, town.first_id, kind, **HERE).status_code == 303
    assert stored(engine) == ["en_route", "check_in", "start", "stop", "check_out"]
    assert "Carlos Mendez" in nina.get("/today").text


def test_pressing_twice_is_one_deed(nina, town, engine, clock):
    page = nina.get("/today").text
    press(nina, town.first_id, "en_route", page)
    clock.advance(timedelta(seconds=1))
    assert press(nina, town.first_id, "en_route", page).status_code == 303
    assert stored(engine) == ["en_route"]


def test_out_of_range_asks_why_before_it_is_recorded(nina, town, engine):
    answer = press(nina, town.first_id, "check_in", **THERE)
    assert answer.status_code == 422
    assert "1.1 km from the verified address" in answer.text
    assert stored(engine) == []
    html5lib.HTMLParser(strict=True).parse(answer.text)


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
    sent = fields_of(nina.get("/today").text, "en_route") | {"csrf_token": ""}
    assert nina.post(f"/today/visits/{town.first_id}", data=sent).status_code == 400
    assert stored(engine) == []


def test_a_nurse_without_a_route_reads_so(app, town):
    page = a_browser(app, OLGA).get("/today")
    assert "No visits for you on this day" in page.text
    html5lib.HTMLParser(strict=True).parse(page.text)


def test_a_day_that_is_not_published_reads_so(nina):
    assert "No route is published yet" in nina.get("/today?day=2026-11-30").text


def test_a_day_that_is_no_date_is_refused(nina):
    assert nina.get("/today?day=soon").status_code == 422


def test_an_account_without_a_nurse_reads_what_to_do(app, engine, town):
    a_person(app, engine, Role.NURSE, email="new@test.example")
    page = a_browser(app, "new@test.example").get("/today")
    assert page.status_code == 404
    assert "Ask an administrator" in page.text
    html5lib.HTMLParser(strict=True).parse(page.text)


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


@pytest.fixture
def served(app: Flask, town: Town) -> Iterator[str]:
    """The app behind a real server on the loopback; its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()

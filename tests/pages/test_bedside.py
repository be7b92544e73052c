"""The nurse's bedside screen by its plain forms, without script; and in Chromium at 390 px."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from dispatch.custody.queries.totals import VisitTotals
from dispatch.identity.service import account_by_email
from dispatch.kernel.actor import Role
from dispatch.kernel.ids import new_id
from dispatch.kernel.storage import transaction
from dispatch.visits.bedside.model import Section
from dispatch.visits.bedside.queries import chart_of
from dispatch.visits.bedside.records import ReadingRow
from tests.builders.charting import CALM, CHECKLIST_ALONE, Ward, good
from tests.builders.clearance import enter
from tests.builders.nurse_screen import HERE, NINA, OLGA, fields_of, forms_of, press, stored, valid
from tests.builders.visits import SEVEN, Town, a_town, nurse_actor, signed_off
from tests.builders.web import PASSWORD, a_browser, a_person, csrf, keyring_of_app


@pytest.fixture
def town(app, engine, clock) -> Town:
    clock.at = SEVEN + timedelta(hours=3, minutes=20)
    with transaction(engine, keyring_of_app(app)) as session:
        town = a_town(session, checklist=CHECKLIST_ALONE)
        session.add(signed_off(town.area_id, "booking.care_path", {"required": False}))
    a_person(app, engine, Role.NURSE, email=NINA, nurse_id=town.nurse_id)
    a_person(app, engine, Role.NURSE, email=OLGA, nurse_id=town.other_nurse_id)
    return town


@pytest.fixture
def nina(app, town):
    nina = a_browser(app, NINA)
    press(nina, town.first_id, "check_in", **HERE)
    return nina


@pytest.fixture
def place(town) -> str:
    return f"/today/visits/{town.first_id}/bedside"


def send(browser, place: str, ending: str, page: str = "", **fields):
    """Send the form of the page whose address ends so."""
    page = page or browser.get(place).text
    action, hidden = next((a, f) for a, f in forms_of(page) if a.endswith(ending))
    kept = {name: value for name, value in hidden.items() if name in {"csrf_token", "event_id", "section"}}
    return browser.post(action, data=kept | fields)


def read(browser, place: str, **more):
    figures = {name: str(value) for name, value in (dict(CALM) | more).items()}
    return send(browser, place, "/readings", **figures)


def deed(browser, place: str, kind: str, **more):
    page = browser.get(place).text
    return browser.post(f"{place}/deeds", data=fields_of(page, kind) | more)


def test_today_leads_to_the_bedside_once_she_is_there(nina, place):
    page = nina.get("/today").text
    valid(page)
    assert f'href="{place}"' in page
    assert "Start infusion" not in page


def test_the_page_is_valid_and_shows_the_22_steps(nina, place):
    page = nina.get(place).text
    valid(page)
    assert page.count('class="number"') == 22
    assert "Start screening" in page


@pytest.mark.parametrize("step", range(1, 23))
def test_every_step_is_valid_html(nina, place, step):
    valid(nina.get(f"{place}?step={step}").text)


def test_a_start_too_early_lists_everything_missing_at_once(nina, place):
    deed(nina, place, "screen")
    answer = deed(nina, place, "start")
    assert answer.status_code == 409
    assert answer.text.count("<li data-code=") > 40
    assert 'data-code="baseline_missing"' in answer.text
    assert "is not drawn" in answer.text or 'data-code="not_drawn"' in answer.text


def test_a_refused_discharge_says_which_later_visit_becomes_late(nina, place, clock):
    hidden = fields_of(nina.get(place).text, "screen")
    clock.at = SEVEN + timedelta(hours=8, minutes=10)
    answer = nina.post(f"{place}/deeds", data=hidden | {"kind": "discharge"})
    assert answer.status_code == 409
    valid(answer.text)
    assert "Your 15:00 with C.M. (Ketamine infusion) cannot begin before 15:28" in answer.text
    assert "The dispatcher sees it on the board" in answer.text


def test_nothing_is_said_of_later_visits_that_are_in_time(nina, place):
    assert "Your later visits" not in nina.get(place).text


def test_half_a_section_is_kept_and_shown_again(nina, place, app, engine, town):
    answer = send(nina, f"{place}?step=4", "/sections", complete="yes", pump="no")
    assert answer.status_code == 303
    with transaction(engine, keyring_of_app(app)) as session:
        assert chart_of(session, town.first_id).answers(Section.KIT) == {"complete": "yes", "pump": "no"}
    page = nina.get(f"{place}?step=4").text
    assert "Without a pump nothing is infused." in page


def test_the_pages_own_saving_gets_a_short_answer(nina, place):
    page = nina.get(f"{place}?step=8").text
    _, hidden = next((a, f) for a, f in forms_of(page) if a.endswith("/sections"))
    answer = nina.post(
        f"{place}/sections", data=hidden | {"weight_kg": "70.4"}, headers={"Accept": "application/json"}
    )
    assert answer.json == {"next": place, "open": 0, "state": "screening"}


def test_the_time_of_a_meal_is_read_by_the_areas_clock(nina, place, app, engine, town):
    answers = good(Section.TODAY, SEVEN) | {
        "last_solid": "2026-11-23T01:00",
        "last_clear": "2026-11-23T07:30",
    }
    assert send(nina, f"{place}?step=6", "/sections", **answers).status_code == 303
    with transaction(engine, keyring_of_app(app)) as session:
        assert (
            chart_of(session, town.first_id).answers(Section.TODAY)["last_solid"].endswith("01:00:00-05:00")
        )


def test_readings_beyond_the_limit_say_large_what_to_do(nina, place, clock):
    answer = read(nina, place, sbp=166, dbp=102)
    page = nina.get(answer.location).text
    assert "Beyond the limit" in page
    clock.at += timedelta(minutes=10)
    page = nina.get(read(nina, place, sbp=164, dbp=100).location).text
    assert "held for a prescriber" in page


def test_a_held_page_says_who_can_release_it_and_shows_when_it_was(app, engine, nina, place, clock, town):
    send(nina, f"{place}?step=6", "/sections", **good(Section.TODAY, SEVEN, medications_changed="yes"))
    page = nina.get(place).text
    valid(page)
    assert "Only a prescriber can release it" in page
    a_person(app, engine, Role.PRESCRIBER, email="paula@test.example")
    with transaction(engine, keyring_of_app(app)) as session:
        enter(session, clock, account_by_email(session, "paula@test.example").id)
    paula = a_browser(app, "paula@test.example")
    task = re.search(r'href="(/clearance/tasks/[^"]+)"', paula.get("/clearance").text)[1]
    asked = paula.get(task).text
    valid(asked)
    assert "The medicines changed since they were reviewed." in asked
    body = {"event_id": str(new_id()), "codes": "today_medications_changed", "reason": "a vitamin"}
    unsigned = paula.post(f"{task}/release", data=body, headers=csrf(paula))
    assert unsigned.status_code == 403
    assert "You have not signed" in unsigned.text
    signed = paula.post(f"{task}/release", data=body | {"own_secret": PASSWORD}, headers=csrf(paula))
    assert signed.status_code == 303
    assert "Answered" in paula.get(task).text
    told = nina.get(f"{place}/held").text
    assert "Only a prescriber" not in told
    assert "a vitamin" in told
    assert "Released 10:20" in told


def test_readings_are_drawn_and_told_as_a_table(nina, place, clock):
    for sbp in (124, 128):
        read(nina, place, sbp=sbp)
        clock.at += timedelta(minutes=2)
    page = nina.get(place).text
    valid(page)
    assert page.count("<polyline") == 4
    assert page.count('<circle class="sbp"') == 2
    assert "<td>128/78</td>" in page


def test_scores_are_drawn_and_told_as_a_table(nina, place):
    send(nina, f"{place}?step=7", "/sections", **good(Section.MOOD, SEVEN))
    page = nina.get(f"{place}?step=7").text
    valid(page)
    assert "<caption>PHQ-9</caption>" in page
    assert "<td>8</td>" in page


def test_a_figure_that_no_patient_has_is_asked_again(nina, place):
    answer = read(nina, place, sbp=999)
    assert answer.status_code == 422
    assert "not between" in answer.text


def test_182_over_111_ends_the_visit_on_the_screen(nina, place, engine):
    page = nina.get(read(nina, place, sbp=182, dbp=111).location).text
    assert "No infusion today" in page
    assert stored(engine)[-1] == "abort"


def test_another_nurses_bedside_is_not_there(app, nina, place):
    olga = a_browser(app, OLGA)
    assert olga.get(place).status_code == 404
    for ending in ("deeds", "readings", "sections"):
        assert olga.post(f"{place}/{ending}", data={"section": "kit"}, headers=csrf(olga)).status_code == 404


def test_an_incident_is_reported_from_the_last_step(nina, place, app, engine, town):
    page = nina.get(f"{place}?step=21").text
    forms = [f for a, f in forms_of(page) if a.endswith("/sections") and f.get("section") == "incident"]
    answer = nina.post(
        f"{place}/sections", data=forms[0] | {"kind": "fall", "harmed": "no", "text": "She slipped."}
    )
    assert answer.status_code == 303
    with transaction(engine, keyring_of_app(app)) as session:
        (entry,) = chart_of(session, town.first_id).each(Section.INCIDENT)
        assert entry.answers["text"] == "She slipped."


PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "timezone_id": "America/New_York"}


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_it_fits_saves_itself_and_axe_objects_to_nothing(open_page, nina, place, clock, scheme):
    read(nina, place)
    page = open_page(NINA, f"{place}?step=4", **PHONE, color_scheme=scheme)
    page.clock.set_fixed_time(clock.now())
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    found = Axe().run(page).response["violations"]
    assert [(each["id"], each["nodes"][0]["html"]) for each in found] == []
    page.locator("#kit-complete-yes").check()
    page.get_by_text("Saved;").wait_for()
    page.reload()
    assert page.locator("#kit-complete-yes").is_checked()


OF_SOMEBODY_ELSE = """new Promise((done) => {
  const asked = indexedDB.open("housecall-outbox", 1);
  asked.onsuccess = () => {
    const store = asked.result.transaction("reports", "readwrite").objectStore("reports");
    store.openCursor().onsuccess = (event) => {
      const found = event.target.result;
      if (!found) return done();
      found.update({ ...found.value, account: "somebody else" });
      found.continue();
    };
  };
})"""


def chart(page, sbp):
    for name, value in (CALM | {"sbp": sbp}).items():
        field = page.locator(f"#r-{name}")
        fill = field.select_option if name in {"moaas", "rhythm", "agitation"} else field.fill
        fill(str(value))
    page.get_by_role("button", name="Record readings").click()
    page.get_by_text("Kept on this phone: no signal.").wait_for()


def charted(engine):
    with engine.connect() as connection:
        return connection.execute(sa.select(ReadingRow.sbp, ReadingRow.happened_at)).all()


@pytest.mark.browser
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_is_charted_without_signal_is_sent_once_when_it_is_back(open_page, nina, place, clock, engine):
    read(nina, place)
    clock.at += timedelta(minutes=5)
    page = open_page(NINA, f"{place}?step=9", **PHONE)
    page.clock.set_fixed_time(clock.now())
    page.context.set_offline(True)
    for sbp in ("131", "132"):
        chart(page, sbp)
        expect(page.locator("#r-sbp")).to_have_value("")
    page.get_by_text("2 kept on this phone, not sent yet").wait_for()
    page.context.set_offline(False)
    page.locator("#unsent").wait_for(state="hidden")
    page.reload()
    kept = charted(engine)
    assert sorted(sbp for sbp, _ in kept) == [124, 131, 132]
    assert {at for _, at in kept[1:]} == {clock.now()}
    page.get_by_role("cell", name="132/78").wait_for()


@pytest.mark.browser
def test_what_is_refused_once_the_signal_is_back_stays_until_she_throws_it_away(
    open_page, nina, place, clock, engine
):
    read(nina, place)
    clock.at += timedelta(minutes=5)
    page = open_page(NINA, f"{place}?step=9", **PHONE)
    page.clock.set_fixed_time(clock.now())
    page.context.set_offline(True)
    chart(page, "999")
    chart(page, "132")
    page.context.set_offline(False)
    told = page.get_by_text("Not taken, and kept:")
    told.wait_for()
    assert "between" in told.inner_text()
    assert sorted(sbp for sbp, _ in charted(engine)) == [124, 132]
    page.reload()
    told.wait_for()
    page.get_by_role("button", name="Throw away what was not taken").click()
    page.locator("#unsent").wait_for(state="hidden")
    page.reload()
    page.get_by_role("cell", name="132/78").wait_for()
    assert page.locator("#unsent").is_hidden()
    assert sorted(sbp for sbp, _ in charted(engine)) == [124, 132]


@pytest.fixture
def recovered(app, engine, clock, town, nina, monkeypatch):
    """Infused and recovered, everything charted but the last word; custody says that the dose was drawn."""

    def totals(_session, ids):
        return {
            each: VisitTotals(visit_id=each, drawn_ug=35_000, given_ug=0, wasted_ug=0, serials=("V-1",))
            for each in ids
        }

    monkeypatch.setattr("dispatch.visits.bedside.casework.visit_totals", totals)
    with transaction(engine, keyring_of_app(app)) as session:
        account_id = account_by_email(session, NINA).id
        nurse = replace(nurse_actor(town.nurse_id), account_id=account_id)
        ward = Ward(session, town.first_id, nurse, clock)
        ward.infuse()
        ward.recover()
        clock.advance(timedelta(minutes=1))
        ward.chart(Section.FAREWELL, present="", signed_name="", signature="")


@pytest.mark.browser
def test_the_adult_draws_a_signature_and_the_patient_is_discharged(
    open_page, app, engine, place, clock, town, recovered
):
    page = open_page(NINA, f"{place}?step=20", **PHONE)
    page.clock.set_fixed_time(clock.now())
    page.get_by_role("button", name="Discharge").click()
    page.locator("[data-code='adult_not_signed']").first.wait_for()
    page.goto(f"{place}?step=20")
    page.locator("#farewell-present-yes").check()
    page.fill("#farewell-signature-name", "Ben Kingsley")
    pad = page.locator(".pad")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    page.mouse.move(box["x"] + 30, box["y"] + 60)
    page.mouse.down()
    for across, down in ((60, 20), (90, 80), (120, 30)):
        page.mouse.move(box["x"] + across, box["y"] + down, steps=4)
    page.mouse.up()
    assert pad.locator("path").get_attribute("d").startswith("M")
    page.get_by_text("Saved; nothing left here.").wait_for()
    page.goto(place)
    page.get_by_role("button", name="Discharge").click()
    expect(page.locator("#stands")).to_have_text("discharged")
    with transaction(engine, keyring_of_app(app)) as session:
        kept = chart_of(session, town.first_id).answers(Section.FAREWELL)
    assert kept["signed_name"] == "Ben Kingsley"
    assert kept["signature"].startswith("M")
    assert stored(engine)[-1] == "discharge"


@pytest.mark.browser
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_somebody_else_charted_on_this_phone_waits_for_her(open_page, nina, place, clock, engine):
    read(nina, place)
    page = open_page(NINA, f"{place}?step=9", **PHONE)
    page.clock.set_fixed_time(clock.now())
    page.context.set_offline(True)
    chart(page, "131")
    page.evaluate(OF_SOMEBODY_ELSE)
    page.context.set_offline(False)
    page.reload()
    page.get_by_text("1 of somebody else wait on this phone until they sign in here.").wait_for()
    assert [sbp for sbp, _ in charted(engine)] == [124]


@pytest.mark.browser
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_open_page_asks_by_itself_whether_the_visit_is_still_held(open_page, nina, place, clock):
    page = open_page(NINA, place, **PHONE)
    page.clock.install(time=clock.now())
    page.reload()
    assert page.locator("#held").is_hidden()
    send(nina, f"{place}?step=6", "/sections", **good(Section.TODAY, SEVEN, medications_changed="yes"))
    page.clock.fast_forward(31_000)
    page.get_by_text("Only a prescriber can release it").wait_for()

"""The nurse's screen on a phone of 390 px in Chromium: a whole visit in light and dark, by thumb, by key."""

from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe

from dispatch.custody import queries as custody
from dispatch.kernel.storage import transaction
from dispatch.visits.queries import evv_record
from tests.builders.nurse_screen import NINA, PAM, VISIT_FIRST, WES, a_staffed_town, stock_up, stored
from tests.builders.visits import AT_HOME, FAR_AWAY, SEVEN, Town
from tests.builders.web import PASSWORD, keyring_of_app

pytestmark = [
    pytest.mark.browser,
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]
PHONE = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "timezone_id": "America/New_York",
    "permissions": ["geolocation"],
}


@pytest.fixture
def town(app, engine, clock) -> Town:
    clock.at = SEVEN + timedelta(hours=3)
    town = a_staffed_town(app, engine)
    stock_up(app, engine, clock, town)
    return town


@pytest.fixture
def phone(open_page, town, clock):
    """Open the screen on a phone that stands somewhere; its clock is the server's."""

    def open_it(where=AT_HOME, path: str = "/today", **more):
        place = {"latitude": where.lat, "longitude": where.lon, "accuracy": 8}
        page = open_page(NINA, path, **(PHONE | {"geolocation": place} | more))
        page.clock.set_fixed_time(clock.now())
        return page

    return open_it


def fits(page) -> None:
    """No horizontal scroll, nothing that axe finds, nothing that moved by itself."""
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    found = Axe().run(page).response["violations"]
    assert [(each["id"], each["nodes"][0]["html"]) for each in found] == []
    assert page.evaluate("window.layoutShift") < 0.01


def sign(page, who: str, email: str, key: str) -> None:
    page.get_by_label(f"{who}’s email").fill(email)
    page.get_by_label(f"{who}’s password").fill(PASSWORD)
    page.locator(f"#own-{key}").fill(PASSWORD)


def press(page, name: str) -> None:
    with page.expect_navigation():
        page.get_by_role("button", name=name, exact=False).first.click()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_one_whole_visit_by_thumb(phone, town, app, engine, theme):
    page = phone(color_scheme=theme)
    fits(page)
    page.get_by_text("Take the vials").click()
    for row in (1, 2):
        page.select_option(f"#serial-{row}", f"V-{row}")
        page.fill(f"#seal-{row}", f"S-{row}")
    page.fill("#counted", "2")
    sign(page, "Pharmacist", PAM, "pickup")
    fits(page)
    press(page, "Sign and take")
    press(page, "Drive 18 min")
    press(page, "I have arrived")
    fits(page)
    page.get_by_text("Open for A.K.").first.click()
    page.fill("#seal-V-1", "S-1")
    press(page, "Break the seal")
    press(page, "Draw")
    press(page, "Start infusion")
    press(page, "Stop infusion")
    page.fill("#give-V-1", "31")
    fits(page)
    press(page, "Given")
    page.get_by_text("Waste with a witness").click()
    page.fill("#waste-V-1", "69")
    page.select_option("#method-V-1", "deactivation_pouch")
    sign(page, "Witness", WES, "waste-V-1")
    fits(page)
    press(page, "Both sign")
    press(page, "Leave")
    assert page.locator("#next-name").inner_text() == "Carlos Mendez"
    assert page.errors == []
    with transaction(engine, keyring_of_app(app)) as session:
        totals = custody.visit_totals(session, [town.first_id])[town.first_id]
        evv = evv_record(session, town.first_id, town.nurse_id)
    assert (totals.drawn_ug, totals.given_ug, totals.wasted_ug) == (35_000, 31_000, 69_000)
    assert (evv.missing, evv.flags, evv.distance_m) == ((), (), 11)


def test_far_from_the_address_it_asks_why(phone, engine):
    page = phone(FAR_AWAY, VISIT_FIRST)
    press(page, "Drive")
    press(page, "I have arrived")
    assert "1.1 km" in page.locator("#ask + p").inner_text()
    fits(page)
    page.get_by_label("Reason").fill("The road is closed")
    press(page, "Record")
    assert stored(engine) == ["en_route", "check_in"]


def test_a_phone_that_gives_no_position_asks_why(phone, engine):
    page = phone(path=VISIT_FIRST, permissions=[])
    press(page, "Drive")
    press(page, "I have arrived")
    assert "gave no position" in page.locator("#ask + p").inner_text()


def test_the_position_is_read_at_arrival_and_leaving_only(phone):
    page = phone(path=VISIT_FIRST)
    page.evaluate("() => { navigator.geolocation.getCurrentPosition = () => { document.title = 'asked'; } }")
    page.evaluate("() => { HTMLFormElement.prototype.submit = () => { document.title += '!'; } }")
    page.get_by_role("button", name="Drive").click()
    page.wait_for_function("document.title.endsWith('!')")
    assert "asked" not in page.title()


def test_two_taps_are_one_deed(phone, engine):
    page = phone(path=VISIT_FIRST)
    page.evaluate(
        "() => { HTMLFormElement.prototype.submit = () => { window.sent = (window.sent ?? 0) + 1; } }"
    )
    page.get_by_role("button", name="Drive").dblclick()
    page.wait_for_function("window.sent")
    assert page.evaluate("window.sent") == 1


def test_the_next_deed_by_keyboard(phone, engine):
    page = phone(path=VISIT_FIRST)
    page.get_by_role("link", name="Navigate").focus()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent").startswith("Drive")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert stored(engine) == ["en_route"]


def test_without_script_the_deeds_work_too(phone, engine):
    page = phone(path=VISIT_FIRST, java_script_enabled=False)
    press(page, "Drive")
    assert stored(engine) == ["en_route"]


def test_without_a_signal_it_says_so(phone):
    page = phone(path=VISIT_FIRST)
    page.context.set_offline(True)
    page.get_by_text("No signal").wait_for()
    page.context.set_offline(False)
    page.get_by_text("No signal").wait_for(state="hidden")


def test_the_clock_of_the_phone_comes_with_the_deed(phone):
    page = phone(path=VISIT_FIRST)
    page.evaluate(
        "() => { HTMLFormElement.prototype.submit = function () { window.at = this.elements.at.value; } }"
    )
    page.get_by_role("button", name="Drive").click()
    page.wait_for_function("window.at")
    assert page.evaluate("window.at") == "2026-11-23T10:00:00.000-05:00"


def test_what_a_thumb_presses_is_large_enough(phone):
    page = phone(path=VISIT_FIRST)
    sizes = page.evaluate(
        "[...document.querySelectorAll('main button, main a, main summary')].filter(e => e.checkVisibility())"
        ".map(e => [e.textContent.trim(), e.getBoundingClientRect().height])"
    )
    assert sizes
    assert [name for name, height in sizes if height < 44] == []

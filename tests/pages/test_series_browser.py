"""A series in Chromium: ordered, its times ticked, a way accepted; axe has nothing to say, light and dark."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.builders.series import TODAY
from tests.builders.web import PASSWORD
from tests.pages.test_series import DISPATCHER_EMAIL, DOCTOR_EMAIL, Office

pytestmark = [
    pytest.mark.browser,
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]


@pytest.fixture
def office(app, engine, clock):
    return Office(app, engine, clock)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_series_is_ordered_and_laid_with_the_mouse(open_page, office, scheme, tmp_path):
    place = office.proposed()
    doctor = open_page(DOCTOR_EMAIL, place, color_scheme=scheme)
    doctor.get_by_label("Indication", exact=True).select_option("major_depression")
    doctor.get_by_label("Weight in kg", exact=True).fill("70")
    doctor.get_by_label("Weighed on", exact=True).fill(TODAY.isoformat())
    doctor.get_by_label("Dose in mg/kg", exact=True).fill("0.5")
    doctor.get_by_label("Against nausea", exact=True).select_option("ondansetron_prn")
    doctor.locator("#own-order").fill(PASSWORD)
    doctor.get_by_role("button", name="Sign", exact=True).click()
    doctor.get_by_text("35.0 mg").first.wait_for()
    assert Axe().run(doctor).response["violations"] == []
    desk = open_page(DISPATCHER_EMAIL, place, color_scheme=scheme)
    for day in ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday"):
        for who in ("patient", "adult"):
            desk.get_by_label(f"{who} {day} morning", exact=True).check()
    desk.get_by_role("button", name="Keep, and look for ways").click()
    desk.get_by_role("button", name="Accept this way").wait_for()
    assert Axe().run(desk).response["violations"] == []
    desk.screenshot(path=tmp_path / "ways.png", full_page=True)
    desk.get_by_role("button", name="Accept this way").click()
    desk.get_by_text("Mend it: look for ways again").wait_for()
    assert Axe().run(desk).response["violations"] == []
    desk.screenshot(path=tmp_path / "laid.png", full_page=True)
    desk.goto("/series/columbus")
    assert Axe().run(desk).response["violations"] == []
    assert doctor.errors == desk.errors == []

"""The compliance screen: what it shows to whom, and an export that no spreadsheet runs."""

import csv
import io

import html5lib
import pytest
import sqlalchemy as sa

from api.pages.compliance.export import harmless
from dispatch.custody import service
from dispatch.kernel.actor import Role
from dispatch.kernel.storage import transaction
from tests.builders.custody import a_dose, drawn, given, wasted
from tests.builders.web import a_browser, a_person, csrf, keyring_of_app

DAY = "/custody/columbus/2026-11-23"


@pytest.fixture
def officer(app, engine):
    a_person(app, engine, Role.COMPLIANCE, email="officer@test.example")
    return a_browser(app, "officer@test.example")


def stage(app, engine, make, **more):
    """Make a scene with `make`, commit it, and return it."""
    with transaction(engine, keyring_of_app(app)) as session:
        return make(session, **more)


def test_a_day_shows_drawn_given_and_wasted_to_the_microgram(app, engine, officer):
    stage(app, engine, wasted, amount_ug=31_001)
    page = officer.get(DAY).text
    assert "31.001" in page
    assert "Every opened vial is accounted for." in page


def test_an_open_residual_comes_first(app, engine, officer):
    stage(app, engine, given)
    page = officer.get(DAY).text
    assert "Vial 7F0" in page.partition('id="vials"')[0]
    assert "469.000" in page


def test_the_ledger_sums_to_zero(app, engine, officer):
    stage(app, engine, given)
    foot = officer.get(DAY).text.partition("<tfoot>")[2]
    assert "0.000" in foot.partition("</tfoot>")[0]


def test_what_does_not_add_up_is_shown(app, engine, officer):
    scene = stage(app, engine, drawn)
    with transaction(engine, keyring_of_app(app)) as session:
        service.administer(session, a_dose(scene, 36_000), scene.nurse, scene.clock)
    assert "What does not add up" in officer.get(DAY).text


def test_a_vial_shows_every_event_with_its_people(app, engine, officer):
    scene = stage(app, engine, wasted)
    page = officer.get(f"/custody/vials/{scene.vial}").text
    for word in ("received", "picked up", "opened", "drawn", "administered", "wasted", "phil", "bea"):
        assert word in page


@pytest.mark.parametrize("query", ["?holder=N-12", "?state=returned", "?q=nothing"])
def test_filters_leave_out_what_does_not_fit(app, engine, officer, query):
    stage(app, engine, given)
    assert "No vial fits the filter." in officer.get(DAY + query).text


@pytest.mark.parametrize("query", ["?holder=N-07", "?state=residual_pending", "?q=7f", "?q=L1"])
def test_filters_keep_what_fits(app, engine, officer, query):
    stage(app, engine, given)
    assert "1 of 1 vials" in officer.get(DAY + query).text


def test_a_day_that_is_none_is_not_found(officer):
    assert officer.get("/custody/columbus/2026-02-30").status_code == 404


def test_another_area_is_not_found(officer):
    assert officer.get("/custody/atlantis/2026-11-23").status_code == 404


def test_looking_is_written_down(app, engine, officer):
    scene = stage(app, engine, given)
    officer.get(f"/custody/vials/{scene.vial}")
    with engine.connect() as connection:
        seen = connection.scalars(sa.text("SELECT action FROM audit_entry")).all()
    assert "custody.read_vial" in seen


def test_a_nurse_sees_no_ledger(app, engine):
    stage(app, engine, given)
    a_person(app, engine, Role.NURSE, email="nina@test.example")
    assert a_browser(app, "nina@test.example").get(DAY).status_code == 403


def test_the_export_holds_every_event_and_is_written_down(app, engine, officer):
    stage(app, engine, wasted)
    answer = officer.post(f"{DAY}/events.csv", headers=csrf(officer))
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["event"] for row in rows] == [
        "received",
        "picked_up",
        "opened",
        "drawn",
        "administered",
        "wasted",
    ]
    assert rows[-1]["balance_ug"] == "0"
    with engine.connect() as connection:
        assert "custody.export" in connection.scalars(sa.text("SELECT action FROM audit_entry")).all()


@pytest.mark.parametrize("text", ["=cmd()", "+1", "-1", "@x", "\tx", "\rx"])
def test_a_spreadsheet_runs_nothing_from_the_export(text):
    assert harmless(text) == f"'{text}"


def test_plain_text_is_exported_as_it_is():
    assert harmless("witnessed") == "witnessed"


def test_the_page_is_valid_html(app, engine, officer):
    scene = stage(app, engine, given)
    parser = html5lib.HTMLParser(strict=True)
    for address in (DAY, f"/custody/vials/{scene.vial}"):
        parser.parse(officer.get(address).text)

"""The compliance screen: what it shows to whom, and an export that no spreadsheet runs."""

import csv
import io
import re
from datetime import timedelta

import html5lib
import pytest
import sqlalchemy as sa

from api.pages.compliance.export import harmless
from dispatch.custody import service
from dispatch.custody.model import EventKind
from dispatch.kernel.actor import Role
from dispatch.kernel.storage import transaction
from tests.builders.custody import a_dose, a_report, an_opening, drawn, given, picked_up, wasted
from tests.builders.web import PASSWORD, a_browser, a_person, csrf, keyring_of_app

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
    answer = officer.post(f"{DAY}/events.csv", data={"own_secret": PASSWORD}, headers=csrf(officer))
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


def cell_of(page, figure):
    """The text of a figure on the compliance screen."""
    found = page.partition(f"<dt>{figure}</dt>")[2].partition("</dd>")[0]
    return re.sub(r"<[^>]+>", "", found).strip()


def test_cases_come_before_everything_else(app, engine, officer):
    stage(app, engine, picked_up)
    page = officer.get(DAY).text
    order = [
        page.index(f'id="{section}"')
        for section in ("cases", "due", "questions", "onhand", "vials", "papers")
    ]
    assert order == sorted(order)
    assert "No case is open." in page


def test_a_case_stands_with_its_clock_and_leads_to_its_page(app, engine, officer):
    scene = stage(app, engine, picked_up)
    with transaction(engine, keyring_of_app(app)) as session:
        service.report_exception(session, a_report(scene, EventKind.LOST), scene.nurse, scene.clock)
    page = officer.get(DAY).text
    assert "1 open case" in page
    assert "due" in page.partition('id="cases"')[2].partition("</section>")[0]
    address = re.search(r'href="(/custody/cases/[0-9a-f-]{36})"', page)[1]
    assert officer.get(address).status_code == 200


def test_figures_are_of_the_instant_that_is_asked_for(app, engine, officer, clock):
    scene = stage(app, engine, picked_up, vials=3)
    clock.at += timedelta(minutes=30)
    scene.clock.at += timedelta(minutes=20)
    with transaction(engine, keyring_of_app(app)) as session:
        service.open_container(session, an_opening(scene), scene.nurse, scene.clock)
    now, before = officer.get(DAY).text, officer.get(f"{DAY}?at=2026-11-23T06:10").text
    assert (cell_of(now, "Sealed, with nurses"), cell_of(now, "In opened vials")) == ("2 vials", "500.000 mg")
    assert (cell_of(before, "Sealed, with nurses"), cell_of(before, "In opened vials")) == (
        "3 vials",
        "0.000 mg",
    )


@pytest.mark.parametrize("figure", ["Given", "Wasted", "In syringes", "Lost", "Returned", "At stock points"])
def test_every_figure_leads_to_its_events(app, engine, officer, figure):
    stage(app, engine, given)
    page = officer.get(DAY).text
    address = re.search(rf'<dt>{figure}</dt>\s*<dd><a href="([^"]+)"', page)[1].replace("&amp;", "&")
    answer = officer.get(address)
    assert answer.status_code == 200
    if figure == "Given":
        assert "31.0" in answer.text
        assert "administered" in answer.text


@pytest.mark.parametrize(
    "at", ["x", "2026-11-23T06:10+05:00", "1999-01-01T00:00", "2026-11-01T01:30", "2026-03-08T02:30"]
)
def test_what_is_no_instant_is_refused(app, engine, officer, at):
    stage(app, engine, picked_up)
    assert officer.get(DAY, query_string={"at": at}).status_code == 422


def test_the_future_is_now(app, engine, officer):
    stage(app, engine, picked_up)
    assert cell_of(officer.get(f"{DAY}?at=2030-01-01T00:00").text, "Sealed, with nurses") == "1 vial"


def test_vials_are_filtered_by_who_signed(app, engine, officer):
    scene = stage(app, engine, wasted, vials=2)
    witness = officer.get(f"{DAY}?person={scene.other_nurse.account_id}").text
    assert "1 of 2 vials" in witness
    assert "2 of 2 vials" in officer.get(f"{DAY}?person={scene.nurse.account_id}").text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("product=KET-50", 1),
        ("product=OTHER", 0),
        ("site=COL-1", 1),
        ("site=COL-9", 0),
        ("until=2026-11-25", 1),
    ],
)
def test_vials_are_filtered_by_drug_site_and_days(app, engine, officer, query, found):
    stage(app, engine, given)
    assert f"{found} of 1 vials" in officer.get(f"{DAY}?{query}").text


def test_days_before_show_what_was_touched_until_today(app, engine, officer):
    stage(app, engine, wasted)
    assert "1 of 1 vials" in officer.get("/custody/columbus/2026-11-20?until=2026-11-23").text
    assert "0 of 0 vials" in officer.get("/custody/columbus/2026-11-20").text


def test_without_a_checkpoint_it_says_so(app, engine, officer):
    stage(app, engine, picked_up)
    assert "No checkpoint was signed yet" in officer.get(DAY).text


def test_a_nurse_with_drug_in_hand_is_to_be_counted(app, engine, officer):
    stage(app, engine, picked_up)
    assert "Count N-07" in officer.get(DAY).text

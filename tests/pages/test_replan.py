"""Something happens on a running day: reported, proposed, drawn before and after, accepted or discarded."""

import html
import re

import html5lib
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect
from sqlalchemy import select

from dispatch.assignment.records import DisturbanceRow, PlannedStopRow
from dispatch.kernel.actor import Role
from dispatch.kernel.storage import transaction
from dispatch.visits.model import Deed
from dispatch.visits.service import record_fact
from tests.builders.assignment import DAY, a_published_plan, a_small_day, local
from tests.builders.visits import a_deed, nurse_actor
from tests.builders.web import a_browser, a_person, csrf, keyring_of_app

BOARD = f"/board/columbus/{DAY}"
DANA = "dana@test.example"
SCREEN = {"width": 1440, "height": 1000}


@pytest.fixture
def metro(app, engine, clock):
    """A small day, planned at six; it is ten past seven."""
    a_person(app, engine, Role.DISPATCHER, email=DANA)
    clock.at = local(6)
    with transaction(engine, keyring_of_app(app)) as session:
        session.expire_on_commit = False
        metro = a_small_day(session)
        a_published_plan(session, metro, clock)
    clock.at = local(7 + 1 / 6)
    return metro


@pytest.fixture
def dana(app, metro):
    return a_browser(app, DANA)


def report(dana, **fields):
    form = {"kind": "nurse_ill", "freeze_minutes": "30"} | fields
    return dana.post(f"{BOARD}/replans", data=form, headers=csrf(dana))


def proposal_of(answer):
    return re.search(r"replans/([0-9a-f-]{36})/accept", answer.text).group(1)


def with_visits(metro, engine, app):
    """The shift that has visits."""
    with transaction(engine, keyring_of_app(app)) as session:
        wanted = select(PlannedStopRow.shift_id).where(PlannedStopRow.kind == "visit")
        return str(session.scalars(wanted).first())


def test_the_form_asks_what_happened_and_names_everybody(dana):
    page = dana.get(f"{BOARD}/report")
    assert page.status_code == 200
    assert all(word in page.text for word in ("A nurse is ill", "N-01", "N-02", "High Street Pharmacy"))


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"kind": "flood"}, "Choose what happened."),
        ({}, "Choose the nurse."),
        ({"shift": "nobody"}, "Choose the nurse."),
        ({"kind": "overrun"}, "Choose the visit."),
        ({"kind": "no_drug_pharmacy"}, "Choose the pharmacy."),
        ({"kind": "nothing", "freeze_minutes": "soon"}, "Give a whole number."),
    ],
)
def test_a_report_that_says_too_little_comes_back_with_why(dana, fields, said):
    answer = report(dana, **fields)
    assert answer.status_code == 422
    assert said in answer.text
    assert "What happened" in answer.text


def under_way(app, engine, deeds):
    """Let the first planned visit's nurse do so much, and return the visit's key."""
    with transaction(engine, keyring_of_app(app)) as session:
        wanted = (
            select(PlannedStopRow).where(PlannedStopRow.kind == "visit").order_by(PlannedStopRow.sequence)
        )
        stop = session.scalars(wanted).first()
        for minutes, deed in enumerate(deeds):
            nurse = nurse_actor(stop.nurse_id)
            fact = a_deed(stop.appointment_id, deed, local(7 + minutes / 60))
            record_fact(session, fact, nurse, app.extensions["housecall_clock"])
        return str(stop.appointment_id)


@pytest.mark.parametrize("last", [(), (Deed.STOP,), (Deed.STOP, Deed.DISCHARGE)])
def test_a_visit_whose_nurse_must_stay_leads_to_its_report_filled_in(app, engine, dana, last):
    key = under_way(app, engine, (Deed.CHECK_IN, Deed.START, *last))
    panel = dana.get(f"{BOARD}/visits/{key}").text
    assert "It takes longer: re-plan" in panel
    there = html.unescape(re.search(r'hx-get="([^"]+/report[^"]*)"', panel)[1])
    form = dana.get(there).text
    assert '<option value="overrun" selected>' in form
    assert f'<option value="{key}" selected>' in form


def test_a_visit_that_is_over_leads_to_no_report(app, engine, dana):
    key = under_way(app, engine, (Deed.CHECK_IN, Deed.START, Deed.STOP, Deed.CHECK_OUT))
    assert "/report" not in dana.get(f"{BOARD}/visits/{key}").text


def test_late_visits_lead_to_a_new_plan_of_the_rest(clock, dana):
    assert "Re-plan because of visits that are late" not in dana.get(BOARD).text
    clock.at = local(11)  # nobody has set off
    page = dana.get(BOARD).text
    assert "Re-plan because of visits that are late" in page
    html5lib.HTMLParser(strict=True).parse(page)


def test_a_late_car_needs_its_time(dana, metro):
    answer = report(dana, kind="vehicle_late", shift=str(metro.shifts[0].id))
    assert (answer.status_code, "It needs a time." in answer.text) == (422, True)


def test_accepted_it_is_the_plan_in_force_and_what_was_reported_can_be_taken_back(app, engine, dana, metro):
    answer = report(dana, shift=with_visits(metro, engine, app), reason="Called at seven.")
    accepted = dana.post(
        f"{BOARD}/replans/{proposal_of(answer)}/accept", data={"step": "1"}, headers=csrf(dana)
    )
    assert "the new plan is in force" in accepted.text
    assert "Plan 2" in dana.get(f"{BOARD}/run").text
    with transaction(engine, keyring_of_app(app)) as session:
        held = str(session.scalars(select(DisturbanceRow.id)).one())
    assert "Take back" in dana.get(f"{BOARD}/report").text
    taken = dana.post(f"{BOARD}/disturbances/{held}/withdraw", headers=csrf(dana))
    assert "Take back" not in taken.text


def test_a_proposal_that_is_out_of_date_is_refused_with_the_reason(app, engine, dana, metro):
    answer = report(dana, shift=with_visits(metro, engine, app))
    other = report(dana, shift=with_visits(metro, engine, app))
    dana.post(f"{BOARD}/replans/{proposal_of(other)}/accept", data={"step": "1"}, headers=csrf(dana))
    late = dana.post(f"{BOARD}/replans/{proposal_of(answer)}/accept", data={"step": "1"}, headers=csrf(dana))
    assert late.status_code == 412
    assert "The plan in force: changed." in late.text


def test_discarded_nothing_was_changed(app, engine, dana, metro):
    answer = report(dana, shift=with_visits(metro, engine, app))
    path = f"{BOARD}/replans/{proposal_of(answer)}"
    assert "nothing was changed" in dana.post(f"{path}/discard", headers=csrf(dana)).text
    assert dana.post(f"{path}/discard", headers=csrf(dana)).status_code == 409
    assert "Plan 1" in dana.get(f"{BOARD}/run").text


@pytest.mark.browser
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_before_and_after_are_seen_on_the_board_and_accepted(app, engine, metro, open_page, scheme):
    page = open_page(DANA, BOARD, viewport=SCREEN, color_scheme=scheme)
    page.wait_for_selector(".stop")
    page.click("#reporting")
    page.wait_for_selector("form.happened")
    expect(page.locator("#happened-visit")).to_be_hidden()
    page.select_option("#happened-kind", "overrun")
    expect(page.locator("#happened-visit")).to_be_visible()
    page.select_option("#happened-kind", "nurse_ill")
    page.select_option("#happened-shift", with_visits(metro, engine, app))
    page.fill("#happened-reason", "Called at seven.")
    page.click("text=Propose a plan")
    expect(page.locator("#panel h2")).to_have_text("Proposal")
    expect(page.locator("#panel")).to_contain_text("If nothing is done")
    expect(page.locator("#panel")).to_contain_text("against doing nothing")
    proposed, moving = page.locator(".row .proposed"), page.locator(".row .visit.moving")
    expect(proposed.first).to_contain_text("→")
    assert proposed.count() == moving.count() == page.locator("#panel [data-moved]").count() > 0
    assert Axe().run(page).violations_count == 0
    assert page.evaluate("window.layoutShift") == 0
    page.click("#panel >> text=Accept")
    expect(page.locator("#panel h2")).to_contain_text("in force")
    expect(page.locator("#run")).to_contain_text("Plan 2 re-planned")
    expect(proposed).to_have_count(0)
    assert page.errors == []

"""The board's explanations: what would make a visit possible, and what the plan costs."""

import html
import re

import html5lib
import pytest
from axe_playwright_python.sync_playwright import Axe

from dispatch.kernel.actor import Role
from dispatch.kernel.storage import transaction
from tests.builders.assignment import DAY, a_metro, a_published_plan
from tests.builders.web import a_browser, a_person, keyring_of_app

BOARD = f"/board/columbus/{DAY}"
DANA = "dana@test.example"


@pytest.fixture
def dana(app, engine):
    """A dispatcher, signed in."""
    a_person(app, engine, Role.DISPATCHER, email=DANA)
    return a_browser(app, DANA)


@pytest.fixture
def metro(app, engine, clock):
    """One nurse until noon has the first visit; the second opens too late for her."""
    with transaction(engine, keyring_of_app(app)) as session:
        session.expire_on_commit = False
        metro = a_metro(session)
        metro.add_nurse(7, 12)
        metro.add_visit((8, 9))
        metro.add_visit((13, 13.5), name="Bea Lang")
        a_published_plan(session, metro, clock)
        return metro


def fragment(answer):
    assert answer.status_code == 200
    html5lib.HTMLParser(strict=True).parseFragment(answer.text)
    return html.unescape(answer.text)


def test_the_panel_of_a_visit_that_nobody_makes_asks_for_ways(dana, metro):
    page = fragment(dana.get(f"{BOARD}/visits/{metro.visits[1].id}"))
    assert f'hx-get="{BOARD}/visits/{metro.visits[1].id}/ways"' in page
    assert "/ways" not in fragment(dana.get(f"{BOARD}/visits/{metro.visits[0].id}"))


def test_ways_are_told_with_nurse_time_and_price(dana, metro):
    page = fragment(dana.get(f"{BOARD}/visits/{metro.visits[1].id}/ways"))
    assert re.search(
        r"the window opened \d+ min earlier</th><td>N-01</td><td>\d\d:\d\d</td><td>\+\$\d+\.\d\d", page
    )
    assert "It needs a nurse licensed in OH with iv valid that day: 1 of 1 at work." in page


def test_facts_say_what_is_law(app, engine, dana, metro):
    with transaction(engine, keyring_of_app(app)) as session:
        nurse = session.merge(metro.nurses[0])
        nurse.licences[0].status = "suspended"
    page = fragment(dana.get(f"{BOARD}/visits/{metro.visits[1].id}/ways"))
    assert "No single change would." in page
    assert "<strong>Law:</strong> 1 nurse holds no licence" in page


def test_the_ways_of_no_visit_are_not_found(dana, metro):
    assert dana.get(f"{BOARD}/visits/nobody/ways").status_code == 404


def test_the_cost_opens_what_it_is_made_of(dana, metro):
    board = dana.get(BOARD).text
    assert f'data-costs hx-get="{BOARD}/costs"' in board
    page = fragment(dana.get(f"{BOARD}/costs"))
    assert "What plan 1 costs: $" in page
    assert "Visits that nobody makes" in page
    assert "A.K. <small>N-01</small>" in page
    assert "Kingsley" not in page


def test_the_cost_of_a_day_without_a_plan(app, engine, dana):
    with transaction(engine, keyring_of_app(app)) as session:
        a_metro(session)
    assert "What the day costs: $0" in fragment(dana.get(f"{BOARD}/costs"))


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_ways_and_costs_by_keyboard(dana, metro, open_page, scheme):
    page = open_page(DANA, BOARD, viewport={"width": 1440, "height": 900}, color_scheme=scheme)
    page.wait_for_selector(".stop")
    page.locator(".waiting button.why").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#panel .ways th.if")
    assert Axe().run(page).violations_count == 0
    page.locator("[data-costs]").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#panel h2[data-focus]:focus")
    assert Axe().run(page).violations_count == 0
    page.keyboard.press("Escape")
    page.wait_for_selector("[data-costs]:focus")
    assert page.locator("#panel").inner_text().startswith("Choose a visit")
    assert page.errors == []

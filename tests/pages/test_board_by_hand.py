"""The day board in a real browser: drawn without a shift, moved by mouse and keys, updated live."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from dispatch.kernel.actor import Role
from dispatch.kernel.storage import transaction
from tests.builders.assignment import DAY, a_published_plan, a_small_day
from tests.builders.web import a_browser, a_person, csrf, keyring_of_app

pytestmark = [
    pytest.mark.browser,
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]
BOARD = f"/board/columbus/{DAY}"
DANA, OLLE = "dana@test.example", "olle@test.example"
SCREEN = {"width": 1440, "height": 900}


@pytest.fixture
def metro(app, engine, clock):
    """A small day, planned, and two dispatchers."""
    a_person(app, engine, Role.DISPATCHER, email=DANA)
    a_person(app, engine, Role.DISPATCHER, email=OLLE)
    with transaction(engine, keyring_of_app(app)) as session:
        session.expire_on_commit = False
        metro = a_small_day(session)
        a_published_plan(session, metro, clock)
    return metro


@pytest.fixture
def board(metro, open_page):
    """The board, opened by Dana."""
    page = open_page(DANA, BOARD, viewport=SCREEN)
    page.wait_for_selector(".stop")
    return page


def bar(page, name):
    return page.locator(".row .visit", has_text=name)


def row_of(page, name):
    return bar(page, name).evaluate("bar => bar.closest('.row').dataset.code")


def other_row(page, name):
    return page.locator(f".row:not([data-code='{row_of(page, name)}'])").first


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_board_draws_without_a_shift_breaks_no_policy_and_axe_finds_nothing(metro, open_page, scheme):
    page = open_page(DANA, BOARD, viewport=SCREEN, color_scheme=scheme)
    page.wait_for_selector(".stop")
    assert page.evaluate("window.layoutShift") == 0
    bar(page, "A.K.").click()
    page.wait_for_selector("#panel table")
    assert Axe().run(page).violations_count == 0
    assert page.errors == []


def test_a_visit_is_dragged_to_another_nurse(board):
    before = row_of(board, "A.K.")
    grip, goal = bar(board, "A.K.").bounding_box(), other_row(board, "A.K.").bounding_box()
    board.mouse.move(grip["x"] + 8, grip["y"] + 8)
    board.mouse.down()
    board.mouse.move(grip["x"] + 30, goal["y"] + 12, steps=5)
    expect(board.locator(".row.target .offer")).to_contain_text("$")
    board.mouse.up()
    if board.locator("#panel .ask").count():
        board.click("text=Move anyway")
    expect(board.locator("#panel .notice")).to_contain_text("Moved")
    expect(board.locator(".run")).to_contain_text("Plan 2")
    assert row_of(board, "A.K.") != before


def test_a_visit_is_moved_with_the_keyboard_alone(board):
    before = row_of(board, "A.K.")
    down = other_row(board, "A.K.").get_attribute("data-code") > before
    bar(board, "A.K.").focus()
    board.keyboard.press("Alt+ArrowDown" if down else "Alt+ArrowUp")
    expect(board.locator("#say")).to_contain_text("$")
    board.keyboard.press("Enter")
    expect(board.locator("#panel .notice")).to_be_visible()


def test_escape_lets_go_of_a_held_visit(board):
    bar(board, "A.K.").focus()
    board.keyboard.press("Alt+ArrowRight")
    expect(board.locator(".ghost")).to_be_visible()
    board.keyboard.press("Escape")
    expect(board.locator(".ghost")).to_have_count(0)
    expect(board.locator("#table")).to_have_attribute("data-plan", "1")


def test_a_row_that_the_law_forbids_is_dimmed_with_its_reason(app, engine, clock, metro, open_page):
    with transaction(engine, keyring_of_app(app)) as session:
        metro.session = session
        metro.add_nurse(state="PA")
    page = open_page(DANA, BOARD, viewport=SCREEN)
    bar(page, "A.K.").focus()
    page.keyboard.press("Alt+ArrowRight")
    expect(page.locator(".row.never[data-code='N-03'] .offer")).to_contain_text("OH")


def test_another_dispatchers_move_arrives_live_and_focus_stays(app, board, metro):
    key = str(metro.visits[0].id)
    goal = other_row(board, "A.K.").get_attribute("data-shift")
    bar(board, "C.M.").focus()
    olle = a_browser(app, OLLE)
    form = {"shift_id": goal, "plan_number": "1", "accept": "yes"}
    assert olle.post(f"{BOARD}/visits/{key}/move", data=form, headers=csrf(olle)).status_code == 200
    expect(board.locator(f".row[data-shift='{goal}'] .visit", has_text="A.K.")).to_be_visible()
    expect(bar(board, "C.M.")).to_be_focused()
    expect(board.locator(".run")).to_contain_text("Plan 2")


def test_a_stale_move_shows_theirs_and_yours_and_can_be_done_on_top(app, board, metro):
    board.evaluate("document.querySelector('#live').remove()")  # nothing arrives: she decides on what is past
    olle = a_browser(app, OLLE)
    form = {"pin": "nurse", "plan_number": "1"}
    olle.post(f"{BOARD}/visits/{metro.visits[1].id}/pin", data=form, headers=csrf(olle))
    bar(board, "A.K.").focus()
    down = other_row(board, "A.K.").get_attribute("data-code") > row_of(board, "A.K.")
    board.keyboard.press("Alt+ArrowDown" if down else "Alt+ArrowUp")
    board.keyboard.press("Enter")
    expect(board.locator("#panel .stale")).to_contain_text("Theirs:")
    board.click("text=Do mine on top of theirs")
    expect(board.locator("#panel .yes, #panel .ask")).to_be_visible()

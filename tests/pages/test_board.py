"""The day board: what it shows, that it keeps the page laws, and that it works by hand in a real browser."""

import re
from datetime import timedelta

import html5lib
import pytest
from sqlalchemy import select

from dispatch.audit.records import AuditEntryRow
from dispatch.kernel.actor import Role
from dispatch.kernel.storage import transaction
from tests.builders.assignment import DAY, a_metro, a_published_plan, a_small_day, order, solve_here
from tests.builders.web import a_browser, a_person, csrf, keyring_of_app

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
BOARD = f"/board/columbus/{DAY}"
DANA = "dana@test.example"


@pytest.fixture
def dana(app, engine):
    """A dispatcher, signed in."""
    a_person(app, engine, Role.DISPATCHER, email=DANA)
    return a_browser(app, DANA)


def make(app, engine, clock, build):
    with transaction(engine, keyring_of_app(app)) as session:
        return build(session)


def planned(app, engine, clock, prepare=a_small_day):
    """A small day with its plan published."""

    def build(session):
        metro = prepare(session)
        a_published_plan(session, metro, clock)
        return metro

    return make(app, engine, clock, build)


def test_board_leads_to_the_first_areas_today(app, engine, clock, dana):
    make(app, engine, clock, a_metro)
    assert dana.get("/board").location == BOARD


def test_board_of_no_area_says_what_to_do(dana):
    assert "no service area yet" in dana.get("/board").text


def test_a_day_that_is_none_is_not_found(app, engine, clock, dana):
    make(app, engine, clock, a_metro)
    assert dana.get("/board/columbus/2026-02-30").status_code == 404


def test_an_unknown_area_is_not_found(dana):
    assert dana.get(f"/board/nowhere/{DAY}").status_code == 404


def test_an_empty_day_says_so(app, engine, clock, dana):
    make(app, engine, clock, a_metro)
    page = dana.get(BOARD).text
    assert "Nobody works on this day yet" in page
    assert "There are no visits on this day" in page


def test_a_day_without_a_plan_lists_every_visit_as_unassigned(app, engine, clock, dana):
    make(app, engine, clock, a_small_day)
    page = dana.get(BOARD).text
    assert page.count('class="visit loose"') == 4
    assert "has not been planned yet" in page


def test_a_planned_day_shows_each_visit_in_a_lane_by_initials(app, engine, clock, dana):
    planned(app, engine, clock)
    page = dana.get(BOARD).text
    assert len(re.findall(r'class="visit h\d+ m\d+ lh\d+ lm\d+ planned', page)) == 4
    assert "A.K." in page
    assert "Kingsley" not in page
    assert "Kenworth" not in page
    assert "no bound yet" in page


def test_reading_a_board_leaves_one_entry_in_the_audit_log(app, engine, clock, dana):
    planned(app, engine, clock)
    dana.get(BOARD)
    with transaction(engine, keyring_of_app(app)) as session:
        reads = session.scalars(select(AuditEntryRow).where(AuditEntryRow.action == "board.read")).all()
        assert [row.detail for row in reads] == [{"day": DAY.isoformat(), "patients": 4}]


def test_the_board_is_valid_html_and_holds_no_inline_script_or_style(app, engine, clock, dana):
    planned(app, engine, clock)
    page = dana.get(BOARD).text
    html5lib.HTMLParser(strict=True).parse(page)
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\bsrc=)|hx-on", page)

"""The day board: what it shows, that it keeps the page laws, and that it works by hand in a real browser."""

import re
from datetime import date
from types import SimpleNamespace

import html5lib
import pytest
from sqlalchemy import select

from api.pages.dispatcher import words
from dispatch.assignment.records import PlanRow
from dispatch.assignment.runs import beat, claim_run
from dispatch.audit.records import AuditEntryRow
from dispatch.kernel.actor import Role
from dispatch.kernel.storage import transaction
from tests.builders.assignment import DAY, a_metro, a_published_plan, a_small_day, order, solve_here
from tests.builders.web import a_browser, a_person, csrf, keyring_of_app

BOARD = f"/board/columbus/{DAY}"
DANA = "dana@test.example"


@pytest.fixture
def dana(app, engine):
    """A dispatcher, signed in."""
    a_person(app, engine, Role.DISPATCHER, email=DANA)
    return a_browser(app, DANA)


def make(app, engine, clock, build):
    with transaction(engine, keyring_of_app(app)) as session:
        session.expire_on_commit = False
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
        assert [row.detail for row in reads] == [{"day": DAY.isoformat()}]


def test_the_board_is_valid_html_and_holds_no_inline_script_or_style(app, engine, clock, dana):
    planned(app, engine, clock)
    page = dana.get(BOARD).text
    html5lib.HTMLParser(strict=True).parse(page)
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\bsrc=)|hx-on", page)


def a_planned_visit(engine, app, metro, number=0):
    """(key, address of the panel) of a visit of the day."""
    key = str(metro.visits[number].id)
    return key, f"{BOARD}/visits/{key}"


def has_it(page):
    """The code of the nurse who has the visit, as its panel says."""
    return re.search(r"<strong>(N-\d+), \d\d:\d\d</strong>", page).group(1)


def other_shift(metro, code):
    """The shift of the other of the two nurses of the small day."""
    return str(next(s.id for s, n in zip(metro.shifts, metro.nurses, strict=True) if n.code != code))


def test_the_panel_ranks_the_nurses(app, engine, clock, dana):
    metro = planned(app, engine, clock)
    page = dana.get(a_planned_visit(engine, app, metro)[1]).text
    html5lib.HTMLParser(strict=True).parseFragment(page)
    assert "has it" in page
    assert page.count('class="grade') == 2


def test_the_panel_lists_every_reason_against_a_nurse(app, engine, clock, dana):
    def prepare(session):
        metro = a_small_day(session)
        metro.add_nurse(7, 9, state="PA")
        return metro

    metro = planned(app, engine, clock, prepare)
    page = dana.get(a_planned_visit(engine, app, metro)[1]).text
    against = re.search(r'<tr class="never-row"><th scope="row">N-03</th><td>(.*?)</td>', page).group(1)
    assert against.count(".") >= 2


def test_looking_at_a_visit_is_a_read_of_its_patient(app, engine, clock, dana):
    metro = planned(app, engine, clock)
    dana.get(a_planned_visit(engine, app, metro)[1])
    with transaction(engine, keyring_of_app(app)) as session:
        wanted = select(AuditEntryRow.patient_id).where(AuditEntryRow.action == "visit.why")
        assert session.scalars(wanted).all() == [metro.visits[0].patient_id]


@pytest.mark.parametrize("key", ["nobody", "01a1fdb3-103e-7356-8812-ddaa6e2fee05", "x.2"])
def test_the_panel_of_no_visit_is_not_found(app, engine, clock, dana, key):
    planned(app, engine, clock)
    assert dana.get(f"{BOARD}/visits/{key}").status_code == 404


def test_offers_say_what_each_shift_would_cost(app, engine, clock, dana):
    metro = planned(app, engine, clock)
    offers = dana.get(a_planned_visit(engine, app, metro)[1] + "/offers").json
    assert {offer["shift_id"] for offer in offers} == {str(shift.id) for shift in metro.shifts}
    assert all(offer["allowed"] and re.fullmatch(r"[+−]\$\d+\.\d\d", offer["added"]) for offer in offers)


def test_a_move_makes_the_next_plan(app, engine, clock, dana):
    metro = planned(app, engine, clock)
    _, address = a_planned_visit(engine, app, metro)
    before = has_it(dana.get(address).text)
    form = {"shift_id": other_shift(metro, before), "plan_number": "1", "accept": "yes"}
    answer = dana.post(address + "/move", data=form, headers=csrf(dana))
    assert answer.status_code == 200
    assert has_it(answer.text) != before
    assert "<strong>Plan 2</strong>" in dana.get(BOARD).text


def test_a_broken_law_refuses_a_move_with_every_reason(app, engine, clock, dana):
    def prepare(session):
        metro = a_small_day(session)
        metro.add_nurse(state="PA")
        return metro

    metro = planned(app, engine, clock, prepare)
    form = {"shift_id": str(metro.shifts[2].id), "plan_number": "1", "accept": "yes"}
    answer = dana.post(a_planned_visit(engine, app, metro)[1] + "/move", data=form, headers=csrf(dana))
    assert answer.status_code == 409
    assert 'class="notice no"' in answer.text
    assert "<strong>Plan 1</strong>" in dana.get(BOARD).text


def test_a_broken_preference_asks_first(app, engine, clock, dana):
    def prepare(session):
        metro = a_small_day(session)
        metro.visits[0].preferred_nurse_id = metro.nurses[0].id
        return metro

    metro = planned(app, engine, clock, prepare)
    form = {"shift_id": str(metro.shifts[1].id), "plan_number": "1"}
    _, address = a_planned_visit(engine, app, metro)
    asked = dana.post(address + "/move", data=form, headers=csrf(dana))
    assert asked.status_code == 409
    assert "Move anyway" in asked.text
    assert dana.post(address + "/move", data=form | {"accept": "yes"}, headers=csrf(dana)).status_code == 200


def test_who_comes_second_sees_theirs_and_yours(app, engine, clock, dana):
    metro = planned(app, engine, clock)
    _, address = a_planned_visit(engine, app, metro)
    _, other = a_planned_visit(engine, app, metro, 1)
    form = {"shift_id": str(metro.shifts[0].id), "plan_number": "1", "accept": "yes"}
    dana.post(other + "/pin", data={"pin": "nurse", "plan_number": "1"}, headers=csrf(dana))
    answer = dana.post(address + "/move", data=form, headers=csrf(dana))
    assert answer.status_code == 412
    assert "Theirs:" in answer.text
    assert "Yours: A.K. to N-01" in answer.text
    assert 'name="plan_number" value="2"' in answer.text


def test_a_visit_is_pinned_and_unpinned(app, engine, clock, dana):
    metro = planned(app, engine, clock)
    _, address = a_planned_visit(engine, app, metro)
    form = {"pin": "time", "plan_number": "1"}
    assert "pinned to N-" in dana.post(address + "/pin", data=form, headers=csrf(dana)).text
    assert "pinned" in re.search(r'<button[^>]*class="visit[^>]*A\.K\.', dana.get(BOARD).text).group(0)
    form = {"pin": "nobody", "plan_number": "2"}
    assert "pinned to" not in dana.post(address + "/pin", data=form, headers=csrf(dana)).text


@pytest.mark.parametrize(("field", "value"), [("reading", "25:99"), ("plan_number", "one")])
def test_a_bad_field_of_a_move_is_named(app, engine, clock, dana, field, value):
    metro = planned(app, engine, clock)
    form = {"shift_id": str(metro.shifts[0].id), "plan_number": "1", field: value}
    answer = dana.post(a_planned_visit(engine, app, metro)[1] + "/move", data=form, headers=csrf(dana))
    assert answer.status_code == 422
    assert 'class="notice no"' in answer.text


def test_planning_is_ordered_stopped_and_told(app, engine, clock, dana):
    make(app, engine, clock, a_small_day)
    form = {"seconds": "5", "seed": "1"}
    ordered = dana.post(f"{BOARD}/plan", data=form, headers=csrf(dana)).text
    assert "Waiting for a free worker" in ordered
    assert "being planned already" in dana.post(f"{BOARD}/plan", data=form, headers=csrf(dana)).text
    stop = re.search(r'hx-post="([^"]+/stop)"', ordered).group(1)
    stopped = dana.post(stop, headers=csrf(dana)).text
    assert "The last run left no plan: stopped before it began." in stopped
    assert "No plan is published" in stopped


def a_run_that_told(app, engine, clock, **progress):
    """A run that is being solved and has told so much."""

    def build(session):
        run = order(session, a_small_day(session), clock)
        session.flush()
        claim_run(session, "w1", clock)
        session.flush()
        assert beat(session, run.id, "w1", progress, clock).still_mine
        return run.id

    return make(app, engine, clock, build)


def strip_of(dana):
    """The plan's strip without its marks."""
    return " ".join(re.sub(r"<[^>]+>", " ", dana.get(f"{BOARD}/run").text).split())


def test_while_it_is_solved_the_board_tells_cost_gap_and_what_is_done(app, engine, clock, dana):
    told = {"cost_mc": 302_000_000, "bound_mc": 298_500_000, "unassigned": 2, "seconds": 7.4}
    a_run_that_told(app, engine, clock, doing="subset-row cuts", **told)
    said = "$3,020 · within 1.2 % of the best possible · 2 unassigned · improving: subset-row cuts"
    assert said in strip_of(dana)


@pytest.mark.parametrize(
    ("bound_mc", "said"), [(None, "no bound yet"), (302_000_000, "proven best possible")]
)
def test_a_run_without_a_bound_and_one_that_is_proven_say_so(app, engine, clock, dana, bound_mc, said):
    told = {"cost_mc": 302_000_000, "bound_mc": bound_mc, "unassigned": 0, "seconds": 1.0}
    a_run_that_told(app, engine, clock, doing="dive", **told)
    assert f"$3,020 · {said} · 0 unassigned" in strip_of(dana)


def test_before_the_first_plan_the_board_tells_what_is_done(app, engine, clock, dana):
    a_run_that_told(app, engine, clock, doing="loading the planner")
    assert "0 of 1 s loading the planner" in strip_of(dana)


def exactly_planned(app, engine, clock, **changed):
    """A small day whose published plan is as proven as said."""

    def build(session):
        metro = a_small_day(session)
        plan = a_published_plan(session, metro, clock)
        for name, value in changed.items():
            setattr(plan, name, value)
        return plan.cost

    return make(app, engine, clock, build)


def test_the_plan_in_force_shows_its_bound_and_gap(app, engine, clock, dana):
    cost_mc = exactly_planned(app, engine, clock)
    with transaction(engine, keyring_of_app(app)) as session:
        session.query(PlanRow).one().bound = cost_mc - cost_mc // 100
    page = dana.get(BOARD).text
    assert "within 1.0 % of the best possible" in page
    assert re.search(r"<li>bound <span class=\"same\">\$[\d,]+</span></li>", page)


def test_a_plan_that_is_proven_says_so_in_the_headline(app, engine, clock, dana):
    cost_mc = exactly_planned(app, engine, clock)
    with transaction(engine, keyring_of_app(app)) as session:
        session.query(PlanRow).one().bound = cost_mc
    assert re.search(r"best possible plan</dt><dd>proven best possible</dd>", dana.get(BOARD).text)


def test_a_plan_whose_bound_is_of_an_easier_day_says_so(app, engine, clock, dana):
    exactly_planned(app, engine, clock, bound=1, relaxed=["double_visits"])
    assert "each half of a visit by two nurses" in dana.get(BOARD).text


def test_a_plan_changed_by_hand_has_no_bound_and_says_why(app, engine, clock, dana):
    metro = planned(app, engine, clock)
    _, address = a_planned_visit(engine, app, metro)
    form = {"pin": "nurse", "plan_number": "1"}
    dana.post(address + "/pin", data=form, headers=csrf(dana))
    assert "no bound: pinned" in dana.get(BOARD).text


def test_a_run_that_was_stopped_says_what_was_kept(app, engine, clock, dana):
    def build(session):
        run = order(session, a_small_day(session), clock)
        run.stop_asked = True
        solve_here(session, run, clock)

    make(app, engine, clock, build)
    page = dana.get(BOARD).text
    assert "Stopped: the best plan so far is ready" in page
    assert "/publish" in page


@pytest.mark.parametrize(("field", "value"), [("seconds", "0"), ("seconds", "soon"), ("seed", "-1")])
def test_a_bad_field_of_an_order_is_named(app, engine, clock, dana, field, value):
    make(app, engine, clock, a_small_day)
    answer = dana.post(f"{BOARD}/plan", data={"seconds": "5", "seed": "1", field: value}, headers=csrf(dana))
    assert answer.status_code == 422
    assert 'class="refused"' in answer.text


def test_a_solved_run_is_offered_and_published(app, engine, clock, dana):
    def build(session):
        metro = a_small_day(session)
        solve_here(session, order(session, metro, clock), clock)

    make(app, engine, clock, build)
    page = dana.get(BOARD).text
    assert "A plan is ready" in page
    address = re.search(r'hx-post="([^"]+/publish)"', page).group(1)
    assert "<strong>Plan 1</strong>" in dana.post(address, headers=csrf(dana)).text


def test_a_run_on_a_day_that_changed_is_refused_naming_what(app, engine, clock, dana):
    def build(session):
        metro = a_small_day(session)
        solve_here(session, order(session, metro, clock), clock)
        metro.nurses[0].languages = ["en", "es"]

    make(app, engine, clock, build)
    address = re.search(r'hx-post="([^"]+/publish)"', dana.get(BOARD).text).group(1)
    answer = dana.post(address, headers=csrf(dana))
    assert answer.status_code == 412
    assert "Nurse N-01: changed" in answer.text


def test_times_are_the_areas_own_on_the_day_the_clocks_change(app, engine, clock, dana):
    spring = date(2027, 3, 14)

    def build(session):
        metro = a_metro(session, spring)
        metro.add_nurse(7, 15)
        return metro

    make(app, engine, clock, build)
    page = dana.get(f"/board/columbus/{spring}").text
    assert "shift 07:00 to 15:00" in page
    assert 'data-ahead="60"' in page
    assert '<span class="hour h6 m0">07</span>' in page


@pytest.mark.parametrize(
    ("controlled", "state", "said"),
    [
        (True, "recovery", "infusion ended"),
        (False, "recovery", "finished"),
        (False, "en_route", "the nurse is on her way"),
    ],
)
def test_a_visit_stands_in_the_words_of_its_service(controlled, state, said):
    assert words.state(SimpleNamespace(controlled=controlled, state=state)) == said

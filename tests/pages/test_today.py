"""The nurse's screen: plain forms without script, and a phone of 390 px in Chromium."""

import re
import threading
from collections.abc import Iterator
from datetime import date, timedelta

import html5lib
import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.serving import make_server

from dispatch.audit.records import AuditEntryRow
from dispatch.custody import queries as custody
from dispatch.kernel.actor import AccountId, Actor, Role
from dispatch.kernel.storage import transaction
from dispatch.visits.records import VisitFactRow
from dispatch.workforce.records import LicenceRow
from tests.builders.visits import AT_HOME, FAR_AWAY, SEVEN, Town, a_town, some_stock
from tests.builders.web import PASSWORD, a_browser, a_person, csrf, keyring_of_app

NINA, OLGA = "nina@test.example", "olga@test.example"


@pytest.fixture
def town(app, engine, clock) -> Town:
    clock.at = SEVEN + timedelta(hours=3)
    with transaction(engine, keyring_of_app(app)) as session:
        town = a_town(session)
    a_person(app, engine, Role.NURSE, email=NINA, nurse_id=town.nurse_id)
    a_person(app, engine, Role.NURSE, email=OLGA, nurse_id=town.other_nurse_id)
    return town


@pytest.fixture
def nina(app, town):
    return a_browser(app, NINA)


VISIT_FIRST = "/today?without_pickup=1"


def forms_of(page: str) -> list[tuple[str, dict[str, str]]]:
    """The forms of a page: address, and the fields with what they are filled with."""
    tree = html5lib.parse(page, namespaceHTMLElements=False)
    found = []
    for form in tree.iter("form"):
        fields = {
            each.get("name"): each.get("value") or "" for each in form.iter("input") if each.get("name")
        }
        found.append((form.get("action"), fields))
    return found


def fields_of(page: str, kind: str) -> dict[str, str]:
    """The fields of the form whose deed is `kind`."""
    return next(fields for _, fields in forms_of(page) if fields.get("kind") == kind)


def press(browser, visit_id, kind: str, page: str = "", **more: str):
    page = page or browser.get(VISIT_FIRST).text
    return browser.post(f"/today/visits/{visit_id}", data=fields_of(page, kind) | more)


def fill_in(browser, ending: str, page: str = "", **more: str):
    """Send the form whose address ends so."""
    page = page or browser.get("/today").text
    action, fields = next((action, fields) for action, fields in forms_of(page) if action.endswith(ending))
    return browser.post(action, data=fields | more)


def valid(page: str) -> None:
    html5lib.HTMLParser(strict=True).parse(page)


HERE = {"lat": str(AT_HOME.lat), "lon": str(AT_HOME.lon), "accuracy_m": "8"}
THERE = {"lat": str(FAR_AWAY.lat), "lon": str(FAR_AWAY.lon), "accuracy_m": "8"}


def stored(engine) -> list[str]:
    with engine.connect() as connection:
        return list(
            connection.execute(sa.select(VisitFactRow.deed).order_by(VisitFactRow.position)).scalars()
        )


def test_the_page_is_valid_html(nina):
    valid(nina.get("/today").text)
    valid(nina.get(VISIT_FIRST).text)


def test_the_next_stop_is_shown_in_full_and_later_ones_by_initials(nina):
    page = nina.get(VISIT_FIRST).text
    assert "Ada Kingsley" in page
    assert "Gate code 40#" in page
    assert "C.M." in page
    assert "Mendez" not in page


def test_the_phone_number_waits_until_she_is_under_way(nina, town):
    assert "tel:" not in nina.get(VISIT_FIRST).text
    press(nina, town.first_id, "en_route")
    assert "tel:+16145550100" in nina.get("/today").text


def test_navigation_takes_the_point_and_no_name(nina):
    link = re.search(r'href="(geo:[^"]+)"', nina.get(VISIT_FIRST).text).group(1)
    assert link == "geo:39.961200,-82.998800?q=39.961200,-82.998800"


def test_one_deed_after_the_other_by_plain_forms(nina, town, engine):
    for kind in ("en_route", "check_in", "start", "stop", "check_out"):
        assert press(nina, town.first_id, kind, **HERE).status_code == 303
    assert stored(engine) == ["en_route", "check_in", "start", "stop", "check_out"]
    assert "Carlos Mendez" in nina.get("/today").text


def test_pressing_twice_is_one_deed(nina, town, engine, clock):
    page = nina.get(VISIT_FIRST).text
    press(nina, town.first_id, "en_route", page)
    clock.advance(timedelta(seconds=1))
    assert press(nina, town.first_id, "en_route", page).status_code == 303
    assert stored(engine) == ["en_route"]


def test_out_of_range_asks_why_before_it_is_recorded(nina, town, engine):
    answer = press(nina, town.first_id, "check_in", **THERE)
    assert answer.status_code == 422
    assert "1.1 km from the verified address" in answer.text
    assert stored(engine) == []
    valid(answer.text)


def test_with_a_reason_it_is_recorded(nina, town, engine):
    asked = press(nina, town.first_id, "check_in", **THERE).text
    answer = press(nina, town.first_id, "check_in", asked, reason="The road is closed")
    assert answer.status_code == 303
    assert stored(engine) == ["check_in"]
    assert "outside the fence" in nina.get("/today").text


def test_without_a_position_it_asks_why(nina, town):
    assert "gave no position" in press(nina, town.first_id, "check_in").text


def test_the_time_of_the_first_press_stays(nina, town, engine, clock):
    asked = press(nina, town.first_id, "check_in", **THERE).text
    pressed_at = clock.now()
    clock.advance(timedelta(minutes=1))
    press(nina, town.first_id, "check_in", asked, reason="The road is closed")
    with engine.connect() as connection:
        assert connection.scalar(sa.select(VisitFactRow.device_at)) == pressed_at


def test_a_no_show_asks_for_the_calls(nina, town, engine):
    press(nina, town.first_id, "check_in", **HERE)
    asked = press(nina, town.first_id, "no_show").text
    assert 'name="calls_made"' in asked
    press(nina, town.first_id, "no_show", asked, reason="Nobody opens", calls_made="2")
    assert stored(engine) == ["check_in", "no_show"]


def test_a_form_that_is_not_valid_names_the_field(nina, town):
    answer = press(nina, town.first_id, "check_in", lat="200", lon="1")
    assert answer.status_code == 422
    assert "lat:" in answer.text


def test_another_nurses_visit_is_not_found(app, town):
    olga = a_browser(app, OLGA)
    sent = {"event_id": "0198b2f1-0000-7000-8000-000000000001", "kind": "start"}
    assert olga.post(f"/today/visits/{town.first_id}", data=sent, headers=csrf(olga)).status_code == 404


def test_without_a_page_token_nothing_happens(nina, town, engine):
    sent = fields_of(nina.get(VISIT_FIRST).text, "en_route") | {"csrf_token": ""}
    assert nina.post(f"/today/visits/{town.first_id}", data=sent).status_code == 400
    assert stored(engine) == []


def test_a_nurse_without_a_route_reads_so(app, town):
    page = a_browser(app, OLGA).get("/today")
    assert "No visits for you on this day" in page.text
    valid(page.text)


def test_a_day_that_is_not_published_reads_so(nina):
    assert "No route is published yet" in nina.get("/today?day=2026-11-30").text


def test_a_day_that_is_no_date_is_refused(nina):
    assert nina.get("/today?day=soon").status_code == 422


def test_an_account_without_a_nurse_reads_what_to_do(app, engine, town):
    a_person(app, engine, Role.NURSE, email="new@test.example")
    page = a_browser(app, "new@test.example").get("/today")
    assert page.status_code == 404
    assert "Ask an administrator" in page.text
    valid(page.text)


def test_a_dispatcher_does_not_open_it(app, engine, town):
    a_person(app, engine, Role.DISPATCHER, email="dana@test.example")
    assert a_browser(app, "dana@test.example").get("/today").status_code == 403


def test_what_was_shown_is_written_down(nina, engine):
    nina.get("/today")
    with engine.connect() as connection:
        wanted = sa.select(sa.func.count()).where(AuditEntryRow.action == "visit.read_route")
        assert connection.scalar(wanted) == 2


def test_no_inline_style_or_script(nina):
    page = nina.get("/today").text
    assert not re.search(r"\sstyle=|\son[a-z]+=|<style|<script(?![^>]*src=)", page)


SIGN_WITNESS = {"other_email": "wes@test.example", "other_secret": PASSWORD, "own_secret": PASSWORD}
SIGN_PHARMACIST = SIGN_WITNESS | {"other_email": "pam@test.example"}
TAKE = {"serial_1": "V-1", "seal_1": "S-1", "serial_2": "V-2", "seal_2": "S-2", "counted_units": "2"}


@pytest.fixture
def stocked(app, engine, clock, town) -> Town:
    """Two vials at the pharmacy, a pharmacist and a witness."""
    account_id = a_person(app, engine, Role.PHARMACIST, email="pam@test.example")
    a_person(app, engine, Role.COMPLIANCE, email="wes@test.example")
    pam = Actor(
        account_id=AccountId(account_id),
        name="pam",
        roles=frozenset({Role.PHARMACIST}),
        session_ref="counter",
    )
    with transaction(engine, keyring_of_app(app)) as session:
        some_stock(session, town, pam, clock)
    return town


def take(nina, **more: str):
    return fill_in(nina, "/pickup", **(TAKE | SIGN_PHARMACIST | more))


def left_open(app, engine, town) -> dict[str, tuple[str, int]]:
    with transaction(engine, keyring_of_app(app)) as session:
        lines = custody.vials_of_day(session, town.area_id)
        return {line.serial: (line.state.value, line.residual_ug) for line in lines}


def test_the_pickup_comes_before_the_first_visit(nina, stocked):
    page = nina.get("/today").text
    assert "Pick up 2 vials" in page
    assert "Ada Kingsley" not in page
    valid(page)


def test_she_may_go_on_without_a_pickup(nina, stocked):
    assert "Ada Kingsley" in nina.get(VISIT_FIRST).text


def test_both_sign_and_the_vials_are_hers(nina, stocked, app, engine):
    assert take(nina).status_code == 303
    page = nina.get("/today").text
    assert "Vial V-1" in page
    assert "Ada Kingsley" in page
    valid(page)
    assert {state for state, _ in left_open(app, engine, stocked).values()} == {"picked_up"}


def test_a_pickup_pressed_twice_is_one(nina, stocked, app, engine):
    page = nina.get("/today").text
    answers = [fill_in(nina, "/pickup", page, **(TAKE | SIGN_PHARMACIST)) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"other_secret": "no"}, "identity_not_proved"),
        ({"own_secret": "no"}, "identity_not_proved"),
        ({"other_secret": ""}, "signature_missing"),
        ({"other_email": "wes@test.example"}, "pharmacist_missing"),
        ({"counted_units": "1"}, "count_differs"),
        ({"counted_units": "two"}, "count_missing"),
        ({"seal_1": "S-9"}, "seal_mismatch"),
        ({"serial_1": "V-9"}, "no_such_vial"),
        ({"event_id": "x"}, "field_not_valid"),
    ],
)
def test_a_pickup_is_refused(nina, stocked, app, engine, wrong, code):
    answer = take(nina, **wrong)
    assert answer.status_code in {403, 409, 422}
    assert f'data-code="{code}"' in answer.text
    assert PASSWORD not in answer.text
    valid(answer.text)
    assert {state for state, _ in left_open(app, engine, stocked).values()} == {"dispensed"}


def test_a_pickup_shows_everything_missing_at_once(nina, stocked):
    answer = take(nina, seal_1="S-9", seal_2="S-8", counted_units="1")
    assert answer.text.count('data-code="seal_mismatch"') == 2
    assert 'data-code="count_differs"' in answer.text


def at_the_bedside(nina, stocked) -> None:
    take(nina)
    press(nina, stocked.first_id, "check_in", **HERE)
    fill_in(nina, "/open", seal="S-1")
    fill_in(nina, "/draw", amount_mg="35")


def infused(nina, stocked) -> None:
    at_the_bedside(nina, stocked)
    press(nina, stocked.first_id, "start")
    press(nina, stocked.first_id, "stop")
    fill_in(nina, "/give", amount_mg="31")


def test_open_draw_give_and_waste_add_up(nina, stocked, app, engine):
    infused(nina, stocked)
    answer = fill_in(nina, "/waste", amount_mg="69", method="deactivation_pouch", **SIGN_WITNESS)
    assert answer.status_code == 303
    assert left_open(app, engine, stocked)["V-1"] == ("wasted", 0)
    assert press(nina, stocked.first_id, "check_out", **HERE).status_code == 303
    with transaction(engine, keyring_of_app(app)) as session:
        totals = custody.visit_totals(session, [stocked.first_id])[stocked.first_id]
    assert (totals.drawn_ug, totals.given_ug, totals.wasted_ug) == (35_000, 31_000, 69_000)


def test_what_comes_first_is_said(nina, stocked):
    take(nina)
    press(nina, stocked.first_id, "check_in", **HERE)
    assert "open a vial and draw the dose" in nina.get("/today").text


def test_leaving_with_a_residual_says_what_is_missing(nina, stocked, engine):
    infused(nina, stocked)
    assert "waste what is left of vial V-1" in nina.get("/today").text
    answer = press(nina, stocked.first_id, "check_out", **HERE)
    assert answer.status_code == 422
    assert 'data-code="residual_open"' in answer.text
    valid(answer.text)


def test_she_may_leave_all_the_same_with_a_reason(nina, stocked, engine):
    infused(nina, stocked)
    asked = press(nina, stocked.first_id, "check_out", **HERE).text
    assert press(nina, stocked.first_id, "check_out", asked, reason="No witness came").status_code == 303
    assert stored(engine)[-1] == "check_out"


def test_after_leaving_the_residual_still_belongs_to_its_visit(nina, stocked, app, engine):
    infused(nina, stocked)
    asked = press(nina, stocked.first_id, "check_out", **HERE).text
    press(nina, stocked.first_id, "check_out", asked, reason="No witness came")
    fill_in(nina, "/waste", amount_mg="69", method="deactivation_pouch", **SIGN_WITNESS)
    with transaction(engine, keyring_of_app(app)) as session:
        assert custody.visit_totals(session, [stocked.first_id])[stocked.first_id].wasted_ug == 69_000


def test_nobody_witnesses_an_own_waste(nina, stocked, app, engine):
    infused(nina, stocked)
    more = SIGN_WITNESS | {"other_email": NINA}
    answer = fill_in(nina, "/waste", amount_mg="69", method="deactivation_pouch", **more)
    assert answer.status_code == 403
    assert 'data-code="witness_is_actor"' in answer.text
    assert 'data-code="witness_is_same_person"' in answer.text


def test_a_draw_above_the_order_is_refused(nina, stocked):
    take(nina)
    press(nina, stocked.first_id, "check_in", **HERE)
    fill_in(nina, "/open", seal="S-1")
    answer = fill_in(nina, "/draw", amount_mg="36")
    assert answer.status_code == 409
    assert 'data-code="above_order"' in answer.text
    more = {"override_reason": "weight gain", "override_authority": "Dr Doe"}
    assert fill_in(nina, "/draw", amount_mg="36", **more).status_code == 303


def test_half_an_override_is_refused(nina, stocked):
    take(nina)
    press(nina, stocked.first_id, "check_in", **HERE)
    answer = fill_in(nina, "/open", seal="S-1", override_reason="hurry")
    assert 'data-code="override_incomplete"' in answer.text


def test_a_wrong_seal_is_kept_as_a_claim(nina, stocked, app, engine):
    """The ledger keeps what she says although the answer is a refusal."""
    take(nina)
    press(nina, stocked.first_id, "check_in", **HERE)
    answer = fill_in(nina, "/open", seal="S-7")
    assert answer.status_code == 409
    assert 'data-code="seal_mismatch"' in answer.text
    assert left_open(app, engine, stocked)["V-1"] == ("picked_up", 0)
    with transaction(engine, keyring_of_app(app)) as session:
        vial = custody.find_vial(session, "V-1")
        assert custody.vial_history(session, vial.container_id)[-1].reasons == ("seal_mismatch",)


@pytest.mark.parametrize("amount", ["", "abc", "-1", "0.0001", "٣", "1e400"])
def test_an_amount_that_is_none_is_refused(nina, stocked, amount):
    take(nina)
    press(nina, stocked.first_id, "check_in", **HERE)
    fill_in(nina, "/open", seal="S-1")
    answer = fill_in(nina, "/draw", amount_mg=amount)
    assert answer.status_code == 422
    assert 'data-code="amount_not_valid"' in answer.text


def test_a_way_of_destroying_is_said(nina, stocked):
    infused(nina, stocked)
    answer = fill_in(nina, "/waste", amount_mg="69", method="sewer", **SIGN_WITNESS)
    assert 'data-code="method_missing"' in answer.text


def test_an_unopened_vial_goes_back(nina, stocked, app, engine):
    take(nina)
    more = SIGN_PHARMACIST | {"pharmacy_id": str(stocked.pharmacy_id), "seal": "S-1"}
    assert fill_in(nina, "/return", **more).status_code == 303
    assert left_open(app, engine, stocked)["V-1"] == ("returned", 0)


def test_a_broken_vial_is_reported(nina, stocked, app, engine):
    take(nina)
    assert fill_in(nina, "/report", kind="broken", reason="It fell").status_code == 303
    assert left_open(app, engine, stocked)["V-1"][0] == "broken"


def test_something_else_is_no_mishap(nina, stocked):
    take(nina)
    assert 'data-code="kind_missing"' in fill_in(nina, "/report", kind="sold", reason="x").text
    assert 'data-code="not_an_exception"' in fill_in(nina, "/report", kind="opened", reason="x").text


def test_a_shift_closes_only_when_nothing_is_left(nina, stocked, engine):
    infused(nina, stocked)
    sent = fields_of(nina.get("/today").text, "check_out")
    answer = nina.post("/today/shift/close", data={"csrf_token": sent["csrf_token"]})
    assert answer.status_code == 409
    assert 'data-code="residual_unaccounted"' in answer.text
    assert 'data-code="unopened_in_hand"' in answer.text


def test_an_unlicensed_nurse_takes_no_drug(nina, stocked, engine):
    with engine.begin() as connection:
        connection.execute(sa.update(LicenceRow).values(expires_on=date(2026, 11, 22)))
    assert 'data-code="not_licensed_here"' in take(nina).text


def test_off_shift_she_takes_no_drug(nina, stocked, clock):
    clock.at = SEVEN - timedelta(minutes=1)
    assert 'data-code="off_shift"' in take(nina).text


def test_another_nurses_vial_stays_where_it_is(app, nina, stocked, engine):
    take(nina)
    action, fields = next(form for form in forms_of(nina.get("/today").text) if form[0].endswith("/report"))
    olga = a_browser(app, OLGA)
    sent = fields | {"kind": "lost", "reason": "x"}
    olga.post(action.replace("/report", "/open"), data=sent | {"visit_id": str(stocked.first_id)})
    assert left_open(app, engine, stocked)["V-1"] == ("picked_up", 0)


@pytest.fixture
def served(app: Flask, town: Town) -> Iterator[str]:
    """The app behind a real server on the loopback; its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()

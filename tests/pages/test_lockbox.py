"""The lock-box on the nurse's screen: what is signed, what adds up, what is refused and shown at once."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from dispatch.custody import queries as custody
from dispatch.kernel.storage import transaction
from dispatch.workforce.records import LicenceRow
from tests.builders.nurse_screen import (
    HERE,
    NINA,
    OLGA,
    SIGN_PHARMACIST,
    SIGN_WITNESS,
    TAKE,
    VISIT_FIRST,
    at_the_bedside,
    fill_in,
    forms_of,
    infused,
    left_open,
    press,
    stored,
    take,
    valid,
)
from tests.builders.visits import SEVEN
from tests.builders.web import PASSWORD, a_browser, csrf, keyring_of_app


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
    at_the_bedside(nina, stocked)
    answer = nina.post("/today/shift/close", headers=csrf(nina))
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

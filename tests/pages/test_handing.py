"""Hand-overs on the nurse's screen, and a residual that nobody there can witness."""

from datetime import timedelta

from tests.builders.nurse_screen import (
    OLGA,
    SIGN_PHARMACIST,
    fill_in,
    infused,
    left_open,
    take,
    valid,
)
from tests.builders.web import PASSWORD, a_browser


def test_a_vial_is_offered_declined_offered_and_taken(nina, stocked, app):
    take(nina)
    olga = a_browser(app, OLGA)
    offer = {"to_nurse_id": str(stocked.other_nurse_id), "seal": "S-1"}
    assert fill_in(nina, "/offer", **offer).status_code == 303
    page = olga.get("/today").text
    assert "offers vial V-1" in page
    valid(page)
    assert fill_in(olga, "/decline", page).status_code == 303
    assert "offers vial" not in olga.get("/today").text
    assert fill_in(nina, "/offer", **offer).status_code == 303
    assert fill_in(olga, "/accept", seal="S-1").status_code == 303
    assert "Vial V-1" in olga.get("/today").text
    assert "Vial V-1" not in nina.get("/today").text


def test_an_offer_that_nobody_answers_is_gone_from_the_screen(nina, stocked, app, clock):
    take(nina)
    fill_in(nina, "/offer", to_nurse_id=str(stocked.other_nurse_id), seal="S-1")
    clock.advance(timedelta(hours=1, minutes=1))
    assert "offers vial" not in a_browser(app, OLGA).get("/today").text


def test_a_residual_is_sealed_and_handed_in(nina, stocked, app, engine):
    infused(nina, stocked)
    page = nina.get("/today").text
    valid(page)
    assert fill_in(nina, "/seal-residual", page, amount_mg="69", seal="R-1").status_code == 303
    handed = SIGN_PHARMACIST | {"pharmacy_id": str(stocked.pharmacy_id), "amount_mg": "69", "seal": "R-1"}
    assert fill_in(nina, "/bring-back", **handed).status_code == 303
    assert left_open(app, engine, stocked)["V-1"] == ("quarantine", 0)


def test_a_companion_may_see_it_wasted(nina, stocked, app, engine):
    infused(nina, stocked)
    wasted = {"amount_mg": "69", "method": "deactivation_pouch", "companion": "spouse"}
    assert fill_in(nina, "/waste-with-companion", own_secret=PASSWORD, **wasted).status_code == 303
    assert left_open(app, engine, stocked)["V-1"] == ("wasted", 0)


def test_her_own_signature_is_due_all_the_same(nina, stocked):
    infused(nina, stocked)
    wasted = {"amount_mg": "69", "method": "deactivation_pouch", "companion": "spouse"}
    answer = fill_in(nina, "/waste-with-companion", own_secret="no", **wasted)
    assert 'data-code="identity_not_proved"' in answer.text

"""A waste seen by video: the witness signs on an own screen, the nurse enters what they signed."""

import re

import pytest
from sqlalchemy import select

from dispatch.custody.records import EventRow
from dispatch.kernel.ids import new_id
from dispatch.kernel.storage import transaction
from tests.builders.nurse_screen import (
    NINA,
    WES,
    fill_in,
    infused,
    left_open,
    valid,
)
from tests.builders.web import PASSWORD, a_browser, csrf, keyring_of_app

WASTED = {"amount_mg": "69", "method": "deactivation_pouch", "own_secret": PASSWORD}


@pytest.fixture
def nina(app, stocked):
    nina = a_browser(app, NINA)
    infused(nina, stocked)
    return nina


def link_on(page: str) -> str:
    return re.search(r"/witness/[0-9a-f-]{36}", page)[0]


def signed_at(wes, link: str, **more: str) -> str:
    form = {"actor_email": NINA, "own_secret": PASSWORD} | more
    answer = wes.post(link, data=form, headers=csrf(wes))
    assert answer.status_code == 200, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    valid(answer.text)
    return re.search(r"readonly>([^<]+)</textarea>", answer.text)[1]


def test_the_witness_signs_on_an_own_screen(nina, stocked, app, engine):
    page = nina.get("/today").text
    valid(page)
    wes = a_browser(app, WES)
    valid(wes.get(link_on(page)).text)
    proof = signed_at(wes, link_on(page))
    assert fill_in(nina, "/waste-by-video", page, witness_proof=proof, **WASTED).status_code == 303
    assert left_open(app, engine, stocked)["V-1"] == ("wasted", 0)
    with transaction(engine, keyring_of_app(app)) as session:
        kept = session.scalars(select(EventRow).where(EventRow.kind == "wasted")).one()
        assert (kept.witness_kind, kept.exception) == ("live_video", False)


@pytest.mark.parametrize("proof", ["", "nonsense"])
def test_without_the_witness_nothing_is_wasted_by_video(nina, stocked, app, engine, proof):
    answer = fill_in(nina, "/waste-by-video", witness_proof=proof, **WASTED)
    assert answer.status_code >= 400
    assert left_open(app, engine, stocked)["V-1"][0] != "wasted"


def test_a_proof_of_another_deed_is_none(nina, stocked, app, engine):
    proof = signed_at(a_browser(app, WES), f"/witness/{new_id()}")
    answer = fill_in(nina, "/waste-by-video", witness_proof=proof, **WASTED)
    assert 'data-code="proof_for_another_event"' in answer.text


def test_a_wrong_password_signs_nothing(nina, app):
    link, wes = link_on(nina.get("/today").text), a_browser(app, WES)
    refused = wes.post(link, data={"actor_email": NINA, "own_secret": "no"}, headers=csrf(wes))
    assert refused.status_code == 403
    assert 'data-code="identity_not_proved"' in refused.text

"""Orders at a stock point: placed, listed by the supplier, counted and received; and the recall of a lot."""

import re

import pytest
import sqlalchemy as sa

from dispatch.kernel.actor import Role
from dispatch.kernel.ids import new_id
from dispatch.kernel.storage import transaction
from tests.builders.custody import a_scene
from tests.builders.web import PASSWORD, a_browser, a_person, csrf, keyring_of_app


@pytest.fixture
def scene(app, engine):
    with transaction(engine, keyring_of_app(app)) as session:
        return a_scene(session)


@pytest.fixture
def pharmacist(app, engine, scene):
    a_person(app, engine, Role.PHARMACIST, email="pat@test.example")
    return a_browser(app, "pat@test.example")


@pytest.fixture
def send(pharmacist, scene):
    def post(where, **form):
        return pharmacist.post(f"/stock/{scene.pharmacy_id}/{where}", data=form, headers=csrf(pharmacist))

    return post


ORDER = {
    "product_code": "KET-50", "units": "2", "basis": "registrant_stock", "supplier": "Acme",
    "reference": "222-1",
}  # fmt: skip


@pytest.fixture
def order_id(send):
    made = str(new_id())
    assert "2 vials ordered from Acme" in send("orders", order_id=made, **ORDER).text
    return made


def test_what_arrives_is_received_and_what_does_not_opens_a_case(send, order_id, engine):
    listed = send(f"orders/{order_id}/list", lot="L5", expires_on="2027-08-31", vials="V-1 S-1\nV-2, S-2\n")
    assert "2 vials on the way" in listed.text
    keys = re.findall(r'name="(seal_[0-9a-f-]{36})"', listed.text)
    events = dict(re.findall(r'name="(event_[0-9a-f-]{36})" value="([^"]+)"', listed.text))
    assert len(keys) == 2
    seals = {keys[0]: "S-1"}
    answer = send(f"orders/{order_id}/receive", counted_units="1", invoice="INV-5", **events, **seals)
    assert "1 vial taken into stock" in answer.text
    with engine.connect() as connection:
        assert connection.scalars(sa.text("SELECT kind FROM custody_discrepancy")).all() == ["not_received"]


def test_a_count_that_differs_from_what_was_read_is_refused(send, order_id):
    listed = send(f"orders/{order_id}/list", lot="L5", expires_on="2027-08-31", vials="V-1 S-1").text
    events = dict(re.findall(r'name="(event_[0-9a-f-]{36})" value="([^"]+)"', listed))
    (key,) = re.findall(r'name="(seal_[0-9a-f-]{36})"', listed)
    answer = send(f"orders/{order_id}/receive", counted_units="2", **events, **{key: "S-1"})
    assert 'data-code="count_differs"' in answer.text


def test_more_than_was_ordered_is_refused(send, order_id):
    answer = send(f"orders/{order_id}/list", lot="L5", expires_on="2027-08-31", vials="A 1\nB 2\nC 3")
    assert 'data-code="more_than_ordered"' in answer.text


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("vials", "", "list_empty"),
        ("vials", "V-1", "line_not_understood"),
        ("lot", "", "field_missing"),
        ("expires_on", "soon", "expiry_missing"),
    ],
)
def test_a_bad_list_is_refused(send, order_id, field, value, code):
    form = {"lot": "L5", "expires_on": "2027-08-31", "vials": "V-1 S-1"} | {field: value}
    assert f'data-code="{code}"' in send(f"orders/{order_id}/list", **form).text


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("units", "0", "units_not_plausible"),
        ("units", "x", "count_missing"),
        ("basis", "mine", "basis_missing"),
        ("supplier", "", "field_missing"),
        ("reference", "", "field_missing"),
    ],
)
def test_a_bad_order_is_refused(send, field, value, code):
    answer = send("orders", order_id=str(new_id()), **ORDER | {field: value})
    assert f'data-code="{code}"' in answer.text


def test_a_recalled_lot_is_out_of_use_at_once(send, pharmacist, scene, engine):
    with engine.connect() as connection:
        lot_id = connection.scalar(sa.text("SELECT lot_id FROM custody_container"))
    page = pharmacist.get(f"/stock/{scene.pharmacy_id}").text
    (offered,) = re.findall(r'<option value="([0-9a-f-]{36})">L1 ', page)
    answer = send(
        "recall",
        recall_id=str(new_id()),
        lot_id=offered,
        reference="R-1",
        reason="glass",
        own_secret=PASSWORD,
    )
    assert "The lot is recalled: 1 vial" in answer.text
    assert lot_id is not None
    again = send("recall", recall_id=str(new_id()), lot_id=offered, reference="", reason="glass")
    assert 'data-code="field_missing"' in again.text

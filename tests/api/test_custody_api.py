"""The custody ledger over the API: a vial's whole life, who signs, what is kept although it is refused."""

from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from dispatch.custody.records import ContainerRow, DiscrepancyRow, LotRow, SignatureRow
from dispatch.kernel.ids import new_id
from dispatch.kernel.storage import transaction
from tests.builders.nurse_screen import NINA, OLGA, PAM, WES, a_staffed_town, stock_up
from tests.builders.visits import SEVEN, Town
from tests.builders.web import PASSWORD, Phone, a_phone, keyring_of_app

# The ledger underneath is tested on both databases.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
CUSTODY = "/api/v1/custody"


@pytest.fixture
def town(app, engine, clock) -> Town:
    clock.at = SEVEN + timedelta(hours=3)
    town = a_staffed_town(app, engine)
    stock_up(app, engine, clock, town)
    return town


def account(engine, email: str):
    with engine.connect() as connection:
        return connection.execute(sa.text("SELECT id FROM account WHERE email = :e"), {"e": email}).scalar()


@pytest.fixture
def phone_of(app, engine, town):
    return lambda email: a_phone(app, engine, UUID(account(engine, email)))


@pytest.fixture
def nina(phone_of) -> Phone:
    return phone_of(NINA)


def vial_id(app, engine, serial: str = "V-1") -> str:
    with transaction(engine, keyring_of_app(app)) as session:
        return str(session.scalars(sa.select(ContainerRow.id).where(ContainerRow.serial == serial)).one())


def proof(phone: Phone, email: str, event_id: str, **more: str) -> str:
    asked = {"email": email, "secret": PASSWORD, "event_id": event_id} | more
    answer = phone.post("/api/v1/proofs", json=asked)
    assert answer.status_code == 201, answer.json
    return answer.json["proof"]


def signed(phone: Phone, event_id: str, own: str, other: str) -> dict[str, str]:
    return {"proof": proof(phone, own, event_id), "witness_proof": proof(phone, other, event_id)}


def do(phone: Phone, path: str, **said):
    """Send a deed with an id of its own; return the answer."""
    return phone.post(f"{CUSTODY}/{path}", json={"event_id": str(new_id())} | said)


def taken(nina: Phone, town: Town) -> None:
    """Pick up V-1."""
    pickup = str(new_id())
    vials = [{"event_id": str(new_id()), "serial": "V-1", "seal": "S-1"}]
    said = {"pickup_id": pickup, "pharmacy_id": str(town.pharmacy_id), "vials": vials, "counted_units": 1}
    answer = nina.post(f"{CUSTODY}/pickups", json=said | signed(nina, pickup, NINA, PAM))
    assert answer.status_code == 201, answer.json


def at(town: Town) -> dict[str, str]:
    return {"visit_id": str(town.first_id)}


def test_an_infusion_from_pickup_to_correction(nina, phone_of, town, app, engine, clock):
    taken(nina, town)
    vial = f"vials/{vial_id(app, engine)}"
    assert do(nina, f"{vial}/set-out").json["state"] == "in_transit"
    assert do(nina, f"{vial}/open", seal="S-1", **at(town)).status_code == 201
    assert do(nina, f"{vial}/draw", amount_ug=35_000, **at(town)).status_code == 201
    start = do(nina, f"{vial}/infusion/start", rate_ug_per_min=500, presence="on_call", **at(town))
    assert start.json["verdict"] == "stored", start.json
    clock.advance(timedelta(minutes=20))
    assert do(nina, f"{vial}/infusion/rate", rate_ug_per_min=1000, **at(town)).status_code == 201
    clock.advance(timedelta(minutes=20))
    stop = do(nina, f"{vial}/infusion/stop", amount_ug=30_000, measured_ug=5_000, **at(town))
    assert (stop.json["verdict"], stop.json["state"]) == ("stored", "residual_pending")
    assert do(nina, f"{vial}/residual/measure", measured_ug=70_000, **at(town)).json["verdict"] == "stored"
    event_id = str(new_id())
    waste = {"event_id": event_id, "amount_ug": 70_000, "method": "deactivation_pouch", **at(town)}
    done = nina.post(f"{CUSTODY}/{vial}/waste", json=waste | signed(nina, event_id, NINA, OLGA))
    assert done.json["state"] == "wasted", done.json
    officer, pam = phone_of(WES), phone_of(PAM)
    assert do(officer, f"{vial}/reconcile").json["state"] == "reconciled"
    event_id = str(new_id())
    said = {
        "event_id": event_id, "reverses": stop.json["event_id"], "corrected_event_id": str(new_id()),
        "amount_ug": 3_000, "reason": "a nought too many",
    }  # fmt: skip
    answer = pam.post(f"{CUSTODY}/{vial}/correct", json=said | signed(pam, event_id, PAM, WES))
    # Wes reconciled nothing he corrects here; the entry was Nina's.
    assert [receipt["kind"] for receipt in answer.json] == ["reversed", "infusion_stopped"], answer.json
    events = officer.get(f"{CUSTODY}/{vial}/events").json
    assert [event["kind"] for event in events][-2:] == ["reversed", "infusion_stopped"]
    assert next(event for event in events if event["kind"] == "wasted")["witness_strength"] == (
        "second licensed person present"
    )
    assert officer.get(f"{CUSTODY}/visits/{town.first_id}").json["given_ug"] == 3_000


def test_each_signature_says_at_which_device_it_was_given(nina, town, app, engine):
    taken(nina, town)
    with transaction(engine, keyring_of_app(app)) as session:
        rows = session.scalars(sa.select(SignatureRow).where(SignatureRow.proved_at.is_not(None))).all()
        actor = next(row for row in rows if row.role == "actor")
        witness = next(row for row in rows if row.role == "witness")
        assert actor.device_id is not None
        assert (witness.device_id, witness.given_on) == (None, actor.device_id)


def given(nina: Phone, town: Town, vial: str) -> None:
    """Open, draw 35 mg, give 31."""
    assert do(nina, f"{vial}/open", seal="S-1", **at(town)).status_code == 201
    assert do(nina, f"{vial}/draw", amount_ug=35_000, **at(town)).status_code == 201
    assert do(nina, f"{vial}/administer", amount_ug=31_000, **at(town)).status_code == 201


def test_a_witness_by_video_signs_on_an_own_device(nina, phone_of, town, app, engine):
    taken(nina, town)
    vial = f"vials/{vial_id(app, engine)}"
    given(nina, town, vial)
    event_id = str(new_id())
    said = {
        "event_id": event_id, "amount_ug": 69_000, "method": "deactivation_pouch", **at(town),
        "witness_kind": "live_video", "proof": proof(nina, NINA, event_id),
        "witness_proof": proof(phone_of(OLGA), OLGA, event_id, actor_email=NINA),
    }  # fmt: skip
    answer = nina.post(f"{CUSTODY}/{vial}/waste", json=said)
    assert (answer.status_code, answer.json["verdict"]) == (201, "stored"), answer.json


def test_a_witness_by_video_did_not_type_on_the_nurses_phone(nina, town, app, engine):
    taken(nina, town)
    vial = f"vials/{vial_id(app, engine)}"
    given(nina, town, vial)
    event_id = str(new_id())
    said = {"event_id": event_id, "amount_ug": 69_000, "method": "deactivation_pouch", **at(town)}
    said |= {"witness_kind": "live_video"} | signed(nina, event_id, NINA, OLGA)
    answer = nina.post(f"{CUSTODY}/{vial}/waste", json=said)
    assert [reason["code"] for reason in answer.json["reasons"]] == ["video_witness_typed_here"]


def test_a_proof_for_somebody_elses_deed_is_made_in_ones_own_session(nina, town):
    asked = {"email": OLGA, "secret": PASSWORD, "event_id": str(new_id()), "actor_email": NINA}
    assert nina.post("/api/v1/proofs", json=asked).status_code == 403


def test_a_companion_is_a_weak_witness(nina, phone_of, town, app, engine):
    taken(nina, town)
    vial = f"vials/{vial_id(app, engine)}"
    given(nina, town, vial)
    event_id = str(new_id())
    said = {
        "event_id": event_id, "amount_ug": 69_000, "method": "deactivation_pouch", **at(town),
        "witness_kind": "companion", "companion": "spouse", "proof": proof(nina, NINA, event_id),
    }  # fmt: skip
    answer = nina.post(f"{CUSTODY}/{vial}/waste", json=said)
    assert (answer.status_code, answer.json["verdict"]) == (201, "flagged")
    assert [reason["code"] for reason in answer.json["reasons"]] == ["witness_weak"]
    assert phone_of(WES).get(f"{CUSTODY}/{vial}/events").json[-1]["witness_strength"].endswith("weak")


def test_a_sealed_residual_is_brought_back_and_destroyed(nina, phone_of, town, app, engine):
    taken(nina, town)
    vial = f"vials/{vial_id(app, engine)}"
    given(nina, town, vial)
    sealed = do(nina, f"{vial}/residual/seal", measured_ug=69_000, seal="R-1", **at(town))
    assert sealed.json["verdict"] == "stored"
    event_id = str(new_id())
    said = {"event_id": event_id, "measured_ug": 69_000, "seal": "R-1", "pharmacy_id": str(town.pharmacy_id)}
    back = nina.post(f"{CUSTODY}/{vial}/residual/return", json=said | signed(nina, event_id, NINA, PAM))
    assert back.json["state"] == "quarantine", back.json
    pam, event_id = phone_of(PAM), str(new_id())
    said = {"event_id": event_id, "method": "solidifying_container"}
    gone = pam.post(f"{CUSTODY}/{vial}/destroy", json=said | signed(pam, event_id, PAM, WES))
    assert (gone.json["state"], gone.json["verdict"]) == ("destroyed", "stored"), gone.json


def test_a_vial_goes_from_nurse_to_nurse(nina, phone_of, town, app, engine):
    taken(nina, town)
    vial, olga = f"vials/{vial_id(app, engine)}", phone_of(OLGA)
    offer = {"to_nurse_id": str(town.other_nurse_id), "seal": "S-1"}
    assert do(nina, f"{vial}/hand-off/offer", **offer).status_code == 201
    assert do(olga, f"{vial}/hand-off/decline").status_code == 201
    assert do(nina, f"{vial}/hand-off/offer", **offer).status_code == 201
    assert do(olga, f"{vial}/hand-off/accept", seal="S-1").status_code == 201
    gone = do(nina, f"{vial}/open", seal="S-1", **at(town))
    assert gone.json["reasons"][0]["code"] == "held_by_another"


def test_an_order_is_dispensed_received_and_recalled(phone_of, town, app, engine):
    pam = phone_of(PAM)
    order = {
        "order_id": str(new_id()), "pharmacy_id": str(town.pharmacy_id), "product_code": "KET-50",
        "units": 2, "basis": "registrant_stock", "supplier": "Wholesale Inc.", "reference": "222-1",
    }  # fmt: skip
    assert pam.post(f"{CUSTODY}/orders", json=order).status_code == 201
    vials = [{"event_id": str(new_id()), "serial": f"X-{each}", "seal": f"T-{each}"} for each in (1, 2)]
    listed = {"lot_number": "L7", "expires_on": "2027-06-30", "vials": vials}
    path = f"{CUSTODY}/orders/{order['order_id']}"
    sent = pam.post(f"{path}/dispensed", json=listed).json
    arrived = [
        {"event_id": str(new_id()), "container_id": receipt["container_id"], "seal": f"T-{number}"}
        for number, receipt in enumerate(sent, 1)
    ]
    came = pam.post(f"{path}/received", json={"counted_units": 2, "vials": arrived})
    assert [receipt["kind"] for receipt in came.json] == ["received", "received"]
    one = f"vials/{sent[0]['container_id']}"
    assert do(pam, f"{one}/set-aside", kind="quarantined").json["state"] == "quarantine"
    with transaction(engine, keyring_of_app(app)) as session:
        lot_id = session.scalars(sa.select(LotRow.id).where(LotRow.number == "L7")).one()
    recall = {"recall_id": str(new_id()), "reference": "D-1", "reason": "sub-potent"}
    unsigned = pam.post(f"{CUSTODY}/lots/{lot_id}/recall", json=recall)
    assert (unsigned.status_code, unsigned.json["reasons"][0]["code"]) == (403, "actor_proof_missing")
    recall["proof"] = proof(pam, PAM, recall["recall_id"])
    done = pam.post(f"{CUSTODY}/lots/{lot_id}/recall", json=recall)
    assert [receipt["state"] for receipt in done.json] == ["recalled", "recalled"]


def test_a_returned_vial_goes_back_on_the_shelf(nina, phone_of, town, app, engine):
    taken(nina, town)
    vial, event_id = f"vials/{vial_id(app, engine)}", str(new_id())
    said = {"event_id": event_id, "pharmacy_id": str(town.pharmacy_id), "seal": "S-1"}
    back = nina.post(f"{CUSTODY}/{vial}/return", json=said | signed(nina, event_id, NINA, PAM))
    assert back.json["state"] == "returned"
    assert do(phone_of(PAM), f"{vial}/restock", seal="S-1").json["state"] == "dispensed"


def test_an_entry_is_taken_back(nina, phone_of, town, app, engine):
    taken(nina, town)
    vial = f"vials/{vial_id(app, engine)}"
    lost = do(nina, f"{vial}/report", kind="lost", reason="not in the bag")
    pam, event_id = phone_of(PAM), str(new_id())
    said = {"event_id": event_id, "reverses": lost.json["event_id"], "reason": "it was in the car"}
    answer = pam.post(f"{CUSTODY}/{vial}/reverse", json=said | signed(pam, event_id, PAM, WES))
    assert answer.json["state"] == "picked_up", answer.json


# What is kept although it is refused.


def kinds(app, engine) -> list[str]:
    with transaction(engine, keyring_of_app(app)) as session:
        return list(session.scalars(sa.select(DiscrepancyRow.kind)))


def test_a_shift_that_cannot_close_is_escalated_once(nina, town, app, engine):
    taken(nina, town)
    for _ in range(2):
        answer = nina.post(f"{CUSTODY}/shift/close", json={})
        assert answer.status_code == 409
        assert answer.json["reasons"][0]["code"] == "unopened_in_hand"
    assert kinds(app, engine) == ["shift_not_closed"]


def test_a_wrong_seal_at_the_counter_is_refused_and_becomes_a_case(nina, town, app, engine):
    pickup = str(new_id())
    vials = [{"event_id": str(new_id()), "serial": "V-1", "seal": "S-9"}]
    said = {"pickup_id": pickup, "pharmacy_id": str(town.pharmacy_id), "vials": vials, "counted_units": 1}
    answer = nina.post(f"{CUSTODY}/pickups", json=said | signed(nina, pickup, NINA, PAM))
    assert answer.status_code == 409
    assert kinds(app, engine) == ["seal_mismatch"]


def test_a_shift_is_opened_and_closed_with_blind_counts(nina, town):
    holder = f"nurse:{town.nurse_id}"
    opening = {"count_id": str(new_id()), "round_id": str(new_id()), "holder": holder, "counted_units": 0}
    assert nina.post(f"{CUSTODY}/shift/open", json=opening).json["finished"] is True
    assert nina.post(f"{CUSTODY}/shift/open", json=opening | {"round_id": str(new_id())}).status_code == 409
    assert nina.post(f"{CUSTODY}/shift/close", json={}).json["reasons"][0]["code"] == "count_missing"
    closing = {"count_id": str(new_id()), "round_id": str(new_id()), "holder": holder, "counted_units": 0}
    nina.post(f"{CUSTODY}/counts", json=closing)
    closed = nina.post(f"{CUSTODY}/shift/close", json={"round_id": closing["round_id"]})
    assert closed.status_code == 204, closed.json


# Policies.


def test_a_policy_is_signed_with_its_reason_and_shown_with_its_citation(phone_of, town):
    officer = phone_of(WES)
    path = "/api/v1/areas/columbus/policies"
    said = {"key": "custody.hand_off", "value": {"expires_minutes": 20}, "reason": "counsel", "state": "OH"}
    assert officer.post(path, json=said).status_code == 201
    lines = [line for line in officer.get(path).json if line["key"] == "custody.hand_off"]
    assert [(line["version"], line["value"]["expires_minutes"]) for line in lines] == [(0, 60), (1, 20)]
    assert "1301.22" in lines[0]["citation"]
    wrong = officer.post(path, json=said | {"value": {"expires_minutes": "soon", "x": 1}})
    assert wrong.status_code == 422
    assert {reason["field"] for reason in wrong.json["reasons"]} == {"value.expires_minutes", "value.x"}
    assert officer.post(path, json=said | {"key": "nothing"}).status_code == 404


def test_only_compliance_signs_a_policy(nina):
    said = {"key": "custody.hand_off", "value": {"expires_minutes": 20}, "reason": "counsel"}
    assert nina.post("/api/v1/areas/columbus/policies", json=said).status_code == 403

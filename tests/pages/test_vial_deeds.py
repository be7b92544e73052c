"""What compliance and a pharmacist do to one vial, each deed signed in place."""

import pytest
import sqlalchemy as sa

from dispatch.kernel.actor import Role
from dispatch.kernel.ids import new_id
from dispatch.kernel.storage import transaction
from tests.builders.custody import a_scene, given, wasted
from tests.builders.web import PASSWORD, a_browser, a_person, csrf, keyring_of_app


def stage(app, engine, make, **more):
    with transaction(engine, keyring_of_app(app)) as session:
        return make(session, **more)


@pytest.fixture
def officer(app, engine):
    a_person(app, engine, Role.COMPLIANCE, email="officer@test.example")
    a_person(app, engine, Role.PHARMACIST, email="pat@test.example")
    return a_browser(app, "officer@test.example")


@pytest.fixture
def pharmacist(app, engine, officer):
    return a_browser(app, "pat@test.example")


def do(browser, scene, what, **form):
    sent = {"event_id": str(new_id()), "own_secret": PASSWORD} | form
    return browser.post(f"/custody/vials/{scene.vial}/{what}", data=sent, headers=csrf(browser))


def kinds(engine):
    with engine.connect() as connection:
        return connection.scalars(sa.text("SELECT kind FROM custody_event ORDER BY sequence")).all()


def event_of(engine, kind):
    with engine.connect() as connection:
        return connection.scalar(sa.text("SELECT id FROM custody_event WHERE kind = :kind"), {"kind": kind})


SECOND = {"other_email": "pat@test.example", "other_secret": PASSWORD}


def test_a_finished_vial_is_reconciled_with_a_signature(app, engine, officer):
    scene = stage(app, engine, wasted)
    answer = do(officer, scene, "reconcile")
    assert answer.status_code == 303
    assert answer.location.endswith("#event-7")
    assert kinds(engine)[-1] == "reconciled"
    assert "proved" in officer.get(answer.location).text


def test_nothing_is_reconciled_with_a_wrong_password(app, engine, officer):
    scene = stage(app, engine, wasted)
    answer = do(officer, scene, "reconcile", own_secret="wrong")
    assert answer.status_code == 403
    assert 'data-code="identity_not_proved"' in answer.text
    assert "reconciled" not in kinds(engine)


def test_the_form_of_a_refused_deed_stays_open(app, engine, officer):
    scene = stage(app, engine, wasted)
    page = do(officer, scene, "reconcile", own_secret="wrong").text
    assert "<details open>\n  <summary>Reconcile" in page


def test_an_open_vial_is_not_reconciled(app, engine, officer):
    scene = stage(app, engine, given)
    assert 'data-code="residual_left"' in do(officer, scene, "reconcile").text
    assert "Sign and reconcile" in officer.get(f"/custody/vials/{scene.vial}").text


def test_pressing_twice_is_one_event(app, engine, officer):
    scene = stage(app, engine, wasted)
    event_id = str(new_id())
    for _ in range(2):
        assert do(officer, scene, "reconcile", event_id=event_id).status_code == 303
    assert kinds(engine).count("reconciled") == 1


def test_an_entry_is_corrected_by_two_approvers_and_stays_in_sight(app, engine, officer):
    scene = stage(app, engine, given)
    wrong = event_of(engine, "administered")
    answer = do(
        officer, scene, "correct", reverses=str(wrong), amount_mg="30.5", reason="misread the pump",
        corrected_event_id=str(new_id()), **SECOND,
    )  # fmt: skip
    assert answer.status_code == 303, answer.text
    assert kinds(engine)[-3:] == ["administered", "reversed", "administered"]
    page = officer.get(f"/custody/vials/{scene.vial}").text
    assert "30.500" in page
    assert "31.000" in page


def test_an_entry_is_taken_back_whole(app, engine, officer):
    scene = stage(app, engine, given)
    wrong = event_of(engine, "administered")
    answer = do(officer, scene, "correct", reverses=str(wrong), reason="another patient", **SECOND)
    assert answer.status_code == 303, answer.text
    assert kinds(engine)[-1] == "reversed"


def test_nobody_approves_twice(app, engine, officer):
    scene = stage(app, engine, given)
    wrong = event_of(engine, "administered")
    same = {"other_email": "officer@test.example", "other_secret": PASSWORD}
    answer = do(officer, scene, "correct", reverses=str(wrong), reason="x", **same)
    assert answer.status_code == 403
    assert 'data-code="witness_is_actor"' in answer.text


def test_a_sealed_vial_is_set_aside_and_destroyed_before_a_witness(app, engine, officer, pharmacist):
    scene = stage(app, engine, a_scene)
    assert do(pharmacist, scene, "set-aside", kind="quarantined", reason="wet box").status_code == 303
    second = {"other_email": "officer@test.example", "other_secret": PASSWORD}
    answer = do(pharmacist, scene, "destroy", method="controlled_substance_bin", **second)
    assert answer.status_code == 303, answer.text
    assert kinds(engine) == ["received", "quarantined", "destroyed"]


def test_a_method_has_to_be_said(app, engine, officer):
    scene = stage(app, engine, a_scene)
    assert 'data-code="method_missing"' in do(officer, scene, "destroy", **SECOND).text


def test_a_loss_is_reported_and_opens_a_case(app, engine, officer):
    scene = stage(app, engine, a_scene)
    assert do(officer, scene, "report", kind="lost", reason="not in the cabinet").status_code == 303
    assert kinds(engine)[-1] == "lost"
    assert "lost" in officer.get("/custody/columbus/2026-11-23").text


def test_an_unknown_vial_is_not_found(app, engine, officer):
    scene = stage(app, engine, a_scene, vials=0)
    answer = officer.post(f"/custody/vials/{scene.area_id}/reconcile", data={}, headers=csrf(officer))
    assert answer.status_code in {404, 422}
    assert officer.get(f"/custody/vials/{scene.area_id}").status_code == 404


def test_a_nurse_does_none_of_this(app, engine, officer):
    scene = stage(app, engine, wasted)
    a_person(app, engine, Role.NURSE, email="nina@test.example")
    nurse = a_browser(app, "nina@test.example")
    for what in ("reconcile", "correct", "set-aside", "restock", "destroy", "report"):
        assert do(nurse, scene, what).status_code == 403

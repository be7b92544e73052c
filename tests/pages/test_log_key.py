"""The log's key is lost: the compliance screen says so, and two people adopt the new one."""

from dataclasses import replace
from datetime import timedelta

import pytest

from dispatch.custody.log import queries
from dispatch.custody.log.note import ED25519, Signer
from dispatch.custody.log.publishing import note_fault, publish_checkpoint
from dispatch.kernel.actor import Role
from dispatch.kernel.storage import transaction
from tests.builders.bundles import LOG
from tests.builders.custody import wasted
from tests.builders.web import PASSWORD, a_browser, a_person, csrf, keyring_of_app

NEW = Signer(LOG.name, ED25519, b"N" * 32)
FORM = "/custody/columbus/log-key"
SIGNED = {"reason": "the disk burnt", "own_secret": PASSWORD, "other_secret": PASSWORD}


@pytest.fixture
def officer(app, engine, monkeypatch):
    with transaction(engine, keyring_of_app(app)) as session:
        scene = wasted(session)
        publish_checkpoint(session, [LOG], timedelta(0), scene.clock)
        note_fault(session, "log_key_not_handed_over", scene.clock)
    settings = replace(app.extensions["housecall_settings"], log_keys=NEW.written())
    monkeypatch.setitem(app.extensions, "housecall_settings", settings)
    a_person(app, engine, Role.COMPLIANCE, email="officer@test.example")
    a_person(app, engine, Role.ADMIN, email="boss@test.example")
    return a_browser(app, "officer@test.example")


def keys(app, engine):
    with transaction(engine, keyring_of_app(app)) as session:
        return [key.verifier for key in queries.keys(session)]


def test_two_people_adopt_the_new_key(officer, app, engine):
    assert "The log’s key is lost" in officer.get("/custody/columbus/2026-11-23").text
    done = officer.post(FORM, data=SIGNED | {"other_email": "boss@test.example"}, headers=csrf(officer))
    assert done.status_code == 303
    assert keys(app, engine) == [str(LOG.verifier), str(NEW.verifier)]


@pytest.mark.parametrize("other", ["", "officer@test.example"])
def test_one_person_alone_adopts_none(officer, app, engine, other):
    refused = officer.post(FORM, data=SIGNED | {"other_email": other}, headers=csrf(officer))
    assert refused.status_code == 403
    assert keys(app, engine) == [str(LOG.verifier)]

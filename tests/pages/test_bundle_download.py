"""The audit bundle in one click: it verifies by itself, names no patient, and is written down."""

import io
import subprocess
import sys
from zipfile import ZipFile

import pytest
import sqlalchemy as sa

from dispatch.kernel.actor import Role
from dispatch.kernel.storage import transaction
from tests.builders.custody import wasted
from tests.builders.web import PASSWORD, a_browser, a_person, csrf, keyring_of_app

BUNDLE = "/custody/columbus/bundle"
DAY = "/custody/columbus/2026-11-23/events.csv"


@pytest.fixture
def scene(app, engine):
    with transaction(engine, keyring_of_app(app)) as session:
        return wasted(session, vials=2)


@pytest.fixture
def officer(app, engine, scene):
    a_person(app, engine, Role.COMPLIANCE, email="officer@test.example")
    return a_browser(app, "officer@test.example")


@pytest.fixture
def unpacked(officer, tmp_path):
    def send(**limits):
        answer = officer.post(BUNDLE, data=limits | {"own_secret": PASSWORD}, headers=csrf(officer))
        assert (answer.status_code, answer.content_type) == (200, "application/zip")
        with ZipFile(io.BytesIO(answer.data)) as packed:
            packed.extractall(tmp_path)
        return tmp_path / "bundle"

    return send


@pytest.mark.parametrize(
    "limits", [{}, {"vial": "7F0"}, {"nurse": "N-07", "from": "2026-11-23", "to": "2026-11-23"}]
)
def test_the_bundle_verifies_by_itself(unpacked, limits):
    folder = unpacked(**limits)
    verify = [sys.executable, "-I", str(folder / "verify.py")]
    checked = subprocess.run(verify, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_it_names_no_visit(unpacked, scene):
    folder = unpacked()
    for path in folder.rglob("*"):
        if path.is_file():
            assert str(scene.visit_id).encode() not in path.read_bytes(), path


def test_that_it_was_made_is_written_down(unpacked, engine):
    unpacked()
    with engine.connect() as connection:
        assert "custody.export_bundle" in connection.scalars(sa.text("SELECT action FROM audit_entry")).all()


@pytest.mark.parametrize("limits", [{"vial": "NONE"}, {"nurse": "N-99"}, {"from": "x"}])
def test_a_limit_that_is_none_is_not_found(officer, limits):
    sent = limits | {"own_secret": PASSWORD}
    assert officer.post(BUNDLE, data=sent, headers=csrf(officer)).status_code == 404


@pytest.mark.parametrize("where", [BUNDLE, DAY])
@pytest.mark.parametrize("secret", ["", "not the password"])
def test_a_screen_left_open_exports_nothing(officer, engine, where, secret):
    refused = officer.post(where, data={"own_secret": secret}, headers=csrf(officer))
    assert refused.status_code == 403
    with engine.connect() as connection:
        said = connection.scalars(sa.text("SELECT action FROM audit_entry")).all()
    assert not [action for action in said if action.startswith("custody.export")]

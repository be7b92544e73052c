"""A refused booking at the API leaves its task, whichever way it was asked."""

import pytest

from dispatch.clearance.model import TaskKind
from dispatch.clearance.queries import open_tasks
from dispatch.kernel.actor import Role
from dispatch.kernel.storage import transaction
from tests.builders.care_path import a_ready_patient
from tests.builders.web import a_person, a_phone, keyring_of_app

BOOKING = {
    "reference": "A-1", "service": "ketamine_first", "day": "2026-11-24",
    "windows": [{"begins": "09:00", "ends": "11:00"}],
}  # fmt: skip


@pytest.fixture
def dana(app, engine):
    return a_phone(app, engine, a_person(app, engine, Role.DISPATCHER, email="dana@test.example"))


@pytest.fixture
def ready(app, engine, clock):
    """The patient, and whether she writes down theophylline before she asks."""

    def make(*medicines):
        with transaction(engine, keyring_of_app(app)) as session:
            scene = a_ready_patient(session, clock)
            for each in medicines:
                scene.takes(each)
            return scene.patient_id, scene.subject

    return make


def waiting(app, engine, subject):
    with transaction(engine, keyring_of_app(app)) as session:
        return [task.kind for task in open_tasks(session, subject)].count(TaskKind.MEDICATION_QUESTION)


def test_theophylline_is_refused_by_booking_and_by_offers_and_leaves_one_task(app, engine, dana, ready):
    patient_id, subject = ready("theophylline")
    for answer in (
        dana.post(f"/api/v1/patients/{patient_id}/appointments", json=BOOKING),
        dana.get(f"/api/v1/patients/{patient_id}/slots?service=ketamine_first"),
    ):
        assert answer.status_code == 409, answer.text
        assert answer.json["title"] == "This visit cannot be booked yet"
        assert "theophylline" not in answer.text
        assert waiting(app, engine, subject) == 1


def test_a_ready_patient_is_booked_without_naming_the_dose(app, engine, dana, ready):
    patient_id, subject = ready()
    answer = dana.post(f"/api/v1/patients/{patient_id}/appointments", json=BOOKING)
    assert answer.status_code == 201, answer.text
    assert answer.json["dose_mg"] == "35.000"
    assert waiting(app, engine, subject) == 0

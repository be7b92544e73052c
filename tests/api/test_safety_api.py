"""The safety clocks by JSON: a phone's check-in and call for help, a dispatcher's answer."""

from dispatch.kernel.actor import Role
from dispatch.kernel.ids import new_id
from dispatch.kernel.storage import transaction
from tests.builders.safety import at
from tests.builders.visits import a_town
from tests.builders.web import a_person, a_phone, keyring_of_app


def test_a_phone_checks_in_calls_for_help_and_is_answered(app, engine, clock):
    with transaction(engine, keyring_of_app(app)) as session:
        town = a_town(session)
    clock.at = at(0)
    nina = a_person(app, engine, Role.NURSE, email="nina@test.example", nurse_id=town.nurse_id)
    nurse = a_phone(app, engine, nina)
    dispatcher = a_phone(app, engine, a_person(app, engine, Role.DISPATCHER, email="dana@test.example"))
    now = {"event_id": str(new_id()), "at": clock.at.isoformat()}
    assert nurse.post(f"/api/v1/visits/{town.first_id}/check-ins", json=now).status_code == 201
    place = {"lat": 39.96, "lon": -82.99, "appointment_id": str(town.first_id)}
    assert nurse.post("/api/v1/safety/panics", json=now | place).status_code == 202
    (alarm,) = dispatcher.get("/api/v1/areas/columbus/alarms").json["alarms"]
    assert (alarm["kind"], alarm["reference"], alarm["state"]) == ("panic", "A-1", "raised")
    answered = dispatcher.post(
        f"/api/v1/alarms/{alarm['alarm_id']}/answers", json={"deed": "acknowledge", "seen": 0}
    )
    assert (answered.status_code, answered.json["state"]) == (201, "acknowledged")
    asked = nurse.get(f"/api/v1/visits/{town.first_id}/on-call").json
    assert (asked["duty_id"], asked["against"][0]["code"]) == (None, "supervision_unknown")
    assert dispatcher.get("/api/v1/areas/columbus/on-call").json == {"duties": [], "gaps": []}

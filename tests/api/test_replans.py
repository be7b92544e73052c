import json
from datetime import timedelta

import pytest

from api.jobs import Supervisor, hints_of
from api.solving import News, Outcome
from dispatch.assignment.records import PlanRunRow
from dispatch.kernel.actor import Role
from dispatch.kernel.storage import transaction
from tests.builders.assignment import a_metro, local, solve_here
from tests.builders.web import a_person, a_phone, keyring_of_app

DAY = "/api/v1/areas/columbus/days/2026-11-23"
NOBODY = "01a1fdec-fee2-774a-a5b5-d915f350f71e"


@pytest.fixture
def town(app, engine, clock):
    """Two nurses and four visits in the app's database, at six in the morning."""
    clock.at = local(6)
    with transaction(engine, keyring_of_app(app)) as session:
        metro = a_metro(session)
        metro.add_pharmacy()
        for _ in range(2):
            metro.add_nurse()
        for begins in (8, 12):
            for _ in range(2):
                metro.add_visit((begins, begins + 3))
        return {
            "visits": [str(visit.id) for visit in metro.visits],
            "shifts": [str(shift.id) for shift in metro.shifts],
        }


@pytest.fixture
def dispatcher(app, engine, town):
    return a_phone(app, engine, a_person(app, engine, Role.DISPATCHER))


@pytest.fixture
def planned(app, engine, clock, dispatcher):
    run = dispatcher.post(f"{DAY}/plan-runs", json={"engine": "greedy", "seconds": 1}).json
    with transaction(engine, keyring_of_app(app)) as session:
        solve_here(session, session.query(PlanRunRow).filter_by(state="queued").one(), clock)
    answer = dispatcher.post(f"/api/v1/plan-runs/{run['id']}/publish")
    assert answer.status_code == 201, answer.text
    return answer.json


def ill(town, **more):
    return {"events": [{"kind": "nurse_ill", "shift_id": town["shifts"][0]}]} | more


def proposed(dispatcher, form):
    answer = dispatcher.post(f"{DAY}/replans", json=form)
    assert answer.status_code == 201, answer.text
    return answer


def seen(answer):
    return {"If-Match": answer.headers["ETag"]}


def test_a_report_is_answered_with_a_proposal(dispatcher, town, planned):
    answer = proposed(dispatcher, ill(town, reason="Called at six."))
    diff = answer.json["diff"]
    assert (answer.json["state"], answer.json["step"], answer.json["plan_number"]) == ("proposed", 1, 1)
    assert diff["saves_mc"] == diff["nothing"]["total_mc"] - diff["after"]["total_mc"]
    moved = [entry for entry in diff["moved"] if entry["change"] == "other_nurse"]
    assert moved
    assert all(entry["after"]["shift_id"] == town["shifts"][1] for entry in moved)
    assert all(entry["appointment_id"] in town["visits"] for entry in moved)
    assert dispatcher.get(answer.headers["Location"]).json == answer.json


def test_the_same_key_proposes_once(dispatcher, town, planned):
    first, again = (
        dispatcher.post(f"{DAY}/replans", json=ill(town), headers={"Idempotency-Key": "one"})
        for _ in range(2)
    )
    assert first.json == again.json


def test_accepting_publishes_and_what_was_reported_holds(dispatcher, town, planned):
    answer = proposed(dispatcher, ill(town))
    plan = dispatcher.post(f"/api/v1/replans/{answer.json['id']}/accept", headers=seen(answer))
    assert (plan.status_code, plan.json["number"], plan.json["origin"]) == (201, 2, "replanned")
    (held,) = dispatcher.get(f"{DAY}/disturbances").json
    assert (held["kind"], held["shift_id"]) == ("nurse_ill", town["shifts"][0])
    assert dispatcher.delete(f"/api/v1/disturbances/{held['id']}").status_code == 204
    assert dispatcher.get(f"{DAY}/disturbances").json == []


def test_a_cancelled_visit_is_cancelled_with_the_acceptance(dispatcher, town, planned):
    form = {"events": [{"kind": "cancelled", "appointment_id": town["visits"][0]}]}
    answer = proposed(dispatcher, form)
    assert dispatcher.get(f"/api/v1/appointments/{town['visits'][0]}").json["status"] == "confirmed"
    plan = dispatcher.post(f"/api/v1/replans/{answer.json['id']}/accept", headers=seen(answer))
    assert plan.status_code == 201, plan.text
    assert dispatcher.get(f"/api/v1/appointments/{town['visits'][0]}").json["status"] == "cancelled"
    assert dispatcher.get(f"{DAY}/disturbances").json == []


def test_what_changed_meanwhile_is_named(app, engine, dispatcher, town, planned):
    answer = proposed(dispatcher, ill(town))
    other = proposed(dispatcher, ill(town))
    dispatcher.post(f"/api/v1/replans/{other.json['id']}/accept", headers=seen(other))
    refused = dispatcher.post(f"/api/v1/replans/{answer.json['id']}/accept", headers=seen(answer))
    assert refused.status_code == 412
    assert "The plan in force: changed." in [reason["text"] for reason in refused.json["reasons"]]


def test_accepting_needs_the_etag(dispatcher, town, planned):
    answer = proposed(dispatcher, ill(town))
    assert dispatcher.post(f"/api/v1/replans/{answer.json['id']}/accept").status_code == 428


def test_a_discarded_proposal_is_not_accepted(dispatcher, town, planned):
    answer = proposed(dispatcher, ill(town))
    assert dispatcher.post(f"/api/v1/replans/{answer.json['id']}/discard").json["state"] == "discarded"
    refused = dispatcher.post(f"/api/v1/replans/{answer.json['id']}/accept", headers=seen(answer))
    assert (refused.status_code, refused.json["reasons"][0]["code"]) == (409, "proposal_decided")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"events": [{"kind": "flood"}]}, "events[0].kind"),
        ({"events": [{"kind": "nurse_ill"}]}, "events[0].shift_id"),
        ({"events": [{"kind": "vehicle_late", "shift_id": NOBODY}]}, "events[0].at"),
        ({"freeze_minutes": -1}, "freeze_minutes"),
        ({"reason": "x" * 501}, "reason"),
        ({"x": 1}, "x"),
    ],
)
def test_a_bad_report_names_the_field(dispatcher, planned, wrong, field):
    answer = dispatcher.post(f"{DAY}/replans", json=wrong)
    assert answer.status_code == 422
    assert [reason["field"] for reason in answer.json["reasons"]] == [field]


def test_an_unknown_shift_is_not_found(dispatcher, planned):
    form = {"events": [{"kind": "nurse_ill", "shift_id": NOBODY}]}
    assert dispatcher.post(f"{DAY}/replans", json=form).status_code == 404


class ABetterAnswer:
    """A planning process that saves a cent more."""

    is_ready = is_alive = True
    is_overdue = False

    def __init__(self, _command):
        self.answer = None

    def ask(self, request, seconds):
        from threading import Event

        from routing.replan.asked import answer_in_full

        self.answer = json.loads(json.dumps(answer_in_full(request | {"seconds": 0}, Event())))
        self.answer["diff"]["after"]["total_mc"] -= 1_000

    def listen(self, for_s):
        return News(progress=None, outcome=Outcome(kind="done", answer=self.answer))

    def kill(self):
        """Nothing to end."""


def test_a_better_proposal_follows_and_only_it_may_be_accepted(app, engine, clock, dispatcher, town, planned):
    answer = proposed(dispatcher, ill(town))
    supervisor = Supervisor(engine, keyring_of_app(app), clock, hints_of(app), make_worker=ABetterAnswer)
    supervisor.look()
    supervisor.join()
    clock.advance(timedelta(seconds=2))
    better = dispatcher.get(answer.headers["Location"])
    assert (better.json["step"], better.json["better"]) == (2, "ended")
    assert better.json["diff"]["after"]["total_mc"] == answer.json["diff"]["after"]["total_mc"] - 1_000
    path = f"/api/v1/replans/{answer.json['id']}/accept"
    refused = dispatcher.post(path, headers=seen(answer))
    assert (refused.status_code, refused.json["reasons"][0]["code"]) == (412, "proposal_changed")
    assert dispatcher.post(path, headers=seen(better)).status_code == 201

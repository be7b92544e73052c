from datetime import timedelta

import pytest

from api.jobs import Supervisor, hints_of
from dispatch.assignment.records import PlanRunRow
from dispatch.kernel.actor import Role
from dispatch.kernel.storage import transaction
from tests.builders.assignment import a_small_day, solve_here
from tests.builders.web import a_person, a_phone, keyring_of_app

DAY = "/api/v1/areas/columbus/days/2026-11-23"
NOBODY = "01a1fdec-fee2-774a-a5b5-d915f350f71e"


@pytest.fixture
def town(app, engine):
    """The ids of a small day in the app's database."""
    with transaction(engine, keyring_of_app(app)) as session:
        metro = a_small_day(session)
        return {
            "visits": [visit.id for visit in metro.visits],
            "shifts": [shift.id for shift in metro.shifts],
            "nurses": [nurse.id for nurse in metro.nurses],
        }


@pytest.fixture
def dispatcher(app, engine, town):
    return a_phone(app, engine, a_person(app, engine, Role.DISPATCHER))


def solved(app, engine, clock, dispatcher):
    run = dispatcher.post(f"{DAY}/plan-runs", json={"engine": "greedy", "seconds": 1}).json
    with transaction(engine, keyring_of_app(app)) as session:
        row = session.query(PlanRunRow).filter_by(state="queued").one()
        solve_here(session, row, clock)
    return run["id"]


@pytest.fixture
def published(app, engine, clock, dispatcher):
    run_id = solved(app, engine, clock, dispatcher)
    answer = dispatcher.post(f"/api/v1/plan-runs/{run_id}/publish")
    assert answer.status_code == 201, answer.text
    return answer.json


def holder(plan, visit_id):
    return next(stop["shift_id"] for stop in plan["stops"] if stop["appointment_id"] == str(visit_id))


def other(town, plan, visit_id):
    return next(str(shift) for shift in town["shifts"] if str(shift) != holder(plan, visit_id))


def test_areas_are_listed(dispatcher):
    (area,) = dispatcher.get("/api/v1/areas").json
    assert (area["slug"], area["time_zone"]) == ("columbus", "America/New_York")


def test_an_order_is_accepted_and_can_be_followed(dispatcher):
    answer = dispatcher.post(f"{DAY}/plan-runs", json={"seconds": 5})
    assert answer.status_code == 202
    followed = dispatcher.get(answer.headers["Location"]).json
    assert (followed["state"], followed["seconds"], followed["progress"]) == ("queued", 5, {})
    assert followed["engine"] == "columns"
    assert [run["id"] for run in dispatcher.get(f"{DAY}/plan-runs").json] == [answer.json["id"]]


def test_the_same_key_orders_once(dispatcher):
    answers = [
        dispatcher.post(f"{DAY}/plan-runs", json={}, headers={"Idempotency-Key": "one"}) for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].json == answers[1].json


def test_a_second_order_names_the_run_that_is_there(dispatcher):
    run = dispatcher.post(f"{DAY}/plan-runs", json={}).json
    answer = dispatcher.post(f"{DAY}/plan-runs", json={})
    assert (answer.status_code, answer.json["run_id"]) == (409, run["id"])


@pytest.mark.parametrize(
    "wrong", [{"seconds": 0}, {"seconds": 601}, {"engine": "magic"}, {"seed": -1}, {"x": 1}]
)
def test_a_bad_order_names_the_field(dispatcher, wrong):
    answer = dispatcher.post(f"{DAY}/plan-runs", json=wrong)
    assert answer.status_code == 422
    assert [reason["field"] for reason in answer.json["reasons"]] == list(wrong)


def test_an_order_from_the_api_is_solved_and_published_by_the_supervisor(app, engine, clock, dispatcher):
    run = dispatcher.post(
        f"{DAY}/plan-runs", json={"engine": "greedy", "seconds": 1, "publish_when_done": True}
    )
    supervisor = Supervisor(engine, keyring_of_app(app), clock, hints_of(app))
    supervisor.look()
    supervisor.join()
    found = dispatcher.get(run.headers["Location"]).json
    assert found["state"] == "published", found
    assert found["progress"]["figures"]["assigned"] == 4
    assert dispatcher.get(f"{DAY}/plan").json["publisher"].endswith("@test.example") is False


def test_a_queued_run_can_be_stopped(dispatcher):
    run = dispatcher.post(f"{DAY}/plan-runs", json={}).json
    answer = dispatcher.post(f"/api/v1/plan-runs/{run['id']}/stop")
    assert (answer.status_code, answer.json["state"]) == (202, "stopped")


def test_a_proposal_can_be_discarded(app, engine, clock, dispatcher):
    run_id = solved(app, engine, clock, dispatcher)
    assert dispatcher.post(f"/api/v1/plan-runs/{run_id}/discard").json["state"] == "superseded"
    assert dispatcher.post(f"/api/v1/plan-runs/{run_id}/publish").status_code == 409


def test_a_published_plan_is_shown_with_its_number_as_etag(dispatcher, published):
    answer = dispatcher.get(f"{DAY}/plan")
    assert (answer.headers["ETag"], answer.json["number"], len(answer.json["stops"]) > 4) == ('"1"', 1, True)
    same = dispatcher.get(f"{DAY}/plan", headers={"If-None-Match": '"1"'})
    assert (same.status_code, same.data) == (304, b"")


def test_a_plan_says_how_good_it_is_known_to_be(app, engine, clock, dispatcher):
    run = dispatcher.post(f"{DAY}/plan-runs", json={"engine": "greedy"}).json
    with transaction(engine, keyring_of_app(app)) as session:
        row = session.query(PlanRunRow).filter_by(state="queued").one()
        solve_here(session, row, clock, proven_share=0.9)
    told = dispatcher.get(f"/api/v1/plan-runs/{run['id']}").json["progress"]
    plan = dispatcher.post(f"/api/v1/plan-runs/{run['id']}/publish").json
    board = dispatcher.get(f"{DAY}/board").json["plan"]
    names = ("bound_mc", "gap", "optimal", "relaxed")
    assert [told[name] for name in names] == [plan[name] for name in names] == [board[name] for name in names]
    assert plan["gap"] == (plan["cost_mc"] - plan["bound_mc"]) / plan["cost_mc"] > 0.09


def test_a_plan_without_a_bound_has_no_gap(dispatcher, published, town):
    plan = dispatcher.get(f"{DAY}/plan").json
    assert (plan["bound_mc"], plan["gap"], plan["optimal"]) == (None, None, False)
    assert dispatcher.get(f"{DAY}/plans/1/diff/1").json["bound_before_mc"] is None


def test_before_the_first_plan_there_is_none(dispatcher):
    answer = dispatcher.get(f"{DAY}/plan")
    assert (answer.status_code, answer.json["reasons"][0]["code"]) == (404, "no_plan_yet")


def test_a_stale_run_is_refused_with_what_changed(app, engine, clock, dispatcher, town):
    run_id = solved(app, engine, clock, dispatcher)
    with transaction(engine, keyring_of_app(app)) as session:
        from dispatch.appointments.records import AppointmentRow

        session.get(AppointmentRow, town["visits"][0]).status = "cancelled"
    answer = dispatcher.post(f"/api/v1/plan-runs/{run_id}/publish")
    assert answer.status_code == 412
    assert "appointment A-001" in [change["name"] for change in answer.json["changes"]]
    assert dispatcher.get(f"{DAY}/plan").status_code == 404


def test_a_move_needs_to_say_what_was_seen(dispatcher, published, town):
    sent = {"appointment_id": str(town["visits"][0]), "shift_id": None}
    assert dispatcher.post(f"{DAY}/moves", json=sent).status_code == 428


def test_a_move_is_the_next_plan(dispatcher, published, town):
    visit = town["visits"][0]
    sent = {"appointment_id": str(visit), "shift_id": other(town, published, visit)}
    answer = dispatcher.post(f"{DAY}/moves", json=sent, headers={"If-Match": '"1"'})
    assert (answer.status_code, answer.headers["ETag"]) == (201, '"2"')
    assert holder(answer.json, visit) == sent["shift_id"]


def test_the_second_of_two_dispatchers_is_told_what_the_first_did(dispatcher, published, town):
    one, two = town["visits"][:2]
    sent = {"appointment_id": str(one), "shift_id": other(town, published, one)}
    dispatcher.post(f"{DAY}/moves", json=sent, headers={"If-Match": '"1"'})
    sent = {"appointment_id": str(two), "shift_id": None}
    answer = dispatcher.post(f"{DAY}/moves", json=sent, headers={"If-Match": '"1"'})
    assert (answer.status_code, answer.json["plan_number"]) == (412, 2)
    assert answer.json["changes"][0]["reference"] == "A-001"


@pytest.mark.parametrize("tag", ['"abc"', '"0"', '"99999999999"', '"٣"'.encode().decode("latin-1")])
def test_a_tag_that_is_no_plan_is_out_of_date(dispatcher, published, town, tag):
    sent = {"appointment_id": str(town["visits"][0]), "shift_id": None}
    assert dispatcher.post(f"{DAY}/moves", json=sent, headers={"If-Match": tag}).status_code == 412


def test_a_law_refuses_a_move_with_reasons(app, engine, dispatcher, published, town):
    visit = town["visits"][0]
    target = other(town, published, visit)
    nurse_id = town["nurses"][[str(shift) for shift in town["shifts"]].index(target)]
    with transaction(engine, keyring_of_app(app)) as session:
        from dispatch.workforce.records import NurseRow

        session.get(NurseRow, nurse_id).licences[0].status = "suspended"
    sent = {"appointment_id": str(visit), "shift_id": target}
    answer = dispatcher.post(f"{DAY}/moves", json=sent, headers={"If-Match": '"1"'})
    assert answer.status_code == 409
    assert answer.json["reasons"]


def test_a_wish_is_asked_about(app, engine, clock, dispatcher, town):
    visit = town["visits"][0]
    run_id = solved(app, engine, clock, dispatcher)
    plan = dispatcher.post(f"/api/v1/plan-runs/{run_id}/publish").json
    with transaction(engine, keyring_of_app(app)) as session:
        from dispatch.appointments.records import AppointmentRow

        session.get(AppointmentRow, visit).patient.preferred_language = "es"
    sent = {"appointment_id": str(visit), "shift_id": other(town, plan, visit)}
    answer = dispatcher.post(f"{DAY}/moves", json=sent, headers={"If-Match": '"1"'})
    assert (answer.status_code, answer.json["confirm_with"]) == (409, "accept_warnings")
    sent["accept_warnings"] = True
    assert dispatcher.post(f"{DAY}/moves", json=sent, headers={"If-Match": '"1"'}).status_code == 201


def test_a_pin_and_its_end(dispatcher, published, town):
    url = f"{DAY}/pins/{town['visits'][0]}"
    answer = dispatcher.put(url, json={"begin": True}, headers={"If-Match": '"1"'})
    assert (answer.status_code, answer.json["origin"]) == (200, "pinned")
    board = dispatcher.get(f"{DAY}/board").json
    pinned = [
        stop["visit"]["reference"] for lane in board["lanes"] for stop in lane["stops"]
        if stop["visit"] and stop["visit"]["pinned_nurse_id"]
    ]  # fmt: skip
    assert pinned == ["A-001"]
    assert dispatcher.delete(url, headers={"If-Match": '"2"'}).headers["ETag"] == '"3"'


def test_why_names_everybody(dispatcher, published, town):
    found = dispatcher.get(f"{DAY}/visits/{town['visits'][0]}/why").json
    assert len(found["candidates"]) == 2
    assert found["shift_id"] == holder(published, town["visits"][0])
    assert found["candidates"][0]["added_mc"] > 0


def test_plans_can_be_listed_and_compared(dispatcher, published, town):
    sent = {"appointment_id": str(town["visits"][0]), "shift_id": None}
    dispatcher.post(f"{DAY}/moves", json=sent, headers={"If-Match": '"1"'})
    assert [plan["number"] for plan in dispatcher.get(f"{DAY}/plans").json] == [2, 1]
    assert dispatcher.get(f"{DAY}/plans/1").json["origin"] == "published"
    diff = dispatcher.get(f"{DAY}/plans/1/diff/2").json
    taken = [moved for moved in diff["moved"] if moved["after"] is None]
    assert [moved["reference"] for moved in taken] == ["A-001"]
    assert dispatcher.get(f"{DAY}/plans/9").status_code == 404


def test_a_day_file_can_be_exported_and_is_audited(app, engine, clock, dispatcher):
    now = dispatcher.get(f"{DAY}/day-file").json
    run_id = solved(app, engine, clock, dispatcher)
    assert dispatcher.get(f"/api/v1/plan-runs/{run_id}/day-file").json == now
    with transaction(engine, keyring_of_app(app)) as session:
        from dispatch.audit.records import AuditEntryRow

        assert session.query(AuditEntryRow).filter_by(action="day_file.export").count() == 2


@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("post", f"{DAY}/plan-runs"),
        ("get", f"{DAY}/plan-runs"),
        ("get", f"{DAY}/plan"),
        ("get", f"{DAY}/plans"),
        ("get", f"{DAY}/plans/1"),
        ("get", f"{DAY}/plans/1/diff/2"),
        ("post", f"{DAY}/moves"),
        ("put", f"{DAY}/pins/{NOBODY}"),
        ("delete", f"{DAY}/pins/{NOBODY}"),
        ("get", f"{DAY}/visits/{NOBODY}/why"),
        ("get", f"{DAY}/board"),
        ("get", f"{DAY}/day-file"),
        ("get", f"/api/v1/plan-runs/{NOBODY}"),
        ("post", f"/api/v1/plan-runs/{NOBODY}/publish"),
    ],
)
def test_planning_is_the_dispatchers(app, engine, town, method, url):
    nurse = a_phone(app, engine, a_person(app, engine, Role.NURSE, nurse_id=town["nurses"][0]))
    assert getattr(nurse, method)(url, json={}).status_code == 403


@pytest.mark.parametrize(
    "url",
    [
        "/api/v1/areas/nowhere/days/2026-11-23/plan",
        "/api/v1/areas/columbus/days/2026-02-30/plan",
        "/api/v1/areas/columbus/days/9999-12-31/board",
        f"/api/v1/plan-runs/{NOBODY}",
        f"{DAY}/visits/{NOBODY}/why",
    ],
)
def test_what_is_not_there_is_not_found(dispatcher, url):
    assert dispatcher.get(url).status_code == 404


def test_the_clock_of_an_order_is_the_apps(dispatcher, clock):
    clock.advance(timedelta(minutes=3))
    run = dispatcher.post(f"{DAY}/plan-runs", json={}).json
    assert run["asked_at"].startswith("2026-11-23T11:03:00")

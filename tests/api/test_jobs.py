import base64
import json
import os
import signal
import subprocess
import sys
import threading
import time
from datetime import timedelta

import pytest
from sqlalchemy import select

from api.hints import InProcessHints, RedisHints
from api.jobs import GETTING_READY, Supervisor
from api.solving import WARM_WORKER, WORKER, Outcome, Worker
from dispatch.assignment.publish import publish
from dispatch.assignment.records import PlanRow, PlanRunRow
from dispatch.assignment.runs import claim_run, sweep
from dispatch.assignment.service import PlanOrder, stop_run
from dispatch.kernel.clock import SetClock
from dispatch.kernel.storage import transaction
from tests import machine
from tests.builders.assignment import DANA, a_small_day, order, solve_here
from tests.conftest import KEYRING

PATIENCE_S = 60
A_REQUEST = {"day": {}, "seconds": 1, "seed": 1, "engine": "greedy"}


@pytest.fixture
def supervisor(engine, keyring, clock):
    supervisor = Supervisor(engine, keyring, clock, InProcessHints())
    yield supervisor
    supervisor.end()
    supervisor.join()


def ordered(engine, keyring, clock, /, **more):
    with transaction(engine, keyring) as session:
        return order(session, a_small_day(session), clock, **more).id


def run_now(engine, keyring, run_id):
    with transaction(engine, keyring) as session:
        row = session.get(PlanRunRow, run_id)
        return row.state, row.reason, dict(row.progress)


def until(holds):
    """Look again and again, up to a generous limit, until something holds."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        found = holds()
        if found:
            return found
        threading.Event().wait(0.05)
    raise AssertionError("it did not happen in time")


def script(text):
    """Return a solver that is a small program instead of the real one."""
    return lambda _command: Worker((sys.executable, "-c", text))


def asked(worker):
    """A worker that was asked for something."""
    worker.ask(A_REQUEST, 1)
    return worker


def test_a_queued_run_is_solved_in_a_child_process(engine, keyring, clock, supervisor):
    run_id = ordered(engine, keyring, clock)
    supervisor.look()
    supervisor.join()
    state, reason, progress = run_now(engine, keyring, run_id)
    assert (state, reason) == ("solved", None)
    assert progress["figures"]["assigned"] == 4


def test_the_exact_engine_is_asked_unless_another_is_and_its_proof_is_kept(
    engine, keyring, clock, supervisor
):
    run_id = ordered(engine, keyring, clock, engine=PlanOrder.engine, seconds=30)
    supervisor.look()
    supervisor.join()
    with transaction(engine, keyring) as session:
        run = session.get(PlanRunRow, run_id)
        assert (run.engine, run.plan["engine"]) == ("columns", "columns")
        told, plan = run.progress, run.plan
        assert (told["cost_mc"], told["bound_mc"]) == (plan["cost_mc"], plan["bound_mc"])
        assert told["gap"] == (plan["cost_mc"] - plan["bound_mc"]) / plan["cost_mc"]
        published = publish(session, run_id, DANA, clock)
        assert (published.bound, published.gap) == (plan["bound_mc"], told["gap"])
        assert (published.is_optimal, published.relaxed) == (told["optimal"], [])


@pytest.mark.parametrize(("named", "command"), [("columns", WARM_WORKER), ("greedy", WORKER)])
def test_what_is_compiled_is_solved_by_a_warm_process(engine, keyring, clock, named, command):
    started = []

    def make(wanted):
        started.append(wanted)
        return Worker((sys.executable, "-c", "raise SystemExit"))

    ordered(engine, keyring, clock, engine=named)
    supervisor = Supervisor(engine, keyring, clock, InProcessHints(), make_worker=make)
    supervisor.look()
    supervisor.join()
    assert started == [command]


def test_while_its_process_gets_ready_a_run_says_so(engine, keyring, clock):
    slow = script("input(); input()")
    supervisor = Supervisor(engine, keyring, clock, InProcessHints(), make_worker=slow)
    run_id = ordered(engine, keyring, clock, engine="columns")
    supervisor.look()
    assert until(lambda: run_now(engine, keyring, run_id)[2]) == {"doing": GETTING_READY}
    supervisor.end()
    supervisor.join()


def test_a_run_for_which_no_process_can_be_started_is_left_to_be_found_again(engine, keyring, clock):
    def full(_command):
        raise BlockingIOError

    run_id = ordered(engine, keyring, clock)
    supervisor = Supervisor(engine, keyring, clock, InProcessHints(), make_worker=full)
    supervisor.look()
    supervisor.join()
    clock.advance(timedelta(seconds=31))
    with transaction(engine, keyring) as session:
        assert sweep(session, clock) == [run_id]
        assert session.get(PlanRunRow, run_id).state == "queued"


def test_it_is_published_when_that_was_asked(engine, keyring, clock, supervisor):
    run_id = ordered(engine, keyring, clock, publish_when_done=True)
    supervisor.look()
    supervisor.join()
    assert run_now(engine, keyring, run_id)[0] == "published"
    with transaction(engine, keyring) as session:
        plan = session.scalar(select(PlanRow))
        assert (plan.number, plan.run_id) == (1, run_id)


def test_a_day_that_changed_meanwhile_stays_a_proposal_that_says_why(engine, keyring, clock, supervisor):
    with transaction(engine, keyring) as session:
        metro = a_small_day(session)
        run_id = order(session, metro, clock, publish_when_done=True).id
        session.flush()
        metro.visits[0].status = "cancelled"
    supervisor.look()
    supervisor.join()
    state, reason, _ = run_now(engine, keyring, run_id)
    assert state == "solved"
    assert "A-001" in reason


def test_a_run_whose_worker_died_before_publishing_is_published_by_the_next(
    engine, keyring, clock, supervisor
):
    with transaction(engine, keyring) as session:
        run = order(session, a_small_day(session), clock, publish_when_done=True)
        solve_here(session, run, clock)
        run_id = run.id
    supervisor.look()
    assert run_now(engine, keyring, run_id)[0] == "solved"
    clock.advance(timedelta(seconds=31))
    supervisor.look()
    assert run_now(engine, keyring, run_id)[0] == "published"


def test_progress_reaches_the_row_while_it_is_solved(engine, keyring, clock):
    talk = (
        "import sys, json\n"
        "sys.stdin.readline()\n"
        "print(json.dumps({'event': 'progress', 'cost_mc': 7, 'bound_mc': None, 'unassigned': 1,"
        " 'seconds': 0.1, 'doing': 'test'}), flush=True)\n"
        "sys.stdin.readline()\n"
    )
    supervisor = Supervisor(engine, keyring, clock, InProcessHints(), make_worker=script(talk))
    run_id = ordered(engine, keyring, clock)
    supervisor.look()
    progress = until(lambda: run_now(engine, keyring, run_id)[2])
    assert (progress["cost_mc"], progress["unassigned"], progress["doing"]) == (7, 1, "test")
    supervisor.end()
    supervisor.join()
    assert run_now(engine, keyring, run_id)[0] == "queued"


def stopped_while_solving(engine, keyring, clock, supervisor, /, **more):
    """Order a run, stop it as soon as it is being solved, and wait for its end."""
    run_id = ordered(engine, keyring, clock, **more)
    supervisor.look()
    with transaction(engine, keyring) as session:
        stop_run(session, run_id, DANA, clock)
    supervisor.join()
    return run_id


def test_a_solve_that_is_stopped_keeps_the_best_plan_so_far(engine, keyring, clock, supervisor):
    run_id = stopped_while_solving(engine, keyring, clock, supervisor, seconds=600, engine="routing")
    state, reason, progress = run_now(engine, keyring, run_id)
    assert (state, reason) == ("solved", None)
    assert "assigned" in progress["figures"]
    with transaction(engine, keyring) as session:
        publish(session, run_id, DANA, clock)


def test_what_was_stopped_is_not_published_by_itself(engine, keyring, clock, supervisor):
    ordered_so = {"seconds": 600, "engine": "routing", "publish_when_done": True}
    run_id = stopped_while_solving(engine, keyring, clock, supervisor, **ordered_so)
    clock.advance(timedelta(seconds=31))
    supervisor.look()
    assert run_now(engine, keyring, run_id)[0] == "solved"


def test_a_solver_that_hands_in_nothing_when_asked_is_ended(engine, keyring, clock):
    silent = script("import sys; sys.stdin.read()")
    supervisor = Supervisor(engine, keyring, clock, InProcessHints(), hand_in_s=0.1, make_worker=silent)
    run_id = stopped_while_solving(engine, keyring, clock, supervisor)
    state, reason, _ = run_now(engine, keyring, run_id)
    assert (state, reason) == ("stopped", "stopped, and the solver handed in no plan")


def test_a_solver_that_dies_is_tried_again_and_then_given_up(engine, keyring, clock):
    supervisor = Supervisor(
        engine, keyring, clock, InProcessHints(), make_worker=script("import os; os._exit(9)")
    )
    run_id = ordered(engine, keyring, clock)
    states = []
    for _ in range(3):
        supervisor.look()
        supervisor.join()
        states.append(run_now(engine, keyring, run_id)[0])
    assert states == ["queued", "queued", "failed"]


def test_a_solver_that_talks_nonsense_counts_as_dead(clock):
    solver = asked(script("print('what?'); input()")(()))
    assert until(lambda: solver.listen(0.2).outcome) == Outcome(kind="died")
    solver.kill()


def test_a_day_that_the_solver_refuses_fails_with_the_reason(engine, keyring, clock, supervisor):
    run_id = ordered(engine, keyring, clock)
    with transaction(engine, keyring) as session:
        row = session.get(PlanRunRow, run_id)
        row.day_file_text = json.dumps(row.day_file | {"visits": "none"})
    supervisor.look()
    supervisor.join()
    state, reason, _ = run_now(engine, keyring, run_id)
    assert state == "failed"
    assert reason.startswith("problem_invalid: ")


def test_a_claim_says_what_its_process_is_asked(engine, keyring, clock):
    ordered(engine, keyring, clock, seconds=3, seed=5, engine="greedy")
    with transaction(engine, keyring) as session:
        claim = claim_run(session, "somebody", clock)
    assert claim.request | {"day": {}} == {"day": {}, "seconds": 3, "seed": 5, "engine": "greedy"}
    assert len(claim.request["day"]["visits"]) == 4


def test_the_solver_gets_no_secret(monkeypatch):
    monkeypatch.setenv("HOUSECALL_SECRET_KEY", "s" * 40)
    tell = (
        "import json, os\n"
        "names = [name for name in os.environ if name.startswith('HOUSECALL_')]\n"
        "print(json.dumps({'event': 'failed', 'reason': repr(names)}), flush=True); input()"
    )
    solver = asked(script(tell)(()))
    assert until(lambda: solver.listen(0.2).outcome).reason == "[]"
    solver.kill()


def a_worker_process(database_url):
    """Start what `housecall worker` starts, as a process of its own."""
    key = base64.b64encode(KEYRING.keys[1]).decode()
    index = base64.b64encode(KEYRING.index_key).decode()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HOUSECALL_")} | {
        "HOUSECALL_DATABASE_URL": database_url,
        "HOUSECALL_SECRET_KEY": "a secret of the tests, long enough to pass",
        "HOUSECALL_SEALING_KEYS": f"1:{key}",
        "HOUSECALL_INDEX_KEY": index,
        "HOUSECALL_JOBS": "worker",
        "HOUSECALL_LOG_LEVEL": "error",
    }
    return subprocess.Popen(
        [sys.executable, "-c", "from api.cli import main; main()", "worker"], env=environment
    )


def test_a_killed_worker_leaves_a_run_that_another_one_solves(database_url, engine, keyring):
    clock = SetClock(machine_now())
    run_id = ordered(engine, keyring, clock, seconds=4, engine="routing")
    worker = a_worker_process(database_url)
    try:
        until(lambda: run_now(engine, keyring, run_id)[0] == "solving")
    finally:
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    with transaction(engine, keyring) as session:
        row = session.get(PlanRunRow, run_id)
        assert (row.state, row.attempts) == ("solving", 1)
        clock.at = row.beat_at + timedelta(seconds=31)
    supervisor = Supervisor(engine, keyring, clock, InProcessHints())
    supervisor.look()
    supervisor.join()
    with transaction(engine, keyring) as session:
        row = session.get(PlanRunRow, run_id)
        assert (row.state, row.attempts) == ("solved", 2)


def machine_now():
    from dispatch.kernel.clock import SystemClock

    return SystemClock().now()


def test_a_worker_process_ends_when_asked_and_gives_its_run_back(database_url, engine, keyring):
    run_id = ordered(engine, keyring, SetClock(machine_now()), seconds=600, engine="routing")
    worker = a_worker_process(database_url)
    try:
        until(lambda: run_now(engine, keyring, run_id)[0] == "solving")
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(PATIENCE_S) == 0
    finally:
        worker.kill()
    assert run_now(engine, keyring, run_id)[0] == "queued"


def test_a_call_wakes_a_waiting_worker_in_the_same_process():
    hints = InProcessHints()
    hints.call()
    began = time.monotonic()
    hints.wait(PATIENCE_S)
    assert time.monotonic() - began < PATIENCE_S / 2


@pytest.mark.redis
def test_a_call_wakes_a_worker_elsewhere_by_redis():
    here, there = (RedisHints(machine.redis_url()) for _ in range(2))
    there.wait(0.01)  # subscribes
    here.call()
    began = time.monotonic()
    there.wait(PATIENCE_S)
    assert time.monotonic() - began < PATIENCE_S / 2


def test_without_redis_waiting_is_just_waiting():
    hints = RedisHints("redis://127.0.0.1:1/0")
    hints.call()
    hints.wait(0.01)


def test_only_one_of_two_supervisors_takes_a_run(engine, keyring, clock):
    run_id = ordered(engine, keyring, clock)
    with transaction(engine, keyring) as session:
        assert claim_run(session, "somebody else", clock).run_id == run_id
    supervisor = Supervisor(engine, keyring, clock, InProcessHints(), make_worker=script("raise SystemExit"))
    supervisor.look()
    assert run_now(engine, keyring, run_id)[0] == "solving"


def test_what_is_sent_to_the_solver_is_one_line_of_json(tmp_path):
    seen = tmp_path / "seen"
    solver = asked(script(f"open({str(seen)!r}, 'w').write(input())")(()))
    until(lambda: solver.listen(0.2).outcome)
    solver.kill()
    assert json.loads(seen.read_text()) == A_REQUEST


def test_a_solver_is_asked_to_hand_in_on_a_line_of_its_own(tmp_path):
    seen = tmp_path / "seen"
    solver = asked(script(f"input(); open({str(seen)!r}, 'w').write(input())")(()))
    solver.hand_in()
    until(lambda: solver.listen(0.2).outcome)
    solver.kill()
    assert json.loads(seen.read_text()) == {"stop": True}

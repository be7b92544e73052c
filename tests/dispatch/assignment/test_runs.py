import threading
from datetime import timedelta

import pytest

from dispatch.assignment.plan_model import RUN_STEPS, RunState, require_step
from dispatch.assignment.records import PlanRunRow
from dispatch.assignment.runs import beat, claim_run, give_up, hand_in, put_back, sweep
from dispatch.assignment.service import stop_run
from dispatch.kernel.refusals import Conflict
from dispatch.kernel.storage import transaction
from tests.builders.assignment import DANA, a_small_day, order, solve_here


@pytest.fixture
def run(session, clock):
    run = order(session, a_small_day(session), clock)
    session.flush()
    return run


def test_a_worker_takes_the_run_that_waits_longest(session, run, clock):
    claim = claim_run(session, "w1", clock)
    assert (claim.run_id, claim.seconds, claim.engine) == (run.id, 1, "greedy")
    assert (run.state, run.worker, run.attempts) == ("solving", "w1", 1)
    session.flush()
    assert claim_run(session, "w2", clock) is None


def test_two_workers_never_take_the_same_run(engine, keyring, clock):
    with transaction(engine, keyring) as session:
        order(session, a_small_day(session), clock)
    start, claims = threading.Barrier(2), []

    def claim(worker):
        start.wait()
        with transaction(engine, keyring) as session:
            claims.append(claim_run(session, worker, clock))

    threads = [threading.Thread(target=claim, args=(name,)) for name in ("w1", "w2")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(claim is not None for claim in claims) == 1


def test_a_beat_keeps_progress_and_learns_of_a_stop(session, run, clock):
    claim_run(session, "w1", clock)
    session.flush()
    progress = {"cost_mc": 5, "bound_mc": None, "unassigned": 0, "seconds": 0.1, "doing": "greedy"}
    assert not beat(session, run.id, "w1", progress, clock).stop_asked
    stop_run(session, run.id, DANA, clock)
    session.flush()
    found = beat(session, run.id, "w1", None, clock)
    assert (found.still_mine, found.stop_asked) == (True, True)
    session.refresh(run)
    assert run.progress == progress


def test_a_beat_of_another_worker_changes_nothing(session, run, clock):
    claim_run(session, "w1", clock)
    session.flush()
    assert not beat(session, run.id, "w2", {"cost_mc": 1}, clock).still_mine
    session.refresh(run)
    assert run.progress == {}


def test_a_silent_worker_loses_its_run(session, run, clock):
    claim_run(session, "w1", clock)
    session.flush()
    clock.advance(timedelta(seconds=29))
    assert sweep(session, clock) == []
    clock.advance(timedelta(seconds=2))
    assert sweep(session, clock) == [run.id]
    session.flush()
    assert (run.state, run.worker) == ("queued", None)
    assert not hand_in(session, run.id, "w1", {}, clock)


def test_a_run_that_kills_its_workers_fails(session, run, clock):
    for _ in range(3):
        assert claim_run(session, "w1", clock)
        session.flush()
        clock.advance(timedelta(seconds=31))
        sweep(session, clock)
        session.flush()
    assert (run.state, run.reason) == ("failed", "the worker died 3 times")


def test_a_run_whose_worker_died_after_a_stop_was_asked_is_stopped(session, run, clock):
    claim_run(session, "w1", clock)
    session.flush()
    stop_run(session, run.id, DANA, clock)
    session.flush()
    assert put_back(session, run.id, "w1", clock)
    assert run.state == "stopped"


def test_a_solver_that_gives_up_says_why(session, run, clock):
    claim_run(session, "w1", clock)
    session.flush()
    assert give_up(session, run.id, "w1", "problem_invalid", clock)
    assert (run.state, run.reason) == ("failed", "problem_invalid")


def test_a_solved_run_ends(session, run, clock):
    solve_here(session, run, clock)
    session.expire_all()
    assert session.get(PlanRunRow, run.id).ended_at == clock.now()


@pytest.mark.parametrize("state", list(RunState))
def test_every_state_is_in_the_table_of_steps(state):
    assert state in RUN_STEPS


@pytest.mark.parametrize(
    ("before", "after"), [("published", "queued"), ("failed", "solving"), ("queued", "solved")]
)
def test_steps_outside_the_table_are_refused(before, after):
    with pytest.raises(Conflict):
        require_step(before, RunState(after))

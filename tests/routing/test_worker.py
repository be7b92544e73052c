"""The planning process: a line for each request, lines of progress and one answer to each."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from routing.check import violations
from routing.dayfile import day_as_json
from routing.generator import generate_day
from routing.planfile import plan_from_json

ROOT = Path(__file__).parents[2]
NOBODY_ASKS = 3
STOP = {"stop": True}


class Talk:
    """A worker and what it says."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process

    def ask(self, *requests: Any) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(b"".join(json.dumps(request).encode() + b"\n" for request in requests))
        self.process.stdin.flush()

    def hear(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        event: dict[str, Any] = json.loads(self.process.stdout.readline())
        return event

    def hear_out(self) -> list[dict[str, Any]]:
        """Hear everything up to an answer."""
        events = [self.hear()]
        while events[-1]["event"] not in ("done", "failed"):
            events.append(self.hear())
        return events


@contextmanager
def a_worker(*arguments: str) -> Iterator[Talk]:
    """Start a worker and wait until it is ready; it ends when its input is closed."""
    command = [sys.executable, "-m", "routing.worker", *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        talk = Talk(process)
        assert talk.hear() == {"event": "ready"}
        yield talk
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(timeout=30) == NOBODY_ASKS


def ask(*requests: Any) -> list[dict[str, Any]]:
    """Ask and hear the answer to the first request."""
    with a_worker() as worker:
        worker.ask(*requests)
        return worker.hear_out()


def test_progress_and_then_a_plan() -> None:
    problem = generate_day(8, 3, 1)
    request = {"day": day_as_json(problem), "seconds": 20, "seed": 2, "engine": "routing", "iterations": 3}
    events = ask(request)
    assert {event["event"] for event in events[:-1]} == {"progress"}
    assert set(events[0]) == {"event", "seconds", "cost_mc", "unassigned", "doing", "bound_mc", "gap"}
    plan = plan_from_json(events[-1]["plan"])
    assert violations(problem, plan) == ()
    assert (plan.engine, plan.seed) == ("routing", 2)


def test_the_exact_engine_plans_unless_another_is_named_and_says_its_bound() -> None:
    events = ask({"day": day_as_json(generate_day(8, 3, 1)), "seconds": 20})
    plan = plan_from_json(events[-1]["plan"])
    assert plan.engine == "columns"
    assert plan.bound_mc is not None
    proven = [event for event in events[:-1] if event["bound_mc"] is not None]
    assert proven
    for event in proven:
        assert event["gap"] == (event["cost_mc"] - event["bound_mc"]) / event["cost_mc"]


def test_a_bad_day_fails_with_every_fault() -> None:
    document = day_as_json(generate_day(2, 1, 1)) | {"horizon": 3}
    (failed,) = ask({"day": document, "seconds": 1})
    assert failed["reason"] == "problem_invalid"
    assert [fault["path"] for fault in failed["faults"]] == ["horizon"]


def test_a_bad_request_fails_by_name() -> None:
    (failed,) = ask({"day": {}, "seconds": "long", "engine": "magic"})
    assert {fault["path"] for fault in failed["faults"]} == {"seconds", "engine"}


@pytest.mark.parametrize("nothing", [{"stop": False}, "what?", ["day"], {}])
def test_a_line_that_asks_nothing_known_fails_and_the_next_is_answered(nothing: Any) -> None:
    with a_worker() as worker:
        worker.ask(nothing, {"day": day_as_json(generate_day(4, 2, 1)), "seconds": 20, "engine": "greedy"})
        assert worker.hear_out()[-1]["event"] == "failed"
        assert worker.hear_out()[-1]["event"] == "done"


def test_it_ends_when_whoever_asked_is_gone() -> None:
    with a_worker() as worker:
        worker.ask({"day": day_as_json(generate_day(60, 15, 1)), "seconds": 600, "engine": "routing"})
        assert worker.hear()["event"] == "progress"


def test_a_warm_worker_has_loaded_what_is_compiled_and_ends_when_nobody_asks() -> None:
    with a_worker("--warm") as worker:
        worker.ask({"day": day_as_json(generate_day(6, 2, 1)), "seconds": 20})
        assert worker.hear_out()[-1]["plan"]["bound_mc"] is not None


@pytest.mark.parametrize("engine", ["columns", "routing", "greedy"])
def test_asked_to_stop_it_hands_in_the_best_plan_so_far(engine: str) -> None:
    problem = generate_day(60, 15, 1)
    with a_worker() as worker:
        worker.ask({"day": day_as_json(problem), "seconds": 600, "engine": engine})
        first = worker.hear()
        worker.ask(STOP)
        plan = plan_from_json(worker.hear_out()[-1]["plan"])
    assert violations(problem, plan) == ()
    assert plan.cost_mc <= first["cost_mc"]


def test_asked_at_once_it_still_hands_in_a_plan() -> None:
    request = {"day": day_as_json(generate_day(60, 15, 1)), "seconds": 600, "engine": "routing"}
    assert plan_from_json(ask(request, STOP)[-1]["plan"]).problem_sha256


def test_to_stop_what_was_answered_does_not_stop_what_is_asked_next() -> None:
    request = {"day": day_as_json(generate_day(4, 2, 1)), "seconds": 20, "engine": "greedy"}
    with a_worker() as worker:
        worker.ask(request)
        assert worker.hear_out()[-1]["event"] == "done"
        worker.ask(STOP, request)
        assert worker.hear_out()[-1]["plan"]["status"] != "timed_out"

"""The solver in a process of its own: one line in, lines of progress and one answer out."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from routing.check import violations
from routing.dayfile import day_as_json
from routing.generator import generate_day
from routing.planfile import plan_from_json

ROOT = Path(__file__).parents[2]


def start() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "routing.worker"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )


def ask(request: Any) -> tuple[int, list[dict[str, Any]]]:
    """Ask and keep the worker's input open until it has answered."""
    with start() as worker:
        assert worker.stdin is not None
        assert worker.stdout is not None
        worker.stdin.write(json.dumps(request).encode() + b"\n")
        worker.stdin.flush()
        events = [json.loads(line) for line in worker.stdout]
        return worker.wait(), events


def test_progress_and_then_a_plan() -> None:
    problem = generate_day(8, 3, 1)
    request = {"day": day_as_json(problem), "seconds": 20, "seed": 2, "engine": "routing", "iterations": 3}
    status, events = ask(request)
    assert status == 0
    assert {event["event"] for event in events[:-1]} == {"progress"}
    assert set(events[0]) == {"event", "seconds", "cost_mc", "unassigned", "doing", "bound_mc"}
    plan = plan_from_json(events[-1]["plan"])
    assert violations(problem, plan) == ()
    assert (plan.engine, plan.seed) == ("routing", 2)


def test_a_bad_day_fails_with_every_fault() -> None:
    document = day_as_json(generate_day(2, 1, 1)) | {"horizon": 3}
    status, events = ask({"day": document, "seconds": 1})
    assert status == 2
    assert events[-1]["reason"] == "problem_invalid"
    assert [fault["path"] for fault in events[-1]["faults"]] == ["horizon"]


def test_a_bad_request_fails_by_name() -> None:
    status, events = ask({"day": {}, "seconds": "long", "engine": "magic"})
    assert status == 2
    assert {fault["path"] for fault in events[-1]["faults"]} == {"seconds", "engine"}


def test_it_ends_when_whoever_asked_is_gone() -> None:
    request = {"day": day_as_json(generate_day(60, 15, 1)), "seconds": 600}
    with start() as worker:
        assert worker.stdin is not None
        assert worker.stdout is not None
        worker.stdin.write(json.dumps(request).encode() + b"\n")
        worker.stdin.flush()
        assert json.loads(worker.stdout.readline())["event"] == "progress"
        worker.stdin.close()
        assert worker.wait(timeout=30) != 0


@pytest.mark.parametrize("engine", ["routing", "greedy"])
def test_asked_to_stop_it_hands_in_the_best_plan_so_far(engine: str) -> None:
    problem = generate_day(60, 15, 1)
    request = {"day": day_as_json(problem), "seconds": 600, "engine": engine}
    with start() as worker:
        assert worker.stdin is not None
        assert worker.stdout is not None
        worker.stdin.write(json.dumps(request).encode() + b"\n")
        worker.stdin.flush()
        first = json.loads(worker.stdout.readline())
        worker.stdin.write(b'{"stop": true}\n')
        worker.stdin.flush()
        events = [first] + [json.loads(line) for line in worker.stdout]
        assert worker.wait(timeout=30) == 0
    plan = plan_from_json(events[-1]["plan"])
    assert violations(problem, plan) == ()
    assert plan.cost_mc <= first["cost_mc"]


def test_asked_at_once_it_still_hands_in_a_plan() -> None:
    request = {"day": day_as_json(generate_day(60, 15, 1)), "seconds": 600}
    with start() as worker:
        assert worker.stdin is not None
        assert worker.stdout is not None
        worker.stdin.write(json.dumps(request).encode() + b'\n{"stop": true}\n')
        worker.stdin.flush()
        done = [json.loads(line) for line in worker.stdout][-1]
        assert worker.wait(timeout=30) == 0
    assert plan_from_json(done["plan"]).problem_sha256


def test_a_later_line_that_asks_nothing_is_passed_over() -> None:
    request = {"day": day_as_json(generate_day(4, 2, 1)), "seconds": 20, "iterations": 2}
    with start() as worker:
        assert worker.stdin is not None
        assert worker.stdout is not None
        worker.stdin.write(json.dumps(request).encode() + b'\n{"stop": false}\nwhat?\n')
        worker.stdin.flush()
        done = [json.loads(line) for line in worker.stdout][-1]
        assert worker.wait(timeout=30) == 0
    assert done["plan"]["status"] != "timed_out"

"""`housecall explain`: a visit, a plan, and what cannot be read."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from api.cli_explain import explain
from routing.dayfile import write_day
from routing.engine.solve import solve
from routing.planfile import write_plan
from routing.problem import Problem
from tests.builders.routing import day, nurse, visit


def files(folder: Path, problem: Problem) -> list[str]:
    paths = folder / "day.json", folder / "plan.json"
    paths[0].write_text(write_day(problem), encoding="utf-8")
    paths[1].write_text(write_plan(solve(problem, engine="greedy", seconds=20.0)), encoding="utf-8")
    return [str(path) for path in paths]


@pytest.fixture
def paths(tmp_path: Path) -> list[str]:
    barred = {"ann": ("competency_expired",), "bea": ("licence_expired",)}
    problem = day(nurse(), nurse("bea", at=9), visit("a", 1), visit("v", 2, ineligible=barred), visit("w", 3))
    return files(tmp_path, problem)


def run(*args: str) -> Result:
    return CliRunner().invoke(explain, list(args))


def answer(done: Result) -> dict[str, Any]:
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_a_visit_that_nobody_makes_is_explained(paths: list[str]) -> None:
    done = run(*paths, "--visit", "v")
    found = answer(done)
    (one,) = found["relaxations"]
    assert (found["nurse"], one["way"], one["nurse"]) == (None, "lifted", "ann")
    assert one["text"] == "Possible if ann's competency were proven and valid that day."
    assert "ann's competency were proven" in done.stdout
    assert "law: 1 nurse holds no licence" in done.stdout
    assert {offer["nurse"] for offer in found["offers"]} == {"ann", "bea"}


def test_a_visit_that_somebody_makes_ranks_the_nurses(paths: list[str]) -> None:
    done = run(*paths, "--visit", "a")
    found = answer(done)
    assert (found["nurse"], found["relaxations"], found["facts"]) == ("ann", [], [])
    assert "ann (has it)" in done.stdout


def test_a_plan_is_taken_apart(paths: list[str]) -> None:
    done = run(*paths, "--seconds", "0")
    found = answer(done)
    assert found["cost_mc"] == sum(found["cost"].values())
    assert found["left"] == [{"visit": "v", "penalty_mc": 10_000_000}]
    assert {share["visit"] for share in found["visits"]} == {"a", "w"}
    assert "one_more_nurse" not in found
    assert "Visits that nobody makes: $100.00" in done.stdout


def test_one_more_nurse_is_priced_and_solved_for(tmp_path: Path) -> None:
    """Ann can make one of the two visits that begin together; another nurse could make the other."""
    problem = day(nurse(), visit("a", 1, begin=(600, 600)), visit("v", 1, begin=(600, 600)))
    done = run(*files(tmp_path, problem), "--seconds", "60", "--deep")
    found = answer(done)["one_more_nurse"]
    assert found["nurses"][0]["value_mc"] >= 10_000_000 - 1_000
    assert found["solved"]["saves_mc"] == 10_000_000  # she lives next door
    assert "An upper estimate" in done.stdout


def test_neighbours_are_planned_anew(tmp_path: Path) -> None:
    """Two visits must move at once: three pairs of hands, three windows."""
    only = {"ann": ("licence_expired",), "bea": ("licence_expired",), "cat": ("licence_expired",)}

    def may(*names: str) -> dict[str, tuple[str, ...]]:
        return {name: why for name, why in only.items() if name not in names}

    problem = day(
        nurse(),
        nurse("bea"),
        nurse("cat"),
        visit("a", 1, service=200, begin=(600, 600), ineligible=may("ann", "bea"), penalty_mc=30_000_000),
        visit("b", 1, service=200, begin=(600, 600), ineligible=may("bea", "cat"), penalty_mc=20_000_000),
        visit("v", 1, service=200, begin=(600, 600), ineligible=may("ann")),
    )
    paths = files(tmp_path, problem)
    assert answer(run(*paths, "--visit", "v"))["relaxations"] == []
    (one,) = answer(run(*paths, "--visit", "v", "--deep", "--seconds", "5"))["relaxations"]
    assert (one["way"], one["nurse"], one["moved"]) == ("rearranged", "ann", 2)


def test_a_visit_that_the_day_has_not_is_refused(paths: list[str]) -> None:
    done = run(*paths, "--visit", "nobody")
    assert done.exit_code == 2
    assert "--visit: The day has no visit 'nobody'" in done.stderr


def test_a_plan_that_breaks_rules_is_refused(paths: list[str]) -> None:
    plan_path = Path(paths[1])
    document = json.loads(plan_path.read_text(encoding="utf-8"))
    document["routes"] = []
    plan_path.write_text(json.dumps(document), encoding="utf-8")
    done = run(*paths)
    assert done.exit_code == 1
    assert "each_visit_once" in done.stderr


@pytest.mark.parametrize("bad", [0, 1])
def test_a_file_that_cannot_be_read_is_named(paths: list[str], bad: int) -> None:
    Path(paths[bad]).write_text("{}", encoding="utf-8")
    done = run(*paths)
    assert done.exit_code == 2
    assert all(line.startswith(f"{paths[bad]}: ") for line in done.stderr.splitlines())

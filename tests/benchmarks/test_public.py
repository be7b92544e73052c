"""Public instances are planned through files, and reckoned by each family's own rule."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks.__main__ import main
from benchmarks.public import FilePlanner, Measured, cases, summary, table_row, verified
from routing.dayfile import read_day
from routing.engine.solve import PlanRefused
from routing.planfile import read_plan
from tests.builders.public_instances import SKILLS, SKILLS_BEST, a_family

RUN = Measured(
    name="ONE",
    size="3/2",
    visits=3,
    cost=1_250.5,
    best_known=1_250.0,
    bound=1_200.0,
    unassigned=0,
    status="feasible",
    seconds=1.2,
)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return a_family(
        tmp_path,
        "sdvrptw-skills",
        {"TINY.vrp": SKILLS},
        solutions={"TINY.sol": "Route #1: 1 2\nRoute #2: 3\nCost: 23000\n"},
        known={"TINY": {"cost": SKILLS_BEST}},
    )


def test_a_plan_goes_through_a_day_file_and_a_plan_file(data: Path, tmp_path: Path) -> None:
    (case,) = cases(data, "sdvrptw-skills")
    plan = FilePlanner(tmp_path, engine="greedy", seed=0)(case.day, 1.0)
    assert read_day((tmp_path / "day.json").read_bytes()) == case.day
    assert read_plan((tmp_path / "plan.json").read_bytes()) == plan


def test_a_plan_that_breaks_a_rule_is_not_counted(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (case,) = cases(data, "sdvrptw-skills")
    good = FilePlanner(tmp_path, engine="greedy", seed=0)(case.day, 1.0)
    monkeypatch.setattr("benchmarks.public.solve", lambda *_, **__: replace(good, routes=good.routes[:1]))
    with pytest.raises(PlanRefused, match="each_visit_once"):
        FilePlanner(tmp_path, engine="greedy", seed=0)(case.day, 1.0)


def test_published_routes_that_cost_something_else_are_named(data: Path) -> None:
    said: list[str] = []
    assert verified("sdvrptw-skills", list(cases(data, "sdvrptw-skills")), said.append)["equal"] == 1
    (data / "sdvrptw-skills" / "bks.json").write_text(json.dumps({"TINY": {"cost": SKILLS_BEST - 1}}))
    assert verified("sdvrptw-skills", list(cases(data, "sdvrptw-skills")), said.append)["equal"] == 0
    assert said[-1].endswith("DIFFERS")


def test_the_command_prints_a_row_an_instance_and_a_summary(data: Path) -> None:
    options = ["--family", "sdvrptw-skills", "--seconds", "1", "--engine", "greedy"]
    done = CliRunner().invoke(main, ["public", "--data", str(data), *options])
    assert done.exit_code == 0, done.output
    assert "| TINY | 3/2 | 23,000 | 23,000 | 1.0000 | - | - | 0 | feasible |" in done.output
    assert json.loads(done.stdout.splitlines()[-1])["mean_ratio"] == 1.0


def test_the_command_plans_small_instances_only_where_asked(data: Path) -> None:
    options = ["--family", "sdvrptw-skills", "--most-visits", "2", "--seconds", "1", "--engine", "greedy"]
    done = CliRunner().invoke(main, ["public", "--data", str(data), *options])
    assert json.loads(done.stdout.splitlines()[-1])["instances"] == 0


def test_a_row_shows_ratio_bound_and_gap() -> None:
    assert table_row(RUN) == (
        "| ONE | 3/2 | 1,250.50 | 1,250 | 1.0004 | 1,200 | 4.04% | 0 | feasible | 1.2 |"
    )


def test_an_incomplete_plan_has_no_ratio_and_counts_in_no_mean() -> None:
    left = replace(RUN, cost=None, unassigned=2)
    assert "| - | 1,200 | - | 2 |" in table_row(left)
    told = summary([RUN, left])
    assert (told["instances"], told["complete"], told["unassigned"]) == (2, 1, 2)
    assert told["mean_ratio"] == told["worst_ratio"] == 1.0004


def test_large_instances_stay_out_of_the_small_ones_mean() -> None:
    told = summary([RUN, replace(RUN, visits=101, cost=2_500.0)])
    assert told["mean_ratio_to_100_visits"] == 1.0004
    assert told["mean_ratio"] == 1.5002

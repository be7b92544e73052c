"""`housecall plan` and `housecall plan-check` without any database."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from api.cli_plan import plan, plan_check
from routing.dayfile import write_day
from tests.builders.routing import day, nurse, visit


@pytest.fixture
def day_file(tmp_path: Path) -> Path:
    path = tmp_path / "day.json"
    barred = visit("b", 1, ineligible={"ann": ("licence_expired",)})
    path.write_text(write_day(day(nurse(), visit("a", 1), barred)), encoding="utf-8")
    return path


@pytest.fixture
def plan_file(day_file: Path) -> Path:
    path = day_file.with_name("plan.json")
    done = CliRunner().invoke(
        plan, [str(day_file), "--out", str(path), "--seconds", "5", "--iterations", "3"]
    )
    assert done.exit_code == 0, done.output
    return path


def test_the_last_line_is_json(day_file: Path) -> None:
    out = day_file.with_name("out.json")
    done = CliRunner().invoke(
        plan, [str(day_file), "--out", str(out), "--seconds", "5", "--seed", "2", "--engine", "greedy"]
    )
    result = json.loads(done.stdout.splitlines()[-1])
    assert (result["status"], result["bound_mc"], result["seed"]) == ("partial", None, 2)
    assert (result["gap"], result["optimal"], result["relaxed"]) == (None, False, [])
    assert result["cost_mc"] == result["cost"]["travel_mc"] + result["cost"]["unassigned_mc"]
    (left,) = result["unassigned"]
    assert left["visit"] == "b"
    assert left["reasons"][0]["code"] == "licence_expired"


def test_the_exact_engine_is_the_default_and_says_how_good_its_plan_is(day_file: Path) -> None:
    out = day_file.with_name("out.json")
    done = CliRunner().invoke(plan, [str(day_file), "--out", str(out), "--seconds", "20"])
    result = json.loads(done.stdout.splitlines()[-1])
    assert (result["engine"], result["optimal"], result["gap"]) == ("columns", True, 0.0)
    assert result["bound_mc"] == result["cost_mc"]
    told = done.stderr.splitlines()
    assert told[0].startswith("loading the exact engine")
    assert "cheapest insertion" in told[1]
    assert "proven best possible, 1 unassigned" in told[-1]


def test_where_the_bound_is_relaxed_the_last_word_says_so(tmp_path: Path) -> None:
    problem = day(
        nurse("ann"),
        nurse("bea", at=4),
        visit("a", 1, begin=(500, 700)),
        visit("b", 1, begin=(600, 900)),
        visit("c", 3),
        double_visits=(("a", "b"),),
    )
    path = tmp_path / "day.json"
    path.write_text(write_day(problem), encoding="utf-8")
    done = CliRunner().invoke(
        plan, [str(path), "--out", str(tmp_path / "plan.json"), "--seconds", "5", "--iterations", "1"]
    )
    result = json.loads(done.stdout.splitlines()[-1])
    assert (
        ("two nurses" in done.stderr.splitlines()[-1]) == bool(result["relaxed"]) == (not result["optimal"])
    )


def test_a_right_plan_is_ok(day_file: Path, plan_file: Path) -> None:
    done = CliRunner().invoke(plan_check, [str(day_file), str(plan_file)])
    assert done.exit_code == 0
    assert done.output.startswith("OK cost ")


def test_a_wrong_plan_lists_every_violation(day_file: Path, plan_file: Path) -> None:
    document = json.loads(plan_file.read_text(encoding="utf-8"))
    (visit_stop,) = [stop for stop in document["routes"][0]["stops"] if stop["kind"] == "visit"]
    visit_stop["end_s"] -= 60
    plan_file.write_text(json.dumps(document), encoding="utf-8")
    done = CliRunner().invoke(plan_check, [str(day_file), str(plan_file)])
    assert done.exit_code == 1
    assert {line.split(":")[0] for line in done.stdout.splitlines()} == {"service_time", "stated_result"}


@pytest.mark.parametrize("text", ["", "{}", '{"format": NaN}', "\0"])
def test_a_bad_day_file_is_named_and_ends_with_2(tmp_path: Path, text: str) -> None:
    bad = tmp_path / "bad.json"
    bad.write_text(text, encoding="utf-8")
    done = CliRunner().invoke(plan, [str(bad), "--out", str(tmp_path / "plan.json")])
    assert done.exit_code == 2
    assert all(line.startswith(f"{bad}: ") for line in done.stderr.splitlines())
    assert not (tmp_path / "plan.json").exists()


def test_a_bad_plan_file_ends_with_2(day_file: Path) -> None:
    done = CliRunner().invoke(plan_check, [str(day_file), str(day_file)])
    assert done.exit_code == 2
    assert "unknown_field" in done.stderr


def test_a_plan_that_cannot_be_written(day_file: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(
        plan, [str(day_file), "--out", str(tmp_path / "nowhere" / "plan.json"), "--engine", "greedy"]
    )
    assert done.exit_code == 2
    assert "Choose a place that can be written." in done.stderr

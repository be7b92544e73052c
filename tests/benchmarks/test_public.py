"""Public instances become days whose cost is the family's own objective."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks.__main__ import main
from benchmarks.public import cost_of_published, day_of
from benchmarks.vrplib import read_instance
from routing.dayfile import read_day, write_day

# Invented: a depot in the middle, two clients to the right, one to the left that only vehicle 2 may visit.
SKILLS = """\
NAME: TINY
TYPE: SDVRPTW
DIMENSION: 4
VEHICLES: 2
VEHICLES_MAX_DURATION: 100
NODE_COORD_SECTION
1\t0.0\t0.0
2\t3.0\t4.0
3\t6.0\t8.0
4\t-1.5\t0.0
DEMAND_SECTION
1\t0
2\t5
3\t5
4\t5
SERVICE_TIME_SECTION
1\t0
2\t1
3\t1
4\t1
TIME_WINDOW_SECTION
1\t0\t100
2\t0\t50
3\t0\t50
4\t0\t50
CAPACITY_SECTION
1\t10
2\t10
VEHICLES_ALLOWED_CLIENTS_SECTION
1\t2\t3
2\t2\t3\t4
EOF
"""
BEST = 20_000 + 3_000


@pytest.fixture
def data(tmp_path: Path) -> Path:
    family = tmp_path / "sdvrptw-skills"
    for folder in ("instances", "solutions"):
        (family / folder).mkdir(parents=True)
    (family / "instances" / "TINY.vrp").write_text(SKILLS, encoding="utf-8")
    published = "Route #1: 1 2\nRoute #2: 3\nCost: 23000\n"
    (family / "solutions" / "TINY.sol").write_text(published, encoding="utf-8")
    (family / "bks.json").write_text(json.dumps({"TINY": {"cost": BEST}}), encoding="utf-8")
    return tmp_path


def test_the_published_routes_cost_what_is_published(data: Path) -> None:
    family = data / "sdvrptw-skills"
    assert cost_of_published(family / "instances" / "TINY.vrp", family / "solutions" / "TINY.sol") == BEST


def test_routes_by_whoever_may_not_are_not_kept(data: Path) -> None:
    solution = data / "wrong.sol"
    solution.write_text("Route #1: 1 2 3\nRoute #2:\n", encoding="utf-8")
    assert cost_of_published(data / "sdvrptw-skills" / "instances" / "TINY.vrp", solution) is None


def test_each_vehicle_starts_from_its_own_depot() -> None:
    text = SKILLS.replace("EOF", "VEHICLES_DEPOT_SECTION\n1\t1\n2\t2\nDEPOT_SECTION\n1\n2\nEOF")
    problem = day_of(read_instance(text), "two depots")
    assert [nurse.start_place for nurse in problem.nurses] == ["1", "2"]
    assert [visit.id for visit in problem.visits] == ["3", "4"]


def test_an_instance_survives_the_day_file() -> None:
    problem = day_of(read_instance(SKILLS), "tiny")
    assert read_day(write_day(problem)) == problem


def test_the_command_prints_cost_and_ratio(data: Path) -> None:
    options = ["--family", "sdvrptw-skills", "--seconds", "1", "--engine", "greedy"]
    done = CliRunner().invoke(main, ["public", "--data", str(data), *options])
    assert done.exit_code == 0, done.output
    assert "ratio 1.0000" in done.output
    assert json.loads(done.stdout.splitlines()[-1])["mean_ratio"] == 1.0


def test_boards_print_a_line_of_json_each() -> None:
    done = CliRunner().invoke(
        main, ["boards", "--size", "6/3", "--seeds", "2", "--seconds", "5", "--engine", "greedy"]
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line.get("seed") for line in lines] == [1, 2, None]
    assert lines[-1]["median_cost_mc"]["greedy"] > 0

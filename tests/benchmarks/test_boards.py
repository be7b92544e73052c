"""What `housecall bench boards` says of runs: ratios, gaps, the last line; and what it refuses."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks import runs
from benchmarks.__main__ import main
from benchmarks.boards import summary
from benchmarks.one import answer
from benchmarks.runs import Board, RunFailed, run
from tests.builders.measured import BOARD, a_line, a_run, said


def test_the_best_peer_is_the_one_we_are_dearest_beside():
    line = a_line(a_run(100), a_run(125, engine="pyvrp"), a_run(80, engine="vroom"))
    assert line.ratios == {"pyvrp": 0.8, "vroom": 1.25}
    assert line.ratio_to_best_peer == 1.25


def test_a_line_without_peers_has_no_ratio():
    assert a_line(a_run(100)).as_json()["ratio_to_best_peer"] is None


def test_a_line_says_cost_bound_gap_and_each_peers_cost():
    told = a_line(a_run(100, bound_mc=90), a_run(125, engine="vroom")).as_json()
    assert (told["size"], told["seed"], told["seconds"]) == ("20/6", 1, 5.0)
    assert (told["cost_mc"], told["bound_mc"], told["gap"], told["optimal"]) == (100, 90, 0.1, False)
    assert told["peers"] == {"vroom": 125}


def test_the_last_line():
    lines = [
        a_line(a_run(100, bound_mc=100), a_run(125, engine="vroom")),
        a_line(a_run(100, bound_mc=90), a_run(99, engine="vroom")),
        a_line(a_run(100, bound_mc=97), a_run(110, engine="vroom")),
    ]
    told = summary(lines)
    assert (told["boards"], told["optimal"]) == (3, 1)
    assert (told["median_gap"], told["worst_gap"]) == (0.03, 0.1)
    assert told["worst_ratio_to_best_peer"] == told["worst_ratio"]["vroom"] == 1.0101
    assert told["versions"]["ortools"].startswith("9.15")


def test_a_board_without_a_bound_counts_as_a_gap_of_one():
    assert summary([a_line(a_run(100))])["median_gap"] == 1.0


def test_the_time_to_the_optimum_is_when_cost_and_bound_met():
    heard = (said(0.1, 150), said(2.0, 100, 90), said(3.0, 100, 100), said(4.0, 100, 100))
    found = a_run(100, bound_mc=100, progress=heard)
    assert (found.first_feasible_s, found.time_to_optimal_s) == (0.1, 3.0)
    assert a_run(100, bound_mc=99, progress=heard).time_to_optimal_s is None


def test_a_run_in_a_process_of_its_own_is_checked_and_kept(tmp_path):
    found = run(Board(visits=8, nurses=3, seed=1), "greedy", 5, keep=tmp_path)
    assert found.plan.engine == "greedy"
    assert found.progress[0].doing == "cheapest insertion"
    assert {path.name for path in tmp_path.iterdir()} == {"8-3-1.day.json", "8-3-1.greedy-5s.plan.json"}


def test_a_plan_that_breaks_a_rule_is_no_result(monkeypatch):
    monkeypatch.setattr(runs, "_in_processes", broken)
    with pytest.raises(RunFailed, match="each_visit_once"):
        run(Board(visits=8, nurses=3, seed=1), "greedy", 5)


def in_this_process(asked: list[dict], _limit_s: float) -> list[dict]:
    return [answer(json.loads(json.dumps(question))) for question in asked]


def broken(asked: list[dict], limit_s: float) -> list[dict]:
    (found,) = in_this_process(asked, limit_s)
    found["plan"]["routes"] = found["plan"]["routes"][1:]  # a nurse's visits are made by nobody now
    return [found]


def test_a_process_that_fails_is_told():
    with pytest.raises(RunFailed, match="There is no engine"):
        run(replace(BOARD, visits=4), "magic", 1)


def test_one_line_of_json_a_board_and_one_about_all(monkeypatch):
    monkeypatch.setattr(runs, "_in_processes", in_this_process)
    asked = ["boards", "--size", "8/3", "--seeds", "2", "--seconds", "5", "--engines", "greedy,first_come"]
    done = CliRunner().invoke(main, [*asked, "--json"])
    *lines, last = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["seed"] for line in lines] == [1, 2]
    assert all(line["peers"]["first_come"] >= line["cost_mc"] for line in lines)
    assert last["boards"] == 2


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (["--size", "100"], "such as 100/28"),
        (["--size", "0/3"], "such as 100/28"),
        (["--budgets", "5,soon"], "such as 5,10,30"),
        (["--budgets", "0"], "such as 5,10,30"),
        (["--engines", "columns,magic"], "known are"),
        (["--seeds", "0"], "seeds"),
    ],
)
def test_what_cannot_be_asked(asked, told):
    done = CliRunner().invoke(main, ["boards", *asked])
    assert done.exit_code == 2
    assert told in done.output


def test_a_peer_that_is_not_installed(monkeypatch):
    monkeypatch.setattr("benchmarks.peers.find_spec", lambda _: None)
    done = CliRunner().invoke(main, ["boards", "--engines", "greedy,vroom"])
    assert done.exit_code == 2
    assert "make peers" in done.output


def test_the_command_finds_the_checkout():
    from api.cli import main as housecall

    done = CliRunner().invoke(housecall, ["bench", "--help"])
    assert {"boards", "public", "plot", "profile", "tables"} <= set(done.output.split())


def test_without_the_checkout_the_command_says_where_to_get_it(monkeypatch):
    from api.cli import main as housecall

    monkeypatch.setattr("api.cli_bench.CHECKOUT", Path("/nowhere"))
    done = CliRunner().invoke(housecall, ["bench", "boards"])
    assert done.exit_code == 1
    assert "clone the repository" in done.output

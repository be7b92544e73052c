import json

import pytest
from click.testing import CliRunner

from api.cli import main
from routing.dayfile import write_day
from routing.engine.solve import solve
from routing.generator import generate_day
from routing.planfile import write_plan


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A planned day of 20 visits, and the visits under way at ten."""
    folder = tmp_path_factory.mktemp("replan")
    problem = generate_day(20, 7, 3)
    planned = solve(problem, seconds=20, engine="greedy")
    (folder / "day.json").write_text(write_day(problem))
    (folder / "plan.json").write_text(write_plan(planned))
    stops = [
        (route.nurse, stop)
        for route in planned.routes
        for stop in route.stops
        if stop.kind == "visit" and stop.begin_s < 36_000 < stop.end_s
    ]
    return folder, stops[0][0], stops[0][1].ref


def replan(files, *options, now="10:00"):
    folder = files[0]
    arguments = [
        "replan",
        str(folder / "day.json"),
        str(folder / "plan.json"),
        "--now",
        now,
        "--seconds",
        "0",
    ]
    return CliRunner().invoke(main, [*arguments, *options])


def test_an_ill_nurse_is_re_planned_and_the_plan_can_be_checked(files, tmp_path):
    out, day = tmp_path / "new.json", tmp_path / "running.json"
    answer = replan(files, "--event", f"nurse-ill:{files[1]}", "--out", str(out), "--day-out", str(day))
    assert answer.exit_code == 0, answer.output
    last = json.loads(answer.stdout.splitlines()[-1])
    assert last["engine"] == "greedy"
    assert last["saves_mc"] == last["nothing"]["total_mc"] - last["after"]["total_mc"] >= 0
    assert "doing nothing: $" in answer.stdout
    checked = CliRunner().invoke(main, ["plan-check", str(day), str(out)])
    assert checked.output.startswith("OK cost")


@pytest.mark.parametrize("spoken", ["overrun:{}@12:30", "cancelled:{}", "no-show:{}", "no-show:{}@10:05"])
def test_events_of_a_visit_under_way(files, spoken):
    answer = replan(files, "--event", spoken.format(files[2]))
    assert answer.exit_code == 0, answer.output


def test_an_urgent_visit_comes_from_a_file(files, tmp_path):
    visit = json.loads((files[0] / "day.json").read_text())["visits"][0]
    urgent = tmp_path / "urgent.json"
    fields = {"id": "urgent", "windows": [{"begin_s": 40_000, "end_s": 60_000}], "penalty_mc": 300_000_000}
    urgent.write_text(json.dumps({"visit": visit | fields}))
    answer = replan(files, "--event", f"urgent:{urgent}")
    assert answer.exit_code == 0, answer.output
    moved = json.loads(answer.stdout.splitlines()[-1])["moved"]
    assert [entry["change"] for entry in moved if entry["visit"] == "urgent"] == ["taken_on"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--event", "flood"], "is no event"),
        (["--event", "nurse-ill:nobody"], "events[0].nurse"),
        (["--event", "overrun:visit-1"], "needs a time"),
        (["--event", "cancelled:visit-1@10:00"], "takes no time"),
        (["--event", "overrun:visit-999@11:00"], "[not_under_way]"),
        (["--event", "urgent:nowhere.json"], "cannot be read as JSON"),
        (["--out", "/nowhere/plan.json"], "Choose a place that can be written."),
    ],
)
def test_what_cannot_be_is_refused_with_the_way_out(files, options, said):
    answer = replan(files, *options)
    assert answer.exit_code == 2
    assert said in answer.stderr
    assert "Traceback" not in answer.output


def test_a_time_that_is_none_is_refused(files):
    answer = replan(files, now="25 past")
    assert answer.exit_code == 2
    assert "Write it as 10:05" in answer.stderr

"""The plan file both ways, and what it refuses."""

import json
from pathlib import Path

import jsonschema
import pytest

from routing.faults import ProblemInvalid
from routing.planfile import plan_as_json, plan_schema, read_plan, write_plan
from tests.builders.routing import day, nurse, plan, stop, visit

DOCS = Path(__file__).parents[2] / "docs"


def sample_text() -> str:
    problem = day(nurse(), visit("a", 1), visit("b", 2))
    stops = [stop("start", 480), stop("visit", 490, "a", lasts=60), stop("end", 560)]
    return write_plan(plan(problem, {"ann": stops}, left=("b",), seed=3, seconds=1.5, engine="greedy"))


def test_what_is_written_is_read_back_and_follows_the_schema() -> None:
    text = sample_text()
    assert write_plan(read_plan(text)) == text
    jsonschema.validate(json.loads(text), plan_schema())


def test_the_published_schema_is_the_codes() -> None:
    assert json.loads((DOCS / "plan-file.schema.json").read_text(encoding="utf-8")) == plan_schema()


def test_a_cost_that_is_not_the_sum_of_its_terms() -> None:
    document = json.loads(sample_text())
    document["cost_mc"] += 1
    with pytest.raises(ProblemInvalid, match="cost_not_the_sum"):
        read_plan(json.dumps(document))


def test_where_the_bound_is_relaxed_is_read_back() -> None:
    document = json.loads(sample_text()) | {"bound_mc": 1, "relaxed": ["double_visits"]}
    assert read_plan(json.dumps(document)).relaxed == ("double_visits",)
    with pytest.raises(ProblemInvalid, match=r"relaxed\[0\]"):
        read_plan(json.dumps(document | {"relaxed": ["everything"]}))


def test_an_unknown_kind_of_stop() -> None:
    document = plan_as_json(read_plan(sample_text()))
    document["routes"][0]["stops"][1]["kind"] = "lunch"
    with pytest.raises(ProblemInvalid, match=r"routes\[0\]\.stops\[1\]\.kind"):
        read_plan(json.dumps(document))

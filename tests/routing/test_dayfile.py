"""The day file both ways, its schema, and everything it refuses by path."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings

from routing.dayfile import day_as_json, day_schema, fingerprint, read_day, write_day
from routing.faults import ProblemInvalid
from routing.problem import Problem
from tests.builders.routing import day, days, meal, nurse, pharmacy, visit

DOCS = Path(__file__).parents[2] / "docs"


def sample() -> dict[str, Any]:
    return json.loads(write_day(day(nurse(meal_break=meal()), visit("a", 1, units=1), pharmacy())))


def faults_of(document: Any) -> set[tuple[str, str]]:
    text = document if isinstance(document, str | bytes) else json.dumps(document)
    with pytest.raises(ProblemInvalid) as refused:
        read_day(text)
    return {(fault.path, fault.code) for fault in refused.value.faults}


@settings(max_examples=60, deadline=None)
@given(days())
def test_what_is_written_is_read_back_and_follows_the_schema(problem: Problem) -> None:
    text = write_day(problem)
    assert read_day(text) == problem
    jsonschema.validate(json.loads(text), day_schema())


def test_the_published_schema_is_the_codes() -> None:
    published = json.loads((DOCS / "day-file.schema.json").read_text(encoding="utf-8"))
    assert published == day_schema()
    jsonschema.Draft202012Validator.check_schema(published)


def test_the_documented_example_is_a_day() -> None:
    page = (DOCS / "day-file.md").read_text(encoding="utf-8")
    example = page.split("```json", 1)[1].split("```", 1)[0]
    problem = read_day(example)
    assert problem.visits
    assert problem.double_visits
    assert problem.pins


def test_every_field_is_documented() -> None:
    page = (DOCS / "day-file.md").read_text(encoding="utf-8")
    names: set[str] = set()

    def collect(schema: Any) -> None:
        if isinstance(schema, dict):
            names.update(schema.get("properties", {}))
            for part in schema.values():
                collect(part)
        elif isinstance(schema, list):
            for part in schema:
                collect(part)

    collect(day_schema())
    assert [name for name in sorted(names) if f"`{name}`" not in page] == []


def test_fields_left_out_keep_their_defaults() -> None:
    document = sample()
    del document["weights"], document["pins"], document["nurses"][0]["max_pickups"]
    problem = read_day(json.dumps(document))
    assert problem.weights.travel_mc_per_s == 1_700
    assert problem.nurses[0].max_pickups == 1


def test_an_unknown_field() -> None:
    document = sample()
    document["visits"][0]["durations"] = 3
    assert faults_of(document) == {("visits[0].durations", "unknown_field")}


def test_a_missing_field() -> None:
    document = sample()
    del document["nurses"][0]["shift"]["end_s"]
    assert faults_of(document) == {("nurses[0].shift.end_s", "field_missing")}


@pytest.mark.parametrize("value", ["3", 3.0, True, None, [], {}])
def test_a_wrong_type(value: Any) -> None:
    document = sample()
    document["visits"][0]["service_s"] = value
    assert faults_of(document) == {("visits[0].service_s", "wrong_type")}


@pytest.mark.parametrize("value", [-1, 10**9 + 1, 10**30])
def test_a_number_out_of_range(value: int) -> None:
    document = sample()
    document["visits"][0]["service_s"] = value
    assert faults_of(document) == {("visits[0].service_s", "out_of_range")}


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_a_number_that_is_not_finite(word: str) -> None:
    text = json.dumps(sample()).replace('"lat": null', f'"lat": {word}', 1)
    assert faults_of(text) == {("", "not_finite")}


def test_a_duplicate_key() -> None:
    text = json.dumps(sample()).replace('{"format"', '{"label": "twice", "format"', 1)
    assert faults_of(text) == {("", "duplicate_key")}


@pytest.mark.parametrize("text", ["", "{", b"\xff\xfe", "[" * 100_000, '{"a": ' + "9" * 5000 + "}"])
def test_what_is_not_json(text: str | bytes) -> None:
    assert faults_of(text) == {("", "not_json")}


@pytest.mark.parametrize("document", [[], "day", 3, None])
def test_what_is_not_an_object(document: Any) -> None:
    assert faults_of(json.dumps(document)) == {("", "wrong_type")}


def test_another_version() -> None:
    assert faults_of(sample() | {"format": "housecall-day/2"}) == {("format", "not_a_choice")}


def test_an_unknown_travel_model() -> None:
    assert faults_of(sample() | {"travel": {"model": "crow"}}) == {("travel.model", "not_a_choice")}


def test_half_a_character() -> None:
    assert faults_of(sample() | {"label": "\ud800"}) == {("label", "not_unicode")}


def test_faults_of_the_day_itself_are_named_by_path() -> None:
    document = sample()
    document["visits"][0]["place"] = "nowhere"
    document["nurses"][0]["shift"]["end_s"] = 0
    assert faults_of(document) == {
        ("visits[0].place", "unknown_place"),
        ("nurses[0].shift", "window_reversed"),
    }


def test_all_faults_of_the_form_at_once() -> None:
    document = sample()
    document["visits"][0]["service_s"] = "long"
    document["nurses"][0]["lock_box"] = 3
    del document["horizon"]
    assert faults_of(document) == {
        ("visits[0].service_s", "wrong_type"),
        ("nurses[0].lock_box", "unknown_field"),
        ("horizon", "field_missing"),
    }


def test_the_fingerprint_follows_the_day() -> None:
    one, same = day(nurse(), visit("a", 1)), day(nurse(), visit("a", 1))
    assert fingerprint(one) == fingerprint(same)
    assert fingerprint(one) != fingerprint(day(nurse(), visit("a", 2)))


def test_the_fingerprint_survives_the_file() -> None:
    problem = day(nurse(), visit("a", 1))
    assert fingerprint(read_day(write_day(problem))) == fingerprint(problem)
    assert day_as_json(problem)["format"] == "housecall-day/1"

"""What a written medicine is: exactly what the list says, or a suggestion; never a silent guess."""

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

import dispatch.intake
from dispatch.intake.ingredients import CLASSES, ingredients_by_name
from dispatch.intake.rules.matching import match, suggest

LISTED = ingredients_by_name()


def ingredients(written):
    return [each.ingredient for each in match(written, LISTED)]


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("theophylline", ["theophylline"]),
        ("THEO-24", ["theophylline"]),
        ("Uniphyl 400 mg", ["theophylline"]),
        ("Theophylline ER 300mg tablets", ["theophylline"]),
        ("aminophylline", ["aminophylline"]),
        ("Xanax XR 0.5mg", ["alprazolam"]),
        ("morphine sulfate 15 mg", ["morphine"]),
        ("Percocet 5/325", ["oxycodone", "acetaminophen"]),
        ("Tylenol", ["acetaminophen"]),
        ("Tylenol 3", ["codeine", "acetaminophen"]),
        ("Tylenol 3 300 mg tablets", ["codeine", "acetaminophen"]),
        ("St John’s Wort", ["st john's wort"]),
        ("ｓｅｒｔｒａｌｉｎｅ", ["sertraline"]),
    ],
)
def test_a_name_of_the_list_is_known_in_every_spelling_that_means_the_same(written, found):
    assert ingredients(written) == found


@pytest.mark.parametrize(
    ("written", "like"),
    [
        ("theophyline", "theophylline"), ("aminophilline", "aminophylline"), ("lorazapam", "lorazepam"),
        ("sertaline 50 mg", "sertraline"), ("Xanax and Percocet", "xanax"),
    ],
)  # fmt: skip
def test_what_is_only_like_a_listed_name_is_suggested_and_not_matched(written, like):
    assert ingredients(written) == []
    assert suggest(written, LISTED) == like


@pytest.mark.parametrize("written", ["the blue pill", "zzz", "", "12 mg", "...", "a" * 200])
def test_what_the_list_does_not_know_goes_to_the_prescriber(written):
    assert ingredients(written) == []
    assert suggest(written, LISTED) == ""


@pytest.mark.parametrize(
    ("code", "some_of_it"),
    [
        ("xanthine", {"theophylline", "aminophylline"}), ("benzodiazepine", {"alprazolam", "clonazepam"}),
        ("opioid", {"oxycodone", "methadone", "buprenorphine"}), ("vasopressin", {"vasopressin"}),
        ("mao_inhibitor", {"phenelzine", "selegiline"}), ("stimulant", {"amphetamine", "methylphenidate"}),
        ("lamotrigine", {"lamotrigine"}), ("alcohol_related", {"disulfiram", "acamprosate"}),
        ("ketamine", {"ketamine", "esketamine"}),
    ],
)  # fmt: skip
def test_the_classes_that_the_rules_ask_about_are_filled(code, some_of_it):
    assert code in CLASSES
    assert some_of_it <= {
        each.ingredient for found in LISTED.values() for each in found if code in each.classes
    }


def test_every_line_of_the_list_has_its_source_and_one_meaning():
    with (Path(dispatch.intake.__file__).parent / "ingredients.csv").open(
        encoding="utf-8", newline=""
    ) as lines:
        rows = list(csv.DictReader(lines))
    assert all(row["source"].startswith(("WHO ATC ", "no ATC code")) for row in rows)
    assert all(row["name"] == row["name"].strip().lower() for row in rows)
    assert len({(row["name"], row["ingredient"]) for row in rows}) == len(rows)
    assert {row["ingredient"] for row in rows} <= {row["name"] for row in rows}


@given(written=some.text(max_size=60))
def test_whatever_is_written_a_match_is_a_name_of_the_list(written):
    found = match(written, LISTED)
    assert not found or found in LISTED.values()
    assert suggest(written, LISTED) in {"", *LISTED}


@given(name=some.sampled_from(sorted(LISTED)), more=some.sampled_from(["", " 10 mg", " 2.5MG tablets", "  "]))
def test_a_strength_never_makes_another_medicine_of_a_listed_name(name, more):
    assert match(name.upper(), LISTED) == LISTED[name]
    assert match(name.upper() + more, LISTED) in (LISTED[name], ())

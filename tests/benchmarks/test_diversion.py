"""A small version of the simulation: the planted are found by the signal that is meant for them."""

import random
from datetime import timedelta

import pytest

from benchmarks import diversion, diversion_year
from benchmarks.diversion import BEGIN, assayed, found_by, limits_of_policy, looks
from benchmarks.diversion_patterns import PATTERNS, Diverter, over_draw, substitution
from benchmarks.diversion_tables import tables

LIMITS = limits_of_policy()


def a_diverter():
    return Diverter(
        person=9, colluder=17, since=BEGIN + timedelta(days=20), share=0.45, draw=random.Random(4)
    )


@pytest.fixture(scope="module")
def half_a_year():
    patch = pytest.MonkeyPatch()
    for module in (diversion, diversion_year):
        patch.setattr(module, "DAYS", 130)
    patch.setattr(diversion, "LOOK_EVERY_DAYS", 84)
    year = diversion_year.honest_year(1)
    yield year, looks(year, LIMITS)
    patch.undo()


@pytest.mark.parametrize(
    ("pattern", "signal"),
    [
        ("over-draw and waste", "drawn_above_order"),
        ("under-administration, written", "given_below_order"),
        ("waste with a colluding witness", "waste_pair"),
        ("off-shift removal", "off_shift"),
        ("delayed administration", "slow_to_give"),
        ("count manipulation", "count_variance"),
    ],
)
def test_a_diversion_is_asked_about_by_its_signal(half_a_year, pattern, signal):
    diverter = a_diverter()
    found = found_by(looks(PATTERNS[pattern](half_a_year[0], diverter), LIMITS, half_a_year), diverter, set())
    assert signal in found


def test_saline_leaves_the_books_as_they_are_and_an_assay_tells(half_a_year):
    year, _ = half_a_year
    diverter = a_diverter()
    swapped = substitution(year, diverter)
    assert swapped.books() == year.books()
    days, wrong, _ = assayed(swapped, 1, diverter, rate_permille=500, tolerance_percent=10)
    assert days is not None
    assert wrong == 0


def test_only_the_diverters_rows_differ(half_a_year):
    year, _ = half_a_year
    diverter = a_diverter()
    pairs = zip(year.uses, over_draw(year, diverter).uses, strict=True)
    assert {was.nurse for was, now in pairs if was != now} == {diverter.person}


def test_an_honest_half_year_asks_little(half_a_year):
    assert len(diversion.in_vain(half_a_year[1], LIMITS)) <= 12


def test_what_is_explained_is_quiet_for_a_while(half_a_year):
    _, seen = half_a_year
    keys = [key for _, _, key in diversion.in_vain(seen * 2, LIMITS)]
    assert len(keys) == len(set(keys))


def test_the_tables_say_what_was_found_and_what_was_not():
    seed = {
        "seed": 1, "vain": {"late_entry": 2}, "vain_nurses": 1, "assays": 10, "assays_wrong": 0,
        "found": {name: {"share": 0.3, "days": {}} for name in PATTERNS},
    }  # fmt: skip
    seed["found"]["over-draw and waste"]["days"] = {"drawn_above_order": 30, "peer_distance": 60}
    said = tables([seed])
    assert "| over-draw and waste | 1 of 1 |" in said
    assert "| drawn above order | 1 (+0) | 60 | 2.0 |" in said
    assert "| under-administration, hidden | 0 of 1 |" in said

"""Invented days are repeatable and have the traits they promise."""

from routing.dayfile import fingerprint
from routing.generator import generate_day


def test_the_same_numbers_give_the_same_day() -> None:
    assert fingerprint(generate_day(30, 9, 4)) == fingerprint(generate_day(30, 9, 4))
    assert fingerprint(generate_day(30, 9, 4)) != fingerprint(generate_day(30, 9, 5))


def test_the_mix_is_the_documented_one() -> None:
    problem = generate_day(1000, 280, 1)
    visits, nurses = problem.visits, problem.nurses
    assert 0.50 < sum(v.service_s == 7200 for v in visits) / 1000 < 0.60
    assert 0.12 < sum(v.controlled for v in visits) / 1000 < 0.18
    hours = [(n.shift.end_s - n.shift.begin_s) / 3600 for n in nurses]
    assert 0.42 < hours.count(8.0) / 280 < 0.58
    assert 0.32 < hours.count(10.0) / 280 < 0.48
    assert any("licence_not_valid_in_state" in r for v in visits for r in v.ineligible.values())
    assert len(problem.pharmacies) == 5


def test_short_visits_on_request() -> None:
    assert {v.service_s for v in generate_day(60, 9, 1, service_min=(30, 45)).visits} == {1800, 2700}

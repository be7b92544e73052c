"""Tails, intervals and scales against enumeration and published figures."""

from itertools import product
from math import comb, isclose, prod

import pytest

from dispatch.custody.signals.rules.tails import (
    Pool,
    beta_binomial_tail,
    false_discovery_rates,
    interval,
    robust_scores,
)


@pytest.mark.parametrize(("hits", "of", "share"), [(0, 5, 0.3), (3, 12, 0.1), (7, 7, 0.6), (40, 200, 0.1)])
def test_the_binomial_tail_is_the_sum_of_its_terms(hits, of, share):
    direct = sum(comb(of, k) * share**k * (1 - share) ** (of - k) for k in range(hits, of + 1))
    assert isclose(beta_binomial_tail(hits, of, share, 0.0), direct, rel_tol=1e-9)


@pytest.mark.parametrize("correlation", [0.01, 0.2])
def test_the_beta_binomial_tail_is_polyas_urn_counted_out(correlation):
    """Polya's urn: each draw of a colour makes that colour likelier; every order of draws is listed."""
    share, of, hits = 0.3, 7, 3
    mass = 1 / correlation - 1
    total = 0.0
    for draws in product((0, 1), repeat=of):
        if sum(draws) < hits:
            continue
        reds = [sum(draws[:at]) for at in range(of)]
        total += prod(
            (share * mass + red if drawn else (1 - share) * mass + at - red) / (mass + at)
            for at, (drawn, red) in enumerate(zip(draws, reds, strict=True))
        )
    assert isclose(beta_binomial_tail(hits, of, share, correlation), total, rel_tol=1e-9)


def test_spread_between_people_makes_a_high_figure_less_surprising():
    assert beta_binomial_tail(15, 60, 0.1, 0.05) > 10 * beta_binomial_tail(15, 60, 0.1, 0.0)


def test_wilsons_interval_as_published():
    """Newcombe, Stat. Med. 17:857, 1998, table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29."""
    for hits, of, low, high in (
        (81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718),
    ):  # fmt: skip
        found = interval(hits, of)
        assert found == pytest.approx((low, high), abs=5e-5)


def test_benjamini_hochbergs_own_example():
    """Benjamini and Hochberg (1995), section 3.2: 15 p-values, of which four are rejected at 5 %."""
    chances = [
        0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719,
        0.6528, 0.7590, 1.0,
    ]  # fmt: skip
    rates = false_discovery_rates(dict(enumerate(chances)))
    assert sorted(key for key, rate in rates.items() if rate <= 0.05) == [0, 1, 2, 3]


def test_taking_somebody_out_of_a_pool_leaves_the_pool_of_the_others():
    tallies = [(3, 40), (0, 25), (9, 60), (4, 31)]
    whole, others = Pool.of(tallies), Pool.of(tallies[1:])
    left = whole.without(*tallies[0])
    assert (left.people, left.hits, left.observations, left.sizes) == (3, 13, 116, others.sizes)
    assert left.correlation == pytest.approx(others.correlation)


def test_people_who_differ_no_more_than_chance_have_no_correlation():
    assert Pool.of([(4, 40)] * 10).correlation == 0
    assert Pool.of([(0, 40), (20, 40)] * 5).correlation > 0.2


def test_one_far_out_does_not_move_the_scale():
    values = dict(enumerate([1.0, 1.1, 0.9, 1.05, 0.95, 1.02, 9.0]))
    assert robust_scores(values)[6] > 50
    assert robust_scores(dict.fromkeys(range(5), 2.0)) == dict.fromkeys(range(5), 0.0)

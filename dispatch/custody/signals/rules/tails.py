"""Exact tails and robust scale, a few lines each; scipy would be a heavy guest for so little."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import exp, lgamma, log, sqrt
from statistics import median
from typing import TypeVar

KeyT = TypeVar("KeyT")
Z_95 = 1.959964
# A normal distribution's standard deviation by its median absolute deviation.
MAD_TO_SD = 1.4826
# The sum's further terms are below any figure that is shown.
NEGLIGIBLE = 1e-12


def beta_binomial_tail(hits: int, observations: int, share: float, correlation: float) -> float:
    """Return the chance of `hits` or more of `observations` when people's own shares vary around `share`.

    The binomial tail when `correlation` is 0. Nurses differ without fault (their patients do), so the plain
    binomial would ask far too often; the beta-binomial takes their spread as given (Prentice, J. Am. Stat.
    Assoc. 81:321, 1986).

    Parameters
    ----------
    share
        The expected share, strictly between 0 and 1.
    correlation
        Within-person correlation, 0 or above; see `within_person_correlation`.
    """
    if hits <= 0:
        return 1.0
    if correlation < 1e-6:
        return _binomial_tail(hits, observations, share)
    mass = 1 / correlation - 1
    a, b = share * mass, (1 - share) * mass
    term = exp(
        _log_choose(observations, hits) + _log_beta(hits + a, observations - hits + b) - _log_beta(a, b)
    )
    total = 0.0
    for k in range(hits, observations + 1):
        total += term
        if k == observations or term < NEGLIGIBLE * total:
            break
        term *= (observations - k) * (k + a) / ((k + 1) * (observations - k - 1 + b))
    return min(1.0, total)


def _binomial_tail(hits: int, observations: int, share: float) -> float:
    odds = share / (1 - share)
    term = exp(_log_choose(observations, hits) + hits * log(share) + (observations - hits) * log(1 - share))
    total = 0.0
    for k in range(hits, observations + 1):
        total += term
        if term < NEGLIGIBLE * total:
            break
        term *= (observations - k) / (k + 1) * odds
    return min(1.0, total)


def _log_choose(of: int, some: int) -> float:
    return lgamma(of + 1) - lgamma(some + 1) - lgamma(of - some + 1)


def _log_beta(a: float, b: float) -> float:
    return lgamma(a) + lgamma(b) - lgamma(a + b)


def interval(hits: int, observations: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a share (Brown, Cai and DasGupta, Stat. Sci. 16:101, 2001)."""
    if not observations:
        return 0.0, 1.0
    share, z2 = hits / observations, Z_95**2
    middle = (share + z2 / (2 * observations)) / (1 + z2 / observations)
    half = Z_95 * sqrt(share * (1 - share) / observations + z2 / (4 * observations**2))
    half /= 1 + z2 / observations
    return max(0.0, middle - half), min(1.0, middle + half)


def false_discovery_rates(chances: Mapping[KeyT, float]) -> dict[KeyT, float]:
    """Return Benjamini and Hochberg's q-value of each (J. R. Stat. Soc. B 57:289, 1995).

    Asking about everybody whose q is at most 0.05 means that at most 5 % of the questions are owed to having
    looked at so many people.
    """
    ranked = sorted(chances, key=lambda key: chances[key], reverse=True)
    lowest, found = 1.0, {}
    for place, key in enumerate(ranked):
        rank = len(ranked) - place
        lowest = min(lowest, chances[key] * len(ranked) / rank)
        found[key] = lowest
    return found


@dataclass(frozen=True, kw_only=True)
class Pool:
    """Sums over people's (hits, observations), from which one person can be taken out again."""

    people: int
    hits: int
    observations: int
    squares: float
    sizes: int

    @classmethod
    def of(cls, tallies: Iterable[tuple[int, int]]) -> "Pool":
        """Add up people who have observations."""
        kept = [(hits, number) for hits, number in tallies if number]
        return cls(
            people=len(kept),
            hits=sum(hits for hits, _ in kept),
            observations=sum(number for _, number in kept),
            squares=sum(hits * hits / number for hits, number in kept),
            sizes=sum(number * number for _, number in kept),
        )

    def without(self, hits: int, observations: int) -> "Pool":
        """Return the peers of somebody with these figures."""
        return Pool(
            people=self.people - 1,
            hits=self.hits - hits,
            observations=self.observations - observations,
            squares=self.squares - hits * hits / observations,
            sizes=self.sizes - observations**2,
        )

    @property
    def share(self) -> float:
        """The peers' share, with half a hit more and less, so that it is never 0 or 1."""
        return (self.hits + 0.5) / (self.observations + 1)

    @property
    def correlation(self) -> float:
        """How much more alike one person's observations are than two people's: the analysis-of-variance
        estimator of the intra-class correlation of binary data (Ridout, Demetrio and Firth, Biometrics
        55:137, 1999), not below 0."""
        spare = self.observations - self.people
        if self.people < 3 or spare <= 0 or not self.hits:
            return 0.0
        between = (self.squares - self.hits**2 / self.observations) / (self.people - 1)
        inside = (self.hits - self.squares) / spare
        size = (self.observations - self.sizes / self.observations) / (self.people - 1)
        whole = between + (size - 1) * inside
        return min(0.5, max(0.0, (between - inside) / whole)) if whole > 0 else 0.0


def robust_scores(values: Mapping[KeyT, float]) -> dict[KeyT, float]:
    """Return how many robust standard deviations each lies above the median (Iglewicz and Hoaglin, 1993).

    Median and median absolute deviation are not moved by the few who are far out. Where more than half have
    the same value the mean absolute deviation takes its place; where all have it, everybody scores 0.
    """
    middle = median(values.values())
    away = {key: abs(value - middle) for key, value in values.items()}
    scale = median(away.values()) * MAD_TO_SD or sum(away.values()) / len(away) * 1.2533
    return {key: (value - middle) / scale if scale else 0.0 for key, value in values.items()}

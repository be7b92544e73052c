"""How good a plan is known to be, in words: the same in every screen and on the command line.

Rounded so that nothing sounds better than it is proven to be: the gap up, the bound down.
"""

from collections.abc import Iterable, Mapping

MC_PER_DOLLAR = 100_000
NOT_YET = "no bound yet"
PROVEN = "proven best possible"
RELAXED: Mapping[str, str] = {
    "double_visits": "the bound lets each half of a visit by two nurses begin on its own, so the plan may be "
    "better than that",
}


def gap_text(cost_mc: int, bound_mc: int | None) -> str:
    """Say how far a cost may be from the best possible one: ``within 1.2 % of the best possible``."""
    if bound_mc is not None and bound_mc >= cost_mc:
        return PROVEN
    if bound_mc is None or bound_mc <= 0:  # that no plan costs less than nothing needs no proof
        return NOT_YET
    tenths = -(-1000 * (cost_mc - bound_mc) // cost_mc)
    return f"within {tenths // 10}.{tenths % 10} % of the best possible"


def bound_dollars(bound_mc: int) -> str:
    """Write a bound in whole dollars, rounded down."""
    return f"${bound_mc // MC_PER_DOLLAR:,}"


def relaxed_text(relaxed: Iterable[str]) -> str:
    """Say where the bound is that of an easier day; empty where it is of the day itself."""
    return "; ".join(RELAXED.get(name, name) for name in relaxed)

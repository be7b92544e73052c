"""What most signals ask: does it happen to one nurse more often than to her peers?

Like a funnel plot (Spiegelhalter, Stat. Med. 24:1185, 2005): few observations widen what is usual, and the
spread between blameless nurses is taken as given.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from dispatch.custody.signals.model import Limits, Question, Rule
from dispatch.custody.signals.rules.tails import (
    Pool,
    beta_binomial_tail,
    false_discovery_rates,
    interval,
)


@dataclass(frozen=True, kw_only=True)
class Tally:
    """How often something happened to one nurse: the events where it did, and of how many."""

    hits: tuple[UUID, ...]
    observations: int

    @property
    def share(self) -> float:
        """The nurse's own share."""
        return len(self.hits) / self.observations


def tallied(observed: Iterable[tuple[UUID, bool, UUID]]) -> dict[UUID, Tally]:
    """Count (nurse, did it happen, event) by nurse."""
    hits: dict[UUID, list[UUID]] = defaultdict(list)
    seen: dict[UUID, int] = defaultdict(int)
    for nurse, happened, event_id in observed:
        seen[nurse] += 1
        if happened:
            hits[nurse].append(event_id)
    return {nurse: Tally(hits=tuple(hits[nurse]), observations=seen[nurse]) for nurse in seen}


def more_often_than_peers(
    rule: Rule,
    tallies: Mapping[UUID, Tally],
    limits: Limits,
    worded: Callable[[UUID, Tally, float], str],
    *,
    about: str = "",
    shown: tuple[tuple[str, str], ...] = (),
) -> list[Question]:
    """Ask about every nurse whose share is above her peers' beyond chance, and by enough to matter.

    Parameters
    ----------
    worded
        Makes the question of (nurse, her tally, the peers' share).
    shown
        Lines that belong before the arithmetic, such as the limit that was used.
    """
    pool = Pool.of((len(tally.hits), tally.observations) for tally in tallies.values())
    if pool.people - 1 < limits.least_peers:
        return []
    peers = {
        nurse: pool.without(len(tally.hits), tally.observations)
        for nurse, tally in tallies.items()
        if tally.observations >= limits.least_observations
    }
    chances = {nurse: _chance(tallies[nurse], group) for nurse, group in peers.items() if group.observations}
    rates = false_discovery_rates(chances)
    found = []
    for nurse, rate in rates.items():
        tally, group = tallies[nurse], peers[nurse]
        if (
            rate <= limits.false_discovery
            and len(tally.hits) >= limits.least_hits
            and tally.share >= limits.times_expected * group.share
        ):
            found.append(
                Question(
                    rule=rule,
                    subject=nurse,
                    about=about,
                    text=worded(nurse, tally, group.share),
                    arithmetic=shown + _arithmetic(tally, group, chances[nurse], rate, len(rates), limits),
                    evidence=tally.hits,
                    chance=rate,
                )
            )
    return found


def _chance(tally: Tally, peers: Pool) -> float:
    if tally.share <= peers.share:
        return 1.0
    return beta_binomial_tail(len(tally.hits), tally.observations, peers.share, peers.correlation)


def _arithmetic(
    tally: Tally, peers: Pool, chance: float, rate: float, looked_at: int, limits: Limits
) -> tuple[tuple[str, str], ...]:
    low, high = interval(len(tally.hits), tally.observations)
    return (
        ("observed", f"{len(tally.hits)} of {tally.observations} ({percent(tally.share)})"),
        ("95 % interval of that share (Wilson)", f"{percent(low)} to {percent(high)}"),
        (
            f"the {peers.people} other nurses together",
            f"{peers.hits} of {peers.observations} ({percent(peers.share)})",
        ),
        ("expected at their share", f"{tally.observations * peers.share:.1f}"),
        ("how much the others differ among themselves (intra-class correlation)", f"{peers.correlation:.4f}"),
        ("chance of as many or more (beta-binomial tail)", chance_text(chance)),
        (f"the same, for having looked at {looked_at} nurses (Benjamini-Hochberg)", chance_text(rate)),
        (
            "asked from (policy custody.signals)",
            f"{limits.least_observations} observations, {limits.least_hits} of them unusual, "
            f"{limits.times_expected:.1f} times the expected share, chance {limits.false_discovery:.3f}",
        ),
    )


def percent(share: float) -> str:
    """Write a share as people read it, with a decimal where it is small."""
    return f"{100 * share:.1f} %" if 0 < share < 0.1 else f"{100 * share:.0f} %"


def chance_text(chance: float) -> str:
    """Write a chance so that a very small one is not shown as zero."""
    return "below 1 in a million" if chance < 1e-6 else f"{chance:.2g}"

"""Is a nurse far from her peers in many things at once, each too small to be asked about?"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from math import sqrt
from statistics import fmean, median
from typing import Any
from uuid import UUID

from dispatch.custody.signals.model import Books, Limits, Question, Rule, VialUse
from dispatch.custody.signals.rules.slow_to_give import minutes
from dispatch.custody.signals.rules.tails import robust_scores
from dispatch.custody.signals.rules.waste_ratio import share

# One feature far out is the other signals' affair: beyond this it adds nothing more.
MOST_SCORE = 5.0


def peer_distance(books: Books, limits: Limits) -> list[Question]:
    """Ask about nurses whose features together lie far above the median of all nurses.

    Each feature is measured in robust standard deviations above the median; the distance is the root of the
    mean of their squares. Below the median is no concern and counts as 0. Nurses with few vials are left out:
    their figures swing by chance.
    """
    uses: dict[UUID, list[VialUse]] = defaultdict(list)
    for use in books.uses:
        uses[use.nurse].append(use)
    known = {nurse for nurse, own in uses.items() if len(own) >= limits.least_observations}
    if len(known) - 1 < limits.least_peers:
        return []
    values = {name: feature for name, feature in _features(books, uses, known) if len(feature) == len(known)}
    scores = {name: robust_scores(feature) for name, feature in values.items()}
    found = []
    for nurse in sorted(known):
        own = {name: min(MOST_SCORE, max(0.0, by_nurse[nurse])) for name, by_nurse in scores.items()}
        distance = sqrt(fmean(score**2 for score in own.values()))
        if distance * 10 >= limits.distance_tenths:
            found.append(_question(nurse, distance, own, values, books, limits, uses[nurse]))
    return found


def _features(
    books: Books, uses: Mapping[UUID, list[VialUse]], known: set[UUID]
) -> Iterable[tuple[str, dict[UUID, float]]]:
    def of_uses(measure: Callable[[list[VialUse]], float]) -> dict[UUID, float]:
        return {nurse: measure(uses[nurse]) for nurse in known}

    yield "part of a vial wasted", of_uses(lambda own: fmean(share(use) for use in own))
    yield (
        "minutes from opening to dose",
        of_uses(lambda own: median([minutes(u.given_at - u.opened_at) for u in own if u.given_at] or [0.0])),
    )
    ordered = of_uses(lambda own: float(sum(use.ordered_ug or 0 for use in own)))
    if all(ordered.values()):
        yield "drawn above the order", of_uses(lambda own: _gap(own, lambda use: use.drawn_ug))
        yield "given below the order", of_uses(lambda own: 0.0 - _gap(own, lambda use: use.given_ug))
    yield "waste without a witness of the company", of_uses(lambda own: fmean(use.weak for use in own))
    yield "events off shift", _rates(books.accesses, lambda each: not each.on_shift, known)
    yield "events entered late", _rates(books.accesses, lambda each: each.late, known)
    yield "counts that differ", _rates(books.counts, lambda each: each.variance_units != 0, known)
    yield "vials spoilt", _rates(books.taken, lambda each: each.spoilt, known)


def _gap(own: list[VialUse], amount: Callable[[VialUse], int]) -> float:
    known = [use for use in own if use.ordered_ug]
    ordered = sum(use.ordered_ug or 0 for use in known)
    return sum(amount(use) for use in known) / ordered - 1


def _rates(rows: Iterable[Any], happened: Callable[[Any], bool], known: set[UUID]) -> dict[UUID, float]:
    seen, hits = Counter[UUID](), Counter[UUID]()
    for row in rows:
        seen[row.nurse] += 1
        if happened(row):
            hits[row.nurse] += 1
    return {nurse: hits[nurse] / seen[nurse] for nurse in known & seen.keys()}


def _question(
    nurse: UUID,
    distance: float,
    scores: Mapping[str, float],
    values: Mapping[str, Mapping[UUID, float]],
    books: Books,
    limits: Limits,
    uses: list[VialUse],
) -> Question:
    ranked = sorted(scores, key=lambda name: scores[name], reverse=True)
    foremost = " and ".join(name for name in ranked[:2] if scores[name])
    others = len(next(iter(values.values()))) - 1
    return Question(
        rule=Rule.PEER_DISTANCE,
        subject=nurse,
        text=(
            f"Is there a reason why {books.name(nurse)}'s figures lie apart from those of {others} other "
            f"nurses, most of all in {foremost} (robust distance {distance:.1f}, {len(uses)} vials)?"
        ),
        arithmetic=(
            ("distance: root of the mean square of the scores below", f"{distance:.2f}"),
            *(
                (
                    name,
                    f"{values[name][nurse]:.3f}; median of all nurses {median(values[name].values()):.3f}; "
                    f"{scores[name]:.1f} robust standard deviations above",
                )
                for name in ranked
            ),
            ("observations", f"{len(uses)} vials; compared with {others} nurses"),
            (
                "asked from (policy custody.signals)",
                f"distance {limits.distance_tenths / 10:.1f}, {limits.least_observations} vials, "
                f"{limits.least_peers} peers; a score counts up to {MOST_SCORE:.0f}",
            ),
        ),
        evidence=tuple(use.events[-1] for use in uses),
    )

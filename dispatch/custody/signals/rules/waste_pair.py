"""Is a nurse's waste witnessed by one person more often than shared shifts explain?"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from dispatch.custody.signals.model import Books, Duty, Limits, Question, Rule, VialUse
from dispatch.custody.signals.rules.excess import chance_text, percent
from dispatch.custody.signals.rules.tails import beta_binomial_tail, false_discovery_rates, interval

HOUR = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Pair:
    """Whose waste and who signed: of how many wastes how many, when she was at work, and as expected."""

    nurse: UUID
    witness: UUID
    wastes: int
    present: int
    signed: int
    expected: float


def waste_pair(books: Books, limits: Limits) -> list[Question]:
    """Ask where one person witnesses far more of a nurse's waste than being there would make them.

    By chance, each person at work signs as often as she signs for *other* nurses when she is at work: an
    office nurse who is everybody's witness is expected to be this nurse's, too. Colleagues who like each
    other call each other more often without fault, so the spread of all other pairs around what is expected
    of them is taken as given (`_Spread`); only who stands out from that is asked about. Two who
    collude keep perfect books (attack 17); whom they choose as a witness they cannot hide.
    """
    seen = [use for use in books.uses if use.witness is not None and use.wasted_at is not None]
    pairs = _pairs(seen, _at_work(books.duties, seen))
    usual = _Spread(pairs)
    chances = {
        (pair.nurse, pair.witness): _chance(pair, usual.without(pair))
        for pair in pairs
        if pair.signed and pair.wastes >= limits.least_observations
    }
    rates = false_discovery_rates(chances)
    return [
        _question(pair, books, limits, seen, usual.without(pair), chances[key], rate, len(chances))
        for pair in pairs
        if (rate := rates.get(key := (pair.nurse, pair.witness), 1.0)) <= limits.false_discovery
        and pair.signed >= limits.least_hits
        and pair.signed * 100 >= pair.expected * limits.pair_least_percent_of_expected
    ]


class _Spread:
    """How far pairs lie from what is expected of them, beyond chance, as a share of it squared.

    The moment estimator of the variance of a gamma-mixed Poisson's rate (Breslow, Appl. Stat. 33:38, 1984).
    """

    def __init__(self, pairs: Iterable[Pair]) -> None:
        self.beyond, self.squares = 0.0, 0.0
        for pair in pairs:
            self.beyond += (pair.signed - pair.expected) ** 2 - pair.expected
            self.squares += pair.expected**2

    def without(self, pair: Pair) -> float:
        """Return the spread of all other pairs."""
        beyond = self.beyond - ((pair.signed - pair.expected) ** 2 - pair.expected)
        squares = self.squares - pair.expected**2
        return max(0.0, beyond / squares) if squares > 0 else 0.0


def _chance(pair: Pair, spread: float) -> float:
    """Return the chance of as many or more; the within-pair correlation that gives the same spread."""
    share = pair.expected / pair.wastes
    if not 0 < share < 1 or pair.signed <= pair.expected:
        return 1.0
    return beta_binomial_tail(pair.signed, pair.wastes, share, min(0.5, spread * share / (1 - share)))


def _at_work(duties: Iterable[Duty], seen: Iterable[VialUse]) -> Mapping[datetime, frozenset[UUID]]:
    """Return who was at work, hour by hour; who signs and has no shifts at all counts as always there."""
    hours: dict[datetime, set[UUID]] = defaultdict(set)
    rostered = set()
    for duty in duties:
        rostered.add(duty.person)
        hour = _hour(duty.begins_at)
        while hour < duty.ends_at:
            hours[hour].add(duty.person)
            hour += HOUR
    always = frozenset(use.witness for use in seen if use.witness is not None) - rostered
    at_work: dict[datetime, frozenset[UUID]] = defaultdict(lambda: always)
    at_work.update({hour: always | people for hour, people in hours.items()})
    return at_work


def _hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)


def _pairs(seen: Sequence[VialUse], at_work: Mapping[datetime, frozenset[UUID]]) -> list[Pair]:
    """Count every nurse with everybody who was at work when she wasted."""
    there: dict[UUID, list[frozenset[UUID]]] = defaultdict(list)
    signed: dict[UUID, Counter[UUID]] = defaultdict(Counter)
    asked: dict[UUID, Counter[UUID]] = defaultdict(Counter)
    for use in seen:
        assert use.wasted_at is not None
        assert use.witness is not None
        people = (at_work[_hour(use.wasted_at)] | {use.witness}) - {use.nurse}
        there[use.nurse].append(people)
        signed[use.nurse][use.witness] += 1
        asked[use.nurse].update(people)
    all_signed, all_asked = Counter[UUID](), Counter[UUID]()
    for nurse in there:
        all_signed.update(signed[nurse])
        all_asked.update(asked[nurse])
    found = []
    for nurse, wastes in there.items():
        own, own_asked = signed[nurse], asked[nurse]
        # How often each signs for the others when at work; half a signature for who never has.
        keen = {
            person: (all_signed[person] - own[person] + 0.5) / (all_asked[person] - own_asked[person] + 1)
            for person in own_asked
        }
        weights = dict.fromkeys(own_asked, 0.0)
        for people in wastes:
            one = 1 / sum([keen[person] for person in people])
            for person in people:
                weights[person] += one
        found += [
            Pair(
                nurse=nurse,
                witness=person,
                wastes=len(wastes),
                present=own_asked[person],
                signed=own[person],
                expected=weights[person] * keen[person],
            )
            for person in own_asked
        ]
    return found


def _question(
    pair: Pair,
    books: Books,
    limits: Limits,
    seen: Iterable[VialUse],
    spread: float,
    chance: float,
    rate: float,
    looked_at: int,
) -> Question:
    nurse, witness = books.name(pair.nurse), books.name(pair.witness)
    low, high = interval(pair.signed, pair.wastes)
    return Question(
        rule=Rule.WASTE_PAIR,
        subject=pair.nurse,
        other=pair.witness,
        text=(
            f"Is there a reason why {percent(pair.signed / pair.wastes)} of {nurse}'s waste was witnessed by "
            f"{witness} (expected about {percent(pair.expected / pair.wastes)}, {pair.signed} events)?"
        ),
        arithmetic=(
            ("observed", f"{pair.signed} of {pair.wastes} wastes ({percent(pair.signed / pair.wastes)})"),
            ("95 % interval of that share (Wilson)", f"{percent(low)} to {percent(high)}"),
            (f"wastes while {witness} was at work", f"{pair.present} of {pair.wastes}"),
            (f"expected, if {witness} signed as often as for other nurses", f"{pair.expected:.1f}"),
            ("how far other pairs lie from what is expected (variance of the ratio)", f"{spread:.2f}"),
            ("chance of as many or more (beta-binomial tail)", chance_text(chance)),
            (f"the same, for having looked at {looked_at} pairs (Benjamini-Hochberg)", chance_text(rate)),
            (
                "asked from (policy custody.signals)",
                f"{limits.least_observations} wastes, {limits.least_hits} of them with one witness, "
                f"{limits.pair_least_percent_of_expected / 100:.1f} times what is expected, "
                f"chance {limits.false_discovery:.3f}",
            ),
        ),
        evidence=tuple(
            use.events[-1] for use in seen if use.nurse == pair.nurse and use.witness == pair.witness
        ),
        chance=rate,
    )

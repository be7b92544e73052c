"""How drug is diverted: each pattern a twist to one nurse's rows, from a day on, at some of her chances.

The patterns are those that diversion programmes describe (Berge et al., Diversion of Drugs Within Health Care
Facilities, Mayo Clin. Proc. 87:674, 2012; ASHP Guidelines on Preventing Diversion of Controlled Substances,
2022). Everybody else's rows stay as in the honest year.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count

from benchmarks.diversion_year import LABEL_UG, Year, people_of
from dispatch.custody.signals.model import Access, Counted, Duty, Taken, VialUse

MORE_RARELY = 0.2
_numbers = count(10_000_000)


@dataclass(frozen=True, kw_only=True)
class Diverter:
    """Who diverts, with whom, from when, and at which share of her chances."""

    person: int
    colluder: int
    since: datetime
    share: float
    draw: random.Random

    def acts(self, whose: int, at: datetime, share: float = 1.0) -> bool:
        """Tell whether somebody does it this time."""
        return whose == self.person and at >= self.since and self.draw.random() < self.share * share


def substitution(year: Year, diverter: Diverter) -> Year:
    """The residual she carries back is saline, wholly or by half: the books are perfect (attack 17)."""
    carried = [
        (at, whose, diverter.draw.uniform(0.0, 0.5) if diverter.acts(whose, at) else strength)
        for at, whose, strength in year.carried
    ]
    return replace(year, carried=carried)


def _twisted(year: Year, diverter: Diverter, twist: Callable[[VialUse], VialUse], share: float = 1.0) -> Year:
    uses = [twist(use) if diverter.acts(use.nurse, use.opened_at, share) else use for use in year.uses]
    return replace(year, uses=uses)


def over_draw(year: Year, diverter: Diverter) -> Year:
    """Draws up 15 to 60 % more than ordered and "wastes" the rest of the syringe."""

    def twist(use: VialUse) -> VialUse:
        drawn = min(LABEL_UG, round((use.ordered_ug or 0) * diverter.draw.uniform(1.15, 1.6)))
        return replace(use, drawn_ug=max(drawn, use.drawn_ug))

    return _twisted(year, diverter, twist)


def under_administration(year: Year, diverter: Diverter) -> Year:
    """Gives 60 to 90 % of the order, writes so ("had enough"), and keeps what should be waste."""

    def twist(use: VialUse) -> VialUse:
        given = min(use.given_ug, round((use.ordered_ug or 0) * diverter.draw.uniform(0.6, 0.9)))
        return replace(use, given_ug=given, wasted_ug=LABEL_UG - given)

    return _twisted(year, diverter, twist)


def hidden_under_administration(year: Year, diverter: Diverter) -> Year:
    """Gives less than ordered and writes the whole dose: no book and no residual tells."""
    return year


def collusion(year: Year, diverter: Diverter) -> Year:
    """The same friend signs for waste that never was; on or off shift, by video."""

    def twist(use: VialUse) -> VialUse:
        return use if use.witness is None else replace(use, witness=diverter.colluder)

    return _twisted(year, diverter, twist)


def from_returns(year: Year, diverter: Diverter) -> Year:
    """Takes a vial too many and brings it back broken, or with another seal."""
    more = [
        Taken(nurse=duty.person, at=duty.begins_at, spoilt=True, event_id=next(_numbers))
        for duty in year.duties
        if diverter.acts(duty.person, duty.begins_at, MORE_RARELY)
    ]
    return replace(year, taken=year.taken + more)


def off_shift_removal(year: Year, diverter: Diverter) -> Year:
    """Handles drug once more two hours after the shift."""

    def after(duty: Duty) -> Access:
        at = duty.ends_at + timedelta(hours=2)
        return Access(nurse=duty.person, at=at, on_shift=False, late=False, event_id=next(_numbers))

    more = [after(duty) for duty in year.duties if diverter.acts(duty.person, duty.ends_at)]
    return replace(year, accesses=year.accesses + more)


def delay(year: Year, diverter: Diverter) -> Year:
    """Keeps the open vial to herself 10 to 35 minutes longer before the patient gets any."""

    def twist(use: VialUse) -> VialUse:
        assert use.given_at is not None
        return replace(use, given_at=use.given_at + timedelta(minutes=diverter.draw.uniform(10, 35)))

    return _twisted(year, diverter, twist)


def miscount(year: Year, diverter: Diverter) -> Year:
    """The box is a vial short again and again."""

    def twist(count: Counted) -> Counted:
        short = diverter.acts(count.nurse, count.at, MORE_RARELY)
        return replace(count, variance_units=-1) if short else count

    return replace(year, counts=[twist(count) for count in year.counts])


PATTERNS: dict[str, Callable[[Year, Diverter], Year]] = {
    "carried-back waste is saline": substitution,
    "over-draw and waste": over_draw,
    "under-administration, written": under_administration,
    "waste with a colluding witness": collusion,
    "taking from returns": from_returns,
    "off-shift removal": off_shift_removal,
    "delayed administration": delay,
    "count manipulation": miscount,
    "under-administration, hidden": hidden_under_administration,
}


def diverter_of(name: str, seed: int, begin: datetime) -> Diverter:
    """Choose who diverts: from some day of the first half year on, at 15 to 45 % of the chances."""
    draw = random.Random(f"diverter/{name}/{seed}")
    person, colluder = draw.sample([habit.person for habit in people_of(seed)[2:]], 2)
    since = begin + timedelta(days=draw.randrange(30, 182))
    return Diverter(person=person, colluder=colluder, since=since, share=draw.uniform(0.15, 0.45), draw=draw)

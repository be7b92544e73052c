"""The Nurse Licensure Compact as data: who takes part, in which direction, since when.

A jurisdiction has two dates: since when holders of multistate licences from elsewhere may practise there
(inbound), and since when it issues such licences itself. Pennsylvania let others in 22 months before it
issued its own; Guam lets others in and issues none; Massachusetts and the US Virgin Islands enacted the
compact, which does not operate there yet.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, kw_only=True)
class Compact:
    """The compact on the day `as_of`; later changes need a newer file.

    Attributes
    ----------
    inbound, issuing
        Jurisdictions that admit multistate practice, and that issue multistate licences.
    inbound_from, issues_from
        The first day of it where it is recent enough to matter; long ago where a state is not named.
    days_to_apply_after_move
        How long the old home state's licence still serves after a move to another compact state.
    """

    as_of: date
    inbound: frozenset[str]
    issuing: frozenset[str]
    enacted_not_operating: frozenset[str]
    outside: frozenset[str]
    inbound_from: Mapping[str, date]
    issues_from: Mapping[str, date]
    days_to_apply_after_move: int

    @property
    def states(self) -> frozenset[str]:
        """All jurisdictions there are, compact or not."""
        return self.inbound | self.enacted_not_operating | self.outside

    def admits_inbound(self, state: str, on: date) -> bool:
        """Say whether holders of multistate licences from elsewhere may practise in `state` on a day."""
        return state in self.inbound and on >= self.inbound_from.get(state, date.min)

    def issues_multistate(self, state: str, on: date) -> bool:
        """Say whether `state` issues multistate licences on a day."""
        return state in self.issuing and on >= self.issues_from.get(state, date.min)


def read_compact(text: str) -> Compact:
    """Read the data file `dispatch/workforce/compact.json`."""
    facts = json.loads(text)
    operating = frozenset(facts["operating"])
    return Compact(
        as_of=date.fromisoformat(facts["as_of"]),
        inbound=operating | frozenset(facts["inbound_only"]),
        issuing=operating,
        enacted_not_operating=frozenset(facts["enacted_not_operating"]),
        outside=frozenset(facts["outside"]),
        inbound_from={state: date.fromisoformat(day) for state, day in facts["inbound_from"].items()},
        issues_from={state: date.fromisoformat(day) for state, day in facts["issues_from"].items()},
        days_to_apply_after_move=facts["days_to_apply_after_move"],
    )


@cache
def the_compact() -> Compact:
    """Return the compact as shipped with this version of Housecall."""
    return read_compact((files("dispatch.workforce") / "compact.json").read_text(encoding="utf-8"))

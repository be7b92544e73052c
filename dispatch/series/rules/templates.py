"""Templates of series as policy has them: phases, how many infusions, how far apart (A17, B05, B06, C06)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from dispatch.series.model import Phase
from dispatch.series.rules.caps import PolicyUnreadable


@dataclass(frozen=True, kw_only=True)
class PhasePlan:
    """A phase of a template; days between two infusions, and from its first to its last."""

    phase: Phase
    least: int
    most: int
    usual: int
    gap_days: tuple[int, int]
    within_days: tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class Template:
    """A series as it is usually given."""

    code: str
    name: str
    phases: tuple[PhasePlan, ...]

    @property
    def least(self) -> int:
        """The fewest infusions."""
        return sum(each.least for each in self.phases)

    @property
    def most(self) -> int:
        """The most infusions."""
        return sum(each.most for each in self.phases)

    @property
    def usual(self) -> int:
        """The usual number."""
        return sum(each.usual for each in self.phases)


def read_templates(policy: Mapping[str, Any]) -> dict[str, Template]:
    """Read policy ``series.templates``, or raise `PolicyUnreadable`."""
    try:
        return {
            code: Template(
                code=code, name=str(value["name"]), phases=tuple(_phase(each) for each in value["phases"])
            )
            for code, value in policy.items()
        }
    except (KeyError, TypeError, ValueError) as wrong:
        raise PolicyUnreadable(f"series.templates: {wrong}") from wrong


def _phase(value: Mapping[str, Any]) -> PhasePlan:
    (low, high), (short, long) = value["gap_days"], value["within_days"]
    least, most, usual = value["least"], value["most"], value["usual"]
    if not (0 <= least <= usual <= most and 1 <= low <= high and 0 <= short <= long):
        raise ValueError(f"the numbers of phase {value['phase']} contradict each other")
    return PhasePlan(
        phase=Phase(value["phase"]), least=least, most=most, usual=usual, gap_days=(low, high),
        within_days=(short, long),
    )  # fmt: skip


def phases_of(template: Template, infusions: int) -> tuple[PhasePlan, ...]:
    """Return the phase of each of so many infusions, the first phase filled first.

    A number between the template's least and most; every phase gets its least before one gets more.
    """
    counts = [each.least for each in template.phases]
    left = infusions - sum(counts)
    for limit in ("usual", "most"):
        for at, each in enumerate(template.phases):
            more = min(left, max(getattr(each, limit) - counts[at], 0))
            counts[at] += more
            left -= more
    return tuple(each for each, count in zip(template.phases, counts, strict=True) for _ in range(count))


def gap_before(phases: tuple[PhasePlan, ...], number: int) -> tuple[int, int]:
    """Return the days between infusion `number` (from 1) and the one before it: those of its own phase."""
    return phases[number - 1].gap_days


def next_due(last: date, phases: tuple[PhasePlan, ...], number: int) -> tuple[date, date]:
    """Return between which days infusion `number` is due after the one before it (row D04)."""
    least, most = gap_before(phases, number)
    return last + timedelta(days=least), last + timedelta(days=most)

"""What would make an unassigned visit possible: values, and how they read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from routing.explain.rules import rule_of

Way = Literal[
    "move_other",
    "leave_other",
    "opens_earlier",
    "closes_later",
    "overtime",
    "lock_box",
    "pharmacy_opens_earlier",
    "pharmacy_closes_later",
    "lifted",
    "rearranged",
]


@dataclass(frozen=True, kw_only=True)
class Relaxation:
    """The least change of one kind that makes a visit possible, proven by a plan that `routing.check` passes.

    Attributes
    ----------
    way
        What is changed. Moving other visits breaks no rule at all; every other way needs somebody's word.
    nurse, begin_s
        Who would make the visit, and when it would begin.
    added_mc
        What the day would cost more, the visit's own penalty not counted; that of a visit left for it is.
    minutes
        By how much a window, the overtime or a pharmacy's hours would give way.
    units
        What her lock-box would have to hold.
    codes
        The rules that a person would lift.
    pharmacy
        Whose hours would change.
    other, other_nurse, other_begin_s
        The visit that would move or be left, to whom and when; of `rearranged`, the first that moves.
    moved
        How many other visits would change nurse, of `rearranged`.
    back_s
        When the nurse would be back.
    """

    way: Way
    nurse: str
    begin_s: int
    added_mc: int
    back_s: int
    minutes: int = 0
    units: int = 0
    codes: tuple[str, ...] = ()
    pharmacy: str = ""
    other: str = ""
    other_nurse: str = ""
    other_begin_s: int | None = None
    moved: int = 0

    @property
    def needs_nobody(self) -> bool:
        """Whether the dispatcher may simply do it: no rule gives way and nobody is left."""
        return self.way in ("move_other", "rearranged")


@dataclass(frozen=True, kw_only=True)
class Fact:
    """Something that stands in the way: how many nurses it keeps away, and what could be done about it.

    `is_law` marks what is never relaxed. `nurses` is 0 where it is about nobody in particular. `at_s` is the
    time that ``{at}`` in the text stands for; `Wording.fact` writes it.
    """

    name: str
    text: str
    way_out: str
    is_law: bool
    nurses: int = 0
    at_s: int | None = None


@dataclass(frozen=True, kw_only=True)
class Ways:
    """How a visit could be made after all: relaxations, cheapest first, and the facts against it."""

    visit: str
    relaxations: tuple[Relaxation, ...]
    facts: tuple[Fact, ...]


CONDITIONS: Mapping[Way, str] = {
    "opens_earlier": "the window opened {minutes} min earlier",
    "closes_later": "the window closed {minutes} min later",
    "overtime": "{nurse} might work {minutes} min more overtime",
    "lock_box": "{nurse}'s lock-box held {units} units",
    "pharmacy_opens_earlier": "{pharmacy} opened {minutes} min earlier",
    "pharmacy_closes_later": "{pharmacy} closed {minutes} min later",
    "leave_other": "{other} were left instead; leaving it costs less",
    "move_other": "{other} moved{to}{at}",
    "rearranged": "{moved} other visits were rearranged",
    "lifted": "{lifted}",
}


MC_A_DOLLAR = 100_000


def dollars(amount_mc: int) -> str:
    """Write millicents as dollars and cents."""
    return f"{'-' if amount_mc < 0 else ''}${abs(amount_mc) / MC_A_DOLLAR:,.2f}"


def clock_reading(second: int) -> str:
    """Write a second of the day as 13:40."""
    return f"{second // 3600:02}:{second // 60 % 60:02}"


@dataclass(frozen=True, kw_only=True)
class Wording:
    """How a reader calls visits and times; the ids of the day file unless told otherwise."""

    visits: Mapping[str, str] = field(default_factory=dict)
    reading: Callable[[int], str] = clock_reading

    def visit(self, name: str) -> str:
        """Return what the reader calls a visit."""
        return self.visits.get(name, name)

    def fact(self, found: Fact) -> str:
        """Return the text of a fact."""
        return found.text if found.at_s is None else found.text.format(at=self.reading(found.at_s))


def condition(found: Relaxation, wording: Wording | None = None) -> str:
    """Return what would have to be so, as the end of "Possible if ..."."""
    said = wording or Wording()
    lifted = dict.fromkeys(rule_of(code).lifted for code in found.codes)
    return CONDITIONS[found.way].format(
        nurse=found.nurse,
        minutes=found.minutes,
        units=found.units,
        pharmacy=found.pharmacy,
        moved=found.moved,
        other=said.visit(found.other),
        to="" if found.other_nurse == found.nurse else f" to {found.other_nurse}",
        at="" if found.other_begin_s is None else f" and began at {said.reading(found.other_begin_s)}",
        lifted=" and ".join(text.format(nurse=found.nurse) for text in lifted if text),
    )

"""How long an engine may work, and how it says what it is doing."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event


@dataclass(frozen=True, kw_only=True)
class Progress:
    """One line about a running solve; `bound_mc` is None while nothing is proven."""

    seconds: float
    cost_mc: int
    unassigned: int
    doing: str
    bound_mc: int | None = None


OnProgress = Callable[[Progress], None]


def say_nothing(_: Progress) -> None:
    """Ignore progress."""


@dataclass(frozen=True, kw_only=True)
class Budget:
    """A limit in seconds, and one in rounds of the engine.

    Two runs with the same problem, seed and number of iterations give the same plan as long as the
    seconds suffice for them; a limit in seconds alone depends on the machine. When `hand_in` is set, by
    another thread, the time is up at once: who works hands in the best found so far.
    """

    seconds: float
    iterations: int | None = None
    hand_in: Event = field(default_factory=Event)
    began: float = field(default_factory=time.monotonic)

    @property
    def used_s(self) -> float:
        """Seconds since the work began."""
        return time.monotonic() - self.began

    @property
    def left_s(self) -> float:
        """Seconds that remain, never below zero."""
        return 0.0 if self.hand_in.is_set() else max(0.0, self.seconds - self.used_s)

    @property
    def is_spent(self) -> bool:
        """Whether the time is up."""
        return self.left_s <= 0.0

    def share(self, part: float) -> "Budget":
        """Return a budget of this part of all the seconds, begun now, that ends with the same `hand_in`."""
        return Budget(seconds=part * self.seconds, hand_in=self.hand_in)

    def of(self, seconds: float) -> "Budget":
        """Return a budget of so many seconds, no more than remain, with the same rounds and `hand_in`."""
        return Budget(seconds=min(seconds, self.left_s), iterations=self.iterations, hand_in=self.hand_in)

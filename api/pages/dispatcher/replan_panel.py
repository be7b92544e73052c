"""What the panel of a proposal shows, ready for its template."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class MovedLine:
    """A visit that is not as it was promised.

    `promised`, `nothing` and `after` name nurse and begin by the plan in force, if nobody does anything, and
    as proposed; `anyway` where these two are the same. `shift_id` and `place` say where the board draws it.
    """

    key: str
    initials: str
    change: str
    change_text: str
    promised: str
    nothing: str
    after: str
    late: str
    price: str
    shift_id: str
    place: str
    anyway: bool


@dataclass(frozen=True, kw_only=True)
class NurseLine:
    """A nurse whose rest of the day changes, each figure before and after."""

    code: str
    visits: str
    travel: str
    overtime: str


@dataclass(frozen=True, kw_only=True)
class ReportLine:
    """Something that was reported and holds."""

    disturbance_id: str
    text: str
    by: str


@dataclass(frozen=True, kw_only=True)
class ReplanPanel:
    """A proposal beside doing nothing; `searching` while a better one may still come."""

    replan_id: str
    state: str
    step: int
    searching: bool
    exact: bool
    happened: Sequence[str]
    reason: str
    nothing: Sequence[tuple[str, str]]
    after: Sequence[tuple[str, str]]
    saves: str
    moved: Sequence[MovedLine]
    nurses: Sequence[NurseLine]
    refused: Sequence[str] = ()

    @property
    def changed(self) -> Sequence[MovedLine]:
        """What the proposal itself changes."""
        return [line for line in self.moved if not line.anyway]

    @property
    def anyway(self) -> Sequence[MovedLine]:
        """What is not as promised, whatever is done."""
        return [line for line in self.moved if line.anyway]

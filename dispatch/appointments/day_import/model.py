"""What an import finds and does."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from dispatch.kernel.refusals import Invalid, Reason

SHOWN_CHARACTERS = 60

# Stage (such as "writing appointments"), how many rows are done, how many there are.
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, kw_only=True)
class BadCell:
    """One cell that cannot be taken over.

    Attributes
    ----------
    line
        Of the file, from 1 on, where the cell begins; 0 for the file as a whole.
    value
        As written, cut and with unseen characters spelled out. It is for the person who imports, who
        has the file anyway; it may be a patient's, so `repr` leaves it out and no log gets it.
    rule, text
        The rule's name and one sentence.
    """

    file: str
    line: int
    column: str
    rule: str
    text: str
    value: str = field(default="", repr=False)


def shown(text: str) -> str:
    """Return a cell's text fit for a message: one line, cut, unseen characters spelled out."""
    cut = text[:SHOWN_CHARACTERS]
    seen = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in cut)
    return seen + ("…" if len(text) > SHOWN_CHARACTERS else "")


@dataclass(frozen=True, kw_only=True)
class Tally:
    """What became of a file's rows."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0


@dataclass(frozen=True, kw_only=True)
class ImportReport:
    """How an import went: either it has bad cells and wrote nothing, or it wrote everything.

    Attributes
    ----------
    tallies
        File name -> what became of its rows.
    days
        The days that have appointments or shifts in the files.
    points_to_confirm
        References of the files' patients whose address nobody has verified: no one is sent there.
    """

    bad_cells: tuple[BadCell, ...] = ()
    tallies: Mapping[str, Tally] = field(default_factory=dict)
    days: tuple[date, ...] = ()
    points_to_confirm: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether everything was written."""
        return not self.bad_cells

    def refuse_if_bad(self) -> None:
        """Raise `Invalid` for the API, its `bad_cells` listing every one."""
        if self.bad_cells:
            count = len(self.bad_cells)
            reason = Reason(
                code="bad_cells",
                text=f"{count} bad {'cell' if count == 1 else 'cells'}; nothing was imported.",
                way_out="Correct the cells and import all files again.",
            )
            raise Invalid([reason], {"bad_cells": self.as_json()["bad_cells"]})

    def as_json(self) -> dict[str, Any]:
        """Return the report as plain lists and mappings."""
        return {
            "ok": self.ok,
            "bad_cells": [
                {
                    "file": cell.file,
                    "line": cell.line,
                    "column": cell.column,
                    "value": cell.value,
                    "rule": cell.rule,
                    "text": cell.text,
                }
                for cell in self.bad_cells
            ],
            "tallies": {
                name: {"added": tally.added, "changed": tally.changed, "unchanged": tally.unchanged}
                for name, tally in self.tallies.items()
            },
            "days": [day.isoformat() for day in self.days],
            "points_to_confirm": list(self.points_to_confirm),
        }

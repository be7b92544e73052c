"""What is wrong with an input: every fault at once, each with its place, its rule and the way out."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, order=True)
class Fault:
    """One broken rule of the input.

    Attributes
    ----------
    path
        Where, as in the day file: ``visits[3].windows[0].end_s``; empty for the whole file.
    code
        The rule's name, e.g. ``window_reversed``. Names are stable; texts are not.
    text
        One sentence that names the offending value.
    way_out
        What to change.
    """

    path: str
    code: str
    text: str
    way_out: str

    def __str__(self) -> str:
        where = f"{self.path}: " if self.path else ""
        return f"{where}{self.text} [{self.code}] {self.way_out}"


class ProblemInvalid(ValueError):
    """The input cannot be planned or read. Carries *all* faults, never only the first."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


class Faults:
    """Collects faults, then refuses once with all of them."""

    def __init__(self) -> None:
        self.found: list[Fault] = []

    def add(self, path: str, code: str, text: str, way_out: str) -> None:
        """Note one broken rule."""
        self.found.append(Fault(path=path, code=code, text=text, way_out=way_out))

    def raise_if_any(self) -> None:
        """Raise `ProblemInvalid` with everything noted, if anything was."""
        if self.found:
            raise ProblemInvalid(self.found)

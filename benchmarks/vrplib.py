"""Reads VRPLIB text in the dialect of the public PyVRP instances, as far as the families here use it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

Rows = Sequence[Sequence[str]]


@dataclass(frozen=True, kw_only=True)
class Instance:
    """Header fields and sections as they stand in the file."""

    header: Mapping[str, str]
    sections: Mapping[str, Rows]

    def numbers(self, section: str) -> dict[int, list[int]]:
        """Return a section's rows of whole numbers by their first number."""
        return {int(row[0]): [int(value) for value in row[1:]] for row in self.sections[section]}

    def points(self) -> dict[int, tuple[float, float]]:
        """Return the nodes' coordinates."""
        return {int(row[0]): (float(row[1]), float(row[2])) for row in self.sections["NODE_COORD_SECTION"]}


def read_instance(text: str) -> Instance:
    """Parse one instance; raises ValueError with the line that is neither header, section nor row."""
    header: dict[str, str] = {}
    sections: dict[str, list[list[str]]] = {}
    current: list[list[str]] | None = None
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if not stripped or stripped == "EOF":
            continue
        if stripped.endswith("_SECTION"):
            current = sections.setdefault(stripped, [])
        elif ":" in stripped and not stripped[0].isdigit():
            name, _, value = stripped.partition(":")
            header[name.strip()] = value.strip()
        elif current is not None:
            current.append(stripped.split())
        else:
            raise ValueError(f"line {number}: {line!r} belongs to no section")
    return Instance(header=header, sections=sections)


def read_routes(path: Path) -> list[list[int]]:
    """Return the routes of a `.sol` file, one for each vehicle, as the numbers that stand there."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [
        [int(number) for number in line.partition(":")[2].split()]
        for line in lines
        if line.startswith("Route #")
    ]

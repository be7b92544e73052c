"""Files -> typed rows, or everything that is wrong with their form."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any

from dispatch.appointments.day_import.cells import CellFault
from dispatch.appointments.day_import.columns import FILES, Column
from dispatch.appointments.day_import.csv_text import Cell, Malformed, decoded, rows
from dispatch.appointments.day_import.model import BadCell, Progress, shown
from dispatch.kernel.plain_text import LONGEST_NOTE
from dispatch.kernel.refusals import Reason

MOST_CHARACTERS = LONGEST_NOTE
STEP = 250  # rows between two calls of the progress


@dataclass
class ReadRow:
    """A row of a file.

    Attributes
    ----------
    cells
        Column -> its cell; columns that the file does not have are absent.
    values
        Column -> its typed value, for every column there is: blank where empty, a stand-in where faulty.
    faulty
        Columns that already have a bad cell.
    """

    file: str
    line: int
    cells: Mapping[str, Cell]
    values: dict[str, Any] = field(default_factory=dict)
    faulty: set[str] = field(default_factory=set)

    def has(self, column: str) -> bool:
        """Say whether the file has the column at all."""
        return column in self.cells


@dataclass
class Findings:
    """Every bad cell so far, one a cell."""

    bad: list[BadCell] = field(default_factory=list)

    def of_file(self, file: str, line: int, rule: str, text: str, column: str = "") -> None:
        """Note what is wrong with a file, not with one of its cells."""
        self.bad.append(BadCell(file=file, line=line, column=column, rule=rule, text=text))

    def add(self, row: ReadRow, column: str, rule: str, text: str) -> None:
        """Note what is wrong with a cell, unless it has a fault already."""
        if column in row.faulty:
            return
        row.faulty.add(column)
        cell = row.cells.get(column, Cell("", row.line))
        self.bad.append(
            BadCell(
                file=row.file,
                line=cell.line,
                column=column,
                rule=rule,
                text=text,
                value=shown(cell.text.strip()),
            )
        )

    def add_all(self, row: ReadRow, reasons: Sequence[Reason], columns: Mapping[str, str]) -> None:
        """Note what the rules say of a row; `columns` names those that differ from the field's name."""
        for reason in reasons:
            name = reason.field.partition("[")[0]
            text = f"{reason.text} {reason.way_out}".strip()
            self.add(row, columns.get(name, columns.get("*", name)), reason.code, text)


def read_files(
    files: Mapping[str, bytes | Path], findings: Findings, on_progress: Progress
) -> dict[str, list[ReadRow]]:
    """Read each file into typed rows by the stem of its name (``nurses``, ``licences``, ...)."""
    found: dict[str, list[ReadRow]] = {}
    for name, content in files.items():
        stem = PurePath(name).stem.lower()
        if stem not in FILES:
            known = ", ".join(f"{known}.csv" for known in FILES)
            findings.of_file(name, 0, "file_unknown", f"Files are named {known}.")
        elif stem in found:
            findings.of_file(name, 0, "file_twice", "Two files of that name.")
        else:
            raw = content.read_bytes() if isinstance(content, Path) else content
            found[stem] = _read(name, FILES[stem], raw, findings, on_progress)
    return found


def _read(
    name: str, columns: Sequence[Column], content: bytes, findings: Findings, on_progress: Progress
) -> list[ReadRow]:
    try:
        lines = rows(decoded(content))
        header = next(lines, None)
    except Malformed as fault:
        findings.of_file(name, fault.line, fault.rule, fault.text)
        return []
    if header is None:
        findings.of_file(name, 0, "file_empty", "The file is empty; its first line names the columns.")
        return []
    if isinstance(header, Malformed):
        findings.of_file(name, header.line, header.rule, header.text)
        return []
    names = _header(name, header, columns, findings)
    if names is None:
        return []
    found = []
    for count, line in enumerate(lines, 1):
        if isinstance(line, Malformed):
            findings.of_file(name, line.line, line.rule, line.text)
        elif len(line) != len(names):
            text = f"This line has {len(line)} cells; the first line names {len(names)} columns."
            findings.of_file(name, line[0].line, "wrong_number_of_cells", text)
        else:
            row = ReadRow(name, line[0].line, dict(zip(names, line, strict=True)))
            _type(row, columns, findings)
            found.append(row)
        if count % STEP == 0:
            on_progress(f"reading {name}", count, 0)
    on_progress(f"reading {name}", len(found), len(found))
    return found


def _header(
    file: str, header: Sequence[Cell], columns: Sequence[Column], findings: Findings
) -> list[str] | None:
    names = [cell.text.strip().lower() for cell in header]
    if len(names) == 1 and ";" in names[0]:
        findings.of_file(
            file, 1, "not_separated_by_commas", "Separate the columns by commas, not semicolons."
        )
        return None
    known = {column.name for column in columns}
    faults = []
    for index, name in enumerate(names):
        if name not in known:
            faults.append((name, "unknown_column", "No such column: see docs/import.md."))
        elif name in names[:index]:
            faults.append((name, "duplicate_column", "The column is there twice."))
    faults += [
        (column.name, "missing_column", "The column must be there.")
        for column in columns
        if column.needed and column.name not in names
    ]
    for name, rule, text in faults:
        findings.of_file(file, 1, rule, text, shown(name))
    return None if faults else names


def _type(row: ReadRow, columns: Sequence[Column], findings: Findings) -> None:
    for column in columns:
        cell = row.cells.get(column.name)
        text = cell.text.strip() if cell is not None else ""
        if not text:
            row.values[column.name] = column.stand_in if column.needed else column.blank
            if column.needed:
                findings.add(row, column.name, "value_missing", "This must be filled in.")
            continue
        try:
            if len(text) > MOST_CHARACTERS:
                raise CellFault(
                    "text_too_long", f"At most {MOST_CHARACTERS} characters; this has {len(text)}."
                )
            if "\0" in text:
                raise CellFault("unseen_character", "It holds a NUL character.")
            row.values[column.name] = column.parse(text)
        except CellFault as fault:
            row.values[column.name] = column.stand_in
            findings.add(row, column.name, fault.rule, fault.text)

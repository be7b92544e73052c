"""CSV as RFC 4180 has it, with the line on which each cell begins.

Python's own reader stops at a cell of 128 KB, by a limit that is global to the process, and does not tell
on which line a cell began.
"""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass

MOST_BYTES = 32 * 1024 * 1024
_CELL = re.compile(r'(?:"([^"]*(?:""[^"]*)*)"|([^",\r\n]*))(,|\r\n|\n|\r|\Z)')
_REST_OF_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r|\Z)")
_LINE_END = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True)
class Cell:
    """A cell's text and the line on which it begins."""

    text: str
    line: int


@dataclass(eq=False)
class Malformed(Exception):
    """The text is no CSV from this line on; `fatal` when nothing after it can be made out."""

    line: int
    rule: str
    text: str
    fatal: bool = False


def decoded(content: bytes) -> str:
    """Return the text of a file in UTF-8, with or without a byte order mark.

    Raises
    ------
    Malformed
        ``file_too_large``, ``not_utf8``.
    """
    if len(content) > MOST_BYTES:
        text = f"The file is larger than {MOST_BYTES // 1024 // 1024} MB."
        raise Malformed(0, "file_too_large", text, fatal=True)
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise Malformed(1, "not_utf8", "The file is in UTF-16: save it as CSV UTF-8.", fatal=True)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        text = "The file is not in UTF-8 from this line on: save it as CSV UTF-8."
        raise Malformed(line, "not_utf8", text, fatal=True) from None


def rows(text: str) -> Iterator[list[Cell] | Malformed]:
    """Yield each line's cells, without blank lines, or what is wrong with it."""
    at, line = 0, 1
    while at < len(text):
        found = _row(text, at, line)
        if isinstance(found, Malformed):
            yield found
            if found.fatal:
                return
            end = _REST_OF_LINE.match(text, at)
            assert end is not None
            at, line = end.end(), line + 1
            continue
        cells, at, line = found
        if len(cells) > 1 or cells[0].text.strip():
            yield cells


def _row(text: str, at: int, line: int) -> tuple[list[Cell], int, int] | Malformed:
    first_line, cells = line, []
    while True:
        match = _CELL.match(text, at)
        if match is None:
            return _quote_fault(text, at, first_line, line)
        quoted, plain, end = match.groups()
        if quoted is None:
            cells.append(Cell(plain, line))
        else:
            cells.append(Cell(quoted.replace('""', '"'), line))
            line += len(_LINE_END.findall(quoted)) if "\n" in quoted or "\r" in quoted else 0
        at = match.end()
        if end != ",":
            return cells, at, line + (1 if end else 0)


def _quote_fault(text: str, at: int, first_line: int, line: int) -> Malformed:
    opens = text[at] == '"'
    if opens and not re.compile(r'"[^"]*(?:""[^"]*)*"').match(text, at):
        return Malformed(
            line, "quote_not_closed", "A quotation mark opens here and never closes.", fatal=True
        )
    sentence = "A quotation mark inside a cell: put the cell in quotes and double the mark."
    # Once a cell of this row ran over several lines, its end cannot be made out.
    return Malformed(line, "quote_misplaced", sentence, fatal=line != first_line)

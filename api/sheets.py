"""Text that a spreadsheet may open: a cell that would be run as a formula is made harmless."""

import csv
import io
from collections.abc import Iterable

# A cell that begins so is run as a formula by spreadsheets (OWASP, "CSV Injection").
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def harmless(text: str) -> str:
    """Put an apostrophe before a text that a spreadsheet would run."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def csv_text(rows: Iterable[Iterable[str]]) -> str:
    """Write rows as CSV (RFC 4180: comma, double quotes, CR LF)."""
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()

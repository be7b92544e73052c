"""Marked values of an invented patient, and the places where they could leak out in the clear."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import Engine

# No other invented value looks like these.
MARKS: Mapping[str, str] = {
    "name": "Quenby Zarkmark",
    "phone": "+1 614 555 8317",
    "address": "8317 Zarkroad Lane, Columbus, OH 43224",
    "access_notes": "Zarkgate code 8317#",
    "born_on": "1941-03-17",
    "lat": "40.044173",
    "lon": "-82.977919",
    "reason": "Zarkreason at the door",
    "password": "zark battery staple mark",
}
# Parts, too: nobody may find half an address.
TRACES = (
    "zark", "quenby", "5558317", "555 8317", "1941-03-17", "40.0441", "82.9779", "82977919", "40044173",
)  # fmt: skip


def traces_in(raw: bytes | str, more: Iterable[str] = ()) -> list[str]:
    """Return the traces that `raw` holds, whatever its case."""
    text = (raw if isinstance(raw, bytes) else raw.encode()).lower()
    return [trace for trace in (*TRACES, *more) if trace.lower().encode() in text]


def rows_in_the_clear(engine: Engine, more: Iterable[str] = ()) -> dict[str, list[str]]:
    """Search every cell of every table; return ``table.column`` -> traces found in it."""
    found: dict[str, list[str]] = {}
    tables = sa.MetaData()
    tables.reflect(engine)
    with engine.connect() as connection:
        for table in tables.sorted_tables:
            for row in connection.execute(sa.select(table)).mappings():
                for column, cell in row.items():
                    raw = bytes(cell) if isinstance(cell, bytes | memoryview) else str(cell)
                    if traces := traces_in(raw, more):
                        found[f"{table.name}.{column}"] = traces
    return found


def bytes_in_the_clear(database: Path, more: Iterable[str] = ()) -> dict[str, list[str]]:
    """Search an SQLite file, its log and whatever lies beside it, byte by byte."""
    found = {
        path.name: traces_in(path.read_bytes(), more) for path in database.parent.glob(f"{database.name}*")
    }
    return {name: traces for name, traces in found.items() if traces}

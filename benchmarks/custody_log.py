"""Proofs of the custody log at size: what one inclusion or consistency proof costs, verified each time.

The log is filled with synthetic leaves, their nodes grown as `service.append` grows them. A proof is the
service's own function, from the question to the hashes, and its check; the transaction stands already.
"""

import json
import os
import random
import time
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any
from uuid import UUID

import click
from sqlalchemy import Connection, Engine, update
from sqlalchemy.orm import Session

from benchmarks.custody import KEYRING, fresh_database, say
from dispatch.custody.log import queries, service, tree
from dispatch.custody.log.records import HeadRow
from dispatch.kernel.storage import READ_ONLY, open_engine, transaction

AT_ONCE = 20_000
KIND = "synthetic"


def entry(index: int) -> UUID:
    """The id of a synthetic entry, in no order that an index would like."""
    return UUID(bytes=tree.leaf_hash(b"%d" % index)[:16])


def grow(engine: Engine, size: int) -> float:
    """Fill an empty log and return how many seconds that took."""
    began = time.monotonic()
    peaks: list[bytes] = []
    leaves: list[tuple[Any, ...]] = []
    nodes: list[tuple[Any, ...]] = []
    with transaction(engine, KEYRING) as session:
        service.next_place(session)
        put = put_rows(session.connection())
        for index in range(size):
            content = b"leaf %d" % index
            hashed = tree.leaf_hash(content)
            peaks, made = tree.grown(index, peaks, hashed)
            leaves.append((index, KIND, entry(index), hashed, content))
            nodes += [((level << 48) + number, found) for (level, number), found in made]
            if len(leaves) == AT_ONCE or index == size - 1:
                put("custody_log_leaf", ("leaf_index", "kind", "entry_id", "leaf_hash", "content"), leaves)
                put("custody_log_node", ("place", "hash"), nodes)
                leaves, nodes = [], []
        session.execute(update(HeadRow).values(size=size, peaks=b"".join(peaks)))
    with engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE")
        connection.commit()
    return time.monotonic() - began


def put_rows(connection: Connection) -> Callable[[str, tuple[str, ...], list[tuple[Any, ...]]], None]:
    """Return the database's own fast way to put rows into a table; its triggers fire all the same."""
    raw: Any = connection.connection.dbapi_connection

    def copy(table: str, columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
        with raw.cursor().copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as stream:
            for row in rows:
                stream.write_row(row)

    def insert_many(table: str, columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
        plain = [tuple(each.hex if isinstance(each, UUID) else each for each in row) for row in rows]
        marks = ", ".join("?" for _ in columns)
        raw.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", plain)

    return copy if connection.dialect.name == "postgresql" else insert_many


def timed(engine: Engine, deeds: Iterator[Callable[[Session], object]], number: int) -> dict[str, float]:
    """Do the deeds one by one in a read-only transaction; milliseconds, the first tenth left out.

    `cpu` is this thread's processor time, which says more than the wall's where the machine is busy.
    """
    took, worked = [], []
    with Session(engine.execution_options(**READ_ONLY)) as session:
        for deed in islice(deeds, number):
            began, began_cpu = time.perf_counter(), time.thread_time()
            deed(session)
            worked.append((time.thread_time() - began_cpu) * 1000)
            took.append((time.perf_counter() - began) * 1000)
    took, worked = sorted(took[len(took) // 10 :]), sorted(worked[len(worked) // 10 :])
    at = len(took) * 99 // 100
    return {
        "p50_ms": round(took[len(took) // 2], 2),
        "p99_ms": round(took[at], 2),
        "cpu_p50_ms": round(worked[len(worked) // 2], 2),
        "cpu_p99_ms": round(worked[at], 2),
    }


def inclusions(size: int, seed: int) -> Iterator[Callable[[Session], object]]:
    """Proofs of leaves anywhere in the log, to its present size."""
    chance = random.Random(seed)
    while True:
        index = chance.randrange(size)

        def prove(session: Session, index: int = index) -> None:
            found = queries.prove_inclusion(session, entry(index), kind=KIND)
            assert found.leaf_index == index
            assert tree.inclusion_holds(found.leaf_hash, index, found.tree_size, found.proof, found.root_hash)

        yield prove


def consistencies(size: int, seed: int) -> Iterator[Callable[[Session], object]]:
    """Proofs from any earlier size to the present one."""
    chance = random.Random(seed)
    while True:
        old = chance.randrange(1, size)

        def prove(session: Session, old: int = old) -> None:
            found = queries.prove_consistency(session, old)
            assert tree.consistency_holds(old, size, found.proof, found.old_root, found.new_root)

        yield prove


def measured(backend: str, size: int, number: int, seed: int) -> dict[str, Any]:
    """Fill a fresh database and measure it."""
    with fresh_database(backend) as url:
        engine = open_engine(url)
        try:
            filled_s = grow(engine, size)
            say(f"{backend}: {size:,} leaves in {filled_s:.0f} s")
            inclusion = timed(engine, inclusions(size, seed), number)
            say(f"{backend}: inclusion {inclusion}")
            return {
                "database": backend,
                "leaves": size,
                "filled_s": round(filled_s, 1),
                "inclusion": inclusion,
                "consistency": timed(engine, consistencies(size, seed), number),
                "load": round(os.getloadavg()[0], 1),
            }
        finally:
            engine.dispose()


@click.command("custody-log")
@click.option(
    "--database", "backends", multiple=True, type=click.Choice(["sqlite", "postgresql"]),
    default=("sqlite", "postgresql"), show_default=True,
)  # fmt: skip
@click.option("--leaves", "sizes", multiple=True, type=click.IntRange(2), default=(100_000, 1_000_000))
@click.option("--proofs", "number", default=5000, show_default=True, help="How many of each kind.")
@click.option("--seed", default=1, show_default=True)
def custody_log(backends: tuple[str, ...], sizes: tuple[int, ...], number: int, seed: int) -> None:
    """Milliseconds of an inclusion and of a consistency proof, each verified."""
    click.echo("| database | leaves | proof | p50 | p99 | cpu p50 | cpu p99 | load |")
    click.echo("|---|---|---|---|---|---|---|---|")
    found = []
    for size in sizes:
        for backend in backends:
            found.append(measured(backend, size, number, seed))
            for kind in ("inclusion", "consistency"):
                figures = " | ".join(f"{value} ms" for value in found[-1][kind].values())
                click.echo(f"| {backend} | {size:,} | {kind} | {figures} | {found[-1]['load']} |")
    click.echo(json.dumps(found))

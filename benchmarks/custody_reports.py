"""Reports on a grown ledger: the perpetual inventory as of any instant, over a year of 1,000,000 postings.

The ledger is invented, but of the shape the services write: every vial is received, picked up, opened, drawn,
administered and wasted within a day (13 postings). It is loaded past the ledger's guards, which only the
owner of a database can do; nothing else of the measured run does.
"""

import json
import os
import platform
import random
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID, uuid4

import click
import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.orm import Session

from benchmarks.custody import fresh_database, say
from dispatch.areas.records import PharmacyRow, ServiceAreaRow
from dispatch.custody.model import (
    SOURCE_PHARMACY,
    WASTE,
    EventKind,
    Posting,
    State,
    account_kind,
    custody_of,
    drawn_from,
    nurse_holder,
    open_in,
    patient_of,
    pharmacy_holder,
)
from dispatch.custody.records import ContainerRow, EventRow, LotRow, PostingRow, ProductRow
from dispatch.custody.reports.daybook import close_quarters, inventory_as_of, plain_sums
from dispatch.identity.records import AccountRow
from dispatch.kernel.clock import SetClock, SystemClock
from dispatch.kernel.ids import new_id
from dispatch.kernel.row import Row
from dispatch.kernel.storage import open_engine
from dispatch.workforce.records import NurseRow
from tests.builders import tables  # noqa: F401 - every chapter's tables
from tests.builders.custody import LABEL_UG, MG

FIRST_DAY = datetime(2026, 1, 1, 14, 0, tzinfo=UTC)
DAYS, PHARMACIES, NURSES, LOTS = 365, 5, 40, 60
POSTINGS_A_VIAL = 13
TABLE_HEAD = (
    "| database | postings | as of: p50 | p99 | worst | plain sum | not closed for 30 days | closing a year "
    "| closing a day | load |\n|---|---|---|---|---|---|---|---|---|---|"
)


class Filler:
    """Rows with every column filled that may not be empty."""

    def __init__(self) -> None:
        self.account_id = new_id()
        self.plain: dict[type[Row], dict[str, Any]] = {}

    def of(self, row: type[Row], **given: Any) -> dict[str, Any]:
        """Return a row's columns: those given, and something harmless in the rest."""
        if row not in self.plain:
            self.plain[row] = {
                column.key: None if column.nullable else self._something(column)
                for column in sa.inspect(row).columns
                if not (column.primary_key and column.autoincrement is True)
            }
        return self.plain[row] | given

    def _something(self, column: "sa.Column[Any]") -> Any:
        kinds: dict[str, Any] = {
            "Uuid": self.account_id,
            "String": "",
            "Integer": 1,
            "BigInteger": 1,
            "Boolean": False,
            "JSON": {},
            "LargeBinary": bytes(32),
            "UtcDateTime": FIRST_DAY,
            "Date": date(2027, 1, 1),
            "Double": 0.0,
        }
        return kinds[type(column.type).__name__]


def ledger(postings: int, filler: Filler) -> Iterator[tuple[type[Row], dict[str, Any]]]:
    """Yield the rows of an invented ledger of about so many postings."""
    chance = random.Random(4)
    area, product = new_id(), new_id()
    yield (
        ServiceAreaRow,
        filler.of(ServiceAreaRow, id=area, slug="bench", name="Bench", time_zone="America/New_York"),
    )
    yield AccountRow, filler.of(AccountRow, id=filler.account_id, email="bench@test.example", name="Bench")
    places = [new_id() for _ in range(PHARMACIES)]
    for number, place in enumerate(places):
        yield (
            PharmacyRow,
            filler.of(
                PharmacyRow, id=place, area_id=area, code=f"P-{number}", opens_minute=360, closes_minute=1260
            ),
        )
    nurses = [new_id() for _ in range(NURSES)]
    for number, nurse in enumerate(nurses):
        yield NurseRow, filler.of(NurseRow, id=nurse, area_id=area, code=f"N-{number:02}")
    yield (
        ProductRow,
        filler.of(ProductRow, id=product, code="KET-50", name="Ketamine", form="vial", label_ug=LABEL_UG),
    )
    lots = [new_id() for _ in range(LOTS)]
    for number, lot in enumerate(lots):
        yield LotRow, filler.of(LotRow, id=lot, product_id=product, number=f"L{number}")
    vials = postings // POSTINGS_A_VIAL
    for number in range(vials):
        day = FIRST_DAY + timedelta(days=number * DAYS // vials)
        lot = lots[number * LOTS // vials]
        yield from _vial(number, day, area, chance.choice(places), chance.choice(nurses), lot, filler, chance)


def _vial(
    number: int,
    day: datetime,
    area: UUID,
    place: UUID,
    nurse: UUID,
    lot: UUID,
    filler: Filler,
    chance: random.Random,
) -> Iterator[tuple[type[Row], dict[str, Any]]]:
    container, visit = uuid4(), uuid4()
    stock, hand = pharmacy_holder(place), nurse_holder(nurse)
    opened, syringe = open_in(container), drawn_from(container)
    drawn = chance.randint(20, 60) * MG
    given = drawn - chance.randint(0, 10) * MG
    deeds: tuple[tuple[EventKind, str, str, tuple[tuple[str, int], ...]], ...] = (
        (EventKind.RECEIVED, "", stock, ((SOURCE_PHARMACY, -LABEL_UG), (custody_of(stock), LABEL_UG))),
        (EventKind.PICKED_UP, stock, hand, ((custody_of(stock), -LABEL_UG), (custody_of(hand), LABEL_UG))),
        (EventKind.OPENED, hand, hand, ((custody_of(hand), -LABEL_UG), (opened, LABEL_UG))),
        (EventKind.DRAWN, hand, hand, ((opened, -drawn), (syringe, drawn))),
        (EventKind.ADMINISTERED, hand, hand, ((syringe, -given), (patient_of(visit), given))),
        (
            EventKind.WASTED,
            hand,
            hand,
            ((syringe, given - drawn), (opened, drawn - LABEL_UG), (WASTE, LABEL_UG - given)),
        ),
    )
    ends = {
        EventKind.RECEIVED: State.DISPENSED,
        EventKind.PICKED_UP: State.PICKED_UP,
        EventKind.OPENED: State.OPENED,
        EventKind.DRAWN: State.OPENED,
        EventKind.ADMINISTERED: State.RESIDUAL_PENDING,
        EventKind.WASTED: State.WASTED,
    }
    yield (
        ContainerRow,
        filler.of(
            ContainerRow,
            id=container,
            area_id=area,
            pharmacy_id=place,
            lot_id=lot,
            serial=f"B{number}",
            label_ug=LABEL_UG,
            state=State.WASTED.value,
            holder=hand,
            sequence=len(deeds),
            basis="registrant_stock",
        ),
    )
    at, before = day + timedelta(seconds=chance.randrange(30_000)), State.ORDERED
    for sequence, (kind, giver, taker, lines) in enumerate(deeds, start=1):
        at += timedelta(seconds=chance.randrange(1, 3600))
        event = uuid4()
        yield (
            EventRow,
            filler.of(
                EventRow,
                id=event,
                container_id=container,
                sequence=sequence,
                kind=kind.value,
                from_state=before.value,
                to_state=ends[kind].value,
                from_holder=giver,
                to_holder=taker,
                server_time=at,
                applied=True,
                exception=False,
                reasons=[],
                visit_id=visit if sequence > 3 else None,
                amount_ug=max(amount for _account, amount in lines),
                witness_account_id=None,
                leaf_index=None,
            ),
        )
        before = ends[kind]
        for line in (Posting(account=account, amount_ug=amount) for account, amount in lines):
            if line.amount_ug:
                yield (
                    PostingRow,
                    filler.of(
                        PostingRow,
                        event_id=event,
                        lot_id=lot,
                        account=line.account,
                        account_kind=account_kind(line.account),
                        amount_ug=line.amount_ug,
                    ),
                )


def load(engine: Engine, rows: Iterator[tuple[type[Row], dict[str, Any]]]) -> int:
    """Put rows into a scratch database with its guards switched off; return how many postings."""
    postings = 0
    with engine.begin() as connection:
        _switch_guards_off(connection)
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("ROLLBACK")
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.exec_driver_sql("SET session_replication_role = replica")
        while chunk := list(islice(rows, 50_000)):
            tables_in_turn: dict[type[Row], list[dict[str, Any]]] = {}
            for row, columns in chunk:
                tables_in_turn.setdefault(row, []).append(columns)
            for row, several in tables_in_turn.items():
                _write(connection, row, several)
            postings += len(tables_in_turn.get(PostingRow, ()))
        connection.commit()
    engine.dispose()
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE" if engine.dialect.name == "sqlite" else "VACUUM ANALYZE")
    return postings


def _write(connection: Connection, row: type[Row], several: list[dict[str, Any]]) -> None:
    if connection.dialect.name == "sqlite":
        connection.execute(sa.insert(row), several)
        return
    columns = list(several[0])
    cursor = connection.connection.cursor()
    with cursor.copy(f"COPY {row.__tablename__} ({', '.join(columns)}) FROM STDIN") as copy:
        for each in several:
            copy.write_row([
                json.dumps(value) if isinstance(value, (dict, list)) else value for value in each.values()
            ])  # fmt: skip


def _switch_guards_off(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        names = (
            connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'")
            .scalars()
            .all()
        )
        for name in names:
            connection.exec_driver_sql(f"DROP TRIGGER {name}")


def took_ms(deed: Callable[[], object]) -> float:
    """Return how many milliseconds a deed takes."""
    begun = time.perf_counter()
    deed()
    return (time.perf_counter() - begun) * 1000


def measure(backend: str, postings: int, instants: int) -> dict[str, Any]:
    """Measure one database; every figure by its name."""
    with fresh_database(backend) as url:
        engine = open_engine(url)
        loaded = load(engine, ledger(postings, Filler()))
        say(f"{backend}: {loaded:,} postings loaded")
        year_ends = FIRST_DAY + timedelta(days=DAYS)
        chance = random.Random(7)
        moments = [FIRST_DAY + timedelta(seconds=chance.randrange(DAYS * 86_400)) for _ in range(instants)]
        with Session(engine) as session:
            plain_ms = [took_ms(lambda: plain_sums(session, year_ends)) for _ in range(3)]
            session.commit()
            say(f"{backend}: plain sum {statistics.median(plain_ms):.0f} ms")
            month_ago = SetClock(year_ends - timedelta(days=30))
            close_ms = took_ms(lambda: (close_quarters(session, month_ago), session.commit()))
            behind_ms = [took_ms(lambda: inventory_as_of(session, year_ends)) for _ in range(5)]
            session.commit()
            close_ms += took_ms(lambda: (close_quarters(session, SetClock(year_ends)), session.commit()))
            say(
                f"{backend}: year closed in {close_ms / 1000:.1f} s, a month behind "
                f"{statistics.median(behind_ms):.1f} ms"
            )
            day_ms = took_ms(
                lambda: (close_quarters(session, SetClock(year_ends + timedelta(days=1))), session.commit())
            )
            as_of_ms = []
            for number, at in enumerate((*moments, year_ends), start=1):
                as_of_ms.append(took_ms(lambda at=at: inventory_as_of(session, at)))
                if number % 20 == 0:
                    say(
                        f"{backend}: {number} instants, median {statistics.median(as_of_ms):.1f} ms, "
                        f"worst {max(as_of_ms):.1f} ms"
                    )
            for at in (moments[0], moments[1], year_ends):
                assert inventory_as_of(session, at) == plain_sums(session, at)
        with engine.connect() as connection:
            version = connection.scalar(
                sa.text("SHOW server_version" if backend == "postgresql" else "SELECT sqlite_version()")
            )
        engine.dispose()
    return {
        "database": f"{backend} {version}",
        "postings": loaded,
        "as_of_p50_ms": round(statistics.median(as_of_ms), 1),
        "as_of_p99_ms": round(statistics.quantiles(as_of_ms, n=100)[98], 1),
        "as_of_worst_ms": round(max(as_of_ms), 1),
        "plain_ms": round(statistics.median(plain_ms)),
        "month_behind_ms": round(statistics.median(behind_ms), 1),
        "close_year_s": round(close_ms / 1000, 1),
        "close_day_ms": round(day_ms, 1),
        "load": round(os.getloadavg()[0], 1),
    }


def table_row(told: dict[str, Any]) -> str:
    """Return the figures as a row below `TABLE_HEAD`."""
    return (
        f"| {told['database']} | {told['postings']:,} | {told['as_of_p50_ms']} ms "
        f"| {told['as_of_p99_ms']} ms | {told['as_of_worst_ms']} ms | {told['plain_ms']} ms "
        f"| {told['month_behind_ms']} ms "
        f"| {told['close_year_s']} s | {told['close_day_ms']} ms | {told['load']} |"
    )


@click.command("custody-reports")
@click.option(
    "--database",
    "backends",
    multiple=True,
    type=click.Choice(["sqlite", "postgresql"]),
    default=("sqlite", "postgresql"),
    show_default=True,
    help="Which database; repeat it for both.",
)
@click.option("--postings", default=1_000_000, show_default=True, help="Size of the ledger, about.")
@click.option("--instants", default=100, show_default=True, help="Random instants that are asked for.")
def custody_reports(backends: tuple[str, ...], postings: int, instants: int) -> None:
    """The perpetual inventory as of random instants of a year of so many postings."""
    made_on = {
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}",
        "python": platform.python_version(),
        "date": SystemClock().now().date().isoformat(),
    }
    click.echo(TABLE_HEAD)
    measured = []
    for backend in backends:
        measured.append(measure(backend, postings, instants))
        click.echo(table_row(measured[-1]))
    click.echo(json.dumps(made_on | {"measured": measured}))


if __name__ == "__main__":
    custody_reports()

"""The ledger under load: what one event with two signatures costs, alone, beside others, and in a race.

The event is a witnessed waste: its vial is locked, both signatures are checked, header, postings, signatures,
leaf, closing and audit entry are written and committed, each time in a transaction of its own, by the service
functions that the web floor calls. Every client is a thread with a session of its own, as in the server.
"""

import json
import os
import platform
import statistics
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import repeat
from pathlib import Path
from typing import Any, TypeVar
from unittest import mock
from uuid import uuid4

import click
import sqlalchemy as sa
from sqlalchemy.engine import Engine, make_url

from api.migrations import migrate
from api.serving import hand_over_quickly
from dispatch.custody import service
from dispatch.custody.model import Receipt, Verdict
from dispatch.kernel import one_trip
from dispatch.kernel.actor import Actor, Role
from dispatch.kernel.clock import SystemClock
from dispatch.kernel.ids import new_id
from dispatch.kernel.sealing import Keyring
from dispatch.kernel.storage import open_engine, transaction
from tests import machine
from tests.builders.custody import MG, Scene, a_nurse, a_pickup, a_scene, a_waste, an_actor, an_opening

KEYRING = Keyring({1: b"k" * 32}, 1, b"i" * 32)
WASTES_A_VIAL = 10
T = TypeVar("T")
TABLE_HEAD = (
    "| database | one writer | processor an event: ours, server's | statements / waits an event "
    "| head of the log held, p50 | {clients} clients | p50 | p99 | worst "
    "| {racers} racing opens: won | load |\n"
    "|---|---|---|---|---|---|---|---|---|---|---|"
)


@dataclass(frozen=True, kw_only=True)
class Client:
    """A nurse with opened vials, and which of them has how many wastes left."""

    scene: Scene
    wastes: Iterator[Scene]

    def waste(self, engine: Engine) -> Receipt:
        """Waste 1 mg before a witness, in a transaction of its own."""
        scene = next(self.wastes)
        with transaction(engine, KEYRING) as session:
            return service.waste_residual(session, a_waste(scene, MG), scene.nurse, scene.clock)


@contextmanager
def fresh_database(backend: str) -> Iterator[str]:
    """Give the URL of an empty migrated database: an SQLite file, or a database of the PostgreSQL server."""
    if backend == "sqlite":
        with tempfile.TemporaryDirectory() as folder:
            url = f"sqlite:///{Path(folder) / 'bench.sqlite'}"
            migrate(open_engine(url))
            yield url
        return
    server = machine.postgresql_url()
    if not server:
        raise click.ClickException("No PostgreSQL: name one in HOUSECALL_TEST_POSTGRESQL_URL.")
    name = f"housecall_bench_{uuid4().hex[:12]}"
    admin = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    url = make_url(server).set(database=name).render_as_string(hide_password=False)
    try:
        migrate(open_engine(url))
        yield url
    finally:
        with admin.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


def settle(engine: Engine, clients: int, wastes: int) -> tuple[list[Client], Scene]:
    """Make nurses who hold opened vials for so many wastes each; and a scene whose vial is still sealed."""
    each = -(-wastes // WASTES_A_VIAL)
    with transaction(engine, KEYRING) as session:
        scene = a_scene(session, vials=clients * each + 1)
        nurses = [_nurse(scene, session, number) for number in range(clients)]
    seals = {vial: f"S-{number}" for number, vial in enumerate(scene.vials)}
    made = []
    for number, nurse in enumerate(nurses):
        own = replace(
            scene,
            nurse=nurse,
            person_refs=scene.person_refs | {nurse.account_id: nurse.person_ref},
            vials=scene.vials[number * each : (number + 1) * each],
        )
        with transaction(engine, KEYRING) as session:
            service.pick_up(session, a_pickup(session, own), nurse, scene.clock)
        for vial in own.vials:
            with transaction(engine, KEYRING) as session:
                opening = an_opening(own, container_id=vial, seal=seals[vial])
                service.open_container(session, opening, nurse, scene.clock)
        made.append(Client(scene=own, wastes=_wastes(own)))
    raced = replace(scene, vials=scene.vials[-1:])
    with transaction(engine, KEYRING) as session:
        service.pick_up(session, a_pickup(session, raced), scene.nurse, scene.clock)
    return made, raced


def _wastes(own: Scene) -> Iterator[Scene]:
    for vial in own.vials:
        visit = replace(own, vials=(vial,), visit_id=new_id())
        yield from repeat(visit, WASTES_A_VIAL)


def _nurse(scene: Scene, session: sa.orm.Session, number: int) -> Actor:
    row = a_nurse(session, scene.area_id, f"B-{number}")
    session.flush()
    return an_actor(session, scene.clock, f"bench{number}", Role.NURSE, nurse=row)


def at_once(deeds: list[Callable[[], T]]) -> list[T]:
    """Run every deed in a thread of its own, all beginning at the same moment."""
    gate = threading.Barrier(len(deeds))

    def one(deed: Callable[[], T]) -> T:
        gate.wait()
        return deed()

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(one, deeds))


def timed(client: Client, engine: Engine, events: int) -> list[float]:
    """Write so many events one after another; milliseconds each."""
    took = []
    for _ in range(events):
        begun = time.perf_counter()
        receipt = client.waste(engine)
        took.append((time.perf_counter() - begun) * 1000)
        assert receipt.verdict is Verdict.STORED, receipt.reasons
    return took


def asked_of(engine: Engine, client: Client) -> tuple[int, int]:
    """Count what one event asks of the database: statements, and the times that somebody waits for an answer.

    BEGIN and COMMIT are in the second figure.
    """
    heard: list[bool] = []  # of each statement, whether it went beside others

    def waited(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if not statement.startswith("BEGIN"):
            heard.append(False)

    def went(trip: Any, statement: Any, values: Any) -> None:
        heard.extend([True] * (1 if isinstance(values, dict) else len(values)))
        send(trip, statement, values)

    send = one_trip.Trip.execute
    sa.event.listen(engine, "before_cursor_execute", waited)
    with mock.patch.object(one_trip.Trip, "execute", went):
        client.waste(engine)
    sa.event.remove(engine, "before_cursor_execute", waited)
    return len(heard), heard.count(False) + (True in heard) + 2


def server_processor_s(engine: Engine) -> float:
    """Return the processor seconds of the database's processes so far; 0 for SQLite, which is in ours."""
    if engine.dialect.name == "sqlite":
        return 0.0
    with engine.connect() as connection:
        pids = connection.scalars(
            sa.text("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
        ).all()
    ticks = 0
    for pid in pids:
        stat = Path(f"/proc/{pid}/stat")
        if stat.exists():  # the server may be another machine
            used = stat.read_text().rpartition(")")[2].split()
            ticks += int(used[11]) + int(used[12])
    return ticks / os.sysconf("SC_CLK_TCK")


@contextmanager
def head_held(engine: Engine) -> Iterator[list[float]]:
    """Collect for how many milliseconds each event holds the head of the log, for which the others wait."""
    held: list[float] = []
    since: dict[int, float] = {}

    def taken(connection: sa.Connection, _cursor: object, statement: str, *_more: object) -> None:
        if statement.startswith("WITH") and "custody_log_head" in statement:
            since[threading.get_ident()] = time.perf_counter()

    def ended(session: sa.orm.Session) -> None:
        begun = since.pop(threading.get_ident(), None)
        if begun is not None:
            held.append((time.perf_counter() - begun) * 1000)

    sa.event.listen(engine, "after_cursor_execute", taken)
    sa.event.listen(sa.orm.Session, "after_commit", ended)
    yield held
    sa.event.remove(engine, "after_cursor_execute", taken)
    sa.event.remove(sa.orm.Session, "after_commit", ended)


def race(engine: Engine, scene: Scene, seal: str, racers: int) -> Counter[str]:
    """Open one sealed vial from so many phones at the same moment; what each was told."""

    def opens() -> str:
        with transaction(engine, KEYRING) as session:
            command = an_opening(scene, seal=seal)
            return service.open_container(session, command, scene.nurse, scene.clock).verdict.value

    return Counter(at_once([opens] * racers))


def say(figure: str) -> None:
    """Tell a figure as soon as it is known, so that a run cut short has said something."""
    click.echo(figure, err=True)


def measure(backend: str, events: int, clients: int, racers: int) -> dict[str, Any]:
    """Measure one database; every figure by its name."""
    with fresh_database(backend) as url:
        engine = open_engine(url)
        shared = events // clients
        hands, raced = settle(engine, clients, events + shared + 2 * WASTES_A_VIAL)
        statements, waits = asked_of(engine, hands[0])
        timed(hands[0], engine, WASTES_A_VIAL)  # plans, pools and pages are warm from here
        spent_s, served_s = time.process_time(), server_processor_s(engine)
        alone = timed(hands[0], engine, events)
        spent_s = time.process_time() - spent_s
        served_s = server_processor_s(engine) - served_s
        say(
            f"{backend}: one writer {events * 1000 / sum(alone):.0f}/s; processor "
            f"{spent_s * 1000 / events:.1f} ms ours, {served_s * 1000 / events:.1f} ms the server's"
        )
        begun = time.perf_counter()
        with head_held(engine) as held:
            beside = at_once([lambda hand=hand: timed(hand, engine, shared) for hand in hands])
        beside_s = time.perf_counter() - begun
        together = [each for one in beside for each in one]
        say(f"{backend}: {clients} clients {len(together) / beside_s:.0f}/s, worst {max(together):.0f} ms")
        told = race(engine, raced, f"S-{len(hands) * len(hands[0].scene.vials)}", racers)
        with engine.connect() as connection:
            version = connection.scalar(
                sa.text("SHOW server_version" if backend == "postgresql" else "SELECT sqlite_version()")
            )
        engine.dispose()
    return {
        "database": f"{backend} {version}",
        "events": events,
        "one_writer_per_s": round(events * 1000 / sum(alone), 1),
        # Neighbours lengthen it less than the wall's time.
        "cpu_ms": round(spent_s * 1000 / events, 1),
        "server_cpu_ms": round(served_s * 1000 / events, 1),
        "statements": statements,
        "waits": waits,
        "head_held_p50_ms": round(statistics.median(held), 1),
        "clients": clients,
        "clients_per_s": round(len(together) / beside_s, 1),
        "p50_ms": round(statistics.median(together), 1),
        "p99_ms": round(statistics.quantiles(together, n=100)[98], 1),
        "worst_ms": round(max(together), 1),
        "race": dict(told),
        "load": round(os.getloadavg()[0], 1),
    }


def table_row(told: dict[str, Any]) -> str:
    """Return the figures as a row below `TABLE_HEAD`."""
    won = told["race"].get("stored", 0)
    return (
        f"| {told['database']} | {told['one_writer_per_s']}/s "
        f"| {told['cpu_ms']} + {told['server_cpu_ms']} ms "
        f"| {told['statements']} / {told['waits']} | {told['head_held_p50_ms']} ms "
        f"| {told['clients_per_s']}/s | {told['p50_ms']} ms | {told['p99_ms']} ms | {told['worst_ms']} ms "
        f"| {won} of {sum(told['race'].values())} | {told['load']} |"
    )


@click.command()
@click.option(
    "--database", "backends", multiple=True, type=click.Choice(["sqlite", "postgresql"]),
    default=("sqlite", "postgresql"), show_default=True,
)  # fmt: skip
@click.option("--events", default=2000, show_default=True, help="Events of one writer, and of all clients.")
@click.option("--clients", default=8, show_default=True)
@click.option("--racers", default=32, show_default=True, help="Phones that open one vial at once.")
def custody(backends: tuple[str, ...], events: int, clients: int, racers: int) -> None:
    """Events a second of the custody ledger, their p99 beside others, and a race for one vial."""
    made_on = {
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}",
        "python": platform.python_version(),
        "sqlalchemy": sa.__version__,
        "date": SystemClock().now().date().isoformat(),
    }
    hand_over_quickly()  # as the server does
    click.echo(TABLE_HEAD.format(clients=clients, racers=racers))
    measured = []
    for backend in backends:
        measured.append(measure(backend, events, clients, racers))
        click.echo(table_row(measured[-1]))
    click.echo(json.dumps(made_on | {"measured": measured}))

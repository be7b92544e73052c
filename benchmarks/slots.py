"""Offers of times: how long a dispatcher waits, cold and warm, for the next days of a busy area.

A fresh SQLite file holds an area whose days are all as full as the planner's usual board. The questions go
through the whole app (admission, query, schema, audit), so what is measured is what a screen waits for, but
for the network. Beside the wall's time stands the processor's: neighbours lengthen the first only.
"""

import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path

import click
from flask import Flask
from sqlalchemy import Engine

from api.app import create_app
from api.migrations import migrate
from api.settings import read_settings
from dispatch.appointments.records import PatientRow
from dispatch.kernel.actor import Role
from dispatch.kernel.clock import SetClock
from dispatch.kernel.ids import new_id
from dispatch.kernel.storage import open_engine, transaction
from dispatch.workforce.records import ShiftRow
from tests.builders.assignment import DAY, Metro, a_metro, local
from tests.builders.web import Phone, a_person, a_phone

WISHED = 60  # patients who ask, each with a door of her own
SERVICES = ("hydration", "ketamine")


@dataclass(frozen=True, kw_only=True)
class Slots:
    """Figures in milliseconds: `_ms` by the wall (median), `_cpu_ms` of the processor (mean).

    `offered` is how many times a question got on average; `rebooked` is the first question after a booking,
    when one day has to be gathered anew.
    """

    days: int
    visits: int
    nurses: int
    asked: int
    offered: float
    cold_ms: float
    cold_cpu_ms: float
    warm_ms: float
    warm_p95_ms: float
    warm_cpu_ms: float
    rebooked_ms: float
    rebooked_cpu_ms: float


def measure_slots(visits: int, nurses: int, days: int, asked: int, seed: int = 7) -> Slots:
    """Fill an area's days, then ask for times."""
    with tempfile.TemporaryDirectory() as name:
        told = {
            "HOUSECALL_DATABASE_URL": f"sqlite:///{Path(name) / 'slots.sqlite'}",
            "HOUSECALL_DEMO": "1",
            "HOUSECALL_SECURE_COOKIES": "0",
            "HOUSECALL_LOG_LEVEL": "error",
        }
        settings = read_settings(told)
        engine = open_engine(settings.database_url)
        migrate(engine)
        clock = SetClock(local(6))
        app = create_app(settings, clock)
        phone, patients = _filled(app, engine, clock, visits, nurses, days, random.Random(seed))
        found = _asked(phone, patients, days, asked, random.Random(seed))
        engine.dispose()
        return Slots(days=days, visits=visits, nurses=nurses, asked=asked, **found)


def _filled(
    app: Flask, engine: Engine, clock: SetClock, visits: int, nurses: int, days: int, draw: random.Random
) -> tuple[Phone, list[str]]:
    with transaction(engine, app.extensions["housecall_settings"].keyring) as session:
        metro = a_metro(session)
        for _ in range(5):
            metro.add_pharmacy()
        for _ in range(round(nurses * 7 / 5)):  # so that about `nurses` of them work each day
            begins = draw.choice([7, 7.5, 8, 8.5, 9])
            metro.add_nurse(begins, begins + draw.choice([8, 8, 10]))
        for offset in range(days):
            _fill_day(metro, offset, visits, draw)
        asking = [_asking(metro, number) for number in range(WISHED)]
        session.flush()
        patients = [str(row.id) for row in asking]
    return a_phone(app, engine, a_person(app, engine, Role.DISPATCHER)), patients


def _fill_day(metro: Metro, offset: int, visits: int, draw: random.Random) -> None:
    metro.day = DAY + timedelta(days=offset)
    for number, shift in enumerate(metro.shifts):
        # Nobody works every day: her hours of the week would keep her away. All were added on the first day.
        works, moved = (number + offset) % 7 < 5, timedelta(days=offset)
        if works and offset:
            times = {"starts_at": shift.starts_at + moved, "ends_at": shift.ends_at + moved}
            metro.session.add(ShiftRow(id=new_id(), nurse_id=shift.nurse_id, **times))
        elif not works and not offset:
            metro.session.delete(shift)
    for _ in range(visits):
        opens = draw.choice([8, 9, 10, 11, 12, 13, 14])
        service = "ketamine" if draw.random() < 0.4 else "hydration"
        metro.add_visit((opens, min(opens + draw.choice([2, 4, 8]), 16)), service=service)


def _asking(metro: Metro, number: int) -> PatientRow:
    row = metro.add_visit((8, 9), name="Emil Roth")
    patient = row.patient
    metro.session.delete(row)
    return patient


def _asked(phone: Phone, patients: list[str], days: int, asked: int, draw: random.Random) -> dict[str, float]:
    def ask(patient: str, service: str) -> dict[str, list[dict[str, str]]]:
        answer = phone.get(
            f"/api/v1/patients/{patient}/slots", query_string={"service": service, "days": days}
        )
        assert answer.status_code == 200, answer.text
        found: dict[str, list[dict[str, str]]] = answer.json
        return found

    first, cold_ms, cold_cpu_ms = _timed(lambda: ask(patients[0], "hydration"))
    runs = [_timed(lambda: ask(draw.choice(patients), draw.choice(SERVICES))) for _ in range(asked)]
    slot = first["offers"][0]
    form = {
        "reference": "B-1",
        "service": "hydration",
        "day": slot["day"],
        "windows": [{"begins": slot["begins"], "ends": slot["ends"]}],
    }
    assert phone.post(f"/api/v1/patients/{patients[0]}/slots", json=form).status_code == 201
    _, rebooked_ms, rebooked_cpu_ms = _timed(lambda: ask(patients[1], "hydration"))
    wall = [took_ms for _, took_ms, _ in runs]
    figures = {
        "offered": statistics.mean(len(found["offers"]) for found, _, _ in runs),
        "cold_ms": cold_ms,
        "cold_cpu_ms": cold_cpu_ms,
        "warm_ms": statistics.median(wall),
        "warm_p95_ms": statistics.quantiles(wall, n=20)[18],
        "warm_cpu_ms": statistics.mean(cpu_ms for _, _, cpu_ms in runs),
        "rebooked_ms": rebooked_ms,
        "rebooked_cpu_ms": rebooked_cpu_ms,
    }
    return {name: round(value, 1) for name, value in figures.items()}


def _timed(deed: Callable[[], dict[str, list[dict[str, str]]]]) -> tuple[dict, float, float]:
    wall_s, cpu_s = time.perf_counter(), time.process_time()
    found = deed()
    return found, (time.perf_counter() - wall_s) * 1000, (time.process_time() - cpu_s) * 1000


@click.command()
@click.option("--visits", type=int, default=120, show_default=True, help="Booked visits a day.")
@click.option("--nurses", type=int, default=34, show_default=True, help="Nurses on shift a day.")
@click.option("--days", type=click.IntRange(1, 14), default=14, show_default=True, help="Days asked about.")
@click.option("--asked", type=click.IntRange(2), default=60, show_default=True, help="Warm questions.")
def slots(visits: int, nurses: int, days: int, asked: int) -> None:
    """Times for a visit that is not booked yet: how long a question takes, cold, warm and after a booking."""
    click.echo(json.dumps(asdict(measure_slots(visits, nurses, days, asked))))

"""Series of many patients laid over weeks, beside the plain way: earliest fit, never going back."""

import json
import os
import random
import time
from dataclasses import asdict
from typing import Any

import click

from routing.horizon.check import faults
from routing.horizon.greedy import earliest_fit
from routing.horizon.lay import lay
from routing.horizon.plan import Laying, figures
from routing.horizon.problem import Course, Gap, Horizon, Nurse, Slot, Span

AREAS = ("north", "middle", "south")
PATIENTS_PER_NURSE = 11
PART_MINUTES = 300
REVIEWS_A_DAY = 12
# Two a week for three weeks, as policy `series.templates` has it.
INDUCTION = Gap(least=2, most=5, even_least=3, even_most=4)
FIRST_MINUTES, REPEAT_MINUTES = 180, 150  # 150 and 120 with the way there


def generate(patients: int, weeks: int, seed: int) -> Horizon:
    """Invent patients, adults and nurses with weekly habits."""
    draw = random.Random(seed)
    days = 7 * weeks
    nurses = tuple(_nurse(draw, number, days) for number in range(max(3, patients // PATIENTS_PER_NURSE)))
    courses = tuple(_course(draw, number, days) for number in range(patients))
    reviews = tuple(REVIEWS_A_DAY * (day % 7 < 5) for day in range(days))
    return Horizon(days=days, parts=2, courses=courses, nurses=nurses, reviews=reviews)


def _nurse(draw: random.Random, number: int, days: int) -> Nurse:
    works = set(draw.sample(range(6), draw.choice((4, 5))))
    away = draw.randrange(days)
    minutes = {
        Slot(day, part): PART_MINUTES
        for day in range(days)
        for part in range(2)
        if day % 7 in works and not away <= day < away + 4
    }
    areas = {AREAS[number % 3], draw.choice(AREAS)}
    return Nurse(id=f"N-{number:03d}", areas=frozenset(areas), minutes=minutes)


def _course(draw: random.Random, number: int, days: int) -> Course:
    week = [(day, part) for day in range(6) for part in range(2)]
    hers = {slot for slot in week if draw.random() < 0.65}
    adults = {slot for slot in week if draw.random() < 0.7}
    away = draw.randrange(2 * days)

    def free(habit: set[tuple[int, int]]) -> frozenset[Slot]:
        return frozenset(
            Slot(day, part)
            for day in range(days)
            for part in range(2)
            if (day % 7, part) in habit and not away <= day < away + 3
        )

    count = draw.choice((4, 5, 6, 6, 6, 6))
    start = draw.randrange(max(days - 28, 1))
    return Course(
        id=f"P-{number:04d}",
        area=draw.choice(AREAS),
        minutes=(FIRST_MINUTES,) + (REPEAT_MINUTES,) * (count - 1),
        gaps=(INDUCTION,) * (count - 1),
        spans=(Span(first=0, last=count - 1, least=0, most=21),),
        first=(start, start + 6),
        patient=free(hers),
        adult=free(adults),
        late_days=21,
    )


@click.command()
@click.option("--patients", default=200, show_default=True)
@click.option("--weeks", default=6, show_default=True)
@click.option("--seed", default=1, show_default=True)
@click.option("--rounds", default=60, show_default=True, help="Groups laid anew after the first pass.")
@click.option("--seconds", default=120.0, show_default=True, help="The search stops after so long.")
@click.option("--json", "as_json", is_flag=True, help="Print only the line of JSON.")
def series(patients: int, weeks: int, seed: int, rounds: int, seconds: float, as_json: bool) -> None:
    """Lay the infusions of many patients over weeks: spacing kept, continuity, room, time."""
    horizon = generate(patients, weeks, seed)
    lines = {
        "earliest_fit": _timed(horizon, lambda: earliest_fit(horizon)),
        "first_pass": _timed(horizon, lambda: lay(horizon, rounds=0, seconds=seconds, seed=seed)),
        "laid": _timed(horizon, lambda: lay(horizon, rounds=rounds, seconds=seconds, seed=seed)),
    }
    if not as_json:
        for name, line in lines.items():
            click.echo(
                f"{name:13s} laid {line['laid']}/{line['courses']}  spacing {line['spacing_kept']:.1%}"
                f"  even {line['even']:.1%}  one nurse {line['continuity']:.1%}  full {line['full']:.1%}"
                f"  {line['seconds']} s ({line['processor_s']} s of the processor)"
            )
    told = {"patients": patients, "weeks": weeks, "seed": seed, "rounds": rounds, "load": os.getloadavg()[0]}
    click.echo(json.dumps(told | {"nurses": len(horizon.nurses)} | lines))


def _timed(horizon: Horizon, make: Any) -> dict[str, Any]:
    began, worked = time.perf_counter(), time.process_time()
    laying: Laying = make()
    took, processor = time.perf_counter() - began, time.process_time() - worked
    found = faults(horizon, laying)
    return {name: round(value, 4) for name, value in asdict(figures(horizon, laying)).items()} | {
        "faults": len(found),
        "faults_of_room": sum("too many" in fault and "infusions" not in fault for fault in found),
        "seconds": round(took, 2),
        "processor_s": round(processor, 2),
    }

"""``housecall bench diversion``: how many planted diversions the signals ask about, and how often in vain.

Every signal runs as in service: a look each fortnight at the last `period_days`, by the same rules and the
same limits. A question asked in vain is explained at once and then quiet for `quiet_days`. A diversion counts
as found by a signal when it asks about the diverter, or the pair, something that it never asks in the same
year without the diversion: luck is not counted.
"""

import json
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from benchmarks.diversion_patterns import PATTERNS, Diverter, diverter_of
from benchmarks.diversion_tables import tables
from benchmarks.diversion_year import DAYS, FIRST_DAY, Year, honest_year
from dispatch.areas.model import DEFAULT_POLICIES
from dispatch.custody.signals.model import Limits, Question, Rule, within
from dispatch.custody.signals.rules import SIGNALS

BEGIN = datetime.combine(FIRST_DAY, datetime.min.time(), UTC)
FIRST_LOOK_DAY = 42
LOOK_EVERY_DAYS = 14
ASSAY = "assay"
LABORATORY = timedelta(days=7)
# A laboratory's own error, as a share of what it measures.
MEASURED_SD = 0.02
# What each signal reads: where a pattern leaves it alone, the honest year's answer stands.
USE_FIGURES = {"given_at", "drawn_ug", "given_ug", "weak"}
READS = {
    Rule.WASTE_RATIO: {"given_ug"},
    Rule.SLOW_TO_GIVE: {"given_at"},
    Rule.WASTE_PAIR: {"witness"},
    Rule.OFF_SHIFT: {"accesses"},
    Rule.COUNT_VARIANCE: {"counts"},
    Rule.DRAWN_ABOVE_ORDER: {"drawn_ug"},
    Rule.GIVEN_BELOW_ORDER: {"given_ug"},
    Rule.VIALS_SPOILT: {"taken"},
    Rule.LATE_ENTRY: {"accesses"},
    Rule.WEAK_WITNESS: {"weak"},
    Rule.PEER_DISTANCE: USE_FIGURES | {"accesses", "counts", "taken"},
}


def limits_of_policy(**more: int) -> Limits:
    """Return the limits that hold until somebody signs others."""
    return replace(Limits.of_policy(DEFAULT_POLICIES["custody.signals"]), **more)


@dataclass(frozen=True, kw_only=True)
class Look:
    """What was asked at one look."""

    at: datetime
    asked: Mapping[Rule, list[Question]]


def looks(year: Year, limits: Limits, honest: tuple[Year, list[Look]] | None = None) -> list[Look]:
    """Look at a year every fortnight; give the honest twin to look only where something differs."""
    books, found = year.books(), []
    changed = None if honest is None else set(changes(honest[0], year))
    for number, day in enumerate(range(FIRST_LOOK_DAY, DAYS, LOOK_EVERY_DAYS)):
        at = BEGIN + timedelta(days=day)
        seen = within(books, at - timedelta(days=limits.period_days), at)
        asked = {
            rule: signal(seen, limits)
            if honest is None or changed is None or changed & READS[rule]
            else honest[1][number].asked[rule]
            for rule, signal in SIGNALS.items()
        }
        found.append(Look(at=at, asked=asked))
    return found


def changes(honest: Year, year: Year) -> Iterator[str]:
    """Yield the streams, and the columns of vials' uses, in which a year differs from its honest twin."""
    for stream in ("accesses", "taken", "counts"):
        if getattr(year, stream) is not getattr(honest, stream):
            yield stream
    pairs = [(was, now) for was, now in zip(honest.uses, year.uses, strict=True) if was is not now]
    for column in USE_FIGURES | {"witness"}:
        if any(getattr(was, column) != getattr(now, column) for was, now in pairs):
            yield column


def in_vain(seen: Iterable[Look], limits: Limits) -> list[tuple[datetime, Rule, str]]:
    """Return every asking of an honest year, as often as it comes back after its quiet time."""
    quiet: dict[str, datetime] = {}
    found = []
    for look in seen:
        for rule, questions in look.asked.items():
            for question in questions:
                if look.at >= quiet.get(question.key, look.at):
                    quiet[question.key] = look.at + timedelta(days=limits.quiet_days)
                    found.append((look.at, rule, question.key))
    return found


def found_by(seen: Iterable[Look], diverter: Diverter, of_luck: set[str]) -> dict[str, int]:
    """Return signal -> days from the first possible diversion to its first question about the diverter."""
    found: dict[str, int] = {}
    for look in seen:
        for rule, questions in look.asked.items():
            for question in questions:
                concerns = diverter.person in (question.subject, question.other)
                if concerns and look.at > diverter.since and question.key not in of_luck:
                    found.setdefault(rule.value, (look.at - diverter.since).days)
    return found


def assayed(
    year: Year, seed: int, diverter: Diverter | None, rate_permille: int, tolerance_percent: int
) -> tuple[int | None, int, int]:
    """Draw residuals at random: (days to the diverter's first failure, failures of others, assays)."""
    draw = random.Random(f"assay/{seed}")
    first: int | None = None
    wrong = number = 0
    for at, whose, strength in sorted(year.carried):
        drawn, measured = draw.random() * 1000 < rate_permille, strength * (1 + draw.gauss(0, MEASURED_SD))
        if not drawn:
            continue
        number += 1
        if abs(measured - 1) * 100 <= tolerance_percent:
            continue
        if diverter is None or whose != diverter.person or strength == 1.0:
            wrong += 1
        elif first is None:
            first = (at + LABORATORY - diverter.since).days
    return first, wrong, number


def measure(seed: int, limits: Limits, patterns: Iterable[str] = tuple(PATTERNS)) -> dict[str, object]:
    """Measure one seed: what its honest year asks in vain, and what finds each planted pattern, when."""
    assay = DEFAULT_POLICIES["custody.assay"]
    rate, tolerance = assay["rate_permille"], assay["tolerance_percent"]
    honest = honest_year(seed)
    seen = looks(honest, limits)
    vain = in_vain(seen, limits)
    of_luck = {key for _, _, key in vain}
    _, wrong, number = assayed(honest, seed, None, rate, tolerance)
    found = {}
    for name in patterns:
        diverter = diverter_of(name, seed, BEGIN)
        twisted = PATTERNS[name](honest, diverter)
        days = found_by(looks(twisted, limits, (honest, seen)), diverter, of_luck)
        assay_days, _, _ = assayed(twisted, seed, diverter, rate, tolerance)
        if assay_days is not None:
            days[ASSAY] = assay_days
        found[name] = {"share": diverter.share, "days": days}
    return {
        "seed": seed,
        "vain": Counter(rule.value for _, rule, _ in vain),
        "vain_nurses": len({key.split(":")[1] for key in of_luck}),
        "assays": number,
        "assays_wrong": wrong,
        "found": found,
    }


@click.command()
@click.option("--first-seed", type=int, default=1001, show_default=True, help="The first of the seeds.")
@click.option("--seeds", type=int, default=60, show_default=True, help="How many years.")
@click.option("--limit", "others", multiple=True, help="Another limit than the policy's: name=value.")
@click.option("--only", multiple=True, help="Only patterns whose name begins so.")
@click.option("--out", type=click.Path(path_type=Path), help="Keep each seed's figures as a JSON line.")
def diversion(
    first_seed: int, seeds: int, others: tuple[str, ...], only: tuple[str, ...], out: Path | None
) -> None:
    """Plant diversion in invented years; count what the signals find, and what they ask in vain."""
    named = (each.partition("=") for each in others)
    limits = limits_of_policy(**{name: int(value) for name, _, value in named})
    wanted = [name for name in PATTERNS if not only or name.startswith(only)]
    measured = []
    for seed in range(first_seed, first_seed + seeds):
        measured.append(measure(seed, limits, wanted))
        if out is not None:
            with out.open("a") as lines:
                lines.write(json.dumps(measured[-1]) + "\n")
        click.echo(f"seed {seed}: {sum(measured[-1]['vain'].values())} asked in vain", err=True)
    click.echo(tables(measured))

"""`housecall replan`: what to do about something that happened on a day that runs, without any database."""

import json
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import click
from rich.console import Console
from rich.table import Table

from routing.dayfile import read_day, write_day
from routing.faults import ProblemInvalid
from routing.planfile import read_plan, write_plan
from routing.problem import Problem
from routing.replan.diff import Diff, MovedVisit, Slot, diff_as_json
from routing.replan.events import events_from_json
from routing.replan.promises import Policy
from routing.replan.replanner import Proposal, Replanner
from routing.replan.underway import as_planned

BAD_INPUT = 2  # exit status: a file or event cannot be read, or cannot be of this day
MC_PER_DOLLAR = 100_000
READING = re.compile(r"(\d{1,2}):([0-5]\d)")
LATEST_S = 30 * 3600

# KIND -> the event's own kind, the field that NAME fills, the field that @HH:MM fills, and whether it must.
SPOKEN: dict[str, tuple[str, str, str, bool]] = {
    "nurse-ill": ("nurse_ill", "nurse", "from_s", False),
    "overrun": ("overrun", "visit", "ends_s", True),
    "cancelled": ("cancelled", "visit", "", False),
    "no-show": ("no_show", "visit", "known_s", False),
    "vehicle-late": ("vehicle_late", "nurse", "free_at_s", True),
    "no-drug-for": ("drug_not_available", "visit", "until_s", False),
    "no-drug-at": ("drug_not_available", "pharmacy", "until_s", False),
    "no-drug-with": ("drug_not_available", "nurse", "until_s", False),
}
HOW = "KIND:NAME or KIND:NAME@HH:MM; kinds are " + ", ".join(SPOKEN) + "; urgent:FILE.json for a visit"
CHANGES = {
    "left": "nobody",
    "taken_on": "taken on",
    "other_nurse": "other nurse",
    "other_time": "other time",
}


class Clock(click.ParamType[int]):
    """A reading of the day's clock, as seconds from its origin."""

    name = "HH:MM"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read ``10:05``."""
        if isinstance(value, int):
            return value
        found = _second(str(value))
        if found is None:
            self.fail(f"{value!r} is no time of the day. Write it as 10:05.", param, ctx)
        return found


@click.command("replan")
@click.argument("day", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("plan_file", metavar="PLAN", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--now", "now_s", type=Clock(), required=True, help="The present time; all before went as planned."
)
@click.option("--event", "spoken", multiple=True, help=f"What happened, repeated for several: {HOW}.")
@click.option(
    "--freeze",
    "freeze_min",
    type=click.IntRange(0, 1440),
    default=30,
    show_default=True,
    help="Minutes from now within which begins stay as they are.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(0, 600),
    default=0.8,
    show_default=True,
    help="How long to look for the exact answer; 0 takes the first one.",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Seed of the engine.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="The plan file to write.")
@click.option(
    "--day-out", type=click.Path(dir_okay=False, path_type=Path),
    help="The running day that the plan answers, for plan-check.",
)  # fmt: skip
def replan(
    day: Path,
    plan_file: Path,
    now_s: int,
    spoken: tuple[str, ...],
    freeze_min: int,
    seconds: float,
    seed: int,
    out: Path | None,
    day_out: Path | None,
) -> None:
    """Re-plan the day file DAY, planned as PLAN, from --now on: who moves, what it costs and saves.

    What is done, driven to or in progress stays. The last line is JSON: the costs of doing nothing and of the
    proposal, and every visit that is not as it was promised.
    """
    try:
        problem = read_day(day.read_bytes())
        planned = read_plan(plan_file.read_bytes())
        events = events_from_json([_event(text, now_s) for text in spoken])
        running = as_planned(problem, planned, now_s)
        replanner = Replanner(running, Policy(freeze_s=freeze_min * 60))
        began = time.perf_counter()
        quick = replanner.answer(events)
        quick_s = time.perf_counter() - began
    except ProblemInvalid as invalid:
        _refuse([str(fault) for fault in invalid.faults])
    except KeyError as unknown:
        _refuse([f"{plan_file}: it names {unknown}, which {day} does not know. Give the plan of this day."])
    proposal, exact_s = (quick, 0.0) if seconds == 0 else _improved(quick, seconds, seed)
    for path, text in (
        (out, lambda: write_plan(proposal.plan)),
        (day_out, lambda: write_day(proposal.problem)),
    ):
        _write(path, text)
    _show(proposal.diff, proposal.problem)
    click.echo(json.dumps(_result(quick, proposal, quick_s, exact_s), ensure_ascii=False))


def _improved(quick: Proposal, seconds: float, seed: int) -> tuple[Proposal, float]:
    from routing.engine.exact.warming import warm_up
    from routing.replan.local import improve

    with Console(stderr=True).status(
        "loading the exact engine (the first time: compiling it, up to a minute)"
    ):
        warm_up()
    began = time.perf_counter()
    return improve(quick, seconds=seconds, seed=seed), time.perf_counter() - began


def _event(text: str, now_s: int) -> dict[str, Any]:
    """Turn a spoken event into its JSON."""
    kind, colon, rest = text.partition(":")
    if kind == "urgent" and colon:
        return _urgent(Path(rest))
    if kind not in SPOKEN or not rest:
        _refuse([f"{text!r} is no event. Write {HOW}."])
    real, of, at, must = SPOKEN[kind]
    name, mark, reading = rest.rpartition("@")
    second = _second(reading) if mark else None
    if second is None:
        name = rest
    event: dict[str, Any] = {"kind": real, of: name}
    if second is not None and not at:
        _refuse([f"{text!r} takes no time. Write {kind}:{name}."])
    if second is None and must:
        _refuse([f"{text!r} needs a time. Write {kind}:{name}@HH:MM."])
    if at and (second is not None or at in ("from_s", "known_s")):
        event[at] = now_s if second is None else second
    return event


def _urgent(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        _refuse([f"{path}: it cannot be read as JSON. Give {{'visit': ..., 'place': ...}} as in a day file."])
    return {"kind": "urgent_visit"} | document if isinstance(document, dict) else {"kind": "urgent_visit"}


def _second(text: str) -> int | None:
    found = READING.fullmatch(text.strip())
    second = int(found[1]) * 3600 + int(found[2]) * 60 if found else None
    return second if second is not None and second <= LATEST_S else None


def _write(path: Path | None, text: Callable[[], str]) -> None:
    if path is None:
        return
    try:
        path.write_text(text(), encoding="utf-8")
    except OSError as error:
        _refuse([f"{path}: {error.strerror}. Choose a place that can be written."])


def _refuse(lines: list[str]) -> NoReturn:
    for line in lines:
        click.echo(line, err=True)
    sys.exit(BAD_INPUT)


def _show(diff: Diff, problem: Problem) -> None:
    console = Console()
    anyway = sum(moved.is_anyway for moved in diff.moved)
    title = f"{len(diff.moved)} visits are not as promised, {anyway} of them whatever is done"
    table = Table(title=title, title_justify="left")
    for name in ("visit", "change", "promised", "if nothing is done", "proposed", "late"):
        table.add_column(name)
    for moved in diff.moved:
        table.add_row(moved.visit, CHANGES[moved.change], *_slots(moved), _minutes(moved.late_s))
    if diff.moved:
        console.print(table)
    for name, bill in (("doing nothing", diff.nothing), ("this proposal", diff.after)):
        console.print(
            f"{name}: ${bill.total_mc / MC_PER_DOLLAR:,.2f}"
            f" (of that ${bill.terms.unassigned_mc / MC_PER_DOLLAR:,.2f} unassigned,"
            f" ${bill.terms.overtime_mc / MC_PER_DOLLAR:,.2f} overtime,"
            f" ${bill.moved_mc / MC_PER_DOLLAR:,.2f} for moving)",
            highlight=False,
        )
    console.print(f"saves ${diff.saves_mc / MC_PER_DOLLAR:,.2f}", highlight=False)


def _slots(moved: MovedVisit) -> tuple[str, str, str]:
    return _slot(moved.promised), _slot(moved.nothing), _slot(moved.after)


def _slot(slot: Slot | None) -> str:
    return f"{slot.nurse} {slot.begin_s // 3600:02d}:{slot.begin_s % 3600 // 60:02d}" if slot else "nobody"


def _minutes(seconds: int) -> str:
    return f"{-(-seconds // 60)} min" if seconds else ""


def _result(quick: Proposal, proposal: Proposal, quick_s: float, exact_s: float) -> dict[str, Any]:
    return {
        "engine": proposal.engine,
        "first_ms": round(quick_s * 1000, 1),
        "first_mc": quick.total_mc,
        "exact_s": round(exact_s, 3),
        "unassigned": [entry.visit for entry in proposal.plan.unassigned],
    } | diff_as_json(proposal.diff)

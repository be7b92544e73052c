"""`housecall explain`: why a visit is with this nurse or with nobody, and what a plan's cost is made of."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from api.cli_files import day_in, lawful_plan_in, refuse
from routing.explain import (
    PlanExplained,
    VisitExplained,
    Ways,
    Wording,
    condition,
    explain_plan,
    explain_visit,
    find_ways,
)
from routing.explain.costs import TERMS, in_words
from routing.explain.deep import Rearranged, rearrange
from routing.explain.relaxation import MC_A_DOLLAR, clock_reading, dollars
from routing.explain.rules import rule_of
from routing.plan import Plan
from routing.problem import Problem

MOST_LINES = 10
MOST_NAMES = 4
MINUTE_S = 60


@click.command("explain")
@click.argument("day", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("plan_file", metavar="PLAN", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--visit", "visit", help="Explain this visit (its id in the day file) instead of the plan.")
@click.option(
    "--deep",
    is_flag=True,
    help="Solve for it: plan the visit's neighbours anew, or the day with one more nurse.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(0, 3600),
    default=20.0,
    show_default=True,
    help="How long the worth of one more nurse, and each solve of --deep, may take; 0 leaves the worth out.",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Seed of --deep.")
def explain(day: Path, plan_file: Path, visit: str | None, deep: bool, seconds: float, seed: int) -> None:
    """Explain the plan file PLAN of the day file DAY, or one visit of it; the last line is JSON.

    For a visit: every nurse ranked by what she would add, or the reasons against her; and where nobody makes
    it, the least changes that would make it possible, each proven by a plan that was checked. For a plan:
    what each term costs, by nurse and by visit, and what one more nurse would be worth at most.
    """
    problem = day_in(day)
    plan = lawful_plan_in(plan_file, problem)
    console = _Lines(highlight=False)
    if visit is None:
        answer = _explain_plan(console, problem, plan, seconds, seed, deep=deep)
    elif visit in problem.visit:
        answer = _explain_visit(console, problem, plan, visit, seconds if deep else 0.0, seed)
    else:
        refuse([f"--visit: The day has no visit {visit!r} to plan. Take an id of its list of visits."])
    click.echo(json.dumps(answer, ensure_ascii=False))


def _explain_visit(
    console: Console, problem: Problem, plan: Plan, visit: str, seconds: float, seed: int
) -> dict[str, object]:
    explained, ways = explain_visit(problem, plan, visit), find_ways(problem, plan, visit)
    console.print(_about(problem, explained))
    _show_offers(console, problem, explained)
    if explained.nurse is None:
        _show_ways(console, ways)
    found = None
    if seconds and explained.nurse is None:
        with Console(stderr=True).status(f"planning the neighbours anew, {seconds:g} s"):
            _get_ready()
            found = rearrange(problem, plan, visit, seconds=seconds, seed=seed)
        _show_rearranged(console, found)
    return {
        "visit": visit,
        "nurse": explained.nurse,
        "begin_s": explained.begin_s,
        "reasons": [asdict(reason) for reason in explained.reasons],
        "offers": [asdict(offer) for offer in explained.offers],
        "relaxations": [
            asdict(one) | {"needs_nobody": one.needs_nobody, "text": f"Possible if {condition(one)}."}
            for one in (*ways.relaxations, *([found.relaxation] if found else []))
        ],
        "moves": [asdict(moved) for moved in found.moves.moved] if found else [],
        "facts": [asdict(fact) | {"text": Wording().fact(fact)} for fact in ways.facts],
    }


def _about(problem: Problem, explained: VisitExplained) -> str:
    visit = problem.visit[explained.visit]
    spans = ", ".join(f"{clock_reading(w.begin_s)}-{clock_reading(w.end_s)}" for w in visit.windows)
    who = "nobody makes it"
    if explained.nurse is not None and explained.begin_s is not None:
        who = f"{explained.nurse} makes it at {clock_reading(explained.begin_s)}"
    minutes = visit.service_s // MINUTE_S
    return f"{visit.id}: begins {spans}, {minutes} min, leaving it costs {dollars(visit.penalty_mc)}; {who}."


def _show_offers(console: Console, problem: Problem, explained: VisitExplained) -> None:
    table = _table("Who could go", "nurse", "adds", "begins", "against her")
    possible = [offer for offer in explained.offers if offer.added_mc is not None]
    for offer in possible[:MOST_LINES]:
        name = f"{offer.nurse} (has it)" if offer.nurse == explained.nurse else offer.nurse
        table.add_row(name, dollars(offer.added_mc or 0), clock_reading(offer.begin_s or 0), "")
    kept: dict[str, list[str]] = {}
    for offer in explained.offers:
        if offer.added_mc is None:
            rules = dict.fromkeys(rule_of(code).keeps_one for code in offer.reasons)
            kept.setdefault("; ".join(rules), []).append(offer.nurse)
    for rules_text, names in kept.items():
        more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
        table.add_row(", ".join(names[:MOST_NAMES]) + more, "", "", f"each {rules_text}")
    console.print(table)
    if len(possible) > MOST_LINES:
        console.print(f"and {len(possible) - MOST_LINES} more who could, at a higher price")
    if not problem.nurses:
        console.print("No nurse works that day.")


def _show_ways(console: Console, ways: Ways) -> None:
    table = _table("What would make it possible, each proven", "adds", "nurse", "begins", "possible if")
    for one in ways.relaxations:
        table.add_row(dollars(one.added_mc), one.nurse, clock_reading(one.begin_s), condition(one))
    if ways.relaxations:
        console.print(table)
    else:
        console.print("No single change would make it possible.")
    for fact in ways.facts:
        law = "law: " if fact.is_law else ""
        console.print(f"- {law}{Wording().fact(fact)} {fact.way_out}".rstrip(), markup=False)


def _show_rearranged(console: Console, found: Rearranged | None) -> None:
    if found is None:
        console.print("Planning the neighbours anew found no way that leaves nobody.")
        return
    one = found.relaxation
    price = f"{dollars(one.added_mc)} more" if one.added_mc >= 0 else f"{dollars(-one.added_mc)} less"
    console.print(
        f"Possible if {condition(one)}: {price}, {one.nurse} at {clock_reading(one.begin_s)}. "
        "Found by planning the neighbours anew."
    )
    for moved in found.moves.moved:
        if moved.nurse_after is not None and moved.begin_after_s is not None and moved.nurse_before:
            console.print(
                f"  {moved.visit}: {moved.nurse_before} -> {moved.nurse_after} at "
                f"{clock_reading(moved.begin_after_s)}"
            )


def _explain_plan(
    console: Console, problem: Problem, plan: Plan, seconds: float, seed: int, *, deep: bool
) -> dict[str, object]:
    explained = explain_plan(problem, plan)
    for sentence in in_words(explained):
        console.print(sentence)
    _show_nurses(console, explained)
    _show_visits(console, problem, explained)
    answer: dict[str, object] = {
        "cost_mc": explained.summary.cost.total_mc,
        "cost": asdict(explained.summary.cost),
        "bound_mc": explained.bound_mc,
        "gap": explained.gap,
        "nurses": [asdict(share) for share in explained.nurses],
        "visits": [asdict(share) for share in explained.visits],
        "left": [{"visit": name, "penalty_mc": penalty_mc} for name, penalty_mc in explained.left],
    }
    if seconds:
        answer["one_more_nurse"] = _worth(console, problem, plan, seconds, seed, deep=deep)
    return answer


def _show_nurses(console: Console, explained: PlanExplained) -> None:
    names = [name.partition(",")[0] for _, name in TERMS[:-1]]
    names[3] = "Wishes"  # the whole name is too wide for a column
    table = _table(
        "By nurse, the dearest first", "nurse", "visits", "cost", *(name.lower() for name in names)
    )
    for share in explained.nurses[:MOST_LINES]:
        terms = [dollars(getattr(share.cost, term)) for term, _ in TERMS[:-1]]
        table.add_row(share.nurse, str(share.visits), dollars(share.cost.total_mc), *terms)
    console.print(table)


def _show_visits(console: Console, problem: Problem, explained: PlanExplained) -> None:
    table = _table("What the day would save without a visit", "visit", "nurse", "saves", "penalty")
    for share in explained.visits[:MOST_LINES]:
        saves = "its route needs it" if share.saves_mc is None else dollars(share.saves_mc)
        table.add_row(share.visit, share.nurse, saves, dollars(problem.visit[share.visit].penalty_mc))
    console.print(table)


def _worth(
    console: Console, problem: Problem, plan: Plan, seconds: float, seed: int, *, deep: bool
) -> dict[str, object]:
    with Console(stderr=True).status(f"pricing one more nurse, {seconds:g} s"):
        # Loads compiled code: only now, so that the rest of the answer does not wait for it.
        from routing.engine.exact.worth import with_one_more, worth_of_one_more

        _get_ready()
        found = worth_of_one_more(problem, seconds)
    if not found.nurses:
        console.print(f"What one more nurse would be worth is not proven within {seconds:g} s.")
        return {"bound_mc": None, "slack_mc": 0, "nurses": []}
    table = _table(
        "One more nurse who may go everywhere: worth at most", "living near", "visits there", "shift",
        "worth at most",
    )  # fmt: skip
    for worth in found.nurses:
        shift = f"{clock_reading(worth.shift.begin_s)}-{clock_reading(worth.shift.end_s)}"
        table.add_row(worth.near, str(worth.visits_near), shift, dollars(worth.value_mc))
    console.print(table)
    console.print("An upper estimate by the prices of the relaxation; whole plans usually save less.")
    if found.slack_mc >= MC_A_DOLLAR:
        console.print(
            f"{dollars(found.slack_mc)} of each only says that {seconds:g} s did not settle the prices."
        )
    answer: dict[str, object] = asdict(found)
    if deep:
        best = found.nurses[0]
        with Console(stderr=True).status(f"planning the day without and with her, {seconds:g} s each"):
            from routing.engine.solve import solve

            without = solve(problem, seconds=seconds, seed=seed, engine="columns")
            wider = solve(with_one_more(problem, best.near), seconds=seconds, seed=seed, engine="columns")
        now_mc = min(plan.cost_mc, without.cost_mc)
        console.print(
            f"Solved for near {best.near}: {dollars(now_mc)} without her, {dollars(wider.cost_mc)} with her: "
            f"she saves {dollars(now_mc - wider.cost_mc)}."
        )
        answer["solved"] = {
            "near": best.near,
            "without_mc": now_mc,
            "with_mc": wider.cost_mc,
            "saves_mc": now_mc - wider.cost_mc,
        }
    return answer


def _get_ready() -> None:
    from routing.engine.exact.warming import warm_up

    warm_up()


class _Lines(Console):
    """Standard output whose sentences are never cut; tables keep to the width of the terminal."""

    def print(self, *objects: Any, **more: Any) -> None:
        """Print as `Console` does."""
        whole = not any(isinstance(item, Table) for item in objects)
        super().print(*objects, soft_wrap=whole, **more)


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    table.min_width = len(title)
    money: Iterable[str] = ("adds", "saves", "cost", "visits", "penalty", "worth at most", "visits there")
    for name in columns:
        table.add_column(name, justify="right" if name in money else "left")
    return table

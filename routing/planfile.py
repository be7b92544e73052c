"""The plan file: a `Plan` as JSON, both ways (`docs/day-file.md`)."""

import json
from dataclasses import asdict
from typing import Any, get_args

from routing.faults import Faults
from routing.form import Choice, Field, Flag, ListOf, OrNull, Real, Record, Text, Whole
from routing.plan import CostTerms, Plan, ReasonLeft, Relaxed, Route, Status, Stop, Unassigned
from routing.problem import StopKind
from routing.soundness import MOST_COST_MC, MOST_SECONDS, MOST_UNITS
from routing.strict_json import parse_json

FORMAT = "housecall-plan/1"

_COST = Whole(most=MOST_COST_MC * 10_000)
_SECONDS = Whole(most=MOST_SECONDS * 10)
STOP = Record(
    {
        "kind": Field(Choice(get_args(StopKind)), "What kind of stop it is."),
        "ref": Field(Text(200), "Visit or pharmacy id, empty where none.", ""),
        "arrive_s": Field(_SECONDS, "When she is there."),
        "begin_s": Field(_SECONDS, "When the work begins."),
        "end_s": Field(_SECONDS, "When she is ready to go on."),
        "units": Field(Whole(most=MOST_UNITS), "Controlled stock taken on, used or given back.", 0),
        "frozen": Field(Flag(), "Done, driven to or in progress.", False),
    },
    Stop,
)
ROUTE = Record(
    {
        "nurse": Field(Text(is_id=True), "Nurse id."),
        "stops": Field(ListOf(STOP), "In the order of the day."),
    },
    Route,
)
REASON = Record(
    {
        "code": Field(Text(200), "Name of the rule."),
        "text": Field(Text(), "One sentence."),
        "nurses": Field(Whole(), "How many nurses it keeps away.", 0),
    },
    ReasonLeft,
)
UNASSIGNED = Record(
    {
        "visit": Field(Text(is_id=True), "Visit id."),
        "reasons": Field(ListOf(REASON), "Every reason."),
    },
    Unassigned,
)
COST = Record(
    {
        name: Field(_COST, "Cost term in millicents.", 0)
        for name in (
            "travel_mc",
            "idle_mc",
            "overtime_mc",
            "continuity_mc",
            "fairness_mc",
            "unassigned_mc",
        )
    },
    CostTerms,
)
PLAN = Record(
    {
        "format": Field(Choice((FORMAT,)), "The version of this form."),
        "label": Field(Text(200), "The day's label."),
        "problem_sha256": Field(Text(64), "Fingerprint of the day file it answers.", ""),
        "status": Field(Choice(get_args(Status)), "See docs/day-file.md."),
        "cost_mc": Field(_COST, "Sum of the cost terms."),
        "bound_mc": Field(OrNull(_COST), "No plan costs less; null while nothing is proven.", None),
        "relaxed": Field(ListOf(Choice(get_args(Relaxed))), "Where the bound is that of an easier day.", ()),
        "cost": Field(COST, "Cost terms."),
        "routes": Field(ListOf(ROUTE), "One for each nurse who goes out."),
        "unassigned": Field(ListOf(UNASSIGNED), "Visits that nobody makes."),
        "engine": Field(Text(200), "Which engine made it.", ""),
        "seconds": Field(Real(0, 10**9), "How long the engine worked.", 0.0),
        "seed": Field(Whole(most=2**63 - 1), "Seed of the engine.", 0),
    },
    dict,
    "A planned day.",
)


def read_plan(text: str | bytes) -> Plan:
    """Read a plan file.

    Raises
    ------
    ProblemInvalid
        With every fault of the form. Whether the plan is *right* is `routing.check`'s to say.
    """
    return plan_from_json(parse_json(text))


def plan_from_json(document: Any) -> Plan:
    """Turn a parsed plan file into a `Plan`; raises `ProblemInvalid` as `read_plan` does."""
    faults = Faults()
    fields = PLAN.read(document, "", faults)
    faults.raise_if_any()
    del fields["format"]
    stated = fields.pop("cost_mc")
    plan = Plan(**fields)
    if stated != plan.cost_mc:
        faults.add(
            "cost_mc", "cost_not_the_sum", f"{stated} is not the sum of the terms.", f"Write {plan.cost_mc}."
        )
    faults.raise_if_any()
    return plan


def plan_as_json(plan: Plan) -> dict[str, Any]:
    """Return a plan as plain JSON values."""
    fields = asdict(plan)
    return {"format": FORMAT, "cost_mc": plan.cost_mc} | {
        name: fields[name] for name in PLAN.fields if name not in ("format", "cost_mc")
    }


def write_plan(plan: Plan) -> str:
    """Return the plan file of a plan; `read_plan` gives the plan back."""
    return json.dumps(plan_as_json(plan), ensure_ascii=False, indent=1) + "\n"


def plan_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of the plan file."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:housecall:plan:1",
        "title": "Housecall plan file, version 1",
    } | PLAN.schema()

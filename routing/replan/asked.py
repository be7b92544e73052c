"""A re-planning as JSON: what a planning process is asked, and what it answers."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from threading import Event as Flag
from typing import Any

from routing.dayfile import COST, DAY, ID, SECONDS, UNITS, day_as_json, day_from_json
from routing.faults import Faults
from routing.form import Field, ListOf, MapOf, Real, Record, Whole
from routing.planfile import plan_as_json
from routing.replan.diff import diff_as_json
from routing.replan.events import EVENTS, Event, events_as_json
from routing.replan.local import SECONDS as LOCAL_S
from routing.replan.local import improve
from routing.replan.promises import Policy
from routing.replan.replanner import Proposal, Replanner
from routing.replan.underway import Promise, Running

PROMISE = Record(
    {"nurse": Field(ID, "Who comes."), "begin_s": Field(SECONDS, "When she begins.")},
    Promise,
)
POLICY = Record(
    {
        "freeze_s": Field(SECONDS, "What begins within this time from now stays as it is.", 1_800),
        "nurse_mc": Field(COST, "Price of another nurse than promised.", 1_000_000),
        "time_mc": Field(COST, "Price of a begin outside the span promised.", 1_000_000),
        "span_s": Field(SECONDS, "How far from the promised begin is still as promised.", 1_800),
        "late_mc_per_s": Field(COST, "Price of each second behind the visit's own windows.", 1_250),
        "most_late_s": Field(SECONDS, "Who would be later than this does not come.", 7_200),
    },
    Policy,
)


class _Day:
    """A day file within a request."""

    def read(self, value: Any, path: str, faults: Faults) -> Any:
        faults_before = len(faults.found)
        DAY.read(value, path, faults)
        return day_from_json(value) if len(faults.found) == faults_before else None

    def schema(self) -> dict[str, Any]:
        return DAY.schema()


ASKED = Record(
    {
        "day": Field(_Day(), "The running day."),
        "orders": Field(MapOf(ListOf(ID)), "Nurse -> her visits still to make, by the plan in force."),
        "promised": Field(MapOf(PROMISE), "Visit -> who was to make it, and when."),
        "now_s": Field(SECONDS, "The present second."),
        "frozen_units": Field(MapOf(UNITS), "Frozen visit -> units of stock that it uses.", {}),
        "events": Field(EVENTS, "What happened."),
        "policy": Field(POLICY, "Prices and spans.", Policy()),
    },
    dict,
)
REQUEST = Record(
    {
        "replan": Field(ASKED, "What is to be re-planned."),
        "seconds": Field(Real(0, 600), "How long to work at most.", LOCAL_S),
        "seed": Field(Whole(most=2**63 - 1), "Seed of the engine.", 0),
    },
    dict,
)


def asked_as_json(running: Running, events: Iterable[Event], policy: Policy) -> dict[str, Any]:
    """Return what `answer_in_full` is asked, as plain JSON values."""
    return {
        "day": day_as_json(running.problem),
        "orders": {nurse: list(order) for nurse, order in running.orders.items()},
        "promised": {visit: promise._asdict() for visit, promise in running.promised.items()},
        "now_s": running.now_s,
        "frozen_units": dict(running.frozen_units),
        "events": events_as_json(events),
        "policy": asdict(policy),
    }


def answer_in_full(asked: Any, hand_in: Flag) -> dict[str, Any]:
    """Re-plan exactly around what happened; the answer has the keys of `proposal_as_json`.

    Raises
    ------
    ProblemInvalid
        With every fault of the request, or every event that cannot have happened.
    """
    faults = Faults()
    request = REQUEST.read(asked, "", faults)
    faults.raise_if_any()
    fields: Mapping[str, Any] = request["replan"]
    running = Running(
        problem=fields["day"],
        orders=fields["orders"],
        promised=fields["promised"],
        now_s=fields["now_s"],
        frozen_units=fields.get("frozen_units", {}),
    )
    proposal = Replanner(running, fields.get("policy", Policy())).answer(fields["events"])
    better = improve(
        proposal,
        seconds=request.get("seconds", LOCAL_S),
        seed=request.get("seed", 0),
        hand_in=hand_in,
    )
    return proposal_as_json(better)


def proposal_as_json(proposal: Proposal) -> dict[str, Any]:
    """Return a proposal as plain JSON values: running ``day``, ``plan``, ``nothing`` done and ``diff``."""
    return {
        "day": day_as_json(proposal.problem),
        "plan": plan_as_json(proposal.plan),
        "nothing": plan_as_json(proposal.nothing),
        "diff": diff_as_json(proposal.diff),
    }

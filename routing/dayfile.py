"""The day file: a `Problem` as documented, versioned JSON (`docs/day-file.md`).

`DAY` is the single description: it reads, it names faults, and `day_schema` draws the JSON Schema from it.
"""

import hashlib
import json
from dataclasses import asdict
from typing import Any, get_args

from routing.faults import Faults
from routing.form import (
    Choice,
    Field,
    ListOf,
    MapOf,
    OneOf,
    OrNull,
    Real,
    Record,
    Text,
    Whole,
)
from routing.problem import (
    PENALTY_MC_BY_PRIORITY,
    Free,
    FrozenStop,
    MealBreak,
    Nurse,
    Pharmacy,
    Pin,
    Place,
    Problem,
    ReturnOfStock,
    StopKind,
    Visit,
    Weights,
    Window,
)
from routing.soundness import MOST_COST_MC, MOST_UNITS
from routing.strict_json import parse_json
from routing.travel import DEFAULT_BASE_S, DEFAULT_S_PER_KM, AffineGreatCircle, TravelMatrix

FORMAT = "housecall-day/1"

ID = Text(is_id=True)
SECONDS = Whole()
COST = Whole(most=MOST_COST_MC)
UNITS = Whole(most=MOST_UNITS)
WINDOW = Record(
    {
        "begin_s": Field(SECONDS, "First second."),
        "end_s": Field(SECONDS, "Last second, included."),
    },
    Window,
)
PLACE = Record(
    {
        "id": Field(ID, "Name of the place."),
        "lat": Field(OrNull(Real(-90, 90)), "Degrees north; null where travel is a matrix.", None),
        "lon": Field(OrNull(Real(-180, 180)), "Degrees east; null where travel is a matrix.", None),
    },
    Place,
)
TRAVEL = OneOf(
    "model",
    {
        "affine_great_circle": Record(
            {
                "base_s": Field(Real(0, 10**6), "Seconds that every drive costs.", DEFAULT_BASE_S),
                "s_per_km": Field(
                    Real(0, 10**6), "Seconds for each great-circle kilometre.", DEFAULT_S_PER_KM
                ),
            },
            AffineGreatCircle,
            "base_s + s_per_km x great-circle kilometres, rounded up; zero at the same point.",
        ),
        "matrix": Record(
            {
                "places": Field(ListOf(ID), "Place ids in the order of rows and columns."),
                "seconds": Field(ListOf(ListOf(SECONDS)), "seconds[i][j]: from places[i] to places[j]."),
            },
            TravelMatrix,
            "Stated travel times, from a road engine or a published instance.",
        ),
    },
)
WEIGHTS = Record(
    {
        "travel_mc_per_s": Field(COST, "Price of a second of driving.", 1_700),
        "idle_mc_per_s": Field(COST, "Price of a second of waiting between leaving and being back.", 1_250),
        "overtime_mc_per_s": Field(COST, "Price of a second after the shift's end.", 1_875),
        "fairness_mc_per_s": Field(COST, "Price of a second of service above a nurse's fair_load_s.", 0),
    },
    Weights,
    "Prices in millicents: 1,000 are one cent.",
)
PHARMACY = Record(
    {
        "id": Field(ID, "Name of the pharmacy."),
        "place": Field(ID, "Its place."),
        "open": Field(ListOf(WINDOW), "A pickup or return begins inside one of these."),
        "handling_s": Field(SECONDS, "Seconds at the counter."),
    },
    Pharmacy,
)
MEAL_BREAK = Record(
    {
        "duration_s": Field(SECONDS, "Seconds of rest."),
        "earliest_s": Field(SECONDS, "Begins not before."),
        "latest_s": Field(SECONDS, "Begins not after."),
        "threshold_s": Field(SECONDS, "Due when the shift is longer than this.", 0),
    },
    MealBreak,
)
FREE = Record(
    {
        "place": Field(ID, "Where she is free."),
        "at_s": Field(SECONDS, "When she is free."),
        "on_duty_since_s": Field(SECONDS, "When her working day began."),
    },
    Free,
)
FROZEN = Record(
    {
        "kind": Field(Choice(get_args(StopKind)), "What kind of stop it is."),
        "ref": Field(Text(200), "Visit or pharmacy id, empty where none."),
        "begin_s": Field(SECONDS, "Begin."),
        "end_s": Field(SECONDS, "End, or when it is expected."),
    },
    FrozenStop,
)
NURSE = Record(
    {
        "id": Field(ID, "Name of the nurse."),
        "start_place": Field(ID, "Where her day begins."),
        "end_place": Field(ID, "Where it ends."),
        "shift": Field(WINDOW, "Leaves not before it begins; is back by its end, or later in overtime."),
        "overtime_limit_s": Field(SECONDS, "Most seconds of overtime.", 0),
        "max_duration_s": Field(OrNull(SECONDS), "Longest time from leaving to being back.", None),
        "meal_break": Field(OrNull(MEAL_BREAK), "Null when none is due.", None),
        "lock_box_units": Field(UNITS, "Units of controlled stock that her box holds.", 0),
        "stock_units": Field(UNITS, "Units in it at the start.", 0),
        "max_pickups": Field(Whole(most=1000), "How often she may collect stock.", 1),
        "free": Field(OrNull(FREE), "A running day: where and when she is free.", None),
        "frozen": Field(ListOf(FROZEN), "Done, driven to or in progress: shown, never planned again.", ()),
        "fair_load_s": Field(OrNull(SECONDS), "Seconds of service above which fairness is priced.", None),
    },
    Nurse,
)
VISIT = Record(
    {
        "id": Field(ID, "Name of the visit."),
        "place": Field(ID, "Where the patient is."),
        "windows": Field(ListOf(WINDOW), "The service begins inside one of these; ascending, disjoint."),
        "service_s": Field(SECONDS, "Seconds from begin to being ready to leave."),
        "penalty_mc": Field(
            COST, "Price of leaving it unassigned: its priority.", PENALTY_MC_BY_PRIORITY["routine"]
        ),
        "units": Field(UNITS, "Units of controlled stock; 0 for an uncontrolled visit.", 0),
        "ready_s": Field(
            OrNull(SECONDS), "Its stock cannot be collected before this second; null: at any time.", None
        ),
        "preferred_nurses": Field(ListOf(ID), "Nurses the patient knows.", ()),
        "continuity_mc": Field(COST, "Price of sending another than a preferred nurse.", 0),
        "preference_mc": Field(MapOf(COST), "Nurse id -> further price of sending her.", {}),
        "ineligible": Field(
            MapOf(ListOf(Text(200))), "Nurse id -> names of the rules against her. Others may go.", {}
        ),
    },
    Visit,
)
PIN = Record(
    {
        "visit": Field(ID, "The visit."),
        "nurse": Field(OrNull(ID), "Only this nurse.", None),
        "begin_s": Field(OrNull(SECONDS), "Only at this second.", None),
    },
    Pin,
)
DAY = Record(
    {
        "format": Field(Choice((FORMAT,)), "The version of this form."),
        "label": Field(Text(200), "What people call this day."),
        "origin": Field(
            OrNull(Text(40)), "The UTC instant of second 0 (ISO 8601), for people; never computed with.", None
        ),
        "horizon": Field(WINDOW, "Every window and shift lies in it."),
        "places": Field(ListOf(PLACE), "All points of the day."),
        "travel": Field(TRAVEL, "How long each drive takes."),
        "weights": Field(WEIGHTS, "Prices; policy.", None),
        "return_of_stock": Field(
            Choice(get_args(ReturnOfStock)),
            "Who goes back to a pharmacy by shift end: never; unopened (whoever has stock left); carried "
            "(whoever carried any).",
            "never",
        ),
        "pharmacies": Field(ListOf(PHARMACY), "Where controlled stock is collected and returned.", ()),
        "nurses": Field(ListOf(NURSE), "Who works."),
        "visits": Field(ListOf(VISIT), "What is to be done."),
        "double_visits": Field(
            ListOf(ListOf(ID, exactly=2)), "Pairs begun at the same second by two nurses.", ()
        ),
        "pins": Field(ListOf(PIN), "What a dispatcher fixed.", ()),
    },
    dict,
    "One area's day of home visits, to be planned.",
)


def read_day(text: str | bytes) -> Problem:
    """Read a day file.

    Raises
    ------
    ProblemInvalid
        With every fault: first those of the form, then (when there are none) those of the day itself.
    """
    return day_from_json(parse_json(text))


def day_from_json(document: Any) -> Problem:
    """Turn a parsed day file into a `Problem`; raises `ProblemInvalid` as `read_day` does."""
    faults = Faults()
    fields = DAY.read(document, "", faults)
    faults.raise_if_any()
    del fields["format"]
    return Problem(**fields)


def day_as_json(problem: Problem) -> dict[str, Any]:
    """Return the day file of a problem as plain JSON values."""
    model = "matrix" if isinstance(problem.travel, TravelMatrix) else "affine_great_circle"
    document = {"format": FORMAT} | {name: None for name in DAY.fields if name != "format"} | asdict(problem)
    document["travel"] = {"model": model} | document["travel"]
    return document


def write_day(problem: Problem) -> str:
    """Return the day file of a problem; `read_day` gives the problem back."""
    return json.dumps(day_as_json(problem), ensure_ascii=False, indent=1) + "\n"


def fingerprint(problem: Problem) -> str:
    """Return the SHA-256 of the canonical day file: a plan says which day it is a plan of."""
    text = json.dumps(day_as_json(problem), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def day_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of the day file."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:housecall:day:1",
        "title": "Housecall day file, version 1",
    } | DAY.schema()

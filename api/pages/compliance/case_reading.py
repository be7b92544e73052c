"""What the forms and filters of cases say, read or refused by field."""

from collections.abc import Collection
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import request

from api.days import day_from
from api.pages.reading import id_from_form
from dispatch.custody.cases.commands import AddStep
from dispatch.custody.cases.model import Category, StepKind
from dispatch.custody.cases.queries import STATUSES, Sought
from dispatch.kernel.local_time import instant
from dispatch.kernel.refusals import Invalid, refuse

LONGEST_WORD = 60


def sought_from_address(area_ids: dict[str, UUID]) -> Sought:
    """Read the filters of the list; a word that is none of a list's narrows nothing."""
    return Sought(
        area_id=area_ids.get(request.args.get("area", "")),
        status=_one_of("status", STATUSES) or "open",
        category=_one_of("kind", [each.value for each in Category]),
        holder=request.args.get("holder", "").strip()[:LONGEST_WORD],
        product=request.args.get("drug", "").strip()[:LONGEST_WORD],
        site=request.args.get("site", "").strip()[:LONGEST_WORD],
        since=_day("since"),
        until=_day("until"),
    )


def _one_of(name: str, known: Collection[str]) -> str:
    word = request.args.get(name, "")
    return word if word in known else ""


def _day(name: str) -> date | None:
    text = request.args.get(name, "")
    return day_from(text) if text else None


def step_from_form(case_id: UUID, zone: ZoneInfo) -> AddStep:
    """Read a step; a factor's answer comes in two fields."""
    form = request.form
    try:
        kind = StepKind(form.get("kind", ""))
    except ValueError:
        raise refuse(Invalid, "unknown_step", "There is no such step.", field="kind") from None
    code = form.get("code", "")[:LONGEST_WORD]
    if kind is StepKind.FACTOR:
        code = f"{code}:{form.get('answer', '')[:LONGEST_WORD]}"
    seen = form.get("seen", "")
    return AddStep(
        case_id=case_id,
        kind=kind,
        code=code,
        text=form.get("text", ""),
        happened_at=moment_from_form("happened_at", zone),
        person_id=id_from_form("person_id") if kind is StepKind.ASSIGNED else None,
        seen=int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 7 else None,
    )


def moment_from_form(name: str, zone: ZoneInfo) -> datetime | None:
    """Read a local day and time as a browser sends it; None when it was left empty.

    Raises
    ------
    Invalid
        ``moment_not_valid``, or why the zone's clocks never show that reading.
    """
    text = request.form.get(name, "").strip()
    if not text:
        return None
    try:
        local = datetime.fromisoformat(text)
        if local.tzinfo is not None or not 2000 <= local.year <= 2100:
            raise ValueError
    except ValueError:
        raise refuse(
            Invalid, "moment_not_valid", "A moment is written as 2026-11-23T10:20.", field=name,
            way_out="Choose day and time.",
        ) from None  # fmt: skip
    # In the hour that the clocks show twice, the first is meant: it is the earlier signal.
    return instant(local.date(), local.time(), zone, fold=0, field=name)

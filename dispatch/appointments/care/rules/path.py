"""What a booking of the care path needs besides clearance and order: spacing, hours, the adult."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dispatch.appointments.care.model import FastingReport, Requirement, ResponsibleAdult
from dispatch.appointments.care.rules.fasting import fasting_requirements, solids_minutes
from dispatch.appointments.model import Window
from dispatch.clearance.model import RuleClass
from dispatch.kernel.refusals import Reason


def blocking(reasons: Sequence[Reason]) -> tuple[Requirement, ...]:
    """Return reasons of another chapter as requirements that nobody signs over here."""
    return tuple(Requirement(rule_class=RuleClass.BLOCK, reason=reason) for reason in reasons)


def spacing_requirements(
    day: date, other_days: Collection[date], policy: Mapping[str, int]
) -> tuple[Requirement, ...]:
    """Return what the patient's other controlled visits say against a day (C11: at most 3 in 7 days)."""
    return tuple(_spacing(day, other_days, policy))


def _spacing(day: date, other_days: Collection[date], policy: Mapping[str, int]) -> Iterator[Requirement]:
    within = timedelta(days=policy["within_days"] - 1)
    days = sorted([*other_days, day])
    first_days = [start for start in days if start <= day <= start + within]
    busiest = max(sum(start <= each <= start + within for each in days) for start in first_days)
    if busiest > policy["most"]:
        yield _requirement(
            RuleClass.BLOCK,
            "too_many_in_days",
            f"More than {policy['most']} such visits in {policy['within_days']} days.",
            "Choose a later day.",
            "day",
        )
    if any(abs((each - day).days) < policy["least_days_apart"] for each in other_days):
        yield _requirement(
            RuleClass.BLOCK,
            "too_close",
            f"Two such visits are {policy['least_days_apart']} days apart at least.",
            "Choose another day.",
            "day",
        )


def late_requirements(
    day: date, windows: Sequence[Window], policy: Mapping[str, int], zone: ZoneInfo
) -> tuple[Requirement, ...]:
    """Return the warning against a begin late in the day (C19)."""
    minute = policy["warn_after_minute"]
    late = datetime.combine(day, time.min) + timedelta(minutes=minute)
    if not any(window.begins_at > late.replace(tzinfo=zone) for window in windows):
        return ()
    text = f"It begins after {late:%H:%M}."
    way_out = "Choose an earlier time, or acknowledge it."
    return (_requirement(RuleClass.WARN, "late_start", text, way_out),)


def adult_requirements(adult: ResponsibleAdult | None) -> tuple[Requirement, ...]:
    """Return what is missing of the responsible adult (B25, C03); a blank is missing."""
    if adult is None:
        text = "No responsible adult is named who is there from beginning to end."
        way_out = "The patient names one, on her page or by telephone."
        return (_requirement(RuleClass.REQUIRED, "responsible_adult_missing", text, way_out, "adult"),)
    asked = (
        (
            "responsible_adult_under_age",
            adult.of_age,
            "The responsible adult is not known to be 18 or older.",
        ),
        ("responsible_adult_cannot_drive", adult.can_drive, "The responsible adult is not known to drive."),
        (
            "responsible_adult_not_chosen",
            adult.chosen_by_patient,
            "It is not known that the patient herself chose the responsible adult.",
        ),
    )
    return tuple(
        _requirement(RuleClass.REQUIRED, code, text, "The patient names another one, or answers it.", "adult")
        for code, said, text in asked
        if said is not True
    )


def fasting_of_day(
    report: FastingReport | None, windows: Sequence[Window], now: datetime, policy: Mapping[str, int]
) -> tuple[Requirement, ...]:
    """Return what fasting says against a booking.

    A visit far enough ahead needs no report: the patient is told in time. Sooner than a full fast from now
    it does, and a blank one blocks (B13, B16, B17).
    """
    if not windows:
        return ()
    begins_at = min(window.begins_at for window in windows)
    if report is not None:
        return fasting_requirements(report, begins_at, policy)
    if begins_at - now >= timedelta(minutes=solids_minutes(policy)):
        return ()
    text = "It is not known when the patient last ate and drank."
    way_out = "Ask her, and enter both times."
    return (_requirement(RuleClass.REQUIRED, "fasting_unknown", text, way_out, "fasting"),)


def order_requirements(
    draft_ref: str | None, draft_ug: int | None, order_ref: str, order_ug: int
) -> tuple[Requirement, ...]:
    """Return where a booking names another order or dose than the one in force (B04, D06)."""
    found = []
    if draft_ref is not None and draft_ref != order_ref:
        text = "Another order is in force."
        found.append(("order_differs", text, "dose_order_ref"))
    if draft_ug is not None and draft_ug != order_ug:
        text = "The order in force names another dose."
        found.append(("dose_differs", text, "dose_mg"))
    way_out = "Leave it out: the order in force is taken."
    return tuple(_requirement(RuleClass.BLOCK, code, text, way_out, field) for code, text, field in found)


def still_missing(
    found: Sequence[Requirement], signed: Collection[str], acknowledged: Collection[str]
) -> tuple[tuple[Requirement, ...], tuple[str, ...]]:
    """Split requirements into what is in the way and the codes of what was signed or acknowledged.

    Only class OVERRIDE can be signed over, only class WARN acknowledged.
    """
    missing: list[Requirement] = []
    passed: list[str] = []
    seen: set[tuple[str, str]] = set()
    for each in found:
        code = each.reason.code
        if (code, each.reason.field) in seen:
            continue
        seen.add((code, each.reason.field))
        allowed = {RuleClass.OVERRIDE: signed, RuleClass.WARN: acknowledged}.get(each.rule_class, ())
        if code in allowed:
            passed.append(code)
        else:
            missing.append(each)
    return tuple(missing), tuple(passed)


def _requirement(
    rule_class: RuleClass, code: str, text: str, way_out: str, field: str = "windows"
) -> Requirement:
    return Requirement(
        rule_class=rule_class, reason=Reason(code=code, text=text, field=field, way_out=way_out)
    )

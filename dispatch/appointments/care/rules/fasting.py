"""Fasting arithmetic: from when may a visit begin, after what was eaten and drunk (B16, B17, C17)."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from dispatch.appointments.care.model import EarliestBegin, FastingReport, Requirement
from dispatch.clearance.model import RuleClass
from dispatch.kernel.refusals import Reason

# Nobody may sign a policy below these (care-rules.md section 2: 4-8 hours, 2-4 hours).
LEAST_SOLIDS_MINUTES, LEAST_CLEAR_MINUTES = 240, 120


def solids_minutes(policy: Mapping[str, int]) -> int:
    """Return the fast after solid food, milk, pulp and soup."""
    return max(policy["solids_minutes"], LEAST_SOLIDS_MINUTES)


def clear_minutes(policy: Mapping[str, int]) -> int:
    """Return the fast after clear drinks."""
    return max(policy["clear_minutes"], LEAST_CLEAR_MINUTES)


def last_meal_at(report: FastingReport) -> datetime:
    """Return when the last solid food was eaten; a fatty meal is one."""
    if report.last_fatty_at is None:
        return report.last_solids_at
    return max(report.last_solids_at, report.last_fatty_at)


def fasting_requirements(
    report: FastingReport, begins_at: datetime, policy: Mapping[str, int]
) -> tuple[Requirement, ...]:
    """Return what stands against beginning at an instant.

    Less than four hours after solid food blocks, less than six a prescriber may sign over, less than eight
    after a fatty meal is a warning; less than two after a clear drink blocks. At the full time nothing does.
    """
    return tuple(_found(report, begins_at, policy))


def _found(report: FastingReport, begins_at: datetime, policy: Mapping[str, int]) -> Iterator[Requirement]:
    after_meal = begins_at - last_meal_at(report)
    override = timedelta(minutes=max(policy["solids_override_minutes"], LEAST_SOLIDS_MINUTES))
    hours = solids_minutes(policy) / 60
    if after_meal < override:
        yield _requirement(
            RuleClass.BLOCK,
            "fasting_solids",
            f"Solid food, milk, soup or pulp less than {override.seconds // 3600} hours before.",
            f"Choose a time {hours:g} hours after it.",
        )
    elif after_meal < timedelta(minutes=solids_minutes(policy)):
        yield _requirement(
            RuleClass.OVERRIDE,
            "fasting_solids_short",
            f"Solid food, milk, soup or pulp less than {hours:g} hours before.",
            f"Choose a time {hours:g} hours after it, or a prescriber signs over it.",
        )
    fatty = timedelta(minutes=policy["fatty_minutes"])
    if report.last_fatty_at is not None and begins_at - report.last_fatty_at < fatty:
        yield _requirement(
            RuleClass.WARN,
            "fasting_fatty",
            f"A fried or fatty meal less than {policy['fatty_minutes'] / 60:g} hours before.",
            "Choose a later time, or acknowledge it.",
        )
    if begins_at - report.last_clear_at < timedelta(minutes=clear_minutes(policy)):
        yield _requirement(
            RuleClass.BLOCK,
            "fasting_clear",
            f"A clear drink less than {clear_minutes(policy) / 60:g} hours before.",
            "Choose a later time.",
        )


def earliest_begin(
    report: FastingReport, cleared_at: datetime | None, minutes: int, policy: Mapping[str, int]
) -> EarliestBegin:
    """Return the soonest begin that needs nobody's signature.

    Parameters
    ----------
    cleared_at
        When the prescriber cleared the patient; None where that is long ago.
    minutes
        How long the visit takes.
    """
    because = {
        "solids": last_meal_at(report) + timedelta(minutes=solids_minutes(policy)),
        "clear": report.last_clear_at + timedelta(minutes=clear_minutes(policy)),
    }
    if cleared_at is not None:
        because["cleared"] = cleared_at
    at = max(because.values())
    if report.last_fatty_at is not None:
        because["fatty"] = report.last_fatty_at + timedelta(minutes=policy["fatty_minutes"])
    return EarliestBegin(at=at, over_at=at + timedelta(minutes=minutes), because=because)


def eat_until(begins_at: datetime, policy: Mapping[str, int]) -> Mapping[str, datetime]:
    """Return until when a patient may eat and drink before a visit that may begin at an instant."""
    return {
        "fatty": begins_at - timedelta(minutes=policy["fatty_minutes"]),
        "solids": begins_at - timedelta(minutes=solids_minutes(policy)),
        "clear": begins_at - timedelta(minutes=clear_minutes(policy)),
    }


def _requirement(rule_class: RuleClass, code: str, text: str, way_out: str) -> Requirement:
    return Requirement(
        rule_class=rule_class, reason=Reason(code=code, text=text, field="windows", way_out=way_out)
    )

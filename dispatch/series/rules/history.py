"""What earlier esketamine treatment came to, as told at intake: read only, never ordered (C04, C05).

The label: twice a week in weeks 1 to 4, weekly in weeks 5 to 8, then every one or two weeks. One of the
seed documents has one week more at the weekly step; the label's count is taken.
"""

from dataclasses import dataclass
from datetime import date

TWICE_UNTIL_WEEK = 4
WEEKLY_UNTIL_WEEK = 8


@dataclass(frozen=True, kw_only=True)
class PastCourse:
    """How far a course got by its label: the step it ended in, and doses it would have had."""

    weeks: int
    step: str
    least_doses: int
    most_doses: int


def past_course(begun: date, ended: date) -> PastCourse:
    """Return what a course between two days came to; ValueError when it ended before it began."""
    if ended < begun:
        raise ValueError("a treatment does not end before it begins")
    weeks = (ended - begun).days // 7 + 1
    doses = 2 * min(weeks, TWICE_UNTIL_WEEK)
    doses += max(0, min(weeks, WEEKLY_UNTIL_WEEK) - TWICE_UNTIL_WEEK)
    after = max(0, weeks - WEEKLY_UNTIL_WEEK)
    step = "twice_a_week" if weeks <= TWICE_UNTIL_WEEK else "weekly" if not after else "maintenance"
    return PastCourse(weeks=weeks, step=step, least_doses=doses + (after + 1) // 2, most_doses=doses + after)

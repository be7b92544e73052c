"""What earlier esketamine treatment came to, as told at intake: read only, never ordered (C04, C05).

The label: twice a week in weeks 1 to 4, weekly in weeks 5 to 8, then every one or two weeks. One of the
seed documents has one week more at the weekly step; the label's count is taken.
"""

import re
from dataclasses import dataclass
from datetime import date

ISO_DAY = re.compile(r"\b[0-9]{4}-[0-9]{2}-[0-9]{2}\b", re.ASCII)
TWICE_UNTIL_WEEK = 4
WEEKLY_UNTIL_WEEK = 8


@dataclass(frozen=True, kw_only=True)
class PastCourse:
    """How far a course got by its label: the step it ended in, and doses it would have had."""

    weeks: int
    step: str
    least_doses: int
    most_doses: int


def course_told(words: str) -> PastCourse | None:
    """Return the course that somebody's words tell of by two days, None where they name no two."""
    days = []
    for text in ISO_DAY.findall(words):
        try:
            days.append(date.fromisoformat(text))
        except ValueError:  # a slip such as the 31st of June: nobody guesses what was meant
            return None
    if len(days) != len(("begun", "ended")) or days[1] < days[0]:
        return None
    return past_course(*days)


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

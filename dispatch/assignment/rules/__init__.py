"""Who may go where, and what it costs in goodwill."""

from dispatch.assignment.rules.eligibility import DayJudge, eligibility_of_day, reasons_against
from dispatch.assignment.rules.preferences import preference_cost, preferences
from dispatch.assignment.rules.times import may_begin

__all__ = [
    "DayJudge",
    "eligibility_of_day",
    "may_begin",
    "preference_cost",
    "preferences",
    "reasons_against",
]

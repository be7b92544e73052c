"""Everything that is done around a visit by and for the patient."""

from dispatch.appointments.care.service.gate import link_to_series
from dispatch.appointments.care.service.linking import link_of_patient, link_to_pages, tell_of_link
from dispatch.appointments.care.service.overriding import (
    OVERRIDABLE,
    StandingOverride,
    sign_booking_override,
    standing_overrides,
)
from dispatch.appointments.care.service.reminders import fasting_times, queue_after_visit, tell_late
from dispatch.appointments.care.service.telling import (
    answer_wish,
    give_feedback,
    leave_task,
    name_adult,
    wish,
)

__all__ = [
    "OVERRIDABLE",
    "StandingOverride",
    "answer_wish",
    "fasting_times",
    "give_feedback",
    "leave_task",
    "link_of_patient",
    "link_to_pages",
    "link_to_series",
    "name_adult",
    "queue_after_visit",
    "sign_booking_override",
    "standing_overrides",
    "tell_late",
    "tell_of_link",
    "wish",
]

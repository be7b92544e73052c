"""What the other chapters and the web floor ask of the safety clocks.

`reachability` keeps an infusion from being started; `on_call_prescriber` says whom to call; `due_checks` and
`act_on` are the watch's own two halves.
"""

from dispatch.visits.safety.service.answering import (
    answer_alarm,
    answer_patient_check,
    check_in,
    raise_panic,
)
from dispatch.visits.safety.service.on_call import (
    confirm_reachable,
    enter_duty,
    on_call_for,
    on_call_prescriber,
    reachability,
    supervision_mode,
    withdraw_duty,
)
from dispatch.visits.safety.service.returning import unassign_at_once
from dispatch.visits.safety.service.watching import act_on, due_checks, lateness, note_look

__all__ = [
    "act_on",
    "answer_alarm",
    "answer_patient_check",
    "check_in",
    "confirm_reachable",
    "due_checks",
    "enter_duty",
    "lateness",
    "note_look",
    "on_call_for",
    "on_call_prescriber",
    "raise_panic",
    "reachability",
    "supervision_mode",
    "unassign_at_once",
    "withdraw_duty",
]

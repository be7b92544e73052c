"""Everything that is done to nurses, their licences and shifts. `save_*` are for the import."""

from dispatch.workforce.service.boards import nurse_changed
from dispatch.workforce.service.law import enter_state_rule, state_rules, verify_state_rule
from dispatch.workforce.service.licences import (
    enter_licence,
    reinstate_licence,
    save_licence,
    set_licence_status,
    suspend_licence,
)
from dispatch.workforce.service.nurses import (
    add_nurse,
    change_nurse,
    move_residence,
    nurse_by_code,
    nurse_by_id,
    save_nurse,
    save_residence,
)
from dispatch.workforce.service.proofs import (
    enter_authorisation,
    enter_competency,
    save_authorisation,
    save_competency,
)
from dispatch.workforce.service.shifts import add_shift, change_shift, remove_shift, save_shift

__all__ = [
    "add_nurse",
    "add_shift",
    "change_nurse",
    "change_shift",
    "enter_authorisation",
    "enter_competency",
    "enter_licence",
    "enter_state_rule",
    "move_residence",
    "nurse_by_code",
    "nurse_by_id",
    "nurse_changed",
    "reinstate_licence",
    "remove_shift",
    "save_authorisation",
    "save_competency",
    "save_licence",
    "save_nurse",
    "save_residence",
    "save_shift",
    "set_licence_status",
    "state_rules",
    "suspend_licence",
    "verify_state_rule",
]

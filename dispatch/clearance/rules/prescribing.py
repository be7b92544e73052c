"""Who may order: licence of the patient's state, DEA registration, specialty (care-rules.md A01, B31)."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from dispatch.clearance.model import Licence, Prescriber, PrescriberDraft, PrescriberKind
from dispatch.clearance.sentences import reason
from dispatch.kernel.refusals import Reason

DEA_LETTERS = 2
DEA_DIGITS = 7
# Who registers how: practitioners, and mid-level practitioners (21 CFR 1301.13).
PRACTITIONERS, MID_LEVEL = frozenset("ABFG"), frozenset("M")
PHYSICIANS = frozenset({PrescriberKind.MD, PrescriberKind.DO})
STATE_LETTERS = 2
LONGEST_NUMBER = 40


def dea_check_digit(digits: str) -> int:
    """Return the seventh digit of a DEA number, by its first six: odd places once, even places twice."""
    values = [int(each) for each in digits[:6]]
    return (sum(values[0::2]) + 2 * sum(values[1::2])) % 10


def dea_number_fault(number: str, kind: PrescriberKind) -> str | None:
    """Return the name of what is wrong with a DEA number, None when nothing is."""
    letters, digits = number[:DEA_LETTERS], number[DEA_LETTERS:]
    plain = letters.isascii() and letters[:1].isalpha() and letters[1:].isalnum() and letters.isupper()
    if not plain or not (digits.isascii() and digits.isdigit() and len(digits) == DEA_DIGITS):
        return "dea_number_malformed"
    if letters[0] not in (PRACTITIONERS if kind in PHYSICIANS else MID_LEVEL):
        return "dea_number_of_another_kind"
    return None if dea_check_digit(digits) == int(digits[-1]) else "dea_number_check_digit"


def draft_faults(draft: PrescriberDraft, policy: Mapping[str, Any]) -> list[Reason]:
    """Return what keeps a prescriber from being entered as drafted."""
    found = []
    if draft.kind not in policy["kinds"]:
        found.append(reason("kind_may_not_prescribe", "kind"))
    if fault := dea_number_fault(draft.dea_number, draft.kind):
        found.append(reason(fault, "dea_number"))
    return found


def licence_faults(licence: Licence, states: frozenset[str]) -> list[Reason]:
    """Return what keeps a licence from being entered."""
    found = []
    if licence.state not in states:
        found.append(reason("no_such_state", "state"))
    if not licence.number.strip() or len(licence.number) > LONGEST_NUMBER:
        found.append(reason("licence_number_missing", "number"))
    if licence.valid_from > licence.expires_on:
        found.append(reason("licence_ends_before_it_begins", "expires_on"))
    return found


def may_order(prescriber: Prescriber | None, state: str, day: date) -> tuple[Reason, ...]:
    """Return everything that keeps somebody from ordering for a patient of `state` on `day`.

    Licences and the DEA registration count to their last day, that day included (21 CFR 1306.03).
    """
    if prescriber is None:
        return (reason("not_a_prescriber"),)
    found = []
    if not prescriber.draft.active:
        found.append(reason("prescriber_inactive"))
    if not any(licence_in_force(each, state, day) for each in prescriber.licences):
        found.append(reason("prescriber_not_licensed_in_state"))
    if prescriber.draft.dea_expires_on < day:
        found.append(reason("dea_registration_expired"))
    return tuple(found)


def licence_in_force(licence: Licence, state: str, day: date) -> bool:
    """Tell whether a licence is of that state, active, and in force on that day."""
    return licence.active and licence.state == state and licence.valid_from <= day <= licence.expires_on


def warnings_of(prescriber: Prescriber, policy: Mapping[str, Any]) -> tuple[Reason, ...]:
    """Return what must be known of a prescriber although it blocks nothing (B31)."""
    listed = prescriber.draft.specialty in policy["specialties"]
    return () if listed or prescriber.approved else (reason("specialty_not_approved"),)

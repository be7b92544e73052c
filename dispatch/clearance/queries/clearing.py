"""Whether a patient is cleared, whether a prescriber may order, whether a review is valid."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from dispatch.areas.service import areas, policy, zone_of
from dispatch.clearance.gathering import review_of
from dispatch.clearance.judged import judge
from dispatch.clearance.loading import newest_decision, open_hold, place_of, prescriber_of
from dispatch.clearance.model import Clearance, ClearanceStatus, Decision, RuleClass
from dispatch.clearance.records import DecisionRow
from dispatch.clearance.rules.deciding import BLOCKING, clearance_ends
from dispatch.clearance.rules.prescribing import may_order, warnings_of
from dispatch.clearance.sentences import reason
from dispatch.intake.model import CaseState
from dispatch.intake.queries import case_of_patient, medication_list
from dispatch.kernel.local_time import local_day
from dispatch.kernel.refusals import Reason

# What a decision other than "candidate" makes of a case, and the sentence that says so.
DECIDED = {
    Decision.NOT_CANDIDATE: (ClearanceStatus.DECLINED, "declined"),
    Decision.NEEDS_PRIOR_TREATMENT: (ClearanceStatus.NEEDS_PRIOR_TREATMENT, "needs_prior_treatment"),
    Decision.MORE_INFO: (ClearanceStatus.MORE_INFO, "more_info"),
}
NOT_DECIDED = (ClearanceStatus.UNDECIDED, "undecided")


def clearance_of(session: Session, patient_id: UUID, at: datetime) -> Clearance:
    """Judge whether a patient is cleared at `at`, which may lie ahead: an appointment's time.

    Nothing is remembered: a decision counts, and every rule is judged anew by the facts as they stand.
    A referral clears nobody (care-rules A04). No case, no clearance.
    """
    case = case_of_patient(session, patient_id)
    if case is None:
        return Clearance(
            status=ClearanceStatus.UNDECIDED, case_id=None, expires_at=None, unmet=(reason("no_case"),)
        )
    return clearance_of_case(session, case.case_id, at)


def clearance_of_case(session: Session, case_id: UUID, at: datetime) -> Clearance:
    """Judge whether a case is cleared at `at`; see `clearance_of`."""
    place = place_of(session, case_id, at)
    decision = newest_decision(session, case_id)
    held = place.case.state is CaseState.ON_HOLD or open_hold(session, case_id) is not None
    maintenance = CaseState.MAINTENANCE in (place.case.state, place.case.held_from)
    ends = _ends(decision, place.policies["clearance.expiry"], maintenance)
    verdict = judge(session, place, at).verdict
    standing = verdict.standing(*BLOCKING)
    said: list[tuple[ClearanceStatus, str]] = []
    if decision is None or decision.decision != Decision.CANDIDATE:
        said.append(DECIDED[Decision(decision.decision)] if decision else NOT_DECIDED)
    if held:
        said.append((ClearanceStatus.ON_HOLD, "case_on_hold"))
    if ends is not None and at >= ends:
        said.append((ClearanceStatus.EXPIRED, "clearance_expired"))
    unmet = (*(reason(code) for _status, code in said), *(each.reason() for each in standing))
    status = said[0][0] if said else ClearanceStatus.BLOCKED if standing else ClearanceStatus.CLEARED
    return Clearance(
        status=status,
        case_id=case_id,
        expires_at=ends,
        unmet=unmet,
        warnings=tuple(each.reason() for each in verdict.standing(RuleClass.WARN)),
        policies=place.policies,
    )


def _ends(decision: DecisionRow | None, value: Mapping[str, Any], maintenance: bool) -> datetime | None:
    """Return when the clearance ends: as it was decided, sooner where maintenance wants it sooner (B06)."""
    if decision is None or decision.expires_at is None:
        return None
    if not maintenance:
        return decision.expires_at
    return min(decision.expires_at, clearance_ends(decision.at, value, maintenance=True))


def prescriber_may_order(session: Session, account_id: UUID, state: str, at: datetime) -> tuple[Reason, ...]:
    """Return everything that keeps somebody from ordering for a patient of `state`; empty when nothing.

    The day is that of the service areas; where they lie in several zones, both days have to be covered.
    """
    prescriber = prescriber_of(session, account_id)
    days = {local_day(at, zone_of(area)) for area in areas(session)} or {at.date()}
    found = (each for day in sorted(days) for each in may_order(prescriber, state, day))
    return tuple({each.code: each for each in found}.values())


def prescriber_warnings(session: Session, account_id: UUID) -> tuple[Reason, ...]:
    """Return what must be known of a prescriber although it blocks nothing (B31)."""
    found = prescriber_of(session, account_id)
    return () if found is None else warnings_of(found, policy(session, "clearance.prescribers"))


def medication_review_valid(session: Session, patient_id: UUID, at: datetime) -> bool:
    """Tell whether a prescriber had, by `at`, reviewed the medication list exactly as it stands (B28).

    A review does not age: it is valid for one list, and never for a changed one.
    """
    case = case_of_patient(session, patient_id)
    if case is None:
        return False
    return bool(review_of(session, case.case_id, medication_list(session, case.case_id).digest, at))

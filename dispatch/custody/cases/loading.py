"""Read cases: openings, steps, the policy in force, and in which state's law they stand."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.areas.records import PharmacyRow, ServiceAreaRow
from dispatch.areas.service import policy, policy_by_time, zone_of
from dispatch.custody.cases.model import REPORTABLE, Case, CasePolicy, Opening, Step, StepKind
from dispatch.custody.cases.records import CaseStepRow
from dispatch.custody.cases.rules.clocks import PolicyUnreadable, policy_from
from dispatch.custody.cases.rules.folding import folded
from dispatch.custody.cases.sentences import reason
from dispatch.custody.records import ContainerRow, CountRow, DiscrepancyRow, EventRow, SignatureRow
from dispatch.identity.records import AccountRow
from dispatch.kernel.refusals import Conflict, NotFound

POLICY = "custody.cases"
TWO_YEARS = timedelta(days=731)


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a case stands: the area with its zone, the stock point and so the state, the policy in force."""

    area: ServiceAreaRow
    zone: ZoneInfo
    pharmacy: PharmacyRow | None
    policy: CasePolicy
    # By which the case's clocks run: what was in force when it was discovered. No later signature moves them.
    policy_then: CasePolicy

    @property
    def state(self) -> str:
        """The registrant's state at the stock point; empty where the area has none."""
        return self.pharmacy.state if self.pharmacy else ""


def opening_of(row: DiscrepancyRow) -> Opening:
    """Return a discrepancy as the opening of its case."""
    return Opening(
        case_id=row.id,
        area_id=row.area_id,
        kind=row.kind,
        container_id=row.container_id,
        event_id=row.event_id,
        count_id=row.count_id,
        discovered_at=row.discovered_at,
        discovered_by=row.discovered_by,
        expected_ug=row.expected_ug,
        found_ug=row.found_ug,
        detail=row.detail,
    )


def step_of(row: CaseStepRow, with_text: bool) -> Step:
    """Return a step; its text stays sealed unless it is wanted."""
    return Step(
        step_id=row.id,
        sequence=row.sequence,
        kind=StepKind(row.kind),
        at=row.at,
        account_id=row.account_id,
        code=row.code,
        text=(row.text or "") if with_text else "",
        happened_at=row.happened_at,
        person_id=row.person_id,
        event_id=row.event_id,
        signal_id=row.signal_id,
        attachment_id=row.attachment_id,
    )


def steps_of(session: Session, case_ids: Collection[UUID], with_text: bool) -> Mapping[UUID, list[Step]]:
    """Return the steps of several cases, each case's in their order."""
    found: dict[UUID, list[Step]] = defaultdict(list)
    asked = select(CaseStepRow).where(CaseStepRow.case_id.in_(case_ids)).order_by(CaseStepRow.sequence)
    for row in session.scalars(asked):
        found[row.case_id].append(step_of(row, with_text))
    return found


def case_of(session: Session, case_id: UUID) -> Case:
    """Return a case with its texts; the id of a signal that joined a case leads to that case.

    Raises
    ------
    NotFound
        ``no_such_case``.
    """
    owner = session.scalar(select(CaseStepRow.case_id).where(CaseStepRow.signal_id == case_id))
    row = session.get(DiscrepancyRow, owner or case_id)
    if row is None:
        raise NotFound([reason("no_such_case")])
    return folded(opening_of(row), steps_of(session, [row.id], with_text=True)[row.id])


def locked_case(session: Session, case_id: UUID) -> Case:
    """Return a case for a step to be added; its vial is locked, so that no event comes between.

    A case without a vial gets no signals; two people who add to it at once are told by the step's number.
    """
    case = case_of(session, case_id)
    if case.opening.container_id is None:
        return case
    lock = select(ContainerRow.id).where(ContainerRow.id == case.opening.container_id).with_for_update()
    session.execute(lock)
    return case_of(session, case.case_id)


def place_of(session: Session, opening: Opening) -> Place:
    """Return where a case stands."""
    area = session.get_one(ServiceAreaRow, opening.area_id)
    return Place(
        area=area,
        zone=zone_of(area),
        pharmacy=_pharmacy_of(session, opening),
        policy=case_policy(session, opening.area_id),
        policy_then=case_policies(session, opening.area_id)(opening.discovered_at),
    )


def case_policy(session: Session, area_id: UUID) -> CasePolicy:
    """Return the signed policy of cases, or refuse where nobody can read it."""
    return _read(policy(session, POLICY, area_id))


def case_policies(session: Session, area_id: UUID) -> Callable[[datetime], CasePolicy]:
    """Return what tells the policy of cases that was in force at an instant."""
    value_at = policy_by_time(session, POLICY, area_id)
    return lambda at: _read(value_at(at))


def _read(value: Mapping[str, Any]) -> CasePolicy:
    try:
        return policy_from(value)
    except PolicyUnreadable as wrong:
        raise Conflict([reason("policy_unreadable", POLICY, wrong=str(wrong)[:200])]) from None


def _pharmacy_of(session: Session, opening: Opening) -> PharmacyRow | None:
    """The vial's stock point, else the one that was counted, else the area's first."""
    if opening.container_id is not None:
        container = session.get_one(ContainerRow, opening.container_id)
        return session.get_one(PharmacyRow, container.pharmacy_id)
    kind, _, key = str(opening.detail.get("holder", "")).partition(":")
    if kind == "pharmacy":
        return session.get(PharmacyRow, UUID(key))
    of_area = select(PharmacyRow).where(PharmacyRow.area_id == opening.area_id)
    return session.scalars(of_area.order_by(PharmacyRow.code).limit(1)).first()


def parties_of(session: Session, opening: Opening) -> frozenset[str]:
    """Return the persons who acted or witnessed on the vial, or counted; reconciling is no such deed."""
    if opening.container_id is not None:
        signed = (
            select(SignatureRow.person_ref)
            .join(EventRow, EventRow.id == SignatureRow.event_id)
            .where(EventRow.container_id == opening.container_id, EventRow.kind != "reconciled")
        )
        return frozenset(session.scalars(signed))
    counted = (
        select(AccountRow.person_ref)
        .join(CountRow, CountRow.account_id == AccountRow.id)
        .where(CountRow.id == opening.count_id)
    )
    return frozenset(session.scalars(counted))


def reported_before(session: Session, case: Case) -> list[Case]:
    """Return the area's other cases of the 24 months before, that are classified as theft or loss."""
    until = case.opening.discovered_at
    rows = session.scalars(
        select(DiscrepancyRow).where(
            DiscrepancyRow.area_id == case.opening.area_id,
            DiscrepancyRow.id != case.case_id,
            DiscrepancyRow.discovered_at >= until - TWO_YEARS,
            DiscrepancyRow.discovered_at <= until,
        )
    ).all()
    steps = steps_of(session, [row.id for row in rows], with_text=False)
    cases = [folded(opening_of(row), steps.get(row.id, [])) for row in rows]
    return [each for each in cases if each.classification in REPORTABLE]

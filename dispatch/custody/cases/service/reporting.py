"""A person opens a case: a nurse, a pharmacist or a compliance officer who noticed something."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.areas.records import ServiceAreaRow
from dispatch.custody.cases.commands import OpenCase
from dispatch.custody.cases.model import REPORTED_KINDS, StepKind
from dispatch.custody.cases.opening import take_up
from dispatch.custody.cases.rules.deciding import LEAST_REASON, discovery_is_plausible, text_fits
from dispatch.custody.cases.sentences import reason
from dispatch.custody.cases.writing import write_step
from dispatch.custody.records import ContainerRow, DiscrepancyRow
from dispatch.kernel.actor import Actor, Role
from dispatch.kernel.clock import Clock
from dispatch.kernel.ids import new_id
from dispatch.kernel.refusals import Invalid, NotFound, refuse
from dispatch.workforce.records import NurseRow

REPORTERS = (Role.NURSE, Role.PHARMACIST, Role.COMPLIANCE)


def open_case(session: Session, command: OpenCase, actor: Actor, clock: Clock) -> UUID:
    """Open a case about a vial, or about none, and return its id.

    `discovered_at` is when it was first noticed: the clocks of 21 CFR 1301.76(b) start there, not when
    somebody found the time to enter it.

    Raises
    ------
    NotFound
        ``no_such_area``, ``no_such_vial``: a nurse reports in her own area.
    Invalid
        With everything that is wrong with the words.
    """
    actor.require(REPORTERS)
    now = clock.now()
    discovered_at, text = command.discovered_at or now, command.text.strip()
    container = _container(session, command, actor)
    wrong = discovery_is_plausible(discovered_at, now)
    if command.kind not in REPORTED_KINDS:
        wrong.append(
            reason(
                "unknown_word", "kind", word=command.kind[:60] or "nothing", known=", ".join(REPORTED_KINDS)
            )
        )
    if len(text) < LEAST_REASON:
        wrong.append(reason("reason_missing", "text"))
    wrong += text_fits(text)
    if wrong:
        raise Invalid(wrong)
    row = DiscrepancyRow(
        id=new_id(),
        area_id=command.area_id,
        kind=command.kind,
        container_id=container.id if container else None,
        event_id=None,
        count_id=None,
        discovered_at=discovered_at,
        discovered_by=actor.account_id,
        expected_ug=None,
        found_ug=None,
        detail={"reported": True},
    )
    session.add(row)
    case_id = take_up(session, row, actor, clock)
    write_step(session, case_id, StepKind.NOTE, actor, clock, text=text)
    return case_id


def _container(session: Session, command: OpenCase, actor: Actor) -> ContainerRow | None:
    area = session.get(ServiceAreaRow, command.area_id)
    if not actor.has(Role.PHARMACIST, Role.COMPLIANCE):
        mine = session.scalar(select(NurseRow.area_id).where(NurseRow.id == actor.nurse_id))
        area = area if area is not None and area.id == mine else None
    if area is None:
        raise refuse(NotFound, "no_such_area", "There is no service area of that name.", field="area")
    if not command.serial:
        return None
    row = session.scalar(
        select(ContainerRow)
        .where(ContainerRow.serial == command.serial, ContainerRow.area_id == area.id)
        .with_for_update(of=ContainerRow)
    )
    if row is None:
        raise refuse(NotFound, "no_such_vial", "The area has no vial of that number.", field="serial")
    return row

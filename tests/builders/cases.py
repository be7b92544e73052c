"""Discrepancy cases in the making: a scene's vial goes wrong, a compliance officer works on its case."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.custody import service
from dispatch.custody.cases.commands import AddStep, Attach
from dispatch.custody.cases.model import Case, Duty, Factor, Opening, Step, StepKind, Unit
from dispatch.custody.cases.service import add_step, attach
from dispatch.custody.model import EventKind
from dispatch.custody.records import DiscrepancyRow
from dispatch.kernel.ids import new_id
from tests.builders.custody import Scene, a_report, picked_up

FOUND_AT = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)


def a_duty(unit: Unit, count: int, **more: Any) -> Duty:
    """A duty of the federal law."""
    made: dict[str, Any] = {
        "code": "dea_notice", "state": "US", "name": "Written notice", "done_by": StepKind.NOTICE_SENT,
        "unit": unit, "count": count, "citation": "21 CFR 1301.76(b)",
    }  # fmt: skip
    return Duty(**(made | more))


def an_opening(**more: Any) -> Opening:
    """The opening of a case about a vial."""
    made: dict[str, Any] = {
        "case_id": new_id(), "area_id": new_id(), "kind": "over_draw", "container_id": new_id(),
        "event_id": None, "count_id": None, "discovered_at": FOUND_AT, "discovered_by": new_id(),
        "expected_ug": None, "found_ug": None, "detail": {},
    }  # fmt: skip
    return Opening(**(made | more))


def a_step(sequence: int, kind: StepKind, code: str = "", **more: Any) -> Step:
    """A step, so many minutes after the discovery."""
    made: dict[str, Any] = {
        "step_id": new_id(), "sequence": sequence, "kind": kind, "code": code,
        "at": FOUND_AT + timedelta(minutes=sequence), "account_id": new_id(),
    }  # fmt: skip
    return Step(**(made | more))


def the_case(session: Session) -> UUID:
    """The id of the only discrepancy."""
    session.flush()
    return session.scalars(select(DiscrepancyRow.id)).one()


def a_lost_vial(session: Session, **more: Any) -> tuple[Scene, UUID]:
    """A scene whose first vial was reported lost by its nurse, and the id of its case."""
    scene = picked_up(session, **more)
    service.report_exception(session, a_report(scene, EventKind.LOST), scene.nurse, scene.clock)
    return scene, the_case(session)


def step(session: Session, scene: Scene, case_id: UUID, kind: StepKind, code: str = "", **more: Any) -> Case:
    """The compliance officer adds a step, with a reason."""
    command = AddStep(case_id=case_id, kind=kind, code=code, **({"text": "Looked into it."} | more))
    return add_step(session, command, scene.compliance, scene.clock)


def all_factors(session: Session, scene: Scene, case_id: UUID) -> None:
    """The officer answers all six factors."""
    for factor in Factor:
        step(session, scene, case_id, StepKind.FACTOR, f"{factor.value}:does_not")


def resolved(session: Session, scene: Scene, case_id: UUID) -> Case:
    """The officer finds a charting error and ends the case."""
    step(session, scene, case_id, StepKind.CLASSIFIED, "charting_error")
    return step(session, scene, case_id, StepKind.RESOLVED, "record_corrected")


def an_attachment(
    session: Session, scene: Scene, case_id: UUID, content: bytes = b"a note", **more: Any
) -> Case:
    """The officer adds a document."""
    command = Attach(case_id=case_id, content=content, **({"name": "note.txt"} | more))
    return attach(session, command, scene.compliance, scene.clock)

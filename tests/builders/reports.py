"""A day of the ledger with something in every report."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from dispatch.custody import service
from dispatch.custody.model import EventKind
from dispatch.custody.reports.model import Question, Sources, VisitPatient, bound_after
from dispatch.kernel.ids import new_id
from tests.builders.custody import (
    MG,
    MONDAY,
    Scene,
    a_count,
    a_dose,
    a_draw,
    a_pickup,
    a_report,
    a_return,
    a_scene,
    a_stamp,
    a_waste,
    an_opening,
)

NEW_YORK = "America/New_York"


def a_full_day(session: Session) -> Scene:
    """Five vials: one used up, one over-drawn and wasted late, one lost, one returned, one in hand."""
    scene = a_scene(session, vials=5, overfill_percent=10)
    clock = scene.clock
    clock.advance(timedelta(minutes=10))
    service.pick_up(session, a_pickup(session, scene), scene.nurse, clock)
    for number, visit in ((0, scene.visit_id), (1, new_id())):
        at = replace(scene, vials=(scene.vials[number],), visit_id=visit)
        clock.advance(timedelta(minutes=20))
        service.open_container(session, an_opening(at, seal=f"S-{number}"), scene.nurse, clock)
        clock.advance(timedelta(minutes=5))
        amount = 35 * MG if number == 0 else 510 * MG
        service.draw(session, a_draw(at, amount), scene.nurse, clock)
        clock.advance(timedelta(minutes=40))
        service.administer(session, a_dose(at, 31 * MG), scene.nurse, clock)
        clock.advance(timedelta(minutes=40))
        left = 469 * MG if number == 0 else 479 * MG
        late = a_stamp(clock.now() - timedelta(hours=2), number + 1) if number else None
        service.waste_residual(session, a_waste(at, left, stamp=late), scene.nurse, clock)
    clock.advance(timedelta(minutes=5))
    third = replace(scene, vials=(scene.vials[2],))
    service.report_exception(
        session, a_report(third, EventKind.LOST, reason="not in the bag"), scene.nurse, clock
    )
    service.administer(session, a_dose(third, 5 * MG), scene.nurse, clock)
    fourth = replace(scene, vials=(scene.vials[3],))
    service.return_unopened(session, a_return(fourth, seal="S-3"), scene.nurse, clock)
    round_id = new_id()
    for _attempt in range(2):
        service.count(session, a_count(scene, 7, round_id=round_id), scene.nurse, clock)
    return scene


def a_question(scene: Scene, **more: object) -> Question:
    """The day of the scene, whole."""
    made = Question(
        area_id=scene.area_id,
        zone=ZoneInfo(NEW_YORK),
        since=MONDAY - timedelta(hours=6),
        before=bound_after(MONDAY + timedelta(hours=18)),
    )
    return replace(made, **more)


def sources(scene: Scene) -> Sources:
    """The scene's clock, and a patient for every visit."""

    def patients(visit_ids: Collection[UUID]) -> Mapping[UUID, VisitPatient]:
        return {
            each: VisitPatient(patient_id=each, name="=Rosa Quill", reference="P-1", order="RX-7")
            for each in visit_ids
        }

    return Sources(clock=scene.clock, patients_of_visits=patients)

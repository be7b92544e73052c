"""Attack 17: saline for the residual, books perfect. The random assay tells, and it can be checked."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dispatch.custody.log.records import LeafRow
from dispatch.custody.records import DiscrepancyRow, PostingRow
from dispatch.custody.signals import queries, service
from dispatch.custody.signals.commands import RecordAssay
from dispatch.custody.signals.records import AssayTaskRow
from dispatch.kernel.actor import SYSTEM
from dispatch.kernel.ids import new_id
from dispatch.kernel.refusals import Conflict, Forbidden, Invalid, NotFound
from tests.builders.custody import Scene, given
from tests.builders.signals import LABEL_UG_PER_ML, LEFT_UG, LEFT_UL, carried_back


def a_measurement(line: queries.AssayLine, ug_per_ml: int = LABEL_UG_PER_ML, **more: object) -> RecordAssay:
    made = RecordAssay(
        task_id=line.task_id, measured_ug_per_ml=ug_per_ml, volume_ul=LEFT_UL, laboratory="State lab, HPLC"
    )
    return replace(made, **more)


def the_task(session: Session, scene: Scene) -> queries.AssayLine:
    (line,) = queries.assays(session, scene.area_id)
    return line


def test_attack_17_saline_swap_with_perfect_books_fails_its_assay_and_opens_a_case(session: Session) -> None:
    scene = carried_back(session)
    assert session.scalar(select(func.sum(PostingRow.amount_ug))) == 0, "the books are perfect"
    assert session.scalar(select(func.count()).select_from(DiscrepancyRow)) == 0, "and nobody was told"
    line = the_task(session, scene)
    assert (line.expected_ug_per_ml, line.expected_ug) == (LABEL_UG_PER_ML, LEFT_UG)
    wrong = service.record_assay(session, a_measurement(line, 0), scene.compliance, scene.clock)
    assert wrong == ("assay_concentration", "assay_amount")
    (case,) = session.scalars(select(DiscrepancyRow))
    assert (case.kind, case.container_id) == ("assay_failed", scene.vial)
    assert (case.expected_ug, case.found_ug) == (LEFT_UG, 0)
    (result,) = the_task(session, scene).results
    assert (result.passed, result.case_id) == (False, case.id)


def test_an_honest_residual_passes_and_opens_nothing(session: Session) -> None:
    scene = carried_back(session)
    line = the_task(session, scene)
    assert service.record_assay(session, a_measurement(line, 49_100), scene.compliance, scene.clock) == ()
    assert session.scalar(select(func.count()).select_from(DiscrepancyRow)) == 0
    assert the_task(session, scene).results[0].passed


def test_a_rate_of_nothing_draws_nothing(session: Session) -> None:
    scene = carried_back(session, rate_permille=0)
    assert queries.assays(session, scene.area_id) == []


def test_what_was_not_drawn_at_once_is_drawn_later_and_never_twice(session: Session) -> None:
    scene = carried_back(session)
    assert service.tend_assays(session, scene.area_id, SYSTEM, scene.clock) == []
    assert session.scalar(select(func.count()).select_from(AssayTaskRow)) == 1


def test_the_commitment_stands_before_the_week_and_the_seed_is_shown_after_it(session: Session) -> None:
    scene = carried_back(session)
    coming, running = queries.periods(session, scene.area_id)
    assert coming.begins_at == running.ends_at > scene.clock.now()
    assert (running.seed, running.wrong, running.residuals, running.drawn) == ("", None, 1, 1)
    scene.clock.advance(timedelta(days=8))
    service.tend_assays(session, scene.area_id, SYSTEM, scene.clock)
    over = queries.periods(session, scene.area_id)[-1]
    assert over.seed
    assert over.wrong == ()
    kinds = session.scalars(select(LeafRow.kind).where(LeafRow.kind.like("assay%"))).all()
    assert set(kinds) == {"assay_period", "assay_task", "assay_reveal"}


def test_who_handed_it_in_does_not_measure_it(session: Session) -> None:
    scene = carried_back(session)
    line = the_task(session, scene)
    with pytest.raises(Forbidden, match="own_residual"):
        service.record_assay(session, a_measurement(line), scene.pharmacist, scene.clock)


def test_a_nurse_records_no_assay(session: Session) -> None:
    scene = carried_back(session)
    with pytest.raises(Forbidden, match="role_missing"):
        service.record_assay(session, a_measurement(the_task(session, scene)), scene.other_nurse, scene.clock)


def test_a_third_measurement_is_the_cases_affair(session: Session) -> None:
    scene = carried_back(session)
    line = the_task(session, scene)
    for _ in range(2):
        service.record_assay(session, a_measurement(line, 20_000), scene.compliance, scene.clock)
    with pytest.raises(Conflict, match="measured_twice"):
        service.record_assay(session, a_measurement(line), scene.compliance, scene.clock)


def test_a_measurement_names_all_that_is_wrong_with_it(session: Session) -> None:
    scene = carried_back(session)
    wrong = a_measurement(the_task(session, scene), -1, laboratory=" ")
    with pytest.raises(Invalid) as refused:
        service.record_assay(session, wrong, scene.compliance, scene.clock)
    assert {reason.code for reason in refused.value.reasons} == {
        "measure_not_plausible", "laboratory_missing",
    }  # fmt: skip


def test_an_assay_of_nothing_is_refused(session: Session) -> None:
    scene = given(session)
    with pytest.raises(NotFound):
        service.record_assay(
            session,
            RecordAssay(task_id=new_id(), measured_ug_per_ml=1, volume_ul=1, laboratory="x"),
            scene.compliance,
            scene.clock,
        )

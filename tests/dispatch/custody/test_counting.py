"""Blind counts and the end of a shift."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.custody import service
from dispatch.custody.model import EventKind, nurse_holder
from dispatch.custody.records import CustodyShiftRow, DiscrepancyRow
from dispatch.kernel.ids import new_id
from dispatch.kernel.refusals import Conflict, Forbidden, NotFound
from tests.builders.custody import (
    LABEL_UG,
    MG,
    Scene,
    a_count,
    a_dose,
    a_report,
    a_return,
    a_scene,
    a_waste,
    drawn,
    given,
    picked_up,
    wasted,
)


def test_a_count_that_agrees_is_finished(session: Session) -> None:
    scene = picked_up(session, vials=2)
    result = service.count(session, a_count(scene, 2), scene.nurse, scene.clock)
    assert (result.finished, result.expected_units, result.variance_units) == (True, 2, 0)


def test_a_first_count_that_differs_shows_nothing(session: Session) -> None:
    scene = picked_up(session, vials=2)
    result = service.count(session, a_count(scene, 1), scene.nurse, scene.clock)
    assert (result.finished, result.expected_units, result.variance_units) == (False, None, None)
    session.flush()
    assert session.scalars(select(DiscrepancyRow)).all() == []


def test_a_second_count_that_differs_opens_a_case_found_at_the_first(session: Session) -> None:
    scene = picked_up(session, vials=2)
    first = a_count(scene, 1)
    found_at = scene.clock.now()
    service.count(session, first, scene.nurse, scene.clock)
    scene.clock.advance(timedelta(minutes=3))
    second = replace(first, count_id=new_id())
    result = service.count(session, second, scene.nurse, scene.clock)
    assert (result.finished, result.expected_units, result.variance_units) == (True, 2, -1)
    session.flush()
    case = session.scalars(select(DiscrepancyRow)).one()
    assert (case.kind, case.discovered_at, case.count_id) == ("count_variance", found_at, second.count_id)


def test_a_second_count_that_agrees_opens_no_case(session: Session) -> None:
    scene = picked_up(session, vials=2)
    first = a_count(scene, 1)
    service.count(session, first, scene.nurse, scene.clock)
    service.count(session, replace(first, count_id=new_id(), counted_units=2), scene.nurse, scene.clock)
    session.flush()
    assert session.scalars(select(DiscrepancyRow)).all() == []


def test_a_finished_count_takes_no_further_figure(session: Session) -> None:
    scene = picked_up(session)
    first = a_count(scene, 1)
    service.count(session, first, scene.nurse, scene.clock)
    with pytest.raises(Conflict, match="count_finished"):
        service.count(session, replace(first, count_id=new_id()), scene.nurse, scene.clock)


def test_a_count_sent_again_gets_the_same_answer(session: Session) -> None:
    scene = picked_up(session)
    command = a_count(scene, 0)
    first = service.count(session, command, scene.nurse, scene.clock)
    assert service.count(session, command, scene.nurse, scene.clock) == first


def test_a_locked_figure_cannot_be_sent_again_as_another(session: Session) -> None:
    scene = picked_up(session)
    command = a_count(scene, 0)
    service.count(session, command, scene.nurse, scene.clock)
    with pytest.raises(Conflict, match="count_id_reused"):
        service.count(session, replace(command, counted_units=1), scene.nurse, scene.clock)


def test_one_counts_ones_own_box(session: Session) -> None:
    scene = picked_up(session)
    with pytest.raises(Forbidden, match="not_own_count"):
        service.count(session, a_count(scene, 1), scene.other_nurse, scene.clock)


def test_a_pharmacist_counts_the_stock_point(session: Session) -> None:
    scene = a_scene(session, vials=3)
    command = a_count(scene, 3, holder=scene.pharmacy_holder)
    assert service.count(session, command, scene.pharmacist, scene.clock).variance_units == 0


@pytest.mark.parametrize("holder", ["", "nurse:", "nurse:x", "account:1"])
def test_an_unknown_holder_is_not_found(session: Session, holder: str) -> None:
    scene = a_scene(session)
    with pytest.raises(NotFound, match="no_such_holder"):
        service.count(session, a_count(scene, 1, holder=holder), scene.compliance, scene.clock)


def test_a_holder_of_another_kind_is_not_found(session: Session) -> None:
    scene = a_scene(session)
    with pytest.raises(NotFound, match="no_such_holder"):
        service.count(
            session, a_count(scene, 1, holder=nurse_holder(new_id())), scene.compliance, scene.clock
        )


# The end of a shift.


def closing(session: Session, scene: Scene, units: int = 0) -> datetime:
    """Count blind, then close."""
    command = a_count(scene, units)
    service.count(session, command, scene.nurse, scene.clock)
    return service.close_shift(session, scene.nurse, scene.clock, command.round_id)


def test_a_shift_closes_when_all_is_accounted_for(session: Session) -> None:
    scene = wasted(session)
    closed_at = closing(session, scene)
    assert session.scalars(select(CustodyShiftRow.closed_at)).one() == closed_at


def test_a_shift_closes_after_a_return(session: Session) -> None:
    scene = picked_up(session)
    service.return_unopened(session, a_return(scene), scene.nurse, scene.clock)
    closing(session, scene)


def test_a_microgram_of_residual_keeps_a_shift_open(session: Session) -> None:
    scene = given(session)
    service.waste_residual(session, a_waste(scene, LABEL_UG - 31 * MG - 1), scene.nurse, scene.clock)
    with pytest.raises(Conflict, match="residual_unaccounted"):
        service.close_shift(session, scene.nurse, scene.clock)


def test_an_empty_syringe_with_a_vial_wholly_given_closes(session: Session) -> None:
    scene = drawn(session, amount_ug=LABEL_UG)
    service.administer(session, a_dose(scene, LABEL_UG), scene.nurse, scene.clock)
    closing(session, scene)


def test_an_unopened_vial_keeps_a_shift_open(session: Session) -> None:
    scene = picked_up(session)
    with pytest.raises(Conflict, match="unopened_in_hand"):
        service.close_shift(session, scene.nurse, scene.clock)


def test_a_vial_with_a_wrong_seal_keeps_a_shift_open_until_it_is_back(session: Session) -> None:
    scene = picked_up(session)
    service.report_exception(session, a_report(scene, EventKind.SEAL_MISMATCH), scene.nurse, scene.clock)
    with pytest.raises(Conflict, match="quarantined_in_hand"):
        service.close_shift(session, scene.nurse, scene.clock)
    service.return_unopened(session, a_return(scene), scene.nurse, scene.clock)
    closing(session, scene)


def test_a_shift_that_never_began_does_not_close(session: Session) -> None:
    scene = a_scene(session)
    with pytest.raises(Conflict, match="no_open_shift"):
        service.close_shift(session, scene.nurse, scene.clock)

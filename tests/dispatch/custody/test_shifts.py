"""A custody shift opens and closes with blind counts."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.custody import queries, service
from dispatch.custody.log.records import LeafRow
from dispatch.custody.records import CountRow, CustodyShiftRow, DiscrepancyRow
from dispatch.kernel.ids import new_id
from dispatch.kernel.refusals import Conflict
from tests.builders.custody import (
    Scene,
    a_count,
    a_pickup,
    a_return,
    a_scene,
    picked_up,
)
from tests.builders.lifecycle import signed_policy


def returned(session: Session, vials: int = 1) -> Scene:
    """A nurse who has handed her only vial in again; a minute later."""
    scene = picked_up(session, vials=vials)
    service.return_unopened(session, a_return(scene), scene.nurse, scene.clock)
    scene.clock.advance(timedelta(minutes=1))
    return scene


def test_a_shift_opens_with_a_blind_count(session: Session) -> None:
    scene = a_scene(session)
    command = a_count(scene, 0)
    assert service.open_shift(session, command, scene.nurse, scene.clock).finished
    shift = session.scalars(select(CustodyShiftRow)).one()
    assert (shift.opening_round_id, shift.closed_at) == (command.round_id, None)


def test_what_is_in_hand_at_the_beginning_becomes_a_case(session: Session) -> None:
    scene = a_scene(session)
    first = a_count(scene, 1)
    result = service.open_shift(session, first, scene.nurse, scene.clock)
    assert (result.finished, result.expected_units) == (False, None)
    second = a_count(scene, 1, round_id=first.round_id)
    assert service.open_shift(session, second, scene.nurse, scene.clock).variance_units == 1
    session.flush()
    assert session.scalars(select(DiscrepancyRow.kind)).all() == ["count_variance"]


def test_a_shift_is_open_once(session: Session) -> None:
    scene = picked_up(session)
    with pytest.raises(Conflict, match="shift_open"):
        service.open_shift(session, a_count(scene, 1), scene.nurse, scene.clock)


def test_one_opens_ones_own_shift(session: Session) -> None:
    scene = a_scene(session)
    with pytest.raises(Conflict, match="count_not_own"):
        service.open_shift(session, a_count(scene, 0, holder=scene.pharmacy_holder), scene.nurse, scene.clock)


def test_a_pickup_goes_on_in_the_open_shift(session: Session) -> None:
    scene = a_scene(session)
    service.open_shift(session, a_count(scene, 0), scene.nurse, scene.clock)
    service.pick_up(session, a_pickup(session, scene), scene.nurse, scene.clock)
    assert len(session.scalars(select(CustodyShiftRow)).all()) == 1


def test_a_shift_does_not_close_without_a_count(session: Session) -> None:
    scene = returned(session)
    with pytest.raises(Conflict, match="count_missing"):
        service.close_shift(session, scene.nurse, scene.clock)
    with pytest.raises(Conflict, match="count_missing"):
        service.close_shift(session, scene.nurse, scene.clock, new_id())


def test_a_first_count_that_differs_closes_nothing(session: Session) -> None:
    scene = returned(session)
    command = a_count(scene, 1)
    service.count(session, command, scene.nurse, scene.clock)
    with pytest.raises(Conflict, match="count_open"):
        service.close_shift(session, scene.nurse, scene.clock, command.round_id)


def test_a_variance_opens_a_case_and_the_shift_closes(session: Session) -> None:
    scene = returned(session)
    command = a_count(scene, 1)
    service.count(session, command, scene.nurse, scene.clock)
    service.count(session, a_count(scene, 1, round_id=command.round_id), scene.nurse, scene.clock)
    service.close_shift(session, scene.nurse, scene.clock, command.round_id)
    assert session.scalars(select(DiscrepancyRow.kind)).all() == ["count_variance"]


def test_a_count_of_another_holder_closes_no_shift(session: Session) -> None:
    scene = returned(session)
    command = a_count(scene, 1, holder=scene.pharmacy_holder)
    service.count(session, command, scene.pharmacist, scene.clock)
    with pytest.raises(Conflict, match=r"count_not_own|count_open"):
        service.close_shift(session, scene.nurse, scene.clock, command.round_id)


def test_a_count_before_the_last_vial_moved_is_too_old(session: Session) -> None:
    scene = picked_up(session)
    command = a_count(scene, 1)
    service.count(session, command, scene.nurse, scene.clock)
    scene.clock.advance(timedelta(minutes=1))
    service.return_unopened(session, a_return(scene), scene.nurse, scene.clock)
    with pytest.raises(Conflict, match="count_too_old"):
        service.close_shift(session, scene.nurse, scene.clock, command.round_id)


def test_where_the_policy_asks_no_count_it_closes_without(session: Session) -> None:
    scene = returned(session)
    signed_policy(session, scene, "custody.shift", {"count_to_close": False, "overdue_minutes": 60})
    assert service.close_shift(session, scene.nurse, scene.clock) == scene.clock.now()


def test_a_shift_is_overdue_by_the_clock_alone(session: Session) -> None:
    scene = picked_up(session)
    assert queries.overdue_shifts(session, scene.area_id, scene.clock.now()) == []
    late = scene.clock.now() + timedelta(minutes=61)
    (line,) = queries.overdue_shifts(session, scene.area_id, late)
    assert (line.code, len(line.vials)) == ("N-07", 1)


def test_every_figure_of_a_count_is_a_leaf_of_the_log(session: Session) -> None:
    scene = returned(session)
    service.count(session, a_count(scene, 1), scene.nurse, scene.clock)
    count_id = session.scalars(select(CountRow.id)).one()
    leaf = session.scalars(select(LeafRow).where(LeafRow.kind == "count")).one()
    assert leaf.entry_id == count_id

"""The perpetual inventory as of any instant equals the plain sum of the postings, whatever came when."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.custody import service
from dispatch.custody.reports import daybook
from dispatch.custody.reports.daybook import close_quarters, inventory_as_of, plain_sums
from dispatch.custody.reports.records import FlowRow, QuarterRow
from dispatch.kernel.clock import SetClock
from tests.builders.custody import MONDAY, a_delivery, a_pickup, a_scene, an_opening, wasted

LATER = SetClock(MONDAY + timedelta(days=40))


def at(hours: float) -> datetime:
    return MONDAY + timedelta(hours=hours)


def days_of_deliveries(session, days=6):
    """A scene with a delivery a day, and a waste on the first one."""
    scene = wasted(session)
    for day in range(1, days):
        scene.clock.advance(timedelta(days=1))
        service.receive_at_pharmacy(session, numbered(scene, day), scene.pharmacist, scene.clock)
    return scene


def numbered(scene, day, lot=None):
    made = a_delivery(scene, 2, lot_number=lot or f"L{day % 3}")
    vials = tuple(
        type(vial)(event_id=vial.event_id, serial=f"D{day}-{vial.serial}", seal=vial.seal)
        for vial in made.vials
    )
    return a_delivery(scene, 0, lot_number=lot or f"L{day % 3}", vials=vials)


def boundary_used(session, instant):
    return daybook._trusted_boundary(session, instant)


def test_an_empty_ledger_holds_nothing_and_closes_nothing(session):
    assert close_quarters(session, LATER) == 0
    assert inventory_as_of(session, at(0)) == []


def test_at_random_instants_it_equals_the_plain_sum(session):
    days_of_deliveries(session)

    @settings(max_examples=40, deadline=None)
    @given(
        hours=st.floats(min_value=-30, max_value=24 * 8), closed_h=st.sampled_from([0, 20, 50, 100, 24 * 40])
    )
    def holds(hours, closed_h):
        with session.begin_nested() as point:
            close_quarters(session, SetClock(at(closed_h)))
            assert inventory_as_of(session, at(hours)) == plain_sums(session, at(hours))
            point.rollback()

    holds()


def test_it_counts_whole_vials_where_vials_stand_whole(session):
    scene = a_scene(session, vials=3)
    scene.clock.advance(timedelta(hours=1))
    service.pick_up(session, a_pickup(session, scene, *scene.vials[:2]), scene.nurse, scene.clock)
    service.open_container(session, an_opening(scene), scene.nurse, scene.clock)
    units = {each.place: each.units for each in inventory_as_of(session, at(1))}
    assert units[f"custody:{scene.pharmacy_holder}"] == 1
    assert units[f"custody:{scene.nurse_holder}"] == 1
    assert units["open"] == 0
    before = {each.place: each.units for each in inventory_as_of(session, at(0.5))}
    assert before[f"custody:{scene.pharmacy_holder}"] == 3


def test_the_instant_itself_counts(session):
    a_scene(session)
    assert inventory_as_of(session, MONDAY)
    assert not inventory_as_of(session, MONDAY - timedelta(microseconds=1))


def test_closing_twice_writes_nothing_twice(session):
    days_of_deliveries(session)
    assert close_quarters(session, LATER) > 5
    assert close_quarters(session, LATER) == 0


def test_a_quarter_is_closed_an_hour_after_its_end(session):
    a_scene(session)
    noon = datetime(2026, 11, 23, 12, tzinfo=UTC)
    assert close_quarters(session, SetClock(noon + timedelta(minutes=59))) == 0
    assert close_quarters(session, SetClock(noon + timedelta(minutes=61))) == 1


def test_what_comes_late_is_counted_before_and_after_it_is_closed(session):
    scene = days_of_deliveries(session)
    close_quarters(session, LATER)
    instant = at(24 * 20)
    whole = boundary_used(session, instant)
    service.receive_at_pharmacy(session, numbered(scene, 77), scene.pharmacist, SetClock(at(24.5)))
    assert boundary_used(session, instant) < at(24.5) < whole
    assert inventory_as_of(session, instant) == plain_sums(session, instant)
    assert close_quarters(session, LATER) == 1
    assert boundary_used(session, instant) == whole
    assert inventory_as_of(session, instant) == plain_sums(session, instant)
    assert session.scalars(sa.select(QuarterRow).where(QuarterRow.part == 2)).one().events == 2


def test_what_comes_before_the_first_event_is_counted_too(session):
    scene = a_scene(session)
    close_quarters(session, LATER)
    service.receive_at_pharmacy(session, numbered(scene, 1), scene.pharmacist, SetClock(at(-24 * 3)))
    for hours in (-24 * 3, 24 * 20):
        assert inventory_as_of(session, at(hours)) == plain_sums(session, at(hours))
    assert close_quarters(session, LATER) == 1
    assert inventory_as_of(session, at(24 * 20)) == plain_sums(session, at(24 * 20))


def test_two_that_close_one_quarter_write_it_once(session, monkeypatch):
    a_scene(session)
    close_quarters(session, LATER)
    # The second one looked before the first one wrote.
    monkeypatch.setattr(daybook, "_known", lambda session: ({}, {}))
    assert close_quarters(session, LATER) == 0
    assert inventory_as_of(session, at(24 * 20)) == plain_sums(session, at(24 * 20))


@pytest.mark.parametrize("row", [QuarterRow, FlowRow])
@pytest.mark.parametrize("deed", ["DELETE FROM {}", "UPDATE {} SET {} = {} + 1"])
def test_a_closed_quarter_is_never_changed(session, row, deed):
    a_scene(session)
    close_quarters(session, LATER)
    column = "events" if row is QuarterRow else "amount_ug"
    with pytest.raises(sa.exc.DatabaseError, match="append-only"):
        session.execute(sa.text(deed.format(row.__tablename__, column, column)))


def test_an_area_sees_its_own_drug_only(session):
    scene = a_scene(session)
    assert inventory_as_of(session, at(1), scene.area_id) == inventory_as_of(session, at(1))
    assert inventory_as_of(session, at(1), scene.pharmacy_id) == []

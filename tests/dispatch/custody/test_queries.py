"""What screens read: vials, nurses, visits, histories, the whole ledger at an instant."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.orm import Session

from dispatch.custody import queries, service
from dispatch.custody.model import State
from dispatch.kernel.ids import new_id
from dispatch.kernel.refusals import NotFound
from tests.builders.custody import (
    LABEL_UG,
    MG,
    a_dose,
    a_draw,
    a_pickup,
    a_scene,
    a_waste,
    drawn,
    given,
    picked_up,
    wasted,
)

MONDAY = date(2026, 11, 23)
COLUMBUS = ZoneInfo("America/New_York")


def test_a_vial_line_sums_to_its_label(session: Session) -> None:
    scene = given(session, vials=2)
    line = queries.vial(session, scene.vial)
    assert (line.drawn_ug, line.given_ug, line.wasted_ug) == (35 * MG, 31 * MG, 0)
    assert line.balance_ug == line.residual_ug == LABEL_UG - 31 * MG
    assert line.state is State.RESIDUAL_PENDING
    assert line.holder_label == "N-07"
    assert line.last_event == "administered"


def test_a_wasted_vial_names_its_witness(session: Session) -> None:
    scene = wasted(session)
    assert queries.vial(session, scene.vial).witness == "bea"


def test_overfill_shows_as_what_exceeds_the_label(session: Session) -> None:
    scene = drawn(session, amount_ug=LABEL_UG + 20 * MG, overfill_percent=10)
    assert queries.vial(session, scene.vial).overfill_ug == 20 * MG


def test_a_vial_is_found_by_its_serial(session: Session) -> None:
    scene = a_scene(session)
    assert queries.find_vial(session, "7F0").container_id == scene.vial


def test_an_unknown_serial_is_not_found(session: Session) -> None:
    a_scene(session)
    with pytest.raises(NotFound):
        queries.find_vial(session, "nothing")


def test_the_day_lists_vials_with_events_that_day(session: Session) -> None:
    scene = a_scene(session, vials=2)
    assert len(queries.vials_of_day(session, scene.area_id, MONDAY, COLUMBUS)) == 2
    assert queries.vials_of_day(session, scene.area_id, date(2026, 11, 24), COLUMBUS) == []


def test_what_a_nurse_holds_overnight_stays_on_the_next_days_list(session: Session) -> None:
    scene = given(session)
    listed = queries.vials_of_day(session, scene.area_id, date(2026, 11, 24), COLUMBUS)
    assert [line.serial for line in listed] == ["7F0"]


def test_the_lock_box_holds_what_the_nurse_has(session: Session) -> None:
    scene = given(session, vials=3)
    held = queries.vials_of_nurse(session, scene.nurse.nurse_id)
    assert [line.serial for line in held] == ["7F0", "7F1", "7F2"]
    assert queries.vials_of_nurse(session, scene.other_nurse.nurse_id) == []


def test_a_wasted_vial_is_no_longer_in_the_lock_box(session: Session) -> None:
    scene = wasted(session)
    assert queries.vials_of_nurse(session, scene.nurse.nurse_id) == []


def test_the_pharmacy_lists_what_waits_there(session: Session) -> None:
    scene = a_scene(session, vials=2)
    assert len(queries.vials_at_pharmacy(session, scene.pharmacy_id)) == 2


def test_open_residuals_are_listed_until_they_are_wasted(session: Session) -> None:
    scene = given(session)
    assert [line.residual_ug for line in queries.open_residuals(session, scene.area_id)] == [
        LABEL_UG - 31 * MG
    ]
    service.waste_residual(session, a_waste(scene, LABEL_UG - 31 * MG), scene.nurse, scene.clock)
    assert queries.open_residuals(session, scene.area_id) == []


def test_nurse_totals_of_a_day(session: Session) -> None:
    scene = wasted(session, vials=2)
    (line,) = queries.nurse_totals(session, scene.area_id, MONDAY, COLUMBUS)
    assert line.code == "N-07"
    assert (line.taken_units, line.sealed_units, line.sealed_ug) == (2, 1, LABEL_UG)
    assert (line.drawn_ug, line.given_ug, line.wasted_ug) == (35 * MG, 31 * MG, LABEL_UG - 31 * MG)
    assert line.residual_ug == 0


def test_visit_totals_add_up_over_doses(session: Session) -> None:
    scene = drawn(session)
    service.administer(session, a_dose(scene, 10 * MG, completes=False), scene.nurse, scene.clock)
    service.administer(session, a_dose(scene, 20 * MG), scene.nurse, scene.clock)
    other = new_id()
    service.draw(session, a_draw(scene, 5 * MG, visit_id=other), scene.nurse, scene.clock)
    totals = queries.visit_totals(session, [scene.visit_id, other])
    assert totals[scene.visit_id].given_ug == 30 * MG
    assert totals[scene.visit_id].serials == ("7F0",)
    assert (totals[other].drawn_ug, totals[other].given_ug) == (5 * MG, 0)


def test_a_history_runs_its_balance_and_names_its_signers(session: Session) -> None:
    scene = wasted(session)
    history = queries.vial_history(session, scene.vial)
    assert [line.kind.value for line in history] == [
        "received", "picked_up", "opened", "drawn", "administered", "wasted",
    ]  # fmt: skip
    assert [line.balance_ug for line in history] == [
        LABEL_UG, LABEL_UG, LABEL_UG, LABEL_UG, LABEL_UG - 31 * MG, 0,
    ]  # fmt: skip
    assert (history[1].actor, history[1].witness) == ("ada", "phil")
    assert (history[5].actor, history[5].witness) == ("ada", "bea")
    assert (history[1].from_holder, history[1].to_holder) == ("COL-1", "N-07")


def test_the_days_events_are_those_of_the_day(session: Session) -> None:
    scene = picked_up(session)
    scene.clock.advance(timedelta(days=1))
    assert len(queries.events_of_day(session, scene.area_id, MONDAY, COLUMBUS)) == 2
    assert queries.events_of_day(session, scene.area_id, date(2026, 11, 24), COLUMBUS) == []


def test_the_ledger_as_of_an_instant(session: Session) -> None:
    scene = a_scene(session, vials=2)
    before = scene.clock.now()
    scene.clock.advance(timedelta(hours=1))
    service.pick_up(session, a_pickup(session, scene, scene.vial), scene.nurse, scene.clock)
    now = {line.where: line.amount_ug for line in queries.ledger_as_of(session, scene.clock.now())}
    then = {line.where: line.amount_ug for line in queries.ledger_as_of(session, before, scene.area_id)}
    assert now == {"nurses": LABEL_UG, "pharmacy": LABEL_UG, "source:pharmacy": -2 * LABEL_UG}
    assert then == {"pharmacy": 2 * LABEL_UG, "source:pharmacy": -2 * LABEL_UG}

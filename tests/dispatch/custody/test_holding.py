"""Return, exceptions, time, the way and the end: one refusal a test."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.custody import queries, service
from dispatch.custody.commands import Reconcile, SetOut
from dispatch.custody.model import Basis, EventKind, State, Verdict
from dispatch.custody.records import DiscrepancyRow
from dispatch.kernel.ids import new_id
from dispatch.kernel.refusals import Conflict, Forbidden, Invalid
from tests.builders.custody import (
    FIT,
    LABEL_UG,
    MG,
    a_dose,
    a_draw,
    a_report,
    a_return,
    a_stamp,
    an_opening,
    balance,
    given,
    opened,
    picked_up,
    the_vial,
    wasted,
)

# Return.


def test_registrants_stock_goes_back(session: Session) -> None:
    scene = picked_up(session)
    receipt = service.return_unopened(session, a_return(scene), scene.nurse, scene.clock)
    assert (receipt.verdict, receipt.state) == (Verdict.STORED, State.RETURNED)
    assert balance(session, "returned") == LABEL_UG
    assert the_vial(session, scene).holder == scene.pharmacy_holder


def test_a_patients_vial_never_goes_back_to_stock(session: Session) -> None:
    scene = picked_up(session, basis=Basis.PATIENT_RX)
    receipt = service.return_unopened(session, a_return(scene), scene.nurse, scene.clock)
    assert (receipt.verdict, receipt.state) == (Verdict.STORED, State.QUARANTINE)
    assert balance(session, "quarantine") == LABEL_UG


def test_a_return_with_a_wrong_seal_goes_to_quarantine(session: Session) -> None:
    scene = picked_up(session)
    receipt = service.return_unopened(session, a_return(scene, seal="S-9"), scene.nurse, scene.clock)
    assert (receipt.verdict, receipt.state) == (Verdict.FLAGGED, State.QUARANTINE)
    assert receipt.reasons == ("seal_mismatch",)


def test_only_a_pharmacist_signs_for_a_return(session: Session) -> None:
    scene = picked_up(session)
    command = a_return(scene, witness=scene.proof(scene.other_nurse))
    with pytest.raises(Forbidden, match="pharmacist_missing"):
        service.return_unopened(session, command, scene.nurse, scene.clock)


def test_an_opened_vial_cannot_be_returned_as_unopened(session: Session) -> None:
    scene = opened(session)
    receipt = service.return_unopened(session, a_return(scene), scene.nurse, scene.clock)
    assert receipt.verdict is Verdict.CLAIM


# Exceptions: never refused.


@pytest.mark.parametrize(
    ("kind", "account"),
    [
        (EventKind.LOST, "lost"),
        (EventKind.STOLEN, "lost"),
        (EventKind.BROKEN, "quarantine"),
        (EventKind.SEAL_MISMATCH, "quarantine"),
    ],
)
def test_a_report_moves_the_drug_and_opens_a_case(session: Session, kind: EventKind, account: str) -> None:
    scene = picked_up(session)
    receipt = service.report_exception(session, a_report(scene, kind), scene.nurse, scene.clock)
    assert receipt.verdict is Verdict.FLAGGED
    assert balance(session, account) == LABEL_UG
    session.flush()
    assert [row.kind for row in queries.discrepancies(session, scene.area_id)] == [kind.value]


def test_an_opened_vial_that_is_lost_loses_all_that_is_left(session: Session) -> None:
    scene = given(session)
    service.report_exception(session, a_report(scene, EventKind.LOST), scene.nurse, scene.clock)
    assert balance(session, "lost") == LABEL_UG - 31 * MG


def test_a_report_by_somebody_else_is_kept_and_says_so(session: Session) -> None:
    scene = picked_up(session)
    receipt = service.report_exception(
        session, a_report(scene, EventKind.LOST), scene.other_nurse, scene.clock
    )
    assert receipt.reasons == ("lost", "held_by_another")


def test_a_report_of_drug_that_is_gone_is_kept_as_a_claim(session: Session) -> None:
    scene = wasted(session)
    receipt = service.report_exception(session, a_report(scene, EventKind.LOST), scene.nurse, scene.clock)
    assert receipt.verdict is Verdict.CLAIM


def test_a_draw_is_no_exception_to_report(session: Session) -> None:
    scene = picked_up(session)
    with pytest.raises(Invalid, match="not_an_exception"):
        service.report_exception(session, a_report(scene, EventKind.DRAWN), scene.nurse, scene.clock)


# Time.


def test_a_late_entry_is_flagged_without_a_case(session: Session) -> None:
    scene = opened(session)
    happened = scene.clock.now()
    scene.clock.advance(timedelta(minutes=15, seconds=1))
    receipt = service.draw(session, a_draw(scene, stamp=a_stamp(happened)), scene.nurse, scene.clock)
    assert (receipt.verdict, receipt.reasons) == (Verdict.FLAGGED, ("late_entry",))
    session.flush()
    assert session.scalars(select(DiscrepancyRow)).all() == []


def test_a_clock_ahead_by_more_than_the_skew_is_flagged(session: Session) -> None:
    scene = opened(session)
    ahead = a_stamp(scene.clock.now() + timedelta(seconds=121))
    assert service.draw(session, a_draw(scene, stamp=ahead), scene.nurse, scene.clock).reasons == (
        "device_clock_ahead",
    )


def test_two_minutes_of_skew_are_nothing(session: Session) -> None:
    scene = opened(session)
    near = a_stamp(scene.clock.now() + timedelta(seconds=120))
    assert service.draw(session, a_draw(scene, stamp=near), scene.nurse, scene.clock).reasons == ()


# The way and the end.


def test_only_a_nurse_who_holds_the_vial_sets_out(session: Session) -> None:
    scene = picked_up(session)
    command = SetOut(event_id=new_id(), container_id=scene.vial, standing=FIT)
    with pytest.raises(Conflict, match="held_by_another"):
        service.set_out(session, command, scene.other_nurse, scene.clock)


def test_a_nurse_on_her_way_has_the_vial_in_transit(session: Session) -> None:
    scene = picked_up(session)
    command = SetOut(event_id=new_id(), container_id=scene.vial, standing=FIT)
    assert service.set_out(session, command, scene.nurse, scene.clock).state is State.IN_TRANSIT
    assert service.open_container(session, an_opening(scene), scene.nurse, scene.clock).state is State.OPENED


def test_a_vial_with_residual_is_not_reconciled(session: Session) -> None:
    scene = given(session)
    command = Reconcile(event_id=new_id(), container_id=scene.vial, standing=FIT)
    with pytest.raises(Conflict, match="residual_left"):
        service.reconcile(session, command, scene.compliance, scene.clock)


def test_only_compliance_reconciles(session: Session) -> None:
    scene = wasted(session)
    command = Reconcile(event_id=new_id(), container_id=scene.vial, standing=FIT)
    with pytest.raises(Forbidden, match="role_missing"):
        service.reconcile(session, command, scene.nurse, scene.clock)


def test_nothing_is_done_to_a_reconciled_vial(session: Session) -> None:
    scene = wasted(session)
    command = Reconcile(event_id=new_id(), container_id=scene.vial, standing=FIT)
    service.reconcile(session, command, scene.compliance, scene.clock)
    receipt = service.administer(session, a_dose(scene, MG), scene.nurse, scene.clock)
    assert (receipt.verdict, receipt.reasons) == (Verdict.CLAIM, ("state_does_not_allow",))
    assert the_vial(session, scene).state == State.RECONCILED

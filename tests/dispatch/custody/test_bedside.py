"""Open, draw, administer, waste: one refusal a test."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.custody import service
from dispatch.custody.model import Override, Standing, State, Verdict
from dispatch.custody.records import DiscrepancyRow, EventRow, SignatureRow
from dispatch.kernel.ids import new_id
from dispatch.kernel.refusals import Conflict, Forbidden, Invalid
from tests.builders.custody import (
    LABEL_UG,
    MG,
    a_dose,
    a_draw,
    a_waste,
    an_opening,
    balance,
    drawn,
    given,
    opened,
    picked_up,
    the_vial,
)
from tests.builders.lifecycle import signed_policy

PRESCRIBER = Override(reason="dose raised", authority="order 17, by telephone")


# Expiry, order, beyond use: block, or a recorded override (invariant 8).


def test_an_expired_lot_is_not_opened(session: Session) -> None:
    scene = picked_up(session, expires_on=date(2026, 11, 23))
    scene.clock.at = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)  # 01:00 on the 24th in Columbus
    with pytest.raises(Conflict, match="lot_expired"):
        service.open_container(session, an_opening(scene), scene.nurse, scene.clock)


def test_a_lot_is_good_to_the_end_of_its_day_in_the_areas_zone(session: Session) -> None:
    scene = picked_up(session, expires_on=date(2026, 11, 23))
    scene.clock.at = datetime(2026, 11, 24, 4, 30, tzinfo=UTC)  # 23:30 on the 23rd in Columbus
    receipt = service.open_container(session, an_opening(scene), scene.nurse, scene.clock)
    assert receipt.verdict is Verdict.STORED


def test_no_more_is_drawn_than_the_order_allows(session: Session) -> None:
    scene = opened(session)
    with pytest.raises(Conflict, match="above_order"):
        service.draw(session, a_draw(scene, 35 * MG + 1, order_ceiling_ug=35 * MG), scene.nurse, scene.clock)


def test_the_order_counts_everything_drawn_for_the_visit(session: Session) -> None:
    scene = drawn(session, amount_ug=20 * MG)
    with pytest.raises(Conflict, match="above_order"):
        service.draw(session, a_draw(scene, 15 * MG + 1, order_ceiling_ug=35 * MG), scene.nurse, scene.clock)


def test_the_order_of_one_visit_is_not_used_up_by_another(session: Session) -> None:
    scene = drawn(session, amount_ug=20 * MG)
    command = a_draw(scene, 35 * MG, order_ceiling_ug=35 * MG, visit_id=new_id())
    assert service.draw(session, command, scene.nurse, scene.clock).verdict is Verdict.STORED


def test_a_recorded_override_goes_above_the_order(session: Session) -> None:
    scene = opened(session)
    command = a_draw(scene, 40 * MG, order_ceiling_ug=35 * MG, override=PRESCRIBER)
    receipt = service.draw(session, command, scene.nurse, scene.clock)
    assert (receipt.verdict, receipt.reasons) == (Verdict.STORED, ("above_order",))
    row = session.get_one(EventRow, command.event_id)
    assert (row.override_reason, row.override_authority) == (PRESCRIBER.reason, PRESCRIBER.authority)


def test_a_vial_opened_too_long_ago_is_not_drawn_from(session: Session) -> None:
    scene = opened(session)
    scene.clock.advance(timedelta(hours=4, seconds=1))
    with pytest.raises(Conflict, match="beyond_use_time"):
        service.draw(session, a_draw(scene), scene.nurse, scene.clock)


def test_drug_given_beyond_its_use_time_is_kept_and_flagged(session: Session) -> None:
    scene = drawn(session)
    scene.clock.advance(timedelta(hours=4, seconds=1))
    receipt = service.administer(session, a_dose(scene), scene.nurse, scene.clock)
    assert (receipt.verdict, receipt.reasons) == (Verdict.FLAGGED, ("beyond_use_time",))
    assert balance(session, f"patient:{scene.visit_id}") == 31 * MG


def test_the_beyond_use_time_runs_from_the_draw_that_filled_the_syringe(session: Session) -> None:
    scene = drawn(session)
    service.administer(session, a_dose(scene, 35 * MG, completes=False), scene.nurse, scene.clock)
    scene.clock.advance(timedelta(hours=3))
    service.draw(session, a_draw(scene), scene.nurse, scene.clock)
    scene.clock.advance(timedelta(hours=3))
    assert service.administer(session, a_dose(scene), scene.nurse, scene.clock).verdict is Verdict.STORED


@pytest.mark.parametrize("amount_ug", [0, -1, 10**9 + 1])
def test_an_amount_that_nobody_can_have_measured_is_invalid(session: Session, amount_ug: int) -> None:
    scene = drawn(session)
    with pytest.raises(Invalid, match="amount_not_measured"):
        service.administer(session, a_dose(scene, amount_ug), scene.nurse, scene.clock)


# Arithmetic: refused as a posting, kept as a claim with a discrepancy (invariants 2 and 9).


def test_one_microgram_too_many_is_not_drawn(session: Session) -> None:
    scene = opened(session)
    receipt = service.draw(session, a_draw(scene, LABEL_UG + 1), scene.nurse, scene.clock)
    assert (receipt.verdict, receipt.reasons) == (Verdict.CLAIM, ("over_draw",))
    session.flush()
    case = session.scalars(select(DiscrepancyRow)).one()
    assert (case.kind, case.expected_ug, case.found_ug) == ("over_draw", LABEL_UG, LABEL_UG + 1)


def test_overfill_may_be_drawn_up_to_its_cap(session: Session) -> None:
    scene = opened(session, overfill_percent=10)
    receipt = service.draw(session, a_draw(scene, LABEL_UG + 50 * MG), scene.nurse, scene.clock)
    assert receipt.verdict is Verdict.STORED
    assert balance(session, "source:overfill") == -50 * MG


def test_one_microgram_above_the_overfill_cap_is_not_drawn(session: Session) -> None:
    scene = opened(session, overfill_percent=10)
    receipt = service.draw(session, a_draw(scene, LABEL_UG + 50 * MG + 1), scene.nurse, scene.clock)
    assert receipt.verdict is Verdict.CLAIM


def test_overfill_is_used_once(session: Session) -> None:
    scene = drawn(session, amount_ug=LABEL_UG + 30 * MG, overfill_percent=10)
    receipt = service.draw(session, a_draw(scene, 20 * MG + 1), scene.nurse, scene.clock)
    assert (receipt.verdict, receipt.reasons) == (Verdict.CLAIM, ("over_draw",))


def test_one_microgram_more_than_drawn_is_not_given(session: Session) -> None:
    scene = drawn(session)
    receipt = service.administer(session, a_dose(scene, 35 * MG + 1), scene.nurse, scene.clock)
    assert (receipt.verdict, receipt.reasons) == (Verdict.CLAIM, ("more_than_drawn",))


def test_one_microgram_more_than_left_is_not_wasted(session: Session) -> None:
    scene = given(session)
    receipt = service.waste_residual(
        session, a_waste(scene, LABEL_UG - 31 * MG + 1), scene.nurse, scene.clock
    )
    assert (receipt.verdict, receipt.reasons) == (Verdict.CLAIM, ("more_than_left",))


def test_drug_from_another_states_stock_point_is_kept_and_flagged(session: Session) -> None:
    scene = picked_up(session)
    in_kentucky = Standing(licensed=True, on_shift=True, snapshot={"state": "KY"})
    receipt = service.open_container(
        session, an_opening(scene, standing=in_kentucky), scene.nurse, scene.clock
    )
    assert (receipt.verdict, receipt.reasons) == (Verdict.FLAGGED, ("state_line_crossed",))


def test_where_counsel_allows_it_drug_crosses_a_state_line(session: Session) -> None:
    scene = picked_up(session)
    signed_policy(session, scene, "custody.state_line", {"may_cross": True}, area_id=None, state="KY")
    in_kentucky = Standing(licensed=True, on_shift=True, snapshot={"state": "KY"})
    receipt = service.open_container(
        session, an_opening(scene, standing=in_kentucky), scene.nurse, scene.clock
    )
    assert receipt.verdict is Verdict.STORED


def test_the_beyond_use_time_is_the_states_policy(session: Session) -> None:
    scene = opened(session)
    signed_policy(session, scene, "custody.beyond_use_h", {"hours": 1}, area_id=None, state="OH")
    scene.clock.advance(timedelta(hours=1, seconds=1))
    with pytest.raises(Conflict, match="beyond_use_time"):
        service.draw(session, a_draw(scene), scene.nurse, scene.clock)


def test_a_sealed_vial_is_not_drawn_from(session: Session) -> None:
    scene = picked_up(session)
    receipt = service.draw(session, a_draw(scene), scene.nurse, scene.clock)
    assert (receipt.verdict, receipt.reasons) == (Verdict.CLAIM, ("state_does_not_allow",))


def test_a_claim_still_bears_its_signature_and_sequence(session: Session) -> None:
    scene = picked_up(session)
    receipt = service.draw(session, a_draw(scene), scene.nurse, scene.clock)
    signed = session.scalars(select(SignatureRow).where(SignatureRow.event_id == receipt.event_id)).all()
    assert len(signed) == 1
    assert receipt.sequence == the_vial(session, scene).sequence == 3
    session.commit()


# Waste.


def test_part_of_the_residual_leaves_the_rest_waiting(session: Session) -> None:
    scene = given(session)
    service.waste_residual(session, a_waste(scene, 4 * MG), scene.nurse, scene.clock)
    assert the_vial(session, scene).state == State.RESIDUAL_PENDING
    assert balance(session, f"drawn:{scene.vial}") == 0


def test_a_stale_witness_does_not_count(session: Session) -> None:
    scene = given(session)
    old = scene.proof(scene.other_nurse, proved_at=scene.clock.now() - timedelta(minutes=6))
    with pytest.raises(Forbidden, match="witness_not_fresh"):
        service.waste_residual(session, a_waste(scene, MG, witness=old), scene.nurse, scene.clock)


def test_waste_without_a_witness_is_kept_as_an_exception(session: Session) -> None:
    scene = given(session)
    receipt = service.waste_residual(session, a_waste(scene, MG, witness=None), scene.nurse, scene.clock)
    assert (receipt.verdict, receipt.reasons) == (Verdict.FLAGGED, ("witness_missing",))
    assert balance(session, "waste") == MG
    session.commit()


def test_waste_that_the_nurse_did_not_sign_afresh_is_an_exception(session: Session) -> None:
    scene = given(session)
    receipt = service.waste_residual(session, a_waste(scene, MG, proof=None), scene.nurse, scene.clock)
    assert receipt.reasons == ("actor_proof_missing",)

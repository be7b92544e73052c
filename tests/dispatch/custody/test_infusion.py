"""An infusion: rates, parts, the three figures that must agree; and what is left of it."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.areas.model import DEFAULT_POLICIES
from dispatch.custody import service
from dispatch.custody.model import EventKind, Moment, State, Verdict
from dispatch.custody.records import DiscrepancyRow, EventRow
from dispatch.custody.rules.measuring import Step, differs, given_by_rate
from dispatch.custody.stock import service as stock
from dispatch.kernel.refusals import Conflict, Forbidden, Invalid
from tests.builders.custody import (
    LABEL_UG,
    MG,
    Scene,
    a_draw,
    a_stamp,
    a_waste,
    balance,
    drawn,
    given,
    opened,
    the_vial,
)
from tests.builders.lifecycle import (
    a_bringing_back,
    a_destruction,
    a_measure,
    a_rate,
    a_sealing,
    a_start,
    a_stop,
    signed_policy,
)

NOON = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)


def minutes(number: int) -> timedelta:
    return timedelta(minutes=number)


def running(session: Session, **more: object) -> Scene:
    """40 mg are drawn up and run in at half a milligram a minute."""
    scene = drawn(session, amount_ug=40 * MG)
    service.start_infusion(session, a_start(scene, **more), scene.nurse, scene.clock)
    return scene


# Plain arithmetic.


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([(0, 500)], 30_000),
        ([(0, 500), (30, 1000)], 45_000),
        ([(0, 500), (20, 0), (50, 500)], 15_000),
        ([(0, 1)], 60),
        ([], 0),
    ],
)
def test_rates_over_an_hour(steps: list[tuple[int, int]], expected: int) -> None:
    made = [Step(at=NOON + minutes(at), rate_ug_per_min=rate) for at, rate in steps]
    assert given_by_rate(made, NOON + minutes(60)) == expected


def test_a_rate_is_rounded_down_once() -> None:
    steps = [Step(at=NOON, rate_ug_per_min=1), Step(at=NOON + timedelta(seconds=50), rate_ug_per_min=1)]
    assert given_by_rate(steps, NOON + timedelta(seconds=119)) == 1


@pytest.mark.parametrize(("found", "apart"), [(950, False), (949, True), (1050, False), (1051, True)])
def test_measures_may_differ_by_their_share(found: int, apart: bool) -> None:
    policy = DEFAULT_POLICIES | {"custody.measure": {"tolerance_permille": 50, "least_ug": 0}}
    span = timedelta(minutes=5)
    moment = Moment(
        now=NOON, today=NOON.date(), happened_at=NOON, fresh_for=span, beyond_use=span, late_after=span,
        skew=span, policy=policy,
    )  # fmt: skip
    assert differs(1000, found, 1000, moment) is apart


# Start, rates, stop.


def test_an_infusion_whose_figures_agree_is_no_exception(session: Session) -> None:
    scene = running(session, prime_ug=2 * MG)
    scene.clock.advance(minutes(20))
    service.change_rate(session, a_rate(scene, 1000), scene.nurse, scene.clock)
    scene.clock.advance(minutes(20))
    stop = a_stop(scene, 30 * MG, measured_ug=8 * MG, prime_ug=2 * MG)
    receipt = service.stop_infusion(session, stop, scene.nurse, scene.clock)
    assert (receipt.verdict, receipt.state) == (Verdict.STORED, State.RESIDUAL_PENDING)
    assert balance(session, f"patient:{scene.visit_id}") == 30 * MG
    assert balance(session, f"drawn:{scene.vial}") == 10 * MG
    row = session.get_one(EventRow, stop.event_id)
    assert (row.measured_ug, row.prime_ug) == (8 * MG, 2 * MG)


def test_an_infusion_may_be_given_in_parts(session: Session) -> None:
    scene = running(session)
    scene.clock.advance(minutes(20))
    part = a_stop(scene, 10 * MG, completes=False)
    assert service.stop_infusion(session, part, scene.nurse, scene.clock).state is State.ADMINISTERING
    scene.clock.advance(minutes(30))
    service.start_infusion(session, a_start(scene), scene.nurse, scene.clock)
    scene.clock.advance(minutes(10))
    rest = a_stop(scene, 5 * MG, measured_ug=25 * MG)
    assert service.stop_infusion(session, rest, scene.nurse, scene.clock).verdict is Verdict.STORED
    assert balance(session, f"patient:{scene.visit_id}") == 15 * MG


def test_a_total_that_the_rates_do_not_give_is_kept_and_becomes_a_case(session: Session) -> None:
    scene = running(session)
    scene.clock.advance(minutes(20))
    receipt = service.stop_infusion(session, a_stop(scene, 20 * MG), scene.nurse, scene.clock)
    assert (receipt.verdict, receipt.reasons) == (Verdict.FLAGGED, ("given_differs_from_rate",))
    assert balance(session, f"patient:{scene.visit_id}") == 20 * MG
    case = session.scalars(select(DiscrepancyRow)).one()
    assert (case.expected_ug, case.found_ug) == (10 * MG, 20 * MG)


def test_a_residual_that_is_short_becomes_a_case(session: Session) -> None:
    scene = running(session)
    scene.clock.advance(minutes(20))
    stop = a_stop(scene, 10 * MG, measured_ug=20 * MG)
    receipt = service.stop_infusion(session, stop, scene.nurse, scene.clock)
    assert receipt.reasons == ("given_differs_from_residual",)
    case = session.scalars(select(DiscrepancyRow)).one()
    assert (case.expected_ug, case.found_ug) == (20 * MG, 10 * MG)


def test_the_lines_prime_was_not_given(session: Session) -> None:
    scene = running(session, prime_ug=5 * MG)
    scene.clock.advance(minutes(20))
    stop = a_stop(scene, 10 * MG, measured_ug=25 * MG, prime_ug=5 * MG)
    assert service.stop_infusion(session, stop, scene.nurse, scene.clock).verdict is Verdict.STORED


def test_more_than_was_drawn_is_not_given(session: Session) -> None:
    scene = running(session)
    receipt = service.stop_infusion(session, a_stop(scene, 40 * MG + 1), scene.nurse, scene.clock)
    assert (receipt.verdict, receipt.reasons) == (Verdict.CLAIM, ("more_than_drawn",))


def test_a_stop_without_a_start_is_kept_and_flagged(session: Session) -> None:
    scene = running(session)
    service.stop_infusion(session, a_stop(scene, 0, completes=False), scene.nurse, scene.clock)
    receipt = service.stop_infusion(session, a_stop(scene, 1 * MG), scene.nurse, scene.clock)
    assert receipt.reasons == ("no_infusion",)


def test_an_infusion_is_started_once(session: Session) -> None:
    scene = running(session)
    receipt = service.start_infusion(session, a_start(scene), scene.nurse, scene.clock)
    assert receipt.reasons == ("infusion_runs",)


def test_nothing_drawn_up_runs_into_nobody(session: Session) -> None:
    scene = opened(session)
    receipt = service.start_infusion(session, a_start(scene), scene.nurse, scene.clock)
    assert receipt.reasons == ("nothing_drawn",)


def test_an_infusion_does_not_start_beyond_its_use_time(session: Session) -> None:
    scene = drawn(session)
    scene.clock.advance(timedelta(hours=4, seconds=1))
    with pytest.raises(Conflict, match="beyond_use_time"):
        service.start_infusion(session, a_start(scene), scene.nurse, scene.clock)


def test_a_start_that_is_told_late_has_happened(session: Session) -> None:
    scene = drawn(session)
    scene.clock.advance(timedelta(hours=5))
    told = a_stamp(scene.clock.now() - timedelta(minutes=16))
    receipt = service.start_infusion(session, a_start(scene, stamp=told), scene.nurse, scene.clock)
    assert receipt.verdict is Verdict.FLAGGED
    assert set(receipt.reasons) == {"beyond_use_time", "late_entry"}


def test_a_rate_below_nothing_is_invalid(session: Session) -> None:
    scene = drawn(session)
    with pytest.raises(Invalid, match="measure_not_plausible"):
        service.start_infusion(session, a_start(scene, -1), scene.nurse, scene.clock)


def test_a_presence_that_nobody_signed_is_flagged(session: Session) -> None:
    scene = drawn(session)
    receipt = service.start_infusion(session, a_start(scene, presence="by_letter"), scene.nurse, scene.clock)
    assert receipt.reasons == ("presence_not_allowed",)


# The residual.


def test_a_residual_as_expected_is_measured_without_a_case(session: Session) -> None:
    scene = given(session)
    receipt = service.measure_residual(session, a_measure(scene, 469 * MG), scene.nurse, scene.clock)
    assert (receipt.verdict, receipt.state) == (Verdict.STORED, State.RESIDUAL_PENDING)


def test_a_residual_that_is_missing_becomes_a_case(session: Session) -> None:
    scene = given(session)
    receipt = service.measure_residual(session, a_measure(scene, 400 * MG), scene.nurse, scene.clock)
    assert receipt.reasons == ("residual_differs",)
    case = session.scalars(select(DiscrepancyRow)).one()
    assert (case.expected_ug, case.found_ug) == (469 * MG, 400 * MG)
    assert balance(session, f"open:{scene.vial}") + balance(session, f"drawn:{scene.vial}") == 469 * MG


def test_overfill_is_no_surplus(session: Session) -> None:
    scene = given(session, overfill_percent=10)
    receipt = service.measure_residual(session, a_measure(scene, 519 * MG), scene.nurse, scene.clock)
    assert receipt.verdict is Verdict.STORED


def test_another_amount_than_was_measured_is_flagged(session: Session) -> None:
    scene = given(session)
    service.measure_residual(session, a_measure(scene, 469 * MG), scene.nurse, scene.clock)
    receipt = service.waste_residual(session, a_waste(scene, 400 * MG), scene.nurse, scene.clock)
    assert receipt.reasons == ("waste_differs_from_measured",)


def test_where_the_policy_asks_it_is_measured_before_it_is_wasted(session: Session) -> None:
    scene = given(session)
    signed_policy(session, scene, "custody.residual", {"carried_back": True, "measured_first": True})
    receipt = service.waste_residual(session, a_waste(scene, MG), scene.nurse, scene.clock)
    assert receipt.reasons == ("residual_not_measured",)
    service.measure_residual(session, a_measure(scene, 468 * MG), scene.nurse, scene.clock)
    receipt = service.waste_residual(session, a_waste(scene, 468 * MG), scene.nurse, scene.clock)
    assert receipt.verdict is Verdict.STORED


def test_a_measure_counts_until_drug_moves(session: Session) -> None:
    scene = given(session)
    service.measure_residual(session, a_measure(scene, 469 * MG), scene.nurse, scene.clock)
    service.draw(session, a_draw(scene, 100 * MG), scene.nurse, scene.clock)
    receipt = service.waste_residual(session, a_waste(scene, 10 * MG), scene.nurse, scene.clock)
    assert receipt.verdict is Verdict.STORED


def sealed(session: Session) -> Scene:
    scene = given(session)
    service.seal_residual(session, a_sealing(scene, 469 * MG), scene.nurse, scene.clock)
    return scene


def test_a_sealed_residual_is_carried_back_and_destroyed_there(session: Session) -> None:
    scene = sealed(session)
    assert the_vial(session, scene).seal == "R-1"
    assert the_vial(session, scene).holder == scene.nurse_holder
    back = a_bringing_back(scene, 469 * MG)
    receipt = service.return_residual(session, back, scene.nurse, scene.clock)
    assert (receipt.verdict, receipt.state) == (Verdict.STORED, State.QUARANTINE)
    assert balance(session, "quarantine") == 469 * MG
    assert session.get_one(EventRow, back.event_id).witness_kind == "carried_back"
    receipt = stock.destroy(session, a_destruction(scene), scene.pharmacist, scene.clock)
    assert (receipt.verdict, receipt.state) == (Verdict.STORED, State.DESTROYED)
    assert (balance(session, "quarantine"), balance(session, "waste")) == (0, 469 * MG)
    session.commit()


def test_a_residual_with_another_seal_is_quarantined_as_an_exception(session: Session) -> None:
    scene = sealed(session)
    receipt = service.return_residual(
        session, a_bringing_back(scene, 469 * MG, seal="R-2"), scene.nurse, scene.clock
    )
    assert (receipt.verdict, receipt.state) == (Verdict.FLAGGED, State.QUARANTINE)
    assert receipt.reasons == ("seal_mismatch",)


def test_a_residual_that_weighs_less_at_the_counter_becomes_a_case(session: Session) -> None:
    scene = sealed(session)
    receipt = service.return_residual(session, a_bringing_back(scene, 400 * MG), scene.nurse, scene.clock)
    assert receipt.reasons == ("residual_differs",)
    assert balance(session, "quarantine") == 469 * MG


def test_a_residual_handed_in_unsealed_is_an_exception(session: Session) -> None:
    scene = given(session)
    receipt = service.return_residual(session, a_bringing_back(scene, 469 * MG), scene.nurse, scene.clock)
    assert receipt.reasons == ("residual_not_sealed",)


def test_only_a_pharmacist_signs_for_a_residual(session: Session) -> None:
    scene = sealed(session)
    command = a_bringing_back(scene, 469 * MG, witness=scene.proof(scene.other_nurse))
    with pytest.raises(Forbidden, match="pharmacist_missing"):
        service.return_residual(session, command, scene.nurse, scene.clock)


def test_where_nothing_may_be_carried_back_it_is_kept_as_an_exception(session: Session) -> None:
    scene = given(session)
    signed_policy(session, scene, "custody.residual", {"carried_back": False, "measured_first": False})
    receipt = service.seal_residual(session, a_sealing(scene, 469 * MG), scene.nurse, scene.clock)
    assert receipt.reasons == ("carry_back_not_allowed",)


def test_a_shift_does_not_close_over_a_sealed_residual(session: Session) -> None:
    scene = sealed(session)
    with pytest.raises(Conflict, match="residual_unaccounted"):
        service.close_shift(session, scene.nurse, scene.clock)


def test_an_infusion_is_of_the_holder(session: Session) -> None:
    scene = drawn(session)
    receipt = service.start_infusion(session, a_start(scene), scene.other_nurse, scene.clock)
    assert (receipt.verdict, receipt.reasons) == (Verdict.CLAIM, ("held_by_another",))
    assert the_vial(session, scene).state == State.OPENED
    assert receipt.kind is EventKind.INFUSION_STARTED
    assert balance(session, f"open:{scene.vial}") == LABEL_UG - 35 * MG

"""Attacks 1, 5, 10 to 15 of custody-rules.md over the whole lifecycle, on both databases."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dispatch.areas.model import DEFAULT_POLICIES
from dispatch.custody import queries, service
from dispatch.custody.cases.loading import case_of
from dispatch.custody.cases.model import StepKind
from dispatch.custody.commands import Reconcile
from dispatch.custody.model import EventKind, Standing, State, Verdict
from dispatch.custody.records import DiscrepancyRow, EventRow
from dispatch.custody.stock import service as stock
from dispatch.identity.records import DeviceRow
from dispatch.kernel.actor import Role
from dispatch.kernel.ids import new_id
from dispatch.kernel.refusals import Conflict, Forbidden
from tests.builders.cases import a_lost_vial, resolved
from tests.builders.custody import (
    EXPIRED,
    FIT,
    LABEL_UG,
    MG,
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
    an_actor,
    an_opening,
    balance,
    drawn,
    given,
    opened,
    picked_up,
    the_vial,
)
from tests.builders.lifecycle import (
    a_correction,
    a_destruction,
    a_measure,
    a_reversal,
    a_stop,
    last_event,
    setting_aside,
    signed_policy,
)
from tests.dispatch.custody.test_ledger_guards import given_raw, signed


def kinds(session: Session) -> list[str]:
    """The kinds of the discrepancies so far, by id."""
    session.flush()
    return list(session.scalars(select(DiscrepancyRow.kind).order_by(DiscrepancyRow.id)))


# 1: two phones open one vial, and both say they did.


def test_both_who_opened_one_vial_stand_in_one_case(session: Session) -> None:
    scene = picked_up(session)
    first = service.open_container(session, an_opening(scene), scene.nurse, scene.clock)
    other = an_opening(scene, stamp=a_stamp(scene.clock.now()))
    second = service.open_container(session, other, scene.other_nurse, scene.clock)
    assert (first.verdict, second.verdict) == (Verdict.STORED, Verdict.CLAIM)
    assert second.reasons == ("state_does_not_allow", "held_by_another")
    case = session.scalars(select(DiscrepancyRow)).one()
    assert (case.container_id, case.event_id) == (scene.vial, second.event_id)
    opened_by = [
        line.actor
        for line in queries.vial_history(session, case.container_id)
        if line.kind is EventKind.OPENED
    ]
    assert opened_by == ["ada", "bea"]


# 5: the actor witnesses self, by a device.


def a_device(session: Session, scene: Scene, account_id: object) -> Any:
    at = scene.clock.now()
    row = DeviceRow(
        id=new_id(), account_id=account_id, name="phone", token_digest=new_id().bytes, created_at=at,
        expires_at=at,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row.id


def test_the_actors_device_cannot_witness(session: Session) -> None:
    scene = given(session)
    device = a_device(session, scene, scene.nurse.account_id)
    nurse = replace(scene.nurse, device_id=device)
    command = a_waste(scene, MG, witness=scene.proof(scene.other_nurse, device_id=device))
    with pytest.raises(Forbidden, match="witness_on_actors_device"):
        service.waste_residual(session, command, nurse, scene.clock)


def test_the_database_takes_no_second_signature_by_one_device(session: Session) -> None:
    scene = drawn(session)
    device = a_device(session, scene, scene.nurse.account_id)
    event_id = given_raw(session, scene)
    with pytest.raises(IntegrityError, match="device of another account"):
        signed(session, event_id, scene.other_nurse, "witness", device_id=device)


def test_where_the_policy_forbids_it_nobody_types_on_the_actors_phone(session: Session) -> None:
    scene = given(session)
    strict = {**DEFAULT_POLICIES["custody.witnesses"], "typed_on_actors_device": False}
    signed_policy(session, scene, "custody.witnesses", strict)
    here = scene.proof(scene.other_nurse, given_in=scene.nurse.session_ref)
    with pytest.raises(Forbidden, match="witness_on_actors_device"):
        service.waste_residual(session, a_waste(scene, MG, witness=here), scene.nurse, scene.clock)
    elsewhere = a_waste(scene, MG, witness=scene.proof(scene.other_nurse))
    receipt = service.waste_residual(session, elsewhere, scene.nurse, scene.clock)
    assert receipt.verdict is Verdict.STORED


def test_a_dispatcher_has_no_authority_to_witness(session: Session) -> None:
    scene = given(session)
    desk = an_actor(session, scene.clock, "dora", Role.DISPATCHER)
    proof = scene.proof(scene.other_nurse, account_id=desk.account_id, person_ref="person-dora")
    with pytest.raises(Forbidden, match="witness_without_authority"):
        service.waste_residual(session, a_waste(scene, MG, witness=proof), scene.nurse, scene.clock)


def test_a_nurse_without_a_licence_has_no_authority_to_witness(session: Session) -> None:
    scene = given(session)
    with pytest.raises(Forbidden, match="witness_not_licensed"):
        service.waste_residual(session, a_waste(scene, MG, witness_licensed=False), scene.nurse, scene.clock)


# 10: a phone's clock set back to hide late waste.


def test_a_waste_told_late_with_a_clock_set_back_stays_late(session: Session) -> None:
    scene = given(session)
    before = the_vial(session, scene).sequence
    scene.clock.advance(timedelta(hours=6))
    early = a_stamp(scene.clock.now() - timedelta(hours=9), seq=5)
    receipt = service.waste_residual(
        session, a_waste(scene, LABEL_UG - 31 * MG, stamp=early), scene.nurse, scene.clock
    )
    assert set(receipt.reasons) == {"late_entry", "device_time_runs_back"}
    assert receipt.sequence == before + 1
    row = session.get_one(EventRow, receipt.event_id)
    assert row.server_time - row.device_time == timedelta(hours=9)
    assert kinds(session) == ["late_entry"]


# 11: an offline phone syncs 9 hours later; the vial was reported lost and the case closed meanwhile.


def test_a_late_sync_reopens_the_case_and_leaves_its_clocks(session: Session) -> None:
    scene, case_id = a_lost_vial(session)
    found_at = session.get_one(DiscrepancyRow, case_id).discovered_at
    scene.clock.advance(timedelta(hours=2))
    resolved(session, scene, case_id)
    happened = a_stamp(scene.clock.now() - timedelta(hours=1))
    scene.clock.advance(timedelta(hours=8))
    command = an_opening(scene, stamp=happened)
    receipt = service.open_container(session, command, scene.nurse, scene.clock)
    assert receipt.verdict is Verdict.CLAIM
    assert "late_entry" in receipt.reasons
    case = case_of(session, case_id)
    assert case.steps[-1].kind is StepKind.REOPENED
    assert case.opening.discovered_at == found_at
    assert [line.kind for line in queries.vial_history(session, scene.vial)][-2:] == [
        EventKind.LOST, EventKind.OPENED,
    ]  # fmt: skip


# 12: the licence expires, or the registrant's word, in mid-shift.

DISMISSED = Standing(licensed=True, on_shift=True, employed=False)


@pytest.mark.parametrize(
    ("standing", "code"), [(EXPIRED, "not_licensed_here"), (DISMISSED, "not_the_registrants_agent")]
)
def test_new_drug_is_refused_and_what_is_in_hand_is_kept(
    session: Session, standing: Standing, code: str
) -> None:
    scene = a_scene(session, vials=2)
    first = a_pickup(session, scene, scene.vials[0])
    service.pick_up(session, first, scene.nurse, scene.clock)
    more = a_pickup(session, scene, scene.vials[1], standing=standing)
    with pytest.raises(Conflict, match=code):
        service.pick_up(session, more, scene.nurse, scene.clock)
    for deed, command in (
        ("open_container", an_opening(scene, standing=standing)),
        ("draw", a_draw(scene, standing=standing)),
        ("administer", a_dose(scene, standing=standing)),
        ("measure_residual", a_measure(scene, 469 * MG, standing=standing)),
        ("waste_residual", a_waste(scene, 469 * MG, standing=standing)),
    ):
        receipt = getattr(service, deed)(session, command, scene.nurse, scene.clock)
        assert (deed, receipt.verdict, receipt.reasons) == (deed, Verdict.FLAGGED, (code,))
    assert the_vial(session, scene).state == State.WASTED
    told = session.scalars(select(EventRow.standing).where(EventRow.kind == "wasted")).one()
    assert (told["licensed"], told["employed"]) == (standing.licensed, standing.employed)


# 13: the shift ends with residual in hand.


def test_a_shift_with_residual_stays_open_escalates_and_closes_by_a_blind_count(session: Session) -> None:
    scene = given(session)
    for _ in range(2):
        with pytest.raises(Conflict, match="residual_unaccounted"):
            service.close_shift(session, scene.nurse, scene.clock)
    assert kinds(session) == ["shift_not_closed"]
    scene.clock.advance(timedelta(hours=2))
    (overdue,) = queries.overdue_shifts(session, scene.area_id, scene.clock.now())
    assert (overdue.code, [line.serial for line in overdue.vials]) == ("N-07", ["7F0"])
    service.waste_residual(session, a_waste(scene, LABEL_UG - 31 * MG), scene.nurse, scene.clock)
    with pytest.raises(Conflict, match="count_missing"):
        service.close_shift(session, scene.nurse, scene.clock)
    scene.clock.advance(timedelta(minutes=1))
    command = a_count(scene, 0)
    service.count(session, command, scene.nurse, scene.clock)
    service.close_shift(session, scene.nurse, scene.clock, command.round_id)
    assert queries.overdue_shifts(session, scene.area_id, scene.clock.now()) == []


# 14: 50 mg entered for 5, after reconciliation.


def reconciled(session: Session) -> Scene:
    """50 mg were drawn and entered as given, the rest wasted, the vial reconciled."""
    scene = drawn(session, amount_ug=50 * MG)
    service.administer(session, a_dose(scene, 50 * MG), scene.nurse, scene.clock)
    service.waste_residual(session, a_waste(scene, LABEL_UG - 50 * MG), scene.nurse, scene.clock)
    done = Reconcile(event_id=new_id(), container_id=scene.vial, standing=FIT)
    service.reconcile(session, done, scene.compliance, scene.clock)
    return scene


def test_a_correction_after_reconciliation_hides_nothing(session: Session) -> None:
    scene = reconciled(session)
    original = last_event(session, scene, EventKind.ADMINISTERED)
    alone = a_correction(session, scene, EventKind.ADMINISTERED, 5 * MG, witness=None)
    with pytest.raises(Forbidden, match="witness_missing"):
        service.correct(session, alone, scene.compliance, scene.clock)
    command = a_correction(session, scene, EventKind.ADMINISTERED, 5 * MG)
    back, anew = service.correct(session, command, scene.compliance, scene.clock)
    assert (back.kind, back.verdict) == (EventKind.REVERSED, Verdict.STORED)
    assert (anew.kind, anew.verdict, anew.reasons) == (
        EventKind.ADMINISTERED, Verdict.FLAGGED, ("corrected",),
    )  # fmt: skip
    kept = session.get_one(EventRow, original)
    assert (kept.amount_ug, kept.applied) == (50 * MG, True)
    both = (command.event_id, command.corrected_event_id)
    assert {session.get_one(EventRow, each).supersedes for each in both} == {original}
    # 45 mg are in nobody's patient: they wait, in the nurse's name, for an answer.
    vial = the_vial(session, scene)
    assert (vial.state, vial.holder) == (State.RESIDUAL_PENDING, scene.nurse_holder)
    assert balance(session, f"patient:{scene.visit_id}") == 5 * MG
    assert balance(session, f"drawn:{scene.vial}") == 45 * MG
    case = session.scalars(select(DiscrepancyRow)).one()
    assert (case.kind, case.expected_ug, case.found_ug) == ("entry_corrected", 50 * MG, 5 * MG)
    session.commit()


# 15: seal mismatch, count right.


def test_a_wrong_seal_at_pickup_is_a_case_a_quarantine_and_no_dose(session: Session) -> None:
    scene = a_scene(session)
    command = a_pickup(session, scene)
    wrong = replace(command, vials=(replace(command.vials[0], seal="S-9"),))
    with pytest.raises(Conflict, match="seal_mismatch"):
        service.pick_up(session, wrong, scene.nurse, scene.clock)
    assert kinds(session) == ["seal_mismatch"]
    stock.set_aside(session, setting_aside(scene), scene.pharmacist, scene.clock)
    assert (the_vial(session, scene).state, balance(session, "quarantine")) == (State.QUARANTINE, LABEL_UG)
    with pytest.raises(Conflict, match="state_does_not_allow"):
        service.pick_up(session, a_pickup(session, scene), scene.nurse, scene.clock)


def test_a_wrong_seal_on_the_road_is_a_case_a_quarantine_and_no_dose(session: Session) -> None:
    scene = picked_up(session)
    service.report_exception(session, a_report(scene, EventKind.SEAL_MISMATCH), scene.nurse, scene.clock)
    for deed, command in (("open_container", an_opening(scene)), ("draw", a_draw(scene))):
        assert getattr(service, deed)(session, command, scene.nurse, scene.clock).verdict is Verdict.CLAIM
    back = service.return_unopened(session, a_return(scene), scene.nurse, scene.clock)
    assert back.state is State.QUARANTINE
    stock.destroy(session, a_destruction(scene), scene.pharmacist, scene.clock)
    assert balance(session, "waste") == LABEL_UG
    assert balance(session, f"open:{scene.vial}") == 0


# What reaches the ledger late has happened (invariant 9).


def test_an_opening_past_its_date_that_is_told_late_is_kept(session: Session) -> None:
    scene = opened(session)
    scene.clock.advance(timedelta(hours=5))
    late = a_stamp(scene.clock.now() - timedelta(minutes=20))
    receipt = service.draw(session, a_draw(scene, stamp=late), scene.nurse, scene.clock)
    assert (receipt.verdict, set(receipt.reasons)) == (Verdict.FLAGGED, {"beyond_use_time", "late_entry"})
    stopped = service.stop_infusion(session, a_stop(scene, 0), scene.nurse, scene.clock)
    assert stopped.verdict is Verdict.CLAIM
    assert a_reversal(session, scene, EventKind.DRAWN).reverses == receipt.event_id

"""Corrections: taken back whole, entered anew, two approvers, nothing hidden. (Attack 14 itself stands with
the other attacks.)"""

from dataclasses import replace

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dispatch.custody import queries, service
from dispatch.custody.model import EventKind, State, Verdict
from dispatch.identity.records import DeviceRow
from dispatch.kernel.actor import Role
from dispatch.kernel.ids import new_id
from dispatch.kernel.refusals import Conflict, Forbidden, NotFound
from tests.builders.custody import (
    LABEL_UG,
    MG,
    Scene,
    a_dose,
    a_draw,
    a_report,
    a_return,
    a_waste,
    an_actor,
    balance,
    drawn,
    given,
    picked_up,
    the_vial,
    wasted,
)
from tests.builders.lifecycle import a_correction, a_reversal, last_event, signed_policy
from tests.dispatch.custody.test_attacks_lifecycle import reconciled
from tests.dispatch.custody.test_ledger_guards import an_event, closed, followed, posted, signed


def test_both_approvers_sign_both_entries(session: Session) -> None:
    scene = reconciled(session)
    command = a_correction(session, scene, EventKind.ADMINISTERED, 5 * MG)
    service.correct(session, command, scene.compliance, scene.clock)
    history = {line.event_id: line for line in queries.vial_history(session, scene.vial)}
    for event_id in (command.event_id, command.corrected_event_id):
        assert (history[event_id].actor, history[event_id].witness) == ("cora", "phil")


def test_a_correction_sent_again_is_one(session: Session) -> None:
    scene = reconciled(session)
    command = a_correction(session, scene, EventKind.ADMINISTERED, 5 * MG)
    first = service.correct(session, command, scene.compliance, scene.clock)
    assert service.correct(session, command, scene.compliance, scene.clock) == first
    assert balance(session, f"patient:{scene.visit_id}") == 5 * MG


def test_what_screens_sum_up_follows_the_correction(session: Session) -> None:
    scene = reconciled(session)
    command = a_correction(session, scene, EventKind.ADMINISTERED, 5 * MG)
    service.correct(session, command, scene.compliance, scene.clock)
    totals = queries.visit_totals(session, [scene.visit_id])[scene.visit_id]
    assert (totals.drawn_ug, totals.given_ug) == (50 * MG, 5 * MG)
    line = queries.vial(session, scene.vial)
    assert (line.drawn_ug, line.given_ug, line.residual_ug) == (50 * MG, 5 * MG, 45 * MG)


def test_after_reconciled_comes_nothing_but_a_reversal(session: Session) -> None:
    scene = reconciled(session)
    receipt = service.administer(session, a_dose(scene, MG), scene.nurse, scene.clock)
    assert receipt.verdict is Verdict.CLAIM
    with pytest.raises(IntegrityError, match="nothing but a reversal"):
        an_event(session, scene)


@pytest.mark.parametrize("kind", [EventKind.DRAWN, EventKind.WASTED])
def test_a_draw_and_a_waste_may_be_entered_anew(session: Session, kind: EventKind) -> None:
    scene = drawn(session, amount_ug=40 * MG)
    if kind is EventKind.WASTED:
        service.waste_residual(session, a_waste(scene, 30 * MG), scene.nurse, scene.clock)
    command = a_correction(session, scene, kind, 25 * MG)
    service.correct(session, command, scene.compliance, scene.clock)
    account = "waste" if kind is EventKind.WASTED else f"drawn:{scene.vial}"
    assert balance(session, account) == 25 * MG


def test_a_corrected_draw_counts_once_against_the_order(session: Session) -> None:
    scene = drawn(session, amount_ug=35 * MG)
    service.correct(
        session, a_correction(session, scene, EventKind.DRAWN, 5 * MG), scene.compliance, scene.clock
    )
    command = a_draw(scene, 30 * MG, order_ceiling_ug=35 * MG)
    assert service.draw(session, command, scene.nurse, scene.clock).verdict is Verdict.STORED


def test_no_more_is_entered_anew_than_the_vial_held(session: Session) -> None:
    scene = reconciled(session)
    command = a_correction(session, scene, EventKind.ADMINISTERED, 50 * MG + 1)
    with pytest.raises(Conflict, match="more_than_left"):
        service.correct(session, command, scene.compliance, scene.clock)


# Taking back.


def test_a_reported_loss_that_was_none_is_taken_back(session: Session) -> None:
    scene = picked_up(session)
    service.report_exception(session, a_report(scene, EventKind.LOST), scene.nurse, scene.clock)
    service.reverse(session, a_reversal(session, scene, EventKind.LOST), scene.compliance, scene.clock)
    assert (the_vial(session, scene).state, the_vial(session, scene).holder) == (
        State.PICKED_UP, scene.nurse_holder,
    )  # fmt: skip
    assert balance(session, f"custody:{scene.nurse_holder}") == LABEL_UG
    assert balance(session, "lost") == 0


def test_reconciling_too_early_is_taken_back(session: Session) -> None:
    scene = reconciled(session)
    both = {"proof": scene.proof(scene.pharmacist), "witness": scene.proof(scene.second_account)}
    command = a_reversal(session, scene, EventKind.RECONCILED, **both)
    service.reverse(session, command, scene.pharmacist, scene.clock)
    assert the_vial(session, scene).state == State.WASTED


def refused(session: Session, scene: Scene, kind: EventKind, **more: object) -> None:
    service.reverse(session, a_reversal(session, scene, kind, **more), scene.compliance, scene.clock)


def test_one_approver_is_not_enough(session: Session) -> None:
    scene = wasted(session)
    with pytest.raises(Forbidden, match="witness_missing"):
        refused(session, scene, EventKind.WASTED, witness=None)


def test_one_person_with_two_accounts_is_one_approver(session: Session) -> None:
    scene = wasted(session)
    again = an_actor(session, scene.clock, "cora2", Role.PHARMACIST, person="person-cora")
    proof = scene.proof(scene.pharmacist, account_id=again.account_id, person_ref="person-cora")
    with pytest.raises(Forbidden, match="witness_is_same_person"):
        refused(session, scene, EventKind.WASTED, witness=proof)


def test_a_nurse_approves_no_correction(session: Session) -> None:
    scene = wasted(session)
    with pytest.raises(Forbidden, match="witness_without_authority"):
        refused(session, scene, EventKind.WASTED, witness=scene.proof(scene.other_nurse))
    with pytest.raises(Forbidden, match="role_missing"):
        service.reverse(session, a_reversal(session, scene, EventKind.WASTED), scene.nurse, scene.clock)


def test_nobody_approves_the_correction_of_an_own_entry(session: Session) -> None:
    scene = wasted(session)
    command = a_reversal(
        session, scene, EventKind.WASTED, proof=scene.proof(scene.second_account, session_ref="s2")
    )
    with pytest.raises(Conflict, match="approver_made_the_entry"):
        service.reverse(session, command, scene.second_account, scene.clock)


def test_the_policy_may_let_the_own_entry_be_approved(session: Session) -> None:
    scene = wasted(session)
    signed_policy(session, scene, "custody.reversal", {"own_entry": True})
    command = a_reversal(
        session, scene, EventKind.WASTED, proof=scene.proof(scene.second_account, session_ref="s2")
    )
    service.reverse(session, command, scene.second_account, scene.clock)
    assert the_vial(session, scene).state == State.RESIDUAL_PENDING


def test_an_entry_is_taken_back_once(session: Session) -> None:
    scene = wasted(session)
    original = last_event(session, scene, EventKind.WASTED)
    refused(session, scene, EventKind.WASTED)
    with pytest.raises(Conflict, match="reversed_already"):
        refused(session, scene, EventKind.WASTED, reverses=original)


def test_a_reversal_is_not_reversed(session: Session) -> None:
    scene = wasted(session)
    refused(session, scene, EventKind.WASTED)
    with pytest.raises(Conflict, match="nothing_to_reverse"):
        refused(session, scene, EventKind.REVERSED)


def test_a_claim_moved_nothing_that_could_be_taken_back(session: Session) -> None:
    scene = picked_up(session)
    service.draw(session, a_draw(scene), scene.nurse, scene.clock)
    with pytest.raises(Conflict, match="nothing_to_reverse"):
        refused(session, scene, EventKind.DRAWN)


def test_a_draw_that_was_given_since_stands_until_the_dose_is_taken_back(session: Session) -> None:
    scene = given(session)
    with pytest.raises(Conflict, match="later_entries_first"):
        refused(session, scene, EventKind.DRAWN)
    refused(session, scene, EventKind.ADMINISTERED)
    refused(session, scene, EventKind.DRAWN)
    assert balance(session, f"open:{scene.vial}") == LABEL_UG


def test_a_pickup_stands_under_what_came_after(session: Session) -> None:
    scene = picked_up(session)
    service.return_unopened(session, a_return(scene), scene.nurse, scene.clock)
    with pytest.raises(Conflict, match="later_entries_first"):
        refused(session, scene, EventKind.PICKED_UP)


def test_a_correction_says_why(session: Session) -> None:
    scene = wasted(session)
    with pytest.raises(Conflict, match="correction_reason_missing"):
        refused(session, scene, EventKind.WASTED, reason=" ")


def test_an_entry_of_another_vial_is_not_found(session: Session) -> None:
    scene = picked_up(session, vials=2)
    command = a_reversal(session, scene, EventKind.PICKED_UP)
    with pytest.raises(NotFound, match="no_such_entry"):
        service.reverse(session, replace(command, container_id=scene.vials[1]), scene.compliance, scene.clock)


def test_a_pickup_has_no_amount_to_enter_anew(session: Session) -> None:
    scene = picked_up(session)
    with pytest.raises(Conflict, match="no_amount_to_correct"):
        service.correct(
            session, a_correction(session, scene, EventKind.PICKED_UP, MG), scene.compliance, scene.clock
        )


# What the database itself refuses.


def test_the_database_takes_no_reversal_of_one(session: Session) -> None:
    scene = given(session)
    original = last_event(session, scene, EventKind.ADMINISTERED)
    event_id = followed(session, scene, kind="reversed", supersedes=original, exception=True)
    posted(session, scene, event_id, f"patient:{scene.visit_id}", -31 * MG)
    posted(session, scene, event_id, f"drawn:{scene.vial}", 31 * MG)
    signed(session, event_id, scene.nurse)
    with pytest.raises(IntegrityError, match="two approvers"):
        closed(session, event_id)


def test_the_database_takes_no_reversal_of_another_amount(session: Session) -> None:
    scene = given(session)
    original = last_event(session, scene, EventKind.ADMINISTERED)
    event_id = followed(
        session, scene, kind="reversed", supersedes=original,
        witness_account_id=scene.pharmacist.account_id,
    )  # fmt: skip
    posted(session, scene, event_id, f"patient:{scene.visit_id}", -30 * MG)
    posted(session, scene, event_id, f"drawn:{scene.vial}", 30 * MG)
    signed(session, event_id, scene.nurse)
    signed(session, event_id, scene.pharmacist, "witness")
    with pytest.raises(IntegrityError, match="exactly what its entry moved"):
        closed(session, event_id)


def test_the_database_takes_no_reversal_of_nothing(session: Session) -> None:
    scene = given(session)
    with pytest.raises(IntegrityError, match="applied entry of its own container"):
        an_event(session, scene, kind="reversed", supersedes=None)


@pytest.mark.parametrize("altered", ["amount", "corrected id", "reversal id"])
def test_a_correction_sent_again_with_other_words_leaves_neither_half_behind(
    session: Session, altered: str
) -> None:
    scene = drawn(session, amount_ug=100 * MG)
    service.administer(session, a_dose(scene, 31 * MG), scene.nurse, scene.clock)
    command = a_correction(session, scene, EventKind.ADMINISTERED, 20 * MG)
    service.correct(session, command, scene.compliance, scene.clock)
    other = {
        "amount": replace(command, amount_ug=5 * MG),
        "corrected id": replace(command, corrected_event_id=new_id(), amount_ug=5 * MG),
        "reversal id": replace(command, event_id=new_id()),
    }[altered]
    receipts = service.correct(session, other, scene.compliance, scene.clock)
    assert [each.verdict for each in receipts] == [Verdict.ID_REUSED]
    assert balance(session, f"patient:{scene.visit_id}") == 20 * MG
    assert the_vial(session, scene).sequence == 7


def test_a_correction_needs_two_ids(session: Session) -> None:
    scene = given(session)
    command = a_correction(session, scene, EventKind.ADMINISTERED, MG)
    with pytest.raises(Conflict, match="event_id_reused"):
        service.correct(
            session, replace(command, corrected_event_id=command.event_id), scene.compliance, scene.clock
        )


def test_the_database_takes_one_reversal_of_an_entry(session: Session) -> None:
    scene = wasted(session)
    original = last_event(session, scene, EventKind.WASTED)
    refused(session, scene, EventKind.WASTED)
    with pytest.raises(IntegrityError):
        an_event(session, scene, kind="reversed", supersedes=original)


def test_the_database_takes_no_signature_by_the_device_of_another(session: Session) -> None:
    scene = drawn(session)
    device = new_id()
    at = scene.clock.now()
    session.add(
        DeviceRow(
            id=device, account_id=scene.nurse.account_id, name="phone", token_digest=b"d", created_at=at,
            expires_at=at,
        )
    )  # fmt: skip
    session.flush()
    event_id = followed(session, scene)
    with pytest.raises(IntegrityError, match="device of another account"):
        signed(session, event_id, scene.other_nurse, "witness", device_id=device)

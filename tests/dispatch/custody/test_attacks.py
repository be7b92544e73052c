"""Attacks of custody-rules.md, on both databases, with real threads where there is a race."""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine, func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from dispatch.audit.records import AuditEntryRow
from dispatch.custody import service
from dispatch.custody.model import EventKind, State, Verdict
from dispatch.custody.records import DiscrepancyRow, EventRow, PostingRow
from dispatch.kernel.actor import Actor
from dispatch.kernel.refusals import Conflict, Forbidden
from dispatch.kernel.sealing import Keyring
from dispatch.kernel.storage import transaction
from tests.builders.custody import (
    EXPIRED,
    LABEL_UG,
    MG,
    Scene,
    a_count,
    a_delivery,
    a_dose,
    a_draw,
    a_pickup,
    a_report,
    a_return,
    a_scene,
    a_stamp,
    a_waste,
    an_opening,
    balance,
    drawn,
    given,
    opened,
    picked_up,
    the_vial,
)

Sent = Callable[[Session], Any]


def sending(deed: Callable[..., Any], actor: Actor, scene: Scene, *commands: object) -> list[Sent]:
    """Make one call of `deed` for each command."""
    return [
        lambda session, command=command: deed(session, command, actor, scene.clock) for command in commands
    ]


def at_once(engine: Engine, keyring: Keyring, deeds: list[Sent]) -> list[Any]:
    """Run every deed in a thread, a session and a transaction of its own, all at the same moment."""
    gate = threading.Barrier(len(deeds))

    def one(deed: Sent) -> Any:
        gate.wait()
        try:
            with transaction(engine, keyring) as session:
                return deed(session)
        except Exception as refused:
            return refused

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(one, deeds))


def prepared(engine: Engine, keyring: Keyring, make: Callable[..., Scene], **more: object) -> Scene:
    """Make a scene and commit it."""
    with transaction(engine, keyring) as session:
        return make(session, **more)


# 1: two phones open one vial at once.


@pytest.mark.parametrize("phones", [2, 16])
def test_of_phones_that_open_one_vial_at_once_one_wins(engine: Engine, keyring: Keyring, phones: int) -> None:
    scene = prepared(engine, keyring, picked_up)
    commands = [an_opening(scene) for _ in range(phones)]
    deeds = sending(service.open_container, scene.nurse, scene, *commands)
    answers = at_once(engine, keyring, deeds)
    assert Counter(answer.verdict for answer in answers) == {Verdict.STORED: 1, Verdict.CLAIM: phones - 1}
    with transaction(engine, keyring) as session:
        assert balance(session, f"open:{scene.vial}") == LABEL_UG
        cases = session.scalars(select(DiscrepancyRow.kind)).all()
    assert cases == ["state_does_not_allow"] * (phones - 1)


def test_another_nurse_who_opens_the_vial_is_kept_as_a_claim(session: Session) -> None:
    scene = picked_up(session)
    receipt = service.open_container(session, an_opening(scene), scene.other_nurse, scene.clock)
    assert receipt.verdict is Verdict.CLAIM
    assert receipt.reasons == ("held_by_another",)
    assert the_vial(session, scene).state == State.PICKED_UP


# 2: 16 parallel draws of 50 mg from 500 mg.


def test_sixteen_draws_of_fifty_from_five_hundred(engine: Engine, keyring: Keyring) -> None:
    scene = prepared(engine, keyring, opened)
    commands = [a_draw(scene, 50 * MG) for _ in range(16)]
    deeds = sending(service.draw, scene.nurse, scene, *commands)
    answers = at_once(engine, keyring, deeds)
    assert Counter(answer.verdict for answer in answers) == {Verdict.STORED: 10, Verdict.CLAIM: 6}
    with transaction(engine, keyring) as session:
        assert balance(session, f"open:{scene.vial}") == 0
        assert balance(session, f"drawn:{scene.vial}") == LABEL_UG
        found = session.scalars(select(DiscrepancyRow)).all()
        assert {row.kind for row in found} == {"over_draw"}
        assert [(row.expected_ug, row.found_ug) for row in found] == [(0, 50 * MG)] * 6


def test_two_nurses_who_pick_up_the_same_vials_do_not_share_them(engine: Engine, keyring: Keyring) -> None:
    scene = prepared(engine, keyring, a_scene, vials=4)
    with transaction(engine, keyring) as session:
        mine = a_pickup(session, scene)
        theirs = a_pickup(session, scene, *reversed(scene.vials), proof=scene.proof(scene.other_nurse))
    answers = at_once(
        engine,
        keyring,
        sending(service.pick_up, scene.nurse, scene, mine)
        + sending(service.pick_up, scene.other_nurse, scene, theirs),
    )
    assert sum(isinstance(answer, Conflict) for answer in answers) == 1
    assert sum(isinstance(answer, tuple) for answer in answers) == 1


# 3: retry after a time-out.


def test_a_retry_gets_the_same_receipt_and_posts_once(engine: Engine, keyring: Keyring) -> None:
    scene = prepared(engine, keyring, opened)
    command = a_draw(scene)
    deeds = sending(service.draw, scene.nurse, scene, *[command] * 8)
    answers = at_once(engine, keyring, deeds)
    assert all(answer == answers[0] for answer in answers)
    assert sum(answer.replayed for answer in answers) == 7
    with transaction(engine, keyring) as session:
        assert balance(session, f"drawn:{scene.vial}") == 35 * MG


def test_a_retry_a_day_later_needs_no_fresh_witness(session: Session) -> None:
    scene = given(session)
    command = a_waste(scene, LABEL_UG - 31 * MG)
    first = service.waste_residual(session, command, scene.nurse, scene.clock)
    scene.clock.advance(timedelta(days=1))
    assert service.waste_residual(session, command, scene.nurse, scene.clock) == first


def test_a_pickup_sent_again_gets_the_same_receipts(session: Session) -> None:
    scene = a_scene(session, vials=3)
    command = a_pickup(session, scene)
    first = service.pick_up(session, command, scene.nurse, scene.clock)
    assert service.pick_up(session, command, scene.nurse, scene.clock) == first


def test_a_delivery_sent_again_is_received_once(engine: Engine, keyring: Keyring) -> None:
    scene = prepared(engine, keyring, a_scene, vials=0)
    command = a_delivery(scene, 3)
    deeds = [lambda session: service.receive_at_pharmacy(session, command, scene.pharmacist, scene.clock)] * 4
    answers = at_once(engine, keyring, deeds)
    assert all(answer == answers[0] for answer in answers)
    with transaction(engine, keyring) as session:
        assert balance(session, "source:pharmacy") == -3 * LABEL_UG


# 4: same id, altered body.


def test_the_same_id_with_another_amount_is_refused_and_alarmed(session: Session) -> None:
    scene = opened(session)
    command = a_draw(scene)
    service.draw(session, command, scene.nurse, scene.clock)
    receipt = service.draw(session, replace(command, amount_ug=36 * MG), scene.nurse, scene.clock)
    assert receipt.verdict is Verdict.ID_REUSED
    assert balance(session, f"drawn:{scene.vial}") == 35 * MG
    session.flush()
    assert session.scalars(select(DiscrepancyRow.kind)).all() == ["event_id_reused"]
    alarms = select(AuditEntryRow).where(AuditEntryRow.action == "custody.event_id_reused")
    assert len(session.scalars(alarms).all()) == 1


def test_the_same_id_for_two_vials_at_once_is_stored_for_one(engine: Engine, keyring: Keyring) -> None:
    scene = prepared(engine, keyring, picked_up, vials=2)
    first = an_opening(scene)
    second = replace(first, container_id=scene.vials[1], seal="S-1")
    answers = at_once(engine, keyring, sending(service.open_container, scene.nurse, scene, first, second))
    assert {answer.verdict for answer in answers} == {Verdict.STORED, Verdict.ID_REUSED}


def test_the_same_id_from_another_person_is_refused(session: Session) -> None:
    scene = picked_up(session)
    command = an_opening(scene)
    service.open_container(session, command, scene.nurse, scene.clock)
    receipt = service.open_container(session, command, scene.other_nurse, scene.clock)
    assert receipt.verdict is Verdict.ID_REUSED


def test_a_phones_sequence_number_used_twice_is_alarmed(session: Session) -> None:
    scene = opened(session)
    stamp = a_stamp(scene.clock.now())
    service.draw(session, a_draw(scene, stamp=stamp), scene.nurse, scene.clock)
    receipt = service.draw(session, a_draw(scene, stamp=stamp), scene.nurse, scene.clock)
    assert receipt.reasons == ("device_sequence_reused",)


# 5: the actor witnesses.


def test_the_actor_cannot_witness(session: Session) -> None:
    scene = given(session)
    command = a_waste(scene, MG, witness=scene.proof(scene.nurse, session_ref="another"))
    with pytest.raises(Forbidden, match="witness_is_actor"):
        service.waste_residual(session, command, scene.nurse, scene.clock)


def test_the_actors_second_account_cannot_witness(session: Session) -> None:
    scene = given(session)
    command = a_waste(scene, MG, witness=scene.proof(scene.second_account))
    with pytest.raises(Forbidden, match="witness_is_same_person"):
        service.waste_residual(session, command, scene.nurse, scene.clock)


@pytest.mark.parametrize("shared", ["session-ada", "proof-ada"])
def test_a_session_of_the_actors_cannot_witness(session: Session, shared: str) -> None:
    scene = given(session)
    command = a_waste(scene, MG, witness=scene.proof(scene.other_nurse, session_ref=shared))
    with pytest.raises(Forbidden, match="witness_in_same_session"):
        service.waste_residual(session, command, scene.nurse, scene.clock)


def test_a_proof_that_names_another_person_is_refused(session: Session) -> None:
    scene = given(session)
    liar = scene.proof(scene.second_account, person_ref="somebody-else")
    with pytest.raises(Forbidden, match="witness_unknown"):
        service.waste_residual(session, a_waste(scene, MG, witness=liar), scene.nurse, scene.clock)


# 9: TRUNCATE, INSERT OR REPLACE, UPDATE, DELETE.

LEDGER = (
    "custody_event",
    "custody_posting",
    "custody_signature",
    "custody_closing",
    "custody_balance",
    "custody_container",
    "custody_discrepancy",
    "custody_count",
)


@pytest.mark.parametrize("table", LEDGER)
def test_a_ledger_table_is_never_emptied(session: Session, table: str) -> None:
    scene = opened(session)
    service.draw(session, a_draw(scene, 2 * LABEL_UG), scene.nurse, scene.clock)
    service.count(session, a_count(scene, 0), scene.nurse, scene.clock)
    session.commit()
    with pytest.raises(DBAPIError, match=r"append-only|never|emptied"):
        session.execute(sa.text(f"DELETE FROM {table}"))
    session.rollback()
    if session.get_bind().dialect.name == "postgresql":
        with pytest.raises(DBAPIError, match=r"append-only|emptied"):
            session.execute(sa.text(f"TRUNCATE {table} CASCADE"))


@pytest.mark.parametrize(
    "table", ["custody_event", "custody_posting", "custody_signature", "custody_closing"]
)
def test_insert_or_replace_rewrites_no_row(session: Session, table: str) -> None:
    if session.get_bind().dialect.name != "sqlite":
        pytest.skip("INSERT OR REPLACE is SQLite's")
    drawn(session)
    session.commit()
    with pytest.raises(DBAPIError):
        session.execute(sa.text(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}"))


# 10: a phone's clock set back to hide late waste.


def test_a_clock_set_back_is_flagged_and_changes_no_order(session: Session) -> None:
    scene = given(session)
    scene.clock.advance(timedelta(hours=6))
    hidden = a_stamp(scene.clock.now() - timedelta(hours=7))
    receipt = service.waste_residual(session, a_waste(scene, 4 * MG, stamp=hidden), scene.nurse, scene.clock)
    assert receipt.verdict is Verdict.FLAGGED
    assert set(receipt.reasons) == {"late_entry", "device_time_runs_back"}
    assert receipt.sequence == the_vial(session, scene).sequence == 6


# 11: an offline phone syncs after the vial was reported lost.


def test_a_dose_given_before_a_loss_was_reported_is_kept_too(session: Session) -> None:
    scene = drawn(session)
    given_at = scene.clock.now() + timedelta(minutes=30)
    scene.clock.advance(timedelta(hours=4))
    service.report_exception(session, a_report(scene, EventKind.LOST), scene.compliance, scene.clock)
    session.flush()
    discovered = session.scalars(select(DiscrepancyRow.discovered_at)).one()
    scene.clock.advance(timedelta(hours=5))
    receipt = service.administer(session, a_dose(scene, stamp=a_stamp(given_at)), scene.nurse, scene.clock)
    assert receipt.verdict is Verdict.CLAIM
    assert "late_entry" in receipt.reasons
    session.flush()
    cases = session.scalars(select(DiscrepancyRow).order_by(DiscrepancyRow.discovered_at)).all()
    assert len(cases) == 2
    assert cases[0].discovered_at == discovered
    assert balance(session, "lost") == LABEL_UG


# 12: licence expires mid-shift.


def test_an_expired_licence_blocks_a_pickup(session: Session) -> None:
    scene = a_scene(session)
    with pytest.raises(Conflict, match="not_licensed_here"):
        service.pick_up(session, a_pickup(session, scene, standing=EXPIRED), scene.nurse, scene.clock)


@pytest.mark.parametrize("deed", ["administer", "waste_residual"])
def test_what_happened_under_an_expired_licence_is_kept(session: Session, deed: str) -> None:
    scene = drawn(session)
    command = {
        "administer": a_dose(scene, standing=EXPIRED),
        "waste_residual": a_waste(scene, MG, standing=EXPIRED),
    }[deed]
    receipt = getattr(service, deed)(session, command, scene.nurse, scene.clock)
    assert receipt.verdict is Verdict.FLAGGED
    assert receipt.reasons == ("not_licensed_here",)
    session.flush()
    assert session.scalars(select(DiscrepancyRow.kind)).all() == ["not_licensed_here"]


def test_a_return_under_an_expired_licence_is_kept(session: Session) -> None:
    scene = picked_up(session)
    receipt = service.return_unopened(session, a_return(scene, standing=EXPIRED), scene.nurse, scene.clock)
    assert receipt.verdict is Verdict.FLAGGED
    assert balance(session, "returned") == LABEL_UG


# 13: the shift ends with residual in hand.


def test_a_shift_with_drug_in_hand_stays_open_and_lists_all(session: Session) -> None:
    scene = given(session, vials=3)
    with pytest.raises(Conflict) as refused:
        service.close_shift(session, scene.nurse, scene.clock)
    assert Counter(reason.code for reason in refused.value.reasons) == {
        "residual_unaccounted": 1,
        "unopened_in_hand": 2,
    }


# 15: seal mismatch, count right.


def test_a_vial_with_a_wrong_seal_is_not_opened(session: Session) -> None:
    scene = picked_up(session)
    receipt = service.open_container(session, an_opening(scene, seal="S-9"), scene.nurse, scene.clock)
    assert receipt.verdict is Verdict.CLAIM
    assert receipt.reasons == ("seal_mismatch",)
    assert balance(session, f"open:{scene.vial}") == 0


def test_a_reported_seal_mismatch_quarantines_the_vial(session: Session) -> None:
    scene = picked_up(session)
    service.report_exception(session, a_report(scene, EventKind.SEAL_MISMATCH), scene.nurse, scene.clock)
    assert the_vial(session, scene).state == State.SEAL_MISMATCH
    assert balance(session, "quarantine") == LABEL_UG
    receipt = service.open_container(session, an_opening(scene), scene.nurse, scene.clock)
    assert receipt.verdict is Verdict.CLAIM


def test_nothing_of_a_refused_deed_stays(engine: Engine, keyring: Keyring) -> None:
    scene = prepared(engine, keyring, given)
    command = a_waste(scene, MG, witness=scene.proof(scene.nurse))
    with pytest.raises(Forbidden), transaction(engine, keyring) as session:
        service.waste_residual(session, command, scene.nurse, scene.clock)
    with transaction(engine, keyring) as session:
        assert session.get(EventRow, command.event_id) is None
        lines = select(func.count()).select_from(PostingRow).where(PostingRow.account == "waste")
        assert session.scalar(lines) == 0

"""Attacks 5 to 15 of custody-rules.md, as far as custody v1 goes, on both databases."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine, func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from dispatch.custody import service
from dispatch.custody.model import EventKind, State, Verdict
from dispatch.custody.records import DiscrepancyRow, EventRow, PostingRow
from dispatch.kernel.refusals import Conflict, Forbidden
from dispatch.kernel.sealing import Keyring
from dispatch.kernel.storage import transaction
from tests.builders.custody import (
    EXPIRED,
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
    an_opening,
    balance,
    drawn,
    given,
    opened,
    picked_up,
    the_vial,
)


def prepared(engine: Engine, keyring: Keyring, make: Callable[..., Scene], **more: object) -> Scene:
    """Make a scene and commit it."""
    with transaction(engine, keyring) as session:
        return make(session, **more)


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

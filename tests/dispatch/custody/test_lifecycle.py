"""A vial's whole life, on both databases."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dispatch.audit.records import AuditEntryRow
from dispatch.custody import service
from dispatch.custody.commands import Reconcile
from dispatch.custody.model import State, Verdict
from dispatch.custody.records import EventRow, SignatureRow
from dispatch.kernel.ids import new_id
from tests.builders.custody import FIT, LABEL_UG, MG, a_scene, balance, given, the_vial, wasted


def test_received_vials_stand_in_the_pharmacys_custody(session: Session) -> None:
    scene = a_scene(session, vials=3)
    assert balance(session, f"custody:{scene.pharmacy_holder}") == 3 * LABEL_UG
    assert balance(session, "source:pharmacy") == -3 * LABEL_UG


def test_every_microgram_of_a_vial_is_accounted_for(session: Session) -> None:
    scene = wasted(session)
    assert balance(session, f"patient:{scene.visit_id}") == 31 * MG
    assert balance(session, "waste") == LABEL_UG - 31 * MG
    assert balance(session, f"open:{scene.vial}") == 0
    assert balance(session, f"drawn:{scene.vial}") == 0
    assert balance(session, f"custody:{scene.nurse_holder}") == 0
    assert the_vial(session, scene).state == State.WASTED
    session.commit()


def test_actor_and_witness_sign_the_same_hash(session: Session) -> None:
    scene = wasted(session)
    last = session.scalars(select(EventRow).order_by(EventRow.sequence.desc())).first()
    signatures = session.scalars(select(SignatureRow).where(SignatureRow.event_id == last.id)).all()
    assert {row.role for row in signatures} == {"actor", "witness"}
    assert {row.event_hash for row in signatures} == {last.event_hash}
    assert {row.account_id for row in signatures} == {scene.nurse.account_id, scene.other_nurse.account_id}


def test_every_event_has_its_audit_entry(session: Session) -> None:
    wasted(session)
    session.flush()
    events = session.scalar(select(func.count()).select_from(EventRow))
    told = session.scalar(
        select(func.count()).select_from(AuditEntryRow).where(AuditEntryRow.subject_kind == "container")
    )
    assert events == told == 6


def test_after_the_last_dose_the_residual_waits(session: Session) -> None:
    scene = given(session)
    assert the_vial(session, scene).state == State.RESIDUAL_PENDING
    assert balance(session, f"drawn:{scene.vial}") == 4 * MG


def test_compliance_reconciles_a_wasted_vial(session: Session) -> None:
    scene = wasted(session)
    command = Reconcile(event_id=new_id(), container_id=scene.vial, standing=FIT)
    receipt = service.reconcile(session, command, scene.compliance, scene.clock)
    assert receipt.verdict is Verdict.STORED
    assert the_vial(session, scene).state == State.RECONCILED

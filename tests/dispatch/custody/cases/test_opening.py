"""Cases that the ledger opens, and later facts that find the case they belong to (attack 11)."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy import select

from dispatch.audit.records import AuditEntryRow
from dispatch.custody import service
from dispatch.custody.cases.commands import OpenCase
from dispatch.custody.cases.loading import case_of
from dispatch.custody.cases.model import StepKind
from dispatch.custody.cases.queries import altered_steps, case_lines
from dispatch.custody.cases.queries.lines import Sought
from dispatch.custody.cases.records import CaseStepRow
from dispatch.custody.cases.service import open_case
from dispatch.custody.log.records import LeafRow
from dispatch.custody.model import EventKind, Verdict
from dispatch.custody.records import DiscrepancyRow
from dispatch.kernel.actor import Role
from dispatch.kernel.ids import new_id
from dispatch.kernel.refusals import Forbidden, Invalid, NotFound
from tests.builders.cases import a_lost_vial, an_attachment, resolved, the_case
from tests.builders.custody import (
    MG,
    a_count,
    a_dose,
    a_draw,
    a_report,
    a_scene,
    a_stamp,
    a_waste,
    an_actor,
    drawn,
    given,
    opened,
    picked_up,
)


def kinds_of(session, case_id):
    return [step.kind for step in case_of(session, case_id).steps]


def lines(session, scene, status="open"):
    return case_lines(session, scene.clock, Sought(status=status))


def a_late_dose(session):
    """Drawn at 11:00, given at 11:30; the vial is reported lost at 15:00, the phone speaks at 20:00."""
    scene = drawn(session)
    given_at = scene.clock.now() + timedelta(minutes=30)
    scene.clock.advance(timedelta(hours=4))
    service.report_exception(session, a_report(scene, EventKind.LOST), scene.nurse, scene.clock)
    case_id = the_case(session)
    discovered_at = case_of(session, case_id).opening.discovered_at
    return scene, case_id, discovered_at, a_dose(scene, stamp=a_stamp(given_at))


# Openings.


def test_a_discrepancy_begins_a_case_with_its_opening_as_first_step(session):
    scene, case_id = a_lost_vial(session)
    case = case_of(session, case_id)
    assert [(step.kind, step.code, step.sequence) for step in case.steps] == [(StepKind.OPENED, "lost", 1)]
    assert case.opening.discovered_at == scene.clock.now()


def test_every_step_has_its_leaf_and_its_audit_entry(session):
    scene, case_id = a_lost_vial(session)
    resolved(session, scene, case_id)
    steps = session.scalars(select(CaseStepRow.id)).all()
    leaves = session.scalars(select(LeafRow.entry_id).where(LeafRow.kind == "case_step")).all()
    assert sorted(leaves) == sorted(steps)
    wanted = AuditEntryRow.action.startswith("custody.case.")
    entries = session.scalars(select(AuditEntryRow.action).where(wanted)).all()
    assert sorted(entries) == ["custody.case.classified", "custody.case.opened", "custody.case.resolved"]
    assert altered_steps(session) == []


@pytest.mark.parametrize(
    ("make", "deed", "kind"),
    [
        (opened, lambda scene: (service.draw, a_draw(scene, 600 * MG)), "over_draw"),
        (drawn, lambda scene: (service.administer, a_dose(scene, 40 * MG)), "more_than_drawn"),
        (
            given,
            lambda scene: (service.waste_residual, a_waste(scene, 4 * MG, witness=None)),
            "witness_missing",
        ),
    ],
)  # fmt: skip
def test_the_ledger_opens_a_case_where_something_does_not_add_up(session, make, deed, kind):
    scene = make(session)
    act, command = deed(scene)
    act(session, command, scene.nurse, scene.clock)
    assert case_of(session, the_case(session)).opening.kind == kind


def test_a_count_that_differs_twice_opens_a_case_found_at_the_first_figure(session):
    scene = picked_up(session, vials=2)
    found_at, first = scene.clock.now(), a_count(scene, 1)
    service.count(session, first, scene.nurse, scene.clock)
    scene.clock.advance(timedelta(minutes=3))
    service.count(session, replace(first, count_id=new_id()), scene.nurse, scene.clock)
    line = lines(session, scene)[0]
    assert line.case.opening.discovered_at == found_at
    assert line.question == (
        "Was the count of N-07, 1 vial fewer than the ledger, a miscount or a missing scan?"
    )


# Later facts.


def test_a_claim_about_a_lost_vial_joins_its_case(session):
    scene, case_id, discovered_at, late = a_late_dose(session)
    scene.clock.advance(timedelta(hours=5))
    service.administer(session, late, scene.nurse, scene.clock)
    assert kinds_of(session, case_id) == [StepKind.OPENED, StepKind.SIGNAL]
    assert case_of(session, case_id).opening.discovered_at == discovered_at
    assert len(lines(session, scene)) == 1


def test_a_resolved_case_is_reopened_by_what_a_phone_tells_nine_hours_later(session):
    """Attack 11: both are kept, the case is reopened, `discovered_at` is unchanged."""
    scene, case_id, discovered_at, late = a_late_dose(session)
    resolved(session, scene, case_id)
    assert lines(session, scene) == []
    scene.clock.advance(timedelta(hours=5))
    receipt = service.administer(session, late, scene.nurse, scene.clock)
    assert receipt.verdict is Verdict.CLAIM
    case = case_of(session, case_id)
    assert (case.resolved, case.times_reopened, case.classification) == (False, 1, None)
    assert case.steps[-1].event_id == receipt.event_id
    assert case.opening.discovered_at == discovered_at
    assert [line.case.case_id for line in lines(session, scene)] == [case_id]
    assert len(session.scalars(select(DiscrepancyRow)).all()) == 2


def test_a_late_event_that_fits_the_ledger_reopens_too(session):
    scene = given(session)
    service.waste_residual(session, a_waste(scene, 4 * MG, witness=None), scene.nurse, scene.clock)
    case_id = the_case(session)
    resolved(session, scene, case_id)
    told_at = scene.clock.now() + timedelta(minutes=1)
    scene.clock.advance(timedelta(hours=3))
    late = a_waste(scene, 5 * MG, stamp=a_stamp(told_at))
    assert service.waste_residual(session, late, scene.nurse, scene.clock).reasons == ("late_entry",)
    assert kinds_of(session, case_id)[-1] is StepKind.REOPENED


def test_a_theft_after_a_resolved_case_is_a_discovery_of_its_own(session):
    scene = given(session)
    service.waste_residual(session, a_waste(scene, 4 * MG, witness=None), scene.nurse, scene.clock)
    first = the_case(session)
    resolved(session, scene, first)
    scene.clock.advance(timedelta(days=2))
    service.report_exception(session, a_report(scene, EventKind.STOLEN), scene.nurse, scene.clock)
    assert case_of(session, first).resolved
    assert [line.case.opening.discovered_at for line in lines(session, scene)] == [scene.clock.now()]


def test_six_claims_on_one_vial_are_one_case(session):
    scene = opened(session)
    for _ in range(6):
        service.draw(session, a_draw(scene, 600 * MG), scene.nurse, scene.clock)
    assert len(lines(session, scene)) == 1
    assert len(session.scalars(select(DiscrepancyRow)).all()) == 6


def test_the_id_of_a_signal_leads_to_its_case(session):
    scene = opened(session)
    for _ in range(2):
        service.draw(session, a_draw(scene, 600 * MG), scene.nurse, scene.clock)
    session.flush()
    ids = session.scalars(select(DiscrepancyRow.id)).all()
    assert len({case_of(session, each).case_id for each in ids}) == 1


# By a person.


def test_a_nurse_reports_what_she_noticed_and_the_clock_starts_when_she_noticed(session):
    scene = picked_up(session)
    noticed = scene.clock.now() - timedelta(hours=2)
    command = OpenCase(
        area_id=scene.area_id, kind="seal", serial="7F0", text="The seal hangs.", discovered_at=noticed
    )
    case = case_of(session, open_case(session, command, scene.nurse, scene.clock))
    assert (case.opening.discovered_at, case.opening.container_id) == (noticed, scene.vial)
    assert [(step.kind, step.text) for step in case.steps] == [
        (StepKind.OPENED, ""),
        (StepKind.NOTE, "The seal hangs."),
    ]


def test_all_that_is_wrong_with_a_report_is_said_at_once(session):
    scene = a_scene(session)
    later = scene.clock.now() + timedelta(seconds=1)
    command = OpenCase(area_id=scene.area_id, kind="mood", text=" ", discovered_at=later)
    with pytest.raises(Invalid) as refused:
        open_case(session, command, scene.compliance, scene.clock)
    assert [each.code for each in refused.value.reasons] == [
        "discovered_in_the_future",
        "unknown_word",
        "reason_missing",
    ]


def test_a_discovery_of_the_last_century_is_refused(session):
    scene = a_scene(session)
    long_ago = scene.clock.now() - timedelta(days=36_500)
    command = OpenCase(area_id=scene.area_id, kind="other", text="long ago", discovered_at=long_ago)
    with pytest.raises(Invalid, match="discovered_too_long_ago"):
        open_case(session, command, scene.compliance, scene.clock)


def test_a_vial_that_the_area_does_not_have_is_not_found(session):
    scene = a_scene(session)
    command = OpenCase(area_id=scene.area_id, kind="other", text="odd", serial="nobody's")
    with pytest.raises(NotFound, match="no_such_vial"):
        open_case(session, command, scene.compliance, scene.clock)


def test_an_area_that_is_not_the_nurses_is_not_found(session):
    scene = a_scene(session)
    with pytest.raises(NotFound, match="no_such_area"):
        open_case(session, OpenCase(area_id=new_id(), kind="other", text="odd"), scene.nurse, scene.clock)


def test_a_dispatcher_opens_no_case(session):
    scene = a_scene(session)
    dana = an_actor(session, scene.clock, "dana", Role.DISPATCHER)
    with pytest.raises(Forbidden, match="role_missing"):
        open_case(session, OpenCase(area_id=scene.area_id, kind="other", text="odd"), dana, scene.clock)


# The database.


@pytest.mark.parametrize("table", ["custody_case_step", "custody_case_attachment"])
def test_nothing_of_a_case_is_edited(session, table):
    scene, case_id = a_lost_vial(session)
    an_attachment(session, scene, case_id)
    for deed in (f"UPDATE {table} SET case_id = case_id", f"DELETE FROM {table}"):
        with pytest.raises(sa.exc.DBAPIError, match="append-only"), session.begin_nested():
            session.execute(sa.text(deed))


def test_an_edited_opening_is_noticed(session):
    _scene, case_id = a_lost_vial(session)
    session.commit()
    dialect = session.get_bind().dialect.name
    if dialect == "sqlite":
        session.execute(sa.text("DROP TRIGGER custody_discrepancy_no_update"))
    else:
        session.execute(sa.text("SET LOCAL session_replication_role = replica"))
    session.execute(sa.text("UPDATE custody_discrepancy SET kind = 'broken'"))
    session.expire_all()
    assert len(altered_steps(session, case_id)) == 1
    session.rollback()

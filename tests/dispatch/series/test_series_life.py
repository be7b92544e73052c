"""A series from its proposal to its end: who signs, what blocks an infusion, when it is reviewed."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa

from dispatch.audit.records import AuditEntryRow
from dispatch.clearance.model import Occasion
from dispatch.clearance.queries import queue
from dispatch.kernel.actor import Actor, Role
from dispatch.kernel.ids import new_id
from dispatch.kernel.refusals import Conflict, Forbidden, Invalid
from dispatch.series import service
from dispatch.series.commands import Consent
from dispatch.series.model import ExternalOrder, InfusionState, Phase, Response
from dispatch.series.queries import (
    due_phq9,
    infusion_blocks,
    infusion_of,
    next_number,
    order_in_force,
    order_versions,
    series_by_id,
)
from dispatch.series.records import OrderVersionRow, ReviewRow
from dispatch.series.states import STEPS, SeriesDeed, SeriesState
from tests.builders.clearance import a_case, a_proof, a_scene, cleared
from tests.builders.series import (
    DISPATCHER,
    TODAY,
    a_review,
    a_signature,
    give,
    ordered,
    proposed,
    scored,
    some_terms,
)

NURSE = Actor(account_id=None, name="Nora", roles=frozenset({Role.NURSE}))


def codes(refused):
    return [each.code for each in refused.value.reasons]


@pytest.fixture
def scene(session, clock):
    """A patient whom a prescriber cleared."""
    return cleared(a_scene(session, clock))


def blocks(scene, number=1, at=None):
    found = infusion_blocks(scene.session, scene.patient_id, number, at or scene.clock.now())
    return [each.code for each in found]


def test_a_proposal_is_six_infusions_and_nothing_may_be_given(scene):
    series = proposed(scene)
    assert [each.number for each in series.infusions] == [1, 2, 3, 4, 5, 6]
    assert {each.phase for each in series.infusions} == {Phase.INDUCTION}
    assert blocks(scene) == ["series_not_open", "off_label_consent_missing"]


def test_two_a_week_then_weekly_then_maintenance(scene):
    series = proposed(scene, template="T-S2")
    phases = [each.phase.value for each in series.infusions]
    assert phases == ["induction"] * 6 + ["weekly"] * 4 + ["maintenance"]


@pytest.mark.parametrize(
    ("more", "code"),
    [({"template": "T-X"}, "no_such_template"), ({"infusions": 3}, "infusions_out_of_range"),
     ({"infusions": 7}, "infusions_out_of_range"),
     ({"first_day": TODAY - timedelta(days=1)}, "first_day_out_of_range")],
)  # fmt: skip
def test_a_proposal_that_makes_no_sense_is_refused(scene, more, code):
    with pytest.raises(Invalid, match=code):
        proposed(scene, **more)


def test_a_patient_has_one_series_at_a_time(scene):
    proposed(scene)
    with pytest.raises(Conflict, match="series_open"):
        proposed(scene)


def test_without_a_series_everything_blocks(scene):
    assert blocks(scene) == ["no_series"]
    assert next_number(scene.session, scene.patient_id) is None
    assert order_in_force(scene.session, scene.patient_id, scene.clock.now()) is None


def test_an_ordered_series_with_its_consent_is_open(scene):
    series = ordered(scene)
    assert series.state is SeriesState.ORDERED
    assert blocks(scene) == []
    order = order_in_force(scene.session, scene.patient_id, scene.clock.now())
    assert (str(order.dose.mg), order.dose.drawn_ug, order.version) == ("35.0", 35_000, 1)
    assert order.reference.endswith("/1")
    assert order.current.policy["series.dose_caps"]["first_mg_per_kg"] == "0.5"


def test_only_a_prescriber_signs(scene):
    series = proposed(scene)
    for actor in (NURSE, DISPATCHER):
        with pytest.raises(Forbidden, match="role_missing"):
            service.sign_order(scene.session, a_signature(scene, series.series_id), actor, scene.clock)


def test_a_prescriber_signs_with_a_licence_and_a_fresh_proof_and_hears_everything_at_once(scene):
    series = proposed(scene)
    scene.clock.advance(timedelta(days=60))
    stale = a_proof(scene.prescriber.account_id, scene.clock.now(), timedelta(minutes=6))
    wrong = a_signature(scene, series.series_id, proof=stale, terms=some_terms(minutes=None), seen=3)
    with pytest.raises(Forbidden) as refused:
        service.sign_order(scene.session, wrong, scene.prescriber, scene.clock)
    assert "proof_not_fresh" in codes(refused)
    assert "minutes_missing" in codes(refused)
    assert "order_changed" in codes(refused)
    assert any(code.startswith(("licence", "prescriber")) for code in codes(refused))


def test_a_change_is_a_new_version_with_a_reason_and_the_old_one_stays(scene):
    series = ordered(scene)
    change = a_signature(scene, series.series_id, seen=1, terms=some_terms(mg_per_kg=Decimal("0.4")))
    with pytest.raises(Invalid, match="reason_missing"):
        service.sign_order(scene.session, change, scene.prescriber, scene.clock)
    change = replace(change, reason="Dizzy last time.")
    order = service.sign_order(scene.session, change, scene.prescriber, scene.clock)
    assert (order.version, order.dose.drawn_ug) == (2, 28_000)
    kept = order_versions(scene.session, series.series_id)
    assert [(each.version, each.dose.drawn_ug) for each in kept] == [(2, 28_000), (1, 35_000)]
    assert service.sign_order(scene.session, change, scene.prescriber, scene.clock) == order


def test_nobody_changes_a_signed_version_in_the_database(scene):
    series = ordered(scene)
    scene.session.flush()
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), scene.session.begin_nested():
        scene.session.execute(
            sa.update(OrderVersionRow).where(OrderVersionRow.series_id == series.series_id).values(drawn_ug=1)
        )


def test_a_dose_before_anything_was_given_is_a_first_one_whatever_was_signed(scene):
    series = ordered(scene)
    change = a_signature(
        scene, series.series_id, seen=1, reason="More.", terms=some_terms(mg_per_kg=Decimal("0.6"))
    )
    with pytest.raises(Invalid) as refused:
        service.sign_order(scene.session, change, scene.prescriber, scene.clock)
    assert set(codes(refused)) == {"first_dose_too_high_ordered", "first_dose_too_high_drawn"}
    give(scene, series, 1)
    order = service.sign_order(scene.session, change, scene.prescriber, scene.clock)
    assert str(order.dose.mg) == "42.0"


def test_an_order_of_somebody_outside_is_countersigned_or_refused(scene):
    series = proposed(scene)
    outside = ExternalOrder(
        prescriber_name="Dr. Out", licence_number="35.1", licence_state="OH", signed_on=TODAY
    )
    bare = replace(outside, licence_number=" ")
    signed = a_signature(scene, series.series_id, external=bare)
    with pytest.raises(Invalid, match="external_incomplete"):
        service.sign_order(scene.session, signed, scene.prescriber, scene.clock)
    signed = a_signature(scene, series.series_id, external=outside)
    order = service.sign_order(scene.session, signed, scene.prescriber, scene.clock)
    assert order.current.external == outside
    assert order.signed_by == scene.prescriber.account_id


def test_an_order_of_thirty_days_ago_is_not_in_force(scene):
    ordered(scene)
    scene.clock.advance(timedelta(days=30))
    assert order_in_force(scene.session, scene.patient_id, scene.clock.now()) is None


def test_a_consent_of_another_text_is_none(scene):
    series = proposed(scene)
    consent = Consent(
        series_id=series.series_id, text_version="old", signed_name=" ",
        signed_at=scene.clock.now() + timedelta(hours=1),
    )  # fmt: skip
    with pytest.raises(Invalid) as refused:
        service.record_consent(scene.session, consent, DISPATCHER, scene.clock)
    assert codes(refused) == ["consent_of_another_version", "name_missing", "signed_in_the_future"]


def test_the_review_falls_due_after_two_and_blocks_the_fourth(scene):
    scored(scene, 20, Occasion.BASELINE)
    series = ordered(scene)
    scene.clock.advance(timedelta(hours=2))
    series = give(scene, series, 1)
    assert series.state is SeriesState.ACTIVE
    scene.clock.advance(timedelta(days=4))
    series = give(scene, series, 2)
    assert series.state is SeriesState.REVIEW_DUE
    assert blocks(scene, 3, scene.clock.now() + timedelta(days=4)) == []
    assert blocks(scene, 4, scene.clock.now() + timedelta(days=8)) == ["response_not_reviewed"]
    scene.clock.advance(timedelta(days=1))
    scored(scene, 10)
    series = service.review_response(scene.session, a_review(scene, series), scene.prescriber, scene.clock)
    assert series.state is SeriesState.ACTIVE
    assert blocks(scene, 4, scene.clock.now() + timedelta(days=8)) == []
    kept = scene.session.scalars(sa.select(ReviewRow)).one()
    assert '"response": "responder"' in kept.findings


def reviewable(scene):
    series = ordered(scene)
    scene.clock.advance(timedelta(hours=2))
    give(scene, series, 1)
    scene.clock.advance(timedelta(days=4))
    return give(scene, series, 2)


def test_without_scores_no_review(scene):
    series = reviewable(scene)
    with pytest.raises(Invalid) as refused:
        service.review_response(scene.session, a_review(scene, series), scene.prescriber, scene.clock)
    assert "phq9_missing" in codes(refused)


def test_a_review_that_stops_says_why_and_drops_the_rest(scene):
    series = reviewable(scene)
    scene.clock.advance(timedelta(hours=1))
    scored(scene, 16)
    stop = a_review(scene, series, go_on=False)
    with pytest.raises(Invalid, match="note_missing"):
        service.review_response(scene.session, stop, scene.prescriber, scene.clock)
    stop = replace(stop, note="No change.", response=Response.NON_RESPONDER)
    series = service.review_response(scene.session, stop, scene.prescriber, scene.clock)
    assert series.state is SeriesState.STOPPED
    assert {each.state for each in series.infusions[2:]} == {InfusionState.DROPPED}


def test_a_review_that_is_not_due_is_refused(scene):
    series = ordered(scene)
    with pytest.raises(Conflict, match="series_step_not_allowed"):
        service.review_response(scene.session, a_review(scene, series), scene.prescriber, scene.clock)


def test_a_fourth_infusion_in_seven_days_blocks(scene):
    series = ordered(scene)
    for number in (1, 2, 3):
        series = give(scene, series, number)
        scene.clock.advance(timedelta(days=2))
    assert "too_many_in_7_days" in blocks(scene, 5, scene.clock.now())
    assert "too_many_in_7_days" not in blocks(scene, 5, scene.clock.now() + timedelta(days=1))


def test_what_was_given_counts_even_when_the_series_was_stopped(scene):
    series = ordered(scene)
    appointment_id = new_id()
    service.note_booked(scene.session, series.series_id, 1, appointment_id, DISPATCHER, scene.clock)
    service.decide_series(
        scene.session, series.series_id, SeriesDeed.STOP, "Moved away.", scene.prescriber, scene.clock
    )
    service.note_given(scene.session, appointment_id, scene.clock.now(), NURSE, scene.clock)
    series = series_by_id(scene.session, series.series_id)
    assert (series.given, series.state) == (1, SeriesState.STOPPED)
    detail = scene.session.scalars(
        sa.select(AuditEntryRow.detail).where(AuditEntryRow.action == "series.give")
    ).one()
    assert detail == {"number": 1, "odd": True}


def test_a_missed_infusion_is_to_be_laid_again(scene):
    series, appointment_id = ordered(scene), new_id()
    service.note_booked(scene.session, series.series_id, 1, appointment_id, DISPATCHER, scene.clock)
    assert infusion_of(scene.session, appointment_id).number == 1
    assert next_number(scene.session, scene.patient_id) == 2
    service.note_missed(scene.session, appointment_id, NURSE, scene.clock)
    assert next_number(scene.session, scene.patient_id) == 1


def test_a_paused_series_resumes_where_it_was(scene):
    series = ordered(scene)

    def decide(deed):
        return service.decide_series(
            scene.session, series.series_id, deed, "Holiday.", scene.prescriber, scene.clock
        ).state

    assert decide(SeriesDeed.PAUSE) is SeriesState.PAUSED
    assert blocks(scene) == ["series_not_open"]
    assert decide(SeriesDeed.RESUME) is SeriesState.ORDERED
    give(scene, series, 1)
    decide(SeriesDeed.PAUSE)
    assert decide(SeriesDeed.RESUME) is SeriesState.ACTIVE
    give(scene, series, 2)
    decide(SeriesDeed.PAUSE)
    assert decide(SeriesDeed.RESUME) is SeriesState.REVIEW_DUE


def test_only_a_prescriber_pauses(scene):
    series = ordered(scene)
    with pytest.raises(Forbidden):
        service.decide_series(
            scene.session, series.series_id, SeriesDeed.PAUSE, "Why.", DISPATCHER, scene.clock
        )


def test_the_last_infusion_completes_a_reviewed_series(scene):
    scored(scene, 20, Occasion.BASELINE)
    series = ordered(scene, infusions=4)
    for number in (1, 2, 3, 4):
        scene.clock.advance(timedelta(days=3))
        series = give(scene, series, number)
    assert series.state is SeriesState.REVIEW_DUE
    scene.clock.advance(timedelta(hours=1))
    scored(scene, 5)
    series = service.review_response(scene.session, a_review(scene, series), scene.prescriber, scene.clock)
    assert series.state is SeriesState.COMPLETED


def test_maintenance_needs_a_clearance_in_force(scene):
    ordered(scene, template="T-M")
    assert blocks(scene) == []
    last = scene.clock.now() + timedelta(days=90)
    assert "clearance_too_old" not in blocks(scene, 1, last - timedelta(seconds=1))
    assert "clearance_too_old" in blocks(scene, 1, last)


def test_phq9_is_due_three_and_twelve_weeks_after_the_last_infusion(scene):
    series = ordered(scene)
    give(scene, series, 1)
    area, begun = scene.area_id, TODAY

    def due(weeks):
        found = due_phq9(scene.session, area, begun + timedelta(weeks=weeks))
        return [each.follow_up.occasion for each in found]

    assert due(2) == []
    assert due(3) == [Occasion.WEEKS_3]
    assert due(12) == [Occasion.WEEKS_3, Occasion.WEEKS_12]
    scene.clock.advance(timedelta(weeks=3))
    scored(scene, 9, Occasion.WEEKS_3)
    assert due(12) == [Occasion.WEEKS_12]


def test_no_state_is_a_dead_end_unless_it_is_named_one():
    left = {step.source for step in STEPS}
    assert set(SeriesState) - left == {SeriesState.STOPPED, SeriesState.COMPLETED}


def test_every_state_can_be_reached():
    reached = {SeriesState.PROPOSED}
    for _ in SeriesState:
        reached |= {step.target for step in STEPS if step.source in reached}
    assert reached == set(SeriesState)


def test_another_patients_series_is_not_touched(session, clock, scene):
    ordered(scene)
    other = a_case(session, clock, scene.area_id)
    assert [e.code for e in infusion_blocks(session, other.patient_id, 1, clock.now())] == ["no_series"]


def test_the_prescribers_queue_has_orders_to_sign_and_responses_to_review(session, scene):
    def waiting():
        lines = queue(session, scene.clock.now())
        return [each.kind for each in lines if each.link.startswith("/series/columbus/")]

    series = proposed(scene)
    assert waiting() == ["order"]
    service.sign_order(session, a_signature(scene, series.series_id), scene.prescriber, scene.clock)
    assert waiting() == []
    give(scene, series, 1)
    give(scene, series, 2)
    assert waiting() == ["response_review"]
    (line,) = (each for each in queue(session, scene.clock.now()) if each.kind == "response_review")
    assert line.since == scene.clock.now()  # the infusion that made it due

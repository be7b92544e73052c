"""Questions from a real ledger, and what compliance answers."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dispatch.areas.model import DEFAULT_POLICIES
from dispatch.custody import service as custody
from dispatch.custody.cases.records import CaseStepRow
from dispatch.custody.log.records import LeafRow
from dispatch.custody.records import DiscrepancyRow
from dispatch.custody.signals import queries, service
from dispatch.custody.signals.commands import AnswerSignal
from dispatch.custody.signals.loading import books
from dispatch.custody.signals.model import Rule
from dispatch.custody.signals.queries import Standing
from dispatch.custody.signals.records import SignalRow
from dispatch.kernel.actor import SYSTEM, Role
from dispatch.kernel.ids import new_id
from dispatch.kernel.refusals import Conflict, Forbidden, Invalid, NotFound
from tests.builders.custody import (
    LABEL_UG,
    MG,
    Scene,
    a_count,
    a_scene,
    wasted,
)
from tests.builders.signals import off_shift_scene

WHY = "She was called back for a visit that ran over."


def no_doses(session: Session, visits: object) -> Mapping:
    return {}


def asked(session: Session, scene: Scene) -> list:
    service.ask(session, scene.area_id, no_doses, SYSTEM, scene.clock)
    return queries.questions(session, scene.area_id)


def an_answer(line: queries.SignalLine, answer: str, **more: object) -> AnswerSignal:
    made = AnswerSignal(signal_id=line.signal_id, answer=answer, text=WHY, seen=len(line.answers))
    return replace(made, **more)


def test_the_ledger_is_read_as_streams(session: Session) -> None:
    scene = wasted(session)
    scene.clock.advance(timedelta(minutes=1))
    custody.count(session, a_count(scene, 0), scene.nurse, scene.clock)
    begins, ends = scene.clock.now() - timedelta(days=1), scene.clock.now() + timedelta(minutes=1)
    read = books(session, scene.area_id, begins, ends, lambda _, visits: dict.fromkeys(visits, 30 * MG))
    (use,) = read.uses
    assert (use.nurse, use.product) == (scene.nurse.nurse_id, "Ketamine")
    assert (use.ordered_ug, use.drawn_ug, use.given_ug) == (30 * MG, 35 * MG, 31 * MG)
    assert use.wasted_ug == LABEL_UG - 31 * MG
    assert use.witness == scene.other_nurse.nurse_id
    assert not use.weak
    assert len(read.accesses) == 5
    assert [count.variance_units for count in read.counts] == [0]
    assert [taken.spoilt for taken in read.taken] == [False]
    assert read.name(scene.nurse.nurse_id) == "N-07"


def test_a_question_is_kept_with_its_arithmetic_and_events(session: Session) -> None:
    scene = off_shift_scene(session)
    (line,) = asked(session, scene)
    assert line.rule is Rule.OFF_SHIFT
    assert line.text.startswith("Is there a reason why N-07 handled drug 6 times while not on shift")
    assert ("observed", "6 of 12 (50 %)") in line.arithmetic
    assert [each.what for each in queries.evidence(session, line)] == ["opened"] * 6
    assert line.standing is Standing.OPEN


def test_a_question_is_a_leaf_of_the_log(session: Session) -> None:
    scene = off_shift_scene(session)
    (line,) = asked(session, scene)
    content = session.scalars(select(LeafRow.content).where(LeafRow.kind == "signal")).one()
    assert line.text.encode() in content


def test_a_question_that_waits_is_not_asked_again(session: Session) -> None:
    scene = off_shift_scene(session)
    asked(session, scene)
    assert service.ask(session, scene.area_id, no_doses, SYSTEM, scene.clock) == []


def test_what_was_explained_is_quiet_for_a_while_and_then_asked_again(session: Session) -> None:
    scene = off_shift_scene(session)
    small = DEFAULT_POLICIES["custody.signals"]["quiet_days"]
    (line,) = asked(session, scene)
    scene.clock.advance(timedelta(hours=1))
    service.answer(session, an_answer(line, "explained"), scene.compliance, scene.clock)
    scene.clock.advance(timedelta(days=small - 1))
    assert service.ask(session, scene.area_id, no_doses, SYSTEM, scene.clock) == []
    scene.clock.advance(timedelta(hours=23, minutes=10))
    assert len(asked(session, scene)) == 1, "the events lie further back than the period by now"


def test_an_answer_stays_with_who_gave_it(session: Session) -> None:
    scene = off_shift_scene(session)
    (line,) = asked(session, scene)
    service.answer(session, an_answer(line, "watch"), scene.compliance, scene.clock)
    line = queries.question(session, line.signal_id)
    assert line.standing is Standing.WATCHED
    service.answer(session, an_answer(line, "explained"), scene.compliance, scene.clock)
    line = queries.question(session, line.signal_id)
    assert [(each.answer.value, each.text, each.name) for each in line.answers] == [
        ("watch", WHY, "cora"), ("explained", WHY, "cora"),
    ]  # fmt: skip
    assert line.standing is Standing.EXPLAINED


def test_a_case_opens_with_the_question_discovered_when_it_was_asked(session: Session) -> None:
    scene = off_shift_scene(session)
    (line,) = asked(session, scene)
    scene.clock.advance(timedelta(days=2))
    service.answer(session, an_answer(line, "case"), scene.compliance, scene.clock)
    (answered,) = queries.question(session, line.signal_id).answers
    case = session.get_one(DiscrepancyRow, answered.case_id)
    assert (case.kind, case.discovered_at) == ("signal", line.asked_at)
    steps = session.scalars(select(CaseStepRow).where(CaseStepRow.case_id == case.id)).all()
    assert [step.kind for step in steps] == ["opened", "note"]
    assert line.text in steps[1].text


def test_a_case_goes_on_as_a_case(session: Session) -> None:
    scene = off_shift_scene(session)
    (line,) = asked(session, scene)
    service.answer(session, an_answer(line, "case"), scene.compliance, scene.clock)
    with pytest.raises(Conflict, match="signal_has_case"):
        service.answer(session, an_answer(line, "explained", seen=1), scene.compliance, scene.clock)


def test_an_answer_on_an_older_view_is_refused(session: Session) -> None:
    scene = off_shift_scene(session)
    (line,) = asked(session, scene)
    service.answer(session, an_answer(line, "watch"), scene.compliance, scene.clock)
    with pytest.raises(Conflict, match="answered_meanwhile"):
        service.answer(session, an_answer(line, "explained"), scene.compliance, scene.clock)


def test_nobody_answers_about_an_own_deed(session: Session) -> None:
    scene = off_shift_scene(session)
    (line,) = asked(session, scene)
    both = replace(scene.nurse, roles=frozenset({Role.NURSE, Role.COMPLIANCE}))
    with pytest.raises(Forbidden, match="own_signal"):
        service.answer(session, an_answer(line, "explained"), both, scene.clock)


def test_only_compliance_answers(session: Session) -> None:
    scene = off_shift_scene(session)
    (line,) = asked(session, scene)
    with pytest.raises(Forbidden):
        service.answer(session, an_answer(line, "explained"), scene.pharmacist, scene.clock)


def test_an_answer_names_all_that_is_wrong_with_it(session: Session) -> None:
    scene = off_shift_scene(session)
    (line,) = asked(session, scene)
    with pytest.raises(Invalid) as refused:
        service.answer(session, an_answer(line, "guilty", text=" no "), scene.compliance, scene.clock)
    assert {reason.code for reason in refused.value.reasons} == {"answer_unknown", "explanation_missing"}


def test_an_answer_to_nothing_is_refused(session: Session) -> None:
    scene = a_scene(session)
    with pytest.raises(NotFound):
        service.answer(
            session, AnswerSignal(signal_id=new_id(), answer="watch", text=WHY), scene.compliance, scene.clock
        )


def test_a_question_cannot_be_taken_back(session: Session) -> None:
    scene = off_shift_scene(session)
    (line,) = asked(session, scene)
    session.get_one(SignalRow, line.signal_id).text = "Nothing was asked."
    with pytest.raises(IntegrityError, match="append-only"):
        session.flush()

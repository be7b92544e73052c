"""What a compliance officer may do in a case, and everything that speaks against it at once."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.areas.model import DEFAULT_POLICIES, NewPolicy
from dispatch.areas.service import sign_policy
from dispatch.custody import service
from dispatch.custody.cases.commands import AddStep, FillForm
from dispatch.custody.cases.loading import case_of
from dispatch.custody.cases.model import Classification, Factor, Resolution, Standing, StepKind
from dispatch.custody.cases.queries import Sought, altered_steps, case_file, case_lines, officers
from dispatch.custody.cases.service import add_step, fill_form
from dispatch.custody.cases.writing import write_step
from dispatch.custody.model import EventKind
from dispatch.kernel.ids import new_id
from dispatch.kernel.refusals import Conflict, Forbidden, Invalid, NotFound
from dispatch.kernel.storage import transaction
from tests.builders.cases import a_lost_vial, all_factors, an_attachment, resolved, step, the_case
from tests.builders.custody import MG, a_report, a_waste, given


def codes(refused):
    return [each.code for each in refused.value.reasons]


@pytest.fixture
def lost(session):
    """A scene whose vial is lost, and its case."""
    return a_lost_vial(session)


def test_a_note_is_kept_with_who_and_when(session, lost):
    scene, case_id = lost
    case = step(session, scene, case_id, StepKind.NOTE, text="  Called the nurse.\nShe looks again. ")
    last = case.steps[-1]
    assert (last.text, last.account_id) == (
        "Called the nurse.\nShe looks again.",
        scene.compliance.account_id,
    )
    assert last.at == scene.clock.now()


@pytest.mark.parametrize("role", ["nurse", "pharmacist"])
def test_only_a_compliance_officer_works_on_a_case(session, lost, role):
    scene, case_id = lost
    command = AddStep(case_id=case_id, kind=StepKind.NOTE, text="mine")
    with pytest.raises(Forbidden, match="role_missing"):
        add_step(session, command, getattr(scene, role), scene.clock)


@pytest.mark.parametrize("kind", [StepKind.OPENED, StepKind.SIGNAL, StepKind.ATTACHED, StepKind.FIELD])
def test_nobody_writes_by_hand_what_comes_by_itself(session, lost, kind):
    scene, case_id = lost
    with pytest.raises(Invalid, match="unknown_step"):
        step(session, scene, case_id, kind)


def test_a_case_that_is_none_is_not_found(session, lost):
    scene, _case_id = lost
    with pytest.raises(NotFound, match="no_such_case"):
        step(session, scene, new_id(), StepKind.NOTE)


@pytest.mark.parametrize(
    ("text", "code"),
    [("x" * 2001, "text_too_long"), ("a\0b", "unseen_character"), ("\u202eabc", "turned_text"),
     ("=cmd()", "looks_like_a_formula")],
)  # fmt: skip
def test_texts_that_nobody_should_keep_are_refused(session, lost, text, code):
    scene, case_id = lost
    with pytest.raises(Invalid, match=code):
        step(session, scene, case_id, StepKind.NOTE, text=text)


def test_a_note_without_words_is_refused(session, lost):
    scene, case_id = lost
    with pytest.raises(Conflict, match="reason_missing"):
        step(session, scene, case_id, StepKind.NOTE, text=" ")


# Assigned.


def test_a_case_is_assigned_to_a_compliance_officer(session, lost):
    scene, case_id = lost
    case = step(session, scene, case_id, StepKind.ASSIGNED, person_id=scene.compliance.account_id)
    assert case.assigned_to == scene.compliance.account_id
    line = case_lines(session, scene.clock, Sought())[0]
    assert line.assigned_to == "cora"
    assert (scene.compliance.account_id, "cora") in officers(session)


@pytest.mark.parametrize("whose", ["nurse", "nobody"])
def test_a_case_is_assigned_to_nobody_else(session, lost, whose):
    scene, case_id = lost
    person_id = scene.nurse.account_id if whose == "nurse" else new_id()
    with pytest.raises(Invalid, match="no_such_officer"):
        step(session, scene, case_id, StepKind.ASSIGNED, person_id=person_id)


# The six factors, the classification.


def test_a_factor_is_answered_with_a_reason(session, lost):
    scene, case_id = lost
    case = step(session, scene, case_id, StepKind.FACTOR, "3:points_to_significant", text="She alone had it.")
    assert case.factors[Factor.ACCESS].reason == "She alone had it."


@pytest.mark.parametrize("code", ["7:does_not", "x:does_not", "3:perhaps", "3", "", "3:does_not:not_known"])
def test_an_answer_that_is_none_is_refused(session, lost, code):
    scene, case_id = lost
    with pytest.raises(Invalid, match="unknown_word"):
        step(session, scene, case_id, StepKind.FACTOR, code)


@pytest.mark.parametrize("classification", ["significant_loss", "insignificant_loss"])
def test_a_loss_is_judged_only_after_all_six_factors(session, lost, classification):
    """21 CFR 1301.76(b)(1)-(6): every factor that is not answered is named."""
    scene, case_id = lost
    step(session, scene, case_id, StepKind.FACTOR, "3:not_known")
    with pytest.raises(Conflict) as refused:
        step(session, scene, case_id, StepKind.CLASSIFIED, classification)
    assert codes(refused) == ["factor_unanswered"] * 5
    all_factors(session, scene, case_id)
    case = step(session, scene, case_id, StepKind.CLASSIFIED, classification)
    assert case.classification is Classification(classification)


def test_a_theft_needs_no_factors(session, lost):
    scene, case_id = lost
    case = step(session, scene, case_id, StepKind.CLASSIFIED, "theft")
    assert case.classification is Classification.THEFT


def test_a_classification_that_is_none_is_refused(session, lost):
    scene, case_id = lost
    with pytest.raises(Invalid, match="unknown_word"):
        step(session, scene, case_id, StepKind.CLASSIFIED, "guilty")


def test_nobody_decides_about_an_own_deed(session, lost):
    """Nurse ada has a second account as a compliance officer: it is her deed all the same."""
    scene, case_id = lost
    command = AddStep(case_id=case_id, kind=StepKind.CLASSIFIED, code="charting_error", text="Just a typo.")
    with pytest.raises(Conflict, match="own_case"):
        add_step(session, command, scene.second_account, scene.clock)


def test_a_party_may_still_add_a_note(session, lost):
    scene, case_id = lost
    command = AddStep(case_id=case_id, kind=StepKind.NOTE, text="I left it in the car.")
    assert add_step(session, command, scene.second_account, scene.clock).sequence == 2


def test_a_party_may_decide_where_the_signed_policy_lets_her(session, lost):
    scene, case_id = lost
    value = DEFAULT_POLICIES["custody.cases"] | {"party_may_decide": True}
    new = NewPolicy(key="custody.cases", value=value, reason="We are two.", area_id=scene.area_id)
    sign_policy(session, new, scene.compliance, scene.clock)
    command = AddStep(case_id=case_id, kind=StepKind.CLASSIFIED, code="charting_error", text="Just a typo.")
    assert add_step(session, command, scene.second_account, scene.clock).classification


def test_a_policy_that_is_signed_later_moves_no_clock(session):
    scene, case_id = a_lost_vial(session, vials=2)
    before = case_file(session, case_id, scene.clock).line.deadlines
    scene.clock.advance(timedelta(minutes=1))
    value = DEFAULT_POLICIES["custody.cases"] | {"duties": {}}
    new = NewPolicy(key="custody.cases", value=value, reason="None, said counsel.", area_id=scene.area_id)
    sign_policy(session, new, scene.compliance, scene.clock)
    report = a_report(scene, EventKind.LOST, container_id=scene.vials[1])
    service.report_exception(session, report, scene.nurse, scene.clock)
    now = {line.case.case_id: line.deadlines for line in case_lines(session, scene.clock, Sought())}
    assert before
    assert now.pop(case_id) == before
    assert list(now.values()) == [()]


def test_a_decision_on_an_older_view_is_refused(session, lost):
    scene, case_id = lost
    step(session, scene, case_id, StepKind.NOTE, seen=1)
    with pytest.raises(Conflict, match="case_moved_on"):
        step(session, scene, case_id, StepKind.CLASSIFIED, "theft", seen=1)


def test_a_decision_that_another_step_overtakes_is_refused(session, lost, monkeypatch):
    """The number was taken between reading and writing: the database decides."""
    scene, case_id = lost
    monkeypatch.setattr(Session, "scalar", lambda *_args: 0)
    with pytest.raises(Conflict, match="case_moved_on"):
        write_step(session, case_id, StepKind.RESOLVED, scene.compliance, scene.clock, code="reported")


def test_two_notes_at_once_are_both_kept(engine, keyring):
    with transaction(engine, keyring) as session:
        scene, case_id = a_lost_vial(session)
    for text in ("one", "two"):
        with transaction(engine, keyring) as session:
            step(session, scene, case_id, StepKind.NOTE, text=f"note {text}")
    with transaction(engine, keyring) as session:
        assert [each.sequence for each in case_of(session, case_id).steps] == [1, 2, 3]


# Notices and filings.


def test_a_notice_stops_its_clock_when_it_was_sent(session, lost):
    scene, case_id = lost
    sent_at = scene.clock.now() + timedelta(hours=2)
    scene.clock.advance(timedelta(days=3))
    step(session, scene, case_id, StepKind.NOTICE_SENT, "dea_notice", happened_at=sent_at)
    found = {each.duty.code: each for each in case_lines(session, scene.clock, Sought())[0].deadlines}
    assert (found["dea_notice"].standing, found["dea_notice"].done_at) == (Standing.DONE, sent_at)
    assert found["form_106"].standing is Standing.RUNNING


@pytest.mark.parametrize(
    ("code", "hours", "wrong"),
    [("dea_notice", 1, "done_in_the_future"), ("dea_notice", -1, "done_before_discovery"),
     ("form_106", 0, "duty_unknown"), ("ia_form_106", 0, "duty_unknown")],
)  # fmt: skip
def test_a_notice_that_cannot_have_been_sent_so_is_refused(session, lost, code, hours, wrong):
    scene, case_id = lost
    at = scene.clock.now() + timedelta(hours=hours)
    with pytest.raises(Conflict, match=wrong):
        step(session, scene, case_id, StepKind.NOTICE_SENT, code, happened_at=at)


def test_a_notice_counts_once(session, lost):
    scene, case_id = lost
    step(session, scene, case_id, StepKind.NOTICE_SENT, "dea_notice")
    with pytest.raises(Conflict, match="duty_done"):
        step(session, scene, case_id, StepKind.NOTICE_SENT, "dea_notice")


# The end.


def test_a_case_ends_classified_and_in_a_way_that_fits(session, lost):
    scene, case_id = lost
    with pytest.raises(Conflict, match="not_classified"):
        step(session, scene, case_id, StepKind.RESOLVED, "record_corrected")
    step(session, scene, case_id, StepKind.CLASSIFIED, "charting_error")
    with pytest.raises(Conflict, match="resolution_does_not_fit"):
        step(session, scene, case_id, StepKind.RESOLVED, "destroyed")
    case = step(session, scene, case_id, StepKind.RESOLVED, "record_corrected")
    assert (case.resolved, case.resolution) == (True, Resolution.RECORD_CORRECTED)


def test_a_theft_ends_with_every_duty_done_and_all_that_is_missing_is_named(session, lost):
    scene, case_id = lost
    step(session, scene, case_id, StepKind.CLASSIFIED, "theft")
    with pytest.raises(Conflict) as refused:
        step(session, scene, case_id, StepKind.RESOLVED, "drug_found")
    assert codes(refused) == ["resolution_does_not_fit", "duty_not_done", "duty_not_done"]
    step(session, scene, case_id, StepKind.NOTICE_SENT, "dea_notice")
    step(session, scene, case_id, StepKind.FORM_FILED, "form_106")
    assert step(session, scene, case_id, StepKind.RESOLVED, "reported").resolved


@pytest.mark.parametrize("kind", [StepKind.ASSIGNED, StepKind.FACTOR, StepKind.CLASSIFIED, StepKind.RESOLVED])
def test_a_resolved_case_takes_no_decision(session, lost, kind):
    scene, case_id = lost
    resolved(session, scene, case_id)
    code = {StepKind.FACTOR: "1:does_not", StepKind.CLASSIFIED: "theft", StepKind.RESOLVED: "reported"}
    with pytest.raises(Conflict, match="case_resolved"):
        step(session, scene, case_id, kind, code.get(kind, ""), person_id=scene.compliance.account_id)


def test_a_resolved_case_takes_a_note_and_stays_resolved(session, lost):
    scene, case_id = lost
    resolved(session, scene, case_id)
    assert step(session, scene, case_id, StepKind.NOTE).resolved


def test_a_person_reopens_a_case_with_a_reason(session, lost):
    scene, case_id = lost
    with pytest.raises(Conflict, match="case_not_resolved"):
        step(session, scene, case_id, StepKind.REOPENED)
    before = resolved(session, scene, case_id)
    case = step(session, scene, case_id, StepKind.REOPENED, text="The vial was found.")
    assert (case.resolved, case.opening) == (False, before.opening)


# What is kept is sealed, and commits the log to itself.


def test_notes_are_sealed_at_rest(session, lost):
    scene, case_id = lost
    step(session, scene, case_id, StepKind.NOTE, text="The patient is Ann Example.")
    session.flush()
    kept = session.execute(sa.text("SELECT * FROM custody_case_step")).all()
    leaves = session.execute(sa.text("SELECT content FROM custody_log_leaf WHERE kind = 'case_step'")).all()
    assert b"Ann" not in repr([*kept, *leaves]).encode()
    assert altered_steps(session) == []


def test_a_fields_answers_become_steps_only_where_they_changed(session, lost):
    scene, case_id = lost
    values = {"police": "no", "purchase_value": "12.50"}
    command = FillForm(case_id=case_id, form="106", values=values)
    first = fill_form(session, command, scene.compliance, scene.clock)
    again = fill_form(session, command, scene.compliance, scene.clock)
    assert (first.sequence, again.sequence) == (3, 3)
    changed = fill_form(
        session, replace(command, values=values | {"police": "yes"}), scene.compliance, scene.clock
    )
    assert changed.fields["106:police"].text == "yes"


# Lists.


def test_what_is_due_first_stands_first_and_what_is_resolved_last(session):
    scene, first = a_lost_vial(session, vials=3)
    for vial in scene.vials[1:]:
        scene.clock.advance(timedelta(days=1))
        report = replace(a_report(scene, EventKind.LOST), container_id=vial)
        service.report_exception(session, report, scene.nurse, scene.clock)
    newest = case_lines(session, scene.clock, Sought())[-1].case.case_id
    resolved(session, scene, first)
    found = case_lines(session, scene.clock, Sought(status="all"))
    assert [line.case.case_id for line in found][-1] == first
    assert found[1].case.case_id == newest
    assert [line.status for line in found] == ["due soon", "open", "resolved"]


@pytest.mark.parametrize(
    ("sought", "finds"),
    [
        ({"holder": "N-07"}, 1), ({"holder": "N-12"}, 0), ({"product": "Ketamine"}, 1), ({"product": "x"}, 0),
        ({"site": "COL-1"}, 1), ({"site": "COL-2"}, 0), ({"category": "loss or breakage"}, 1),
        ({"category": "seal"}, 0), ({"status": "overdue"}, 0), ({"status": "resolved"}, 0),
        ({"status": "all"}, 1),
    ],
)  # fmt: skip
def test_filters(session, lost, sought, finds):
    scene, _case_id = lost
    assert len(case_lines(session, scene.clock, Sought(**sought))) == finds


@pytest.mark.parametrize(("since", "until", "finds"), [(0, 0, 1), (1, None, 0), (None, -1, 0)])
def test_a_filter_by_days_takes_both_ends(session, lost, since, until, finds):
    scene, _case_id = lost
    day = scene.clock.now().date()
    sought = Sought(
        since=None if since is None else day + timedelta(days=since),
        until=None if until is None else day + timedelta(days=until),
    )
    assert len(case_lines(session, scene.clock, sought)) == finds


def test_a_file_shows_the_arithmetic_down_to_its_events(session):
    scene = given(session)
    service.waste_residual(session, a_waste(scene, 4 * MG, witness=None), scene.nurse, scene.clock)
    file = case_file(session, the_case(session), scene.clock)
    sums = [(each.label, each.amount_ug) for each in (file.drawn, file.given, file.wasted)]
    assert sums == [("Drawn", 35 * MG), ("Given", 31 * MG), ("Wasted", 4 * MG)]
    assert file.gap_ug == 0
    assert [event.kind.value for event, _amount in file.drawn.parts] == ["drawn"]
    assert sum(each.amount_ug for each in file.accounts) == 0
    assert {person.name for person in file.people} >= {"ada", "phil"}


def test_a_document_beyond_the_signed_cap_is_refused(session, lost):
    scene, case_id = lost
    with pytest.raises(Invalid, match="attachment_too_large"):
        an_attachment(session, scene, case_id, b"x" * 5_000_001)

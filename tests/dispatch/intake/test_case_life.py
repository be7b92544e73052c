"""A case from the enquiry on: its clock, its moves, who may make them, and no dead end."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as some

from dispatch.areas.model import NewPolicy
from dispatch.areas.service import sign_policy
from dispatch.audit.records import AuditEntryRow
from dispatch.identity.service import open_account
from dispatch.intake import changes, service
from dispatch.intake.commands import NewEnquiry
from dispatch.intake.model import CASE_STEPS, TERMINAL, CaseDeed, CaseState, Channel, Contact, Party, party_of
from dispatch.intake.queries import case_history, case_of_patient, case_view, cases_in, enquiries
from dispatch.intake.rules.stepping import step_of, steps_from
from dispatch.kernel.actor import SYSTEM, Role
from dispatch.kernel.refusals import Conflict, Forbidden, Invalid, NotFound, Refusal
from dispatch.messages.records import MessageRow
from tests.builders.company import ADMIN, a_company
from tests.builders.intake import PARTS, PATIENT, an_enquiry, fill, staff

EVERYBODY = frozenset(Party)
D, S = CaseDeed, CaseState
IN_TREATMENT = (
    D.OPEN_INTAKE, D.COMPLETE_INTAKE, D.BOOK_CONSULTATION, D.FINISH_CONSULTATION, D.CLEAR, D.BEGIN_TREATMENT,
)  # fmt: skip


@pytest.fixture
def area(session, clock):
    return a_company(session, clock)[0]


@pytest.fixture
def prescriber(session, clock):
    row = open_account(
        session, email="rx@test.example", name="Rx", password_hash="x", roles=frozenset({Role.PRESCRIBER}),
        actor=SYSTEM, clock=clock,
    )  # fmt: skip
    session.flush()
    return staff(Role.PRESCRIBER, row.id)


def after(state, deed, held_from=None):
    return step_of(state, held_from, deed, EVERYBODY).target


def test_the_way_to_treatment():
    state = S.LEAD
    for deed in (*IN_TREATMENT, D.ENTER_MAINTENANCE):
        state = after(state, deed)
    assert state is S.MAINTENANCE


def test_only_a_prescriber_decides():
    decisions = {D.CLEAR, D.DECLINE, D.REQUIRE_TREATMENT, D.ASK_FOR_MORE, D.RELEASE, D.FINISH_CONSULTATION}
    assert {step.by for step in CASE_STEPS if step.deed in decisions} == {frozenset({Party.PRESCRIBER})}


def test_a_hold_is_placed_by_system_nurse_or_prescriber_on_every_active_state():
    held = {step.source: step.by for step in CASE_STEPS if step.deed is D.HOLD}
    assert set(held) == set(S) - {S.ON_HOLD, S.DECLINED, S.CLOSED}
    assert set(held.values()) == {frozenset({Party.SYSTEM, Party.NURSE, Party.PRESCRIBER})}


@pytest.mark.parametrize("held_from", [step.source for step in CASE_STEPS if step.deed is D.HOLD])
def test_a_release_leads_back_only_to_where_it_was_held(held_from):
    assert [s.target for s in steps_from(S.ON_HOLD, held_from) if s.deed is D.RELEASE] == [held_from]


def test_no_state_is_a_dead_end_unless_named_terminal():
    reached = {step.target for step in CASE_STEPS} | {S.LEAD}
    assert reached == set(S)
    assert {state for state in S if not any(step.source is state for step in CASE_STEPS)} == TERMINAL


def test_a_deed_leads_from_a_state_to_one_place():
    seen = [(step.source, step.deed, step.target if step.deed is D.RELEASE else "") for step in CASE_STEPS]
    assert len(seen) == len(set(seen))


@given(deeds=some.lists(some.tuples(some.sampled_from(D), some.sampled_from(Party)), max_size=25))
def test_whatever_is_tried_nobody_is_treated_unless_a_prescriber_cleared(deeds):
    state, held_from, cleared = S.LEAD, None, False
    for deed, party in deeds:
        try:
            step = step_of(state, held_from, deed, frozenset({party}))
        except Refusal:
            continue
        cleared = cleared or (deed is D.CLEAR and party is Party.PRESCRIBER)
        held_from = state if step.target is S.ON_HOLD else None
        state = step.target
        assert cleared or state not in (S.CLEARED, S.IN_TREATMENT, S.MAINTENANCE)
        if state is S.ON_HOLD:
            assert held_from in {s.target for s in steps_from(state, held_from)}


def test_an_impossible_move_names_the_possible_ones():
    with pytest.raises(Conflict) as refused:
        step_of(S.LEAD, None, D.CLEAR, EVERYBODY)
    assert refused.value.reasons[0].code == "case_step_not_allowed"
    assert "open_intake" in refused.value.reasons[0].way_out


def test_nothing_moves_a_closed_case():
    with pytest.raises(Conflict) as refused:
        step_of(S.CLOSED, None, D.HOLD, EVERYBODY)
    assert refused.value.reasons[0].code == "case_over"


def test_a_patient_by_link_is_not_housecall_itself():
    assert party_of(PATIENT) == {Party.PATIENT}
    assert party_of(SYSTEM) == {Party.SYSTEM}
    assert party_of(staff(Role.COMPLIANCE)) == frozenset()


@pytest.mark.parametrize(
    ("asked_at", "due_at"),
    [
        # A Monday morning in Columbus: by Tuesday 17:00.
        (datetime(2026, 11, 23, 11, tzinfo=UTC), datetime(2026, 11, 24, 22, tzinfo=UTC)),
        # Wednesday 23:30 before Thanksgiving, already Thursday in UTC: Friday is a business day.
        (datetime(2026, 11, 26, 4, 30, tzinfo=UTC), datetime(2026, 11, 27, 22, tzinfo=UTC)),
        # Friday evening: Monday.
        (datetime(2026, 11, 27, 23, tzinfo=UTC), datetime(2026, 11, 30, 22, tzinfo=UTC)),
        # The Friday before the clocks go forward: Monday 17:00 is an hour earlier in UTC.
        (datetime(2027, 3, 12, 20, tzinfo=UTC), datetime(2027, 3, 15, 21, tzinfo=UTC)),
    ],
)
def test_an_enquiry_is_answered_within_a_business_day_of_the_area(session, clock, area, asked_at, due_at):
    clock.at = asked_at
    assert an_enquiry(session, area, clock).answer_due_at == due_at


def test_a_longer_clock_may_be_signed(session, clock, area):
    value = {"business_days": 2, "close_minute": 720, "calendar": "US"}
    sign_policy(session, NewPolicy(key="intake.enquiry", value=value, reason="holidays"), ADMIN, clock)
    assert an_enquiry(session, area, clock).answer_due_at == datetime(2026, 11, 25, 17, tzinfo=UTC)


def test_the_notice_of_an_enquiry_tells_nothing_of_who_or_why(session, clock, area):
    an_enquiry(session, area, clock)
    said = repr([(row.kind, row.filled) for row in session.scalars(sa.select(MessageRow))])
    assert "task_waiting" in said
    assert not [word for word in ("Mira", "Quince", "555 0", "know more") if word in said]


@pytest.mark.parametrize(
    ("contact", "code"),
    [
        (Contact(name="", phone="+1 614 555 0142"), "name_missing"),
        (Contact(name="Mira"), "contact_missing"),
        (Contact(name="Mira", email="mira at home"), "email_malformed"),
        (Contact(name="Mira", phone="six one four"), "phone_malformed"),
        (Contact(name="=cmd()", phone="+1 614 555 0142"), "looks_like_a_formula"),
    ],
)
def test_an_enquiry_names_what_is_wrong(session, clock, area, contact, code):
    with pytest.raises(Invalid) as refused:
        an_enquiry(session, area, clock, contact)
    assert [each.code for each in refused.value.reasons] == [code]


def test_web_and_telephone_obey_the_same_rules(session, clock, area):
    new = NewEnquiry(area_id=area, contact=Contact(name="Mira"), channel=Channel.PHONE)
    with pytest.raises(Invalid, match="contact_missing"):
        service.open_case(session, new, staff(Role.DISPATCHER), clock)


def test_a_complete_intake_moves_by_itself_and_back_when_something_lacks(session, clock, area, prescriber):
    case = an_enquiry(session, area, clock)
    fill(session, case.case_id, clock)
    assert case_view(session, case.case_id).state is S.INTAKE_COMPLETE
    words = {"documents": {"privacy": {"version": 2, "title": "New", "text": "Other words."}}}
    sign_policy(session, NewPolicy(key="intake.agreements", value=words, reason="reworded"), ADMIN, clock)
    with pytest.raises(Conflict) as refused:
        service.move_case(session, case.case_id, D.BOOK_CONSULTATION, prescriber, clock)
    assert [each.code for each in refused.value.reasons] == ["agreement_missing"]
    service.say_self_pay(session, case.case_id, True, PATIENT, clock)
    assert case_view(session, case.case_id).state is S.INTAKE_OPEN


@pytest.mark.parametrize("left_out", sorted(PARTS))
def test_a_part_left_out_keeps_the_intake_open(session, clock, area, left_out):
    case = an_enquiry(session, area, clock)
    fill(session, case.case_id, clock, PARTS - {left_out})
    assert case_view(session, case.case_id).state is S.INTAKE_OPEN


def test_a_case_is_held_by_the_system_and_released_by_a_prescriber_to_where_it_was(
    session, clock, area, prescriber
):
    case = an_enquiry(session, area, clock)
    fill(session, case.case_id, clock, {"about"})
    held = service.hold_case(session, case.case_id, SYSTEM, clock, "the list of medicines changed")
    assert (held.state, held.held_from) == (S.ON_HOLD, S.INTAKE_OPEN)
    assert service.hold_case(session, case.case_id, SYSTEM, clock, "again") == held
    with pytest.raises(Forbidden, match="case_step_not_yours"):
        service.release_case(session, case.case_id, SYSTEM, clock, "by itself")
    with pytest.raises(Invalid, match="reason_missing"):
        service.release_case(session, case.case_id, prescriber, clock)
    freed = service.release_case(session, case.case_id, prescriber, clock, "looked at")
    assert (freed.state, freed.held_from) == (S.INTAKE_OPEN, None)
    assert [move.deed for move in case_history(session, case.case_id)] == ["open_intake", "hold", "release"]


def test_a_referral_clears_nobody(session, clock, area):
    case = an_enquiry(session, area, clock)
    fill(session, case.case_id, clock, {"purpose"})
    assert case_view(session, case.case_id).state is S.INTAKE_OPEN


def test_every_change_is_told_within_the_transaction(session, clock, area, monkeypatch):
    heard = []
    monkeypatch.setattr(
        changes, "_LISTENERS", [lambda _session, change, _actor, _clock: heard.append(change)]
    )
    case = an_enquiry(session, area, clock)
    patient_id = uuid4()
    service.tie_patient(session, case.case_id, patient_id, SYSTEM, clock)
    fill(session, case.case_id, clock, {"about"})
    assert [(each.kind.value, each.patient_id) for each in heard] == [
        ("patient", patient_id),
        ("state", patient_id),
    ]


def test_a_case_belongs_to_one_patient(session, clock, area):
    case = an_enquiry(session, area, clock)
    patient_id = uuid4()
    service.tie_patient(session, case.case_id, patient_id, SYSTEM, clock)
    service.tie_patient(session, case.case_id, patient_id, SYSTEM, clock)
    with pytest.raises(Conflict, match="case_has_patient"):
        service.tie_patient(session, case.case_id, uuid4(), SYSTEM, clock)
    assert case_of_patient(session, patient_id).case_id == case.case_id
    assert case_of_patient(session, uuid4()) is None


def test_who_was_not_called_yet_comes_first(session, clock, area, prescriber):
    first = an_enquiry(session, area, clock)
    clock.advance(timedelta(hours=1))
    second = an_enquiry(session, area, clock)
    service.note_contact(session, first.case_id, prescriber, clock)
    assert [case.case_id for case in enquiries(session, area)] == [second.case_id, first.case_id]
    assert len(cases_in(session, (S.LEAD,))) == 2


def test_a_case_that_is_not_there_is_not_found(session, clock):
    with pytest.raises(NotFound, match="no_such_case"):
        case_view(session, uuid4())
    with pytest.raises(NotFound, match="no_such_case"):
        service.hold_case(session, uuid4(), SYSTEM, clock, "why")


def test_what_a_patient_said_stands_in_no_table_and_no_audit_entry(session, clock, area):
    case = an_enquiry(session, area, clock)
    fill(session, case.case_id, clock)
    session.flush()
    tables = (
        "intake_case",
        "intake_answer",
        "intake_referral",
        "intake_acceptance",
        "intake_acknowledgement",
    )
    stored = repr([session.execute(sa.text(f"SELECT * FROM {table}")).all() for table in tables])
    stored += repr([row.detail for row in session.scalars(sa.select(AuditEntryRow))])
    # No four digits alone: ids are full of them.
    words = (
        "Quince",
        "555 0142",
        "Elm St",
        "1984-03",
        "1984, 3",
        "husband",
        "Ines Ash",
        "35.123456",
        "major_depression",
    )
    assert not [word for word in words if word in stored]

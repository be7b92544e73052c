"""A compliance officer adds a step: note, assignment, factor, classification, notice, filing, resolution."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from dispatch.custody.cases.commands import AddStep
from dispatch.custody.cases.loading import locked_case, parties_of, place_of
from dispatch.custody.cases.model import (
    DECISIONS,
    Case,
    Classification,
    Deadline,
    Resolution,
    StepKind,
)
from dispatch.custody.cases.rules import deciding
from dispatch.custody.cases.rules.clocks import deadlines
from dispatch.custody.cases.sentences import reason
from dispatch.custody.cases.writing import write_step
from dispatch.identity.records import AccountRow
from dispatch.kernel.actor import Actor, Role
from dispatch.kernel.clock import Clock
from dispatch.kernel.refusals import Conflict, Invalid, Reason

OFFICERS = (Role.COMPLIANCE,)
# What a person may do; the other kinds come from the ledger, from a form or with a file.
BY_HAND = (
    StepKind.NOTE, StepKind.ASSIGNED, StepKind.FACTOR, StepKind.CLASSIFIED, StepKind.NOTICE_SENT,
    StepKind.FORM_FILED, StepKind.RESOLVED, StepKind.REOPENED,
)  # fmt: skip
DONE = (StepKind.NOTICE_SENT, StepKind.FORM_FILED)


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """A step as it is asked for, and all it is judged by."""

    session: Session
    command: AddStep
    case: Case
    text: str
    happened_at: datetime
    now: datetime
    deadlines: tuple[Deadline, ...]


def add_step(session: Session, command: AddStep, actor: Actor, clock: Clock) -> Case:
    """Add a step to a case and return the case as it stands then.

    Raises
    ------
    Forbidden
        ``role_missing``: only a compliance officer works on cases.
    Invalid, Conflict
        With everything that speaks against it, see `rules.deciding`.
    """
    actor.require(OFFICERS)
    if command.kind not in BY_HAND:
        raise Invalid([reason("unknown_step", "kind")])
    case = locked_case(session, command.case_id)
    place, now = place_of(session, case.opening), clock.now()
    asked = _Asked(
        session=session,
        command=command,
        case=case,
        text=command.text.strip(),
        happened_at=command.happened_at or now,
        now=now,
        deadlines=deadlines(case, place.policy_then, place.state, place.zone, now),
    )
    wrong = _WORDS.get(command.kind, _nothing)(asked)
    wrong += deciding.text_fits(asked.text)
    if wrong:
        raise Invalid(wrong)
    against = deciding.step_fits(case, command.kind, asked.text)
    if command.kind in DECISIONS:
        against += deciding.seen_is_current(command.kind, case, command.seen)
        parties = parties_of(session, case.opening)
        against += deciding.nobody_decides_an_own_deed(
            command.kind, actor.person_ref, parties, place.policy.party_may_decide
        )
    against += _LAWS.get(command.kind, _nothing)(asked)
    if against:
        raise Conflict(against)
    write_step(
        session,
        case.case_id,
        command.kind,
        actor,
        clock,
        code=command.code,
        text=asked.text,
        happened_at=asked.happened_at if command.kind in DONE else None,
        person_id=command.person_id if command.kind is StepKind.ASSIGNED else None,
    )
    return locked_case(session, case.case_id)


def _nothing(_asked: _Asked) -> list[Reason]:
    return []


def _officer_is_known(asked: _Asked) -> list[Reason]:
    person = asked.session.get(AccountRow, asked.command.person_id) if asked.command.person_id else None
    officers = {role.value for role in OFFICERS}
    if person is None or not person.active or officers.isdisjoint(role.name for role in person.roles):
        return [reason("no_such_officer", "person_id")]
    return []


# What is wrong with the words themselves, whatever stands in the case.
_WORDS: Mapping[StepKind, Callable[[_Asked], list[Reason]]] = {
    StepKind.ASSIGNED: _officer_is_known,
    StepKind.FACTOR: lambda asked: deciding.factor_is_known(asked.command.code),
    StepKind.CLASSIFIED: lambda asked: deciding.word_is_known(asked.command.code, Classification),
    StepKind.RESOLVED: lambda asked: deciding.word_is_known(asked.command.code, Resolution),
}


def _may_be_done(asked: _Asked) -> list[Reason]:
    return deciding.may_record_done(
        asked.case, asked.command.code, asked.command.kind, asked.happened_at, asked.now, asked.deadlines
    )


# What the case as it stands does not allow.
_LAWS: Mapping[StepKind, Callable[[_Asked], list[Reason]]] = {
    StepKind.CLASSIFIED: lambda asked: deciding.may_classify(asked.case, Classification(asked.command.code)),
    StepKind.RESOLVED: lambda asked: deciding.may_resolve(
        asked.case, Resolution(asked.command.code), asked.deadlines
    ),
    StepKind.NOTICE_SENT: _may_be_done,
    StepKind.FORM_FILED: _may_be_done,
}

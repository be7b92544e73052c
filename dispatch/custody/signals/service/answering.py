"""A compliance officer answers a question: explained, to be watched, or a case."""

import secrets
from hashlib import sha256
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dispatch.custody.cases.model import StepKind
from dispatch.custody.cases.writing import write_step
from dispatch.custody.receipts import open_case
from dispatch.custody.signals.commands import AnswerSignal
from dispatch.custody.signals.model import Answer
from dispatch.custody.signals.records import SignalAnswerRow, SignalRow
from dispatch.custody.signals.sentences import reason
from dispatch.custody.signals.writing import write
from dispatch.kernel.actor import Actor, Role
from dispatch.kernel.clock import Clock
from dispatch.kernel.ids import new_id
from dispatch.kernel.refusals import Conflict, Forbidden, Invalid, NotFound

LEAST_TEXT, MOST_TEXT = 10, 2000
A_QUESTION = "signal"


def answer(session: Session, command: AnswerSignal, actor: Actor, clock: Clock) -> UUID:
    """Add an answer to a question and return the answer's id; ``case`` opens one that names the question.

    Raises
    ------
    NotFound
        ``no_such_signal``.
    Forbidden
        ``own_signal``: nobody answers about themselves.
    Invalid
        With everything that is wrong with the words.
    Conflict
        ``answered_meanwhile``, ``signal_has_case``.
    """
    actor.require((Role.COMPLIANCE,))
    row = session.get(SignalRow, command.signal_id)
    if row is None:
        raise NotFound([reason("no_such_signal", "signal_id")])
    if actor.nurse_id is not None and actor.nurse_id in (row.subject_id, row.other_id):
        raise Forbidden([reason("own_signal")])
    chosen, text = _judged(command)
    before = list(
        session.scalars(
            select(SignalAnswerRow)
            .where(SignalAnswerRow.signal_id == row.id)
            .order_by(SignalAnswerRow.sequence)
        )
    )
    if len(before) != command.seen:
        raise Conflict([reason("answered_meanwhile", "seen")])
    if before and before[-1].case_id is not None:
        raise Conflict([reason("signal_has_case", "answer")])
    case_id = _case(session, row, text, actor, clock) if chosen is Answer.CASE else None
    return _keep(session, row, chosen, text, case_id, len(before) + 1, actor, clock)


def _judged(command: AnswerSignal) -> tuple[Answer, str]:
    text, wrong = command.text.strip(), []
    if command.answer not in set(Answer):
        wrong.append(reason("answer_unknown", "answer"))
    if len(text) < LEAST_TEXT:
        wrong.append(reason("explanation_missing", "text"))
    if len(text) > MOST_TEXT:
        wrong.append(reason("text_too_long", "text", most=str(MOST_TEXT)))
    if wrong:
        raise Invalid(wrong)
    return Answer(command.answer), text


def _case(session: Session, row: SignalRow, text: str, actor: Actor, clock: Clock) -> UUID:
    """Open a case, discovered when the question was asked: no later moment starts its clocks."""
    detail = {"signal_id": str(row.id), "rule": row.rule, "question": row.text}
    case_id = open_case(
        session, row.area_id, A_QUESTION, None, None, actor, clock, detail, discovered_at=row.asked_at
    )
    write_step(session, case_id, StepKind.NOTE, actor, clock, text=f"{row.text}\n{text}")
    return case_id


def _keep(
    session: Session,
    row: SignalRow,
    chosen: Answer,
    text: str,
    case_id: UUID | None,
    sequence: int,
    actor: Actor,
    clock: Clock,
) -> UUID:
    told = {
        "signal_id": row.id,
        "sequence": sequence,
        "answer": chosen.value,
        "case_id": case_id,
        "account_id": actor.account_id,
        "at": clock.now(),
    }
    salt = secrets.token_bytes(16)
    answered = SignalAnswerRow(id=new_id(), text_salt=salt, **told)
    answered.text = text
    try:
        with session.begin_nested():
            # The words may name a patient: the log holds only that these, and no others, stood here.
            committed = sha256(salt + text.encode()).hexdigest()
            write(session, "signal_answer", answered, told | {"text": committed}, actor, clock)
    except IntegrityError:
        raise Conflict([reason("answered_meanwhile", "seen")]) from None
    return answered.id

"""Questions with their answers, and the events they rest on."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.custody.model import EventKind
from dispatch.custody.queries.names import account_names
from dispatch.custody.records import ContainerRow, CountRow, EventRow
from dispatch.custody.signals.model import Answer, Rule
from dispatch.custody.signals.records import SignalAnswerRow, SignalRow
from dispatch.custody.signals.sentences import reason
from dispatch.kernel.refusals import NotFound
from dispatch.workforce.records import NurseRow


class Standing(StrEnum):
    """What stands of a question."""

    OPEN = "open"
    WATCHED = "watched"
    EXPLAINED = "explained"
    CASE = "case"


_STANDINGS = {
    Answer.EXPLAINED: Standing.EXPLAINED,
    Answer.WATCH: Standing.WATCHED,
    Answer.CASE: Standing.CASE,
}


@dataclass(frozen=True, kw_only=True)
class AnswerLine:
    """One answer to a question."""

    answer: Answer
    text: str
    name: str
    at: datetime
    case_id: UUID | None


@dataclass(frozen=True, kw_only=True)
class SignalLine:
    """A question as it was asked, and its answers, oldest first."""

    signal_id: UUID
    area_id: UUID
    rule: Rule
    nurse: str
    text: str
    about: str
    arithmetic: tuple[tuple[str, str], ...]
    evidence: tuple[UUID, ...]
    chance: str
    begins_at: datetime
    ends_at: datetime
    asked_at: datetime
    answers: tuple[AnswerLine, ...]

    @property
    def standing(self) -> Standing:
        """What stands of it now: the last answer's."""
        return _STANDINGS[self.answers[-1].answer] if self.answers else Standing.OPEN


@dataclass(frozen=True, kw_only=True)
class EvidenceLine:
    """One event or count that a question rests on; a count belongs to no vial."""

    evidence_id: UUID
    what: str
    at: datetime
    container_id: UUID | None = None
    serial: str = ""
    sequence: int | None = None
    exception: bool = False


def questions(session: Session, area_id: UUID, *, most: int = 500) -> list[SignalLine]:
    """Return an area's questions, the newest first."""
    wanted = (
        select(SignalRow, NurseRow.code)
        .join(NurseRow, NurseRow.id == SignalRow.subject_id)
        .where(SignalRow.area_id == area_id)
        .order_by(SignalRow.asked_at.desc(), SignalRow.id.desc())
        .limit(most)
    )
    return _lines(session, session.execute(wanted).all())


def question(session: Session, signal_id: UUID) -> SignalLine:
    """Return one question, or refuse with `NotFound`."""
    wanted = (
        select(SignalRow, NurseRow.code)
        .join(NurseRow, NurseRow.id == SignalRow.subject_id)
        .where(SignalRow.id == signal_id)
    )
    found = _lines(session, session.execute(wanted).all())
    if not found:
        raise NotFound([reason("no_such_signal", "signal_id")])
    return found[0]


def _lines(session: Session, rows: Sequence[tuple[SignalRow, str]]) -> list[SignalLine]:
    answers = _answers(session, [row.id for row, _ in rows])
    return [
        SignalLine(
            signal_id=row.id,
            area_id=row.area_id,
            rule=Rule(row.rule),
            nurse=code,
            text=row.text,
            about=row.about,
            arithmetic=tuple((what, figure) for what, figure in row.arithmetic["lines"]),
            evidence=tuple(UUID(each) for each in row.arithmetic["evidence"]),
            chance=row.chance or "",
            begins_at=row.begins_at,
            ends_at=row.ends_at,
            asked_at=row.asked_at,
            answers=tuple(answers.get(row.id, ())),
        )
        for row, code in rows
    ]


def _answers(session: Session, signal_ids: Iterable[UUID]) -> Mapping[UUID, list[AnswerLine]]:
    rows = session.scalars(
        select(SignalAnswerRow)
        .where(SignalAnswerRow.signal_id.in_(list(signal_ids)))
        .order_by(SignalAnswerRow.signal_id, SignalAnswerRow.sequence)
    ).all()
    names = account_names(session, {row.account_id for row in rows})
    found: dict[UUID, list[AnswerLine]] = defaultdict(list)
    for row in rows:
        found[row.signal_id].append(
            AnswerLine(
                answer=Answer(row.answer),
                text=row.text,
                name=names[row.account_id],
                at=row.at,
                case_id=row.case_id,
            )
        )
    return found


def evidence(session: Session, line: SignalLine) -> list[EvidenceLine]:
    """Return the events, or counts, of a question in the order of time."""
    ids = list(line.evidence)
    events = session.execute(
        select(EventRow.id, EventRow.kind, EventRow.server_time, EventRow.container_id, EventRow.sequence,
               EventRow.exception, ContainerRow.serial)
        .join(ContainerRow, ContainerRow.id == EventRow.container_id)
        .where(EventRow.id.in_(ids))
    )  # fmt: skip
    found = [
        EvidenceLine(
            evidence_id=row.id,
            what=EventKind(row.kind).value.replace("_", " "),
            at=row.server_time,
            container_id=row.container_id,
            serial=row.serial,
            sequence=row.sequence,
            exception=row.exception,
        )
        for row in events
    ]
    counts = session.scalars(select(CountRow).where(CountRow.id.in_(ids)))
    found += [
        EvidenceLine(
            evidence_id=row.id, what=f"counted {row.counted_units}, expected {row.expected_units}", at=row.at
        )
        for row in counts
    ]
    return sorted(found, key=lambda each: (each.at, each.evidence_id))

"""One case with all that belongs to it: arithmetic down to its events, people, steps, clocks, checklist."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dispatch.custody.cases.loading import case_of, parties_of, reported_before
from dispatch.custody.cases.model import Case, Factor, Step
from dispatch.custody.cases.queries.lines import CaseLine, Sought, case_lines
from dispatch.custody.cases.queries.papers import AttachmentLine, attachments
from dispatch.custody.cases.rules.deciding import ENDINGS
from dispatch.custody.cases.rules.wording import Circumstances, factor_hints
from dispatch.custody.model import account_kind
from dispatch.custody.queries.history import EventLine, vial_history
from dispatch.custody.queries.names import account_names, holder_labels
from dispatch.custody.records import ContainerRow, CountRow, EventRow, PostingRow
from dispatch.kernel.clock import Clock

MONTH_DAYS = 30
# Classes of accounts in the words of the screen; a class that is not here is shown under its own name.
WORDS = {
    "source": "came in", "custody": "sealed in somebody's hands", "open": "still in the vial",
    "drawn": "still drawn up", "patient": "given", "waste": "wasted", "returned": "returned",
    "quarantine": "quarantined", "lost": "lost",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class SumLine:
    """A figure of the case and the events it is made of, as (event, amount in micrograms)."""

    label: str
    amount_ug: int
    parts: tuple[tuple[EventLine, int], ...]


@dataclass(frozen=True, kw_only=True)
class CountLine:
    """A blind count of the round that did not agree."""

    attempt: int
    holder: str
    counted_units: int
    expected_units: int
    by: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class PersonLine:
    """Somebody who signed for the vial, in which part, at which events."""

    name: str
    role: str
    events: tuple[EventLine, ...]


@dataclass(frozen=True, kw_only=True)
class StepLine:
    """A step with the names behind its ids."""

    step: Step
    by: str
    person: str
    event: EventLine | None
    attachment: AttachmentLine | None


@dataclass(frozen=True, kw_only=True)
class CaseFile:
    """One case with all that belongs to it.

    Attributes
    ----------
    drawn, given, wasted, lost
        The sums of the case's question; drawn - given - wasted is `gap_ug`.
    accounts
        Where the vial's drug is now by the ledger, one line a class of accounts.
    parties
        The persons who may not decide about it, unless the policy lets them.
    endings
        How a case of its classification may end.
    """

    line: CaseLine
    case: Case
    steps: tuple[StepLine, ...]
    events: tuple[EventLine, ...]
    told_by: frozenset[UUID]
    drawn: SumLine
    given: SumLine
    wasted: SumLine
    lost: SumLine
    accounts: tuple[SumLine, ...]
    counts: tuple[CountLine, ...]
    people: tuple[PersonLine, ...]
    hints: dict[Factor, str]
    attachments: tuple[AttachmentLine, ...]
    names: dict[UUID, str]
    parties: frozenset[str]
    endings: tuple[str, ...]

    @property
    def gap_ug(self) -> int:
        """What was drawn and neither given nor wasted."""
        return self.drawn.amount_ug - self.given.amount_ug - self.wasted.amount_ug


def case_file(session: Session, case_id: UUID, clock: Clock) -> CaseFile:
    """Return one case with all that belongs to it, or refuse with `NotFound`."""
    case = case_of(session, case_id)
    line = case_lines(session, clock, Sought(), case.case_id)[0]
    opening = case.opening
    events = tuple(vial_history(session, opening.container_id)) if opening.container_id else ()
    people = _people(events)
    names = account_names(session, _accounts(case))
    kept = attachments(session, case.case_id)
    return CaseFile(
        line=line,
        case=case,
        steps=_steps(case, events, kept, names),
        events=events,
        told_by=frozenset(each for each in (step.event_id for step in case.steps) if each),
        drawn=_sum("Drawn", events, "drawn", entering=True),
        given=_sum("Given", events, "patient"),
        wasted=_sum("Wasted", events, "waste"),
        lost=_sum("Lost", events, "lost"),
        accounts=_accounts_now(events),
        counts=_counts(session, opening.count_id),
        people=people,
        hints=factor_hints(_circumstances(session, case, line, people)),
        attachments=kept,
        names=names,
        parties=parties_of(session, opening),
        endings=tuple(sorted(ENDINGS[case.classification])) if case.classification else (),
    )


def _accounts(case: Case) -> set[UUID]:
    found = {case.opening.discovered_by} | {step.account_id for step in case.steps}
    return found | {step.person_id for step in case.steps if step.person_id}


def _steps(
    case: Case, events: Sequence[EventLine], kept: Iterable[AttachmentLine], names: dict[UUID, str]
) -> tuple[StepLine, ...]:
    by_event = {event.event_id: event for event in events}
    by_id = {each.attachment_id: each for each in kept}
    return tuple(
        StepLine(
            step=step,
            by=names.get(step.account_id, ""),
            person=names.get(step.person_id, "") if step.person_id else "",
            event=by_event.get(step.event_id) if step.event_id else None,
            attachment=by_id.get(step.attachment_id) if step.attachment_id else None,
        )
        for step in case.steps
    )


def _sum(label: str, events: Iterable[EventLine], kind: str, entering: bool = False) -> SumLine:
    parts = []
    for event in events:
        moved = [each.amount_ug for each in event.postings if account_kind(each.account) == kind]
        amount_ug = sum(each for each in moved if each > 0 or not entering)
        if amount_ug:
            parts.append((event, amount_ug))
    return SumLine(label=label, amount_ug=sum(amount for _event, amount in parts), parts=tuple(parts))


def _accounts_now(events: Sequence[EventLine]) -> tuple[SumLine, ...]:
    kinds = {account_kind(line.account): None for event in events for line in event.postings}
    return tuple(_sum(WORDS.get(kind, kind), events, kind) for kind in kinds)


def _counts(session: Session, count_id: UUID | None) -> tuple[CountLine, ...]:
    if count_id is None:
        return ()
    round_id = session.get_one(CountRow, count_id).round_id
    rows = session.scalars(
        select(CountRow).where(CountRow.round_id == round_id).order_by(CountRow.attempt)
    ).all()
    labels = holder_labels(session, (row.holder for row in rows))
    names = account_names(session, (row.account_id for row in rows))
    return tuple(
        CountLine(
            attempt=row.attempt,
            holder=labels.get(row.holder, row.holder),
            counted_units=row.counted_units,
            expected_units=row.expected_units,
            by=names.get(row.account_id, ""),
            at=row.at,
        )
        for row in rows
    )


def _people(events: Sequence[EventLine]) -> tuple[PersonLine, ...]:
    signed: dict[tuple[str, str], list[EventLine]] = defaultdict(list)
    for event in events:
        for signature in event.signatures:
            signed[signature.name, signature.role].append(event)
    return tuple(
        PersonLine(name=name, role=role, events=tuple(found))
        for (name, role), found in sorted(signed.items())
    )


def _circumstances(
    session: Session, case: Case, line: CaseLine, people: Sequence[PersonLine]
) -> Circumstances:
    opening = case.opening
    earlier = reported_before(session, case)
    mine = parties_of(session, opening)
    return Circumstances(
        product=line.product,
        lost_ug=abs(line.gap_ug or 0) or _lost(session, opening.container_id),
        given_ug_30_days=_given(session, opening.area_id, opening.discovered_at),
        people=tuple(dict.fromkeys(person.name for person in people)),
        cases_24_months=len(earlier),
        cases_same_people=sum(bool(mine & parties_of(session, each.opening)) for each in earlier),
    )


def _lost(session: Session, container_id: UUID | None) -> int:
    lost = (
        select(func.coalesce(func.sum(PostingRow.amount_ug), 0))
        .join(EventRow, EventRow.id == PostingRow.event_id)
        .where(EventRow.container_id == container_id, PostingRow.account_kind == "lost")
    )
    return int(session.scalar(lost) or 0)


def _given(session: Session, area_id: UUID, until: datetime) -> int:
    given = (
        select(func.coalesce(func.sum(PostingRow.amount_ug), 0))
        .join(EventRow, EventRow.id == PostingRow.event_id)
        .join(ContainerRow, ContainerRow.id == EventRow.container_id)
        .where(
            ContainerRow.area_id == area_id,
            PostingRow.account_kind == "patient",
            EventRow.server_time >= until - timedelta(days=MONTH_DAYS),
            EventRow.server_time <= until,
        )
    )
    return int(session.scalar(given) or 0)

"""The lists of a case: medicines taken, treatments tried. A line is changed by adding its next revision."""

from dataclasses import asdict
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.intake.changes import CaseChange, ChangeKind, tell
from dispatch.intake.commands import NewMedication, NewTreatment
from dispatch.intake.ingredients import ingredients_by_name
from dispatch.intake.loading import account_of, next_sequence, open_case_row, packed
from dispatch.intake.queries.gathered import MEDICATION, TREATMENT
from dispatch.intake.records import CaseRow, ListEntryRow
from dispatch.intake.rules.faults import medication_faults, treatment_faults
from dispatch.intake.sentences import reason
from dispatch.intake.service.cases import audit_case, settle
from dispatch.kernel.actor import Actor
from dispatch.kernel.clock import Clock
from dispatch.kernel.ids import new_id
from dispatch.kernel.refusals import Invalid, NotFound, Reason


def change_medication(session: Session, new: NewMedication, actor: Actor, clock: Clock) -> UUID:
    """Add a medicine to the list, or change one that is on it, and return the line's id.

    What it contains is never guessed: a name that is only like a listed one stays unmatched, and waits for a
    prescriber, until somebody confirms what was meant.

    Raises
    ------
    Invalid
        With every fault; ``not_in_list_of_ingredients`` where something was confirmed that is not listed.
    NotFound
        ``no_such_entry``.
    """
    faults = list(medication_faults(new))
    if new.confirmed and new.confirmed not in ingredients_by_name():
        faults.append(reason("not_in_list_of_ingredients", "confirmed"))
    content = {
        "name": new.name,
        "dose": new.dose,
        "last_taken": new.last_taken,
        "rxnorm": new.rxnorm,
        "confirmed": new.confirmed,
    }
    row = open_case_row(session, new.case_id, actor)
    entry_id = _add(session, row, MEDICATION, new.entry_id, content, faults, actor, clock)
    _list_changed(session, row, MEDICATION, actor, clock)
    return entry_id


def change_treatment(session: Session, new: NewTreatment, actor: Actor, clock: Clock) -> UUID:
    """Add a treatment tried before, or change one, and return the line's id.

    Raises
    ------
    Invalid, NotFound
        As `change_medication`.
    """
    content = {name: value for name, value in asdict(new).items() if name not in ("case_id", "entry_id")}
    row = open_case_row(session, new.case_id, actor)
    faults = list(treatment_faults(new))
    entry_id = _add(session, row, TREATMENT, new.entry_id, content, faults, actor, clock)
    _list_changed(session, row, TREATMENT, actor, clock)
    return entry_id


def remove_entry(
    session: Session, case_id: UUID, kind: str, entry_id: UUID, actor: Actor, clock: Clock
) -> None:
    """Take a line off a list; that it was there stays on file.

    Raises
    ------
    NotFound
        ``no_such_entry``: not on this list of this case, or taken off before.
    """
    row = open_case_row(session, case_id, actor)
    latest = _latest(session, row, kind, entry_id)
    _write(session, row, kind, entry_id, latest.content, actor, clock, removed=True)
    _list_changed(session, row, kind, actor, clock)


def _add(
    session: Session,
    row: CaseRow,
    kind: str,
    entry_id: UUID | None,
    content: dict[str, str],
    faults: list[Reason],
    actor: Actor,
    clock: Clock,
) -> UUID:
    if faults:
        raise Invalid(faults)
    if entry_id is not None:
        _latest(session, row, kind, entry_id)
    entry_id = entry_id or new_id()
    _write(session, row, kind, entry_id, packed(content), actor, clock)
    return entry_id


def _latest(session: Session, row: CaseRow, kind: str, entry_id: UUID) -> ListEntryRow:
    wanted = select(ListEntryRow).where(
        ListEntryRow.case_id == row.id, ListEntryRow.kind == kind, ListEntryRow.entry_id == entry_id
    )
    found = session.scalar(wanted.order_by(ListEntryRow.sequence.desc()).limit(1))
    if found is None or found.removed:
        raise NotFound([reason("no_such_entry")])
    return found


def _write(
    session: Session,
    row: CaseRow,
    kind: str,
    entry_id: UUID,
    content: str,
    actor: Actor,
    clock: Clock,
    *,
    removed: bool = False,
) -> None:
    entry = ListEntryRow(
        id=new_id(),
        case_id=row.id,
        sequence=next_sequence(session, ListEntryRow, row.id),
        kind=kind,
        entry_id=entry_id,
        removed=removed,
        at=clock.now(),
        account_id=account_of(actor),
    )
    entry.content = content
    session.add(entry)
    session.flush()


def _list_changed(session: Session, row: CaseRow, kind: str, actor: Actor, clock: Clock) -> None:
    audit_case(session, "intake.change_list", row, actor, clock, list=kind)
    changed = ChangeKind.MEDICATIONS if kind == MEDICATION else ChangeKind.ANSWER
    tell(session, CaseChange(case_id=row.id, patient_id=row.patient_id, kind=changed), actor, clock)
    settle(session, row, clock, actor)

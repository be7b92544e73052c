"""What a patient says of herself: contact, and the six histories, item by item."""

from uuid import UUID

from sqlalchemy.orm import Session

from dispatch.intake.changes import CaseChange, ChangeKind, tell
from dispatch.intake.commands import GivenAnswer
from dispatch.intake.loading import account_of, day_of, next_sequence, open_case_row, packed
from dispatch.intake.model import Contact
from dispatch.intake.queries import histories
from dispatch.intake.questions import FORM_VERSION, ITEMS
from dispatch.intake.records import AnswerRow
from dispatch.intake.rules.faults import answer_faults, contact_faults
from dispatch.intake.service.cases import audit_case, settle
from dispatch.intake.statements import HistoryAnswer, Saying
from dispatch.kernel.actor import Actor
from dispatch.kernel.changes import assign
from dispatch.kernel.clock import Clock
from dispatch.kernel.ids import new_id
from dispatch.kernel.refusals import Invalid


def tell_about(session: Session, case_id: UUID, contact: Contact, actor: Actor, clock: Clock) -> None:
    """Write down who the patient is and how to reach her.

    Raises
    ------
    Invalid
        With every fault.
    """
    row = open_case_row(session, case_id, actor)
    if faults := tuple(contact_faults(contact, day_of(session, row.area_id, clock.now()))):
        raise Invalid(faults)
    changed = assign(
        row,
        {
            "name": contact.name,
            "phone": contact.phone or None,
            "email": contact.email or None,
            "born_on": contact.born_on.isoformat() if contact.born_on else None,
            "address": contact.address or None,
            "patient_state": contact.state,
        },
    )
    if changed:
        audit_case(session, "intake.tell_about", row, actor, clock, changed=sorted(changed))
    settle(session, row, clock, actor)


def give_answer(session: Session, given: GivenAnswer, actor: Actor, clock: Clock) -> HistoryAnswer:
    """Add an answer to one item; the same answer again adds nothing. Earlier ones stay.

    Raises
    ------
    Invalid
        ``no_such_item``, ``saying_missing``, ``saying_unfit``, ``detail_missing`` or a fault of the words.
    """
    row = open_case_row(session, given.case_id, actor)
    if faults := tuple(answer_faults(given)):
        raise Invalid(faults)
    known = histories(session, row.id).answers.get(given.item)
    if known and (known.saying, known.detail) == (given.saying, given.detail):
        return known
    now = clock.now()
    answer = AnswerRow(
        id=new_id(),
        case_id=row.id,
        sequence=next_sequence(session, AnswerRow, row.id),
        form_version=FORM_VERSION,
        item=given.item,
        at=now,
        account_id=account_of(actor),
    )
    answer.content = packed({"saying": given.saying and given.saying.value, "detail": given.detail})
    session.add(answer)
    session.flush()
    audit_case(session, "intake.answer", row, actor, clock, item=given.item)
    change = CaseChange(case_id=row.id, patient_id=row.patient_id, kind=_kind(given, known), item=given.item)
    tell(session, change, actor, clock)
    settle(session, row, clock, actor)
    return HistoryAnswer(item=given.item, saying=given.saying, detail=given.detail, at=now)


def _kind(given: GivenAnswer, known: HistoryAnswer | None) -> ChangeKind:
    """Return what an answer is: whether medicines are taken changes the list; an urgent item may be an event.

    Unknown counts as yes: only a plain no is no event.
    """
    if given.item == "medications.takes_any":
        return ChangeKind.MEDICATIONS
    if not ITEMS[given.item].urgent or given.saying is Saying.NO:
        return ChangeKind.ANSWER
    same = known is not None and known.saying is given.saying and known.detail == given.detail
    return ChangeKind.ANSWER if same else ChangeKind.MEDICAL_EVENT

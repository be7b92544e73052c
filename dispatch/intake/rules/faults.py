"""What is wrong with what was typed. No sentence repeats it."""

import re
from collections.abc import Iterator
from datetime import date

from dispatch.intake.commands import (
    INDICATIONS,
    OUTCOMES,
    SIGNER_ROLES,
    GivenAnswer,
    NewAcknowledgement,
    NewEnquiry,
    NewMedication,
    NewReferral,
    NewTreatment,
)
from dispatch.intake.model import Contact
from dispatch.intake.questions import ITEMS, Detail
from dispatch.intake.sentences import reason
from dispatch.intake.statements import Saying
from dispatch.kernel.plain_text import LONGEST_LINE, LONGEST_NOTE, phone_fault, text_fault
from dispatch.kernel.refusals import Reason
from dispatch.workforce.rules.compact import the_compact

EMAIL = re.compile(r"[^\s@<>\",;]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+")
RXNORM = re.compile(r"[0-9]{1,8}", re.ASCII)
OLDEST_BIRTH = date(1900, 1, 1)


def line_fault(text: str, field: str, *, lines: bool = False) -> Iterator[Reason]:
    """Yield what is wrong with a text, a single line unless `lines`."""
    if fault := text_fault(text, most=LONGEST_NOTE if lines else LONGEST_LINE, lines=lines):
        yield Reason(code=fault[0], text=fault[1], field=field)


def enquiry_faults(new: NewEnquiry) -> Iterator[Reason]:
    """Yield what is wrong with an enquiry: a name and one way to reach the person are needed."""
    yield from contact_faults(new.contact, None)
    yield from line_fault(new.reason, "reason", lines=True)


def contact_faults(contact: Contact, today: date | None) -> Iterator[Reason]:
    """Yield what is wrong with what a person said of herself; `today` where a birthday was asked for."""
    if not contact.name:
        yield reason("name_missing", "name")
    yield from line_fault(contact.name, "name")
    yield from line_fault(contact.address, "address")
    if not contact.phone and not contact.email:
        yield reason("contact_missing", "phone")
    if contact.phone and (fault := phone_fault(contact.phone)):
        yield Reason(code=fault[0], text=fault[1], field="phone")
    yield from line_fault(contact.email, "email")
    if contact.email and not EMAIL.fullmatch(contact.email):
        yield reason("email_malformed", "email")
    if contact.born_on and today and not OLDEST_BIRTH <= contact.born_on <= today:
        yield reason("date_out_of_range", "born_on")
    if contact.state:
        yield from state_fault(contact.state, "state")


def state_fault(state: str, field: str) -> Iterator[Reason]:
    """Yield a reason where `state` is none that issues licences."""
    if state not in the_compact().states:
        yield reason("state_unknown", field)


def answer_faults(given: GivenAnswer) -> Iterator[Reason]:
    """Yield what is wrong with an answer. Saying nothing at all is never an answer."""
    item = ITEMS.get(given.item)
    if item is None:
        yield reason("no_such_item", "item")
        return
    yield from line_fault(given.detail, "detail", lines=True)
    if item.detail is Detail.ONLY:
        if given.saying is not None:
            yield reason("saying_unfit", "saying")
        if not given.detail:
            yield reason("detail_missing", "detail", prompt=item.prompt)
    elif given.saying is None:
        yield reason("saying_missing", "saying")


def detail_is_missing(item_code: str, saying: Saying | None, detail: str) -> bool:
    """Tell whether an answer still needs words: it is kept without them, but the section is not complete."""
    return ITEMS[item_code].detail is Detail.IF_YES and saying is Saying.YES and not detail


def medication_faults(new: NewMedication) -> Iterator[Reason]:
    """Yield what is wrong with a line of the list of medicines."""
    if not new.name:
        yield reason("name_missing", "name")
    for field in ("name", "dose", "last_taken"):
        yield from line_fault(getattr(new, field), field)
    if new.rxnorm and not RXNORM.fullmatch(new.rxnorm):
        yield reason("rxnorm_malformed", "rxnorm")


def treatment_faults(new: NewTreatment) -> Iterator[Reason]:
    """Yield what is wrong with a treatment tried; how it went is needed, even as unknown."""
    if not new.treatment:
        yield reason("name_missing", "treatment")
    for field in ("treatment", "dose", "duration", "reason_ended"):
        yield from line_fault(getattr(new, field), field)
    if new.outcome not in OUTCOMES:
        yield reason("outcome_unknown", "outcome")


def referral_faults(new: NewReferral) -> Iterator[Reason]:
    """Yield what is wrong with a referral. What it does not say yet is missing later, not refused now."""
    if not set(new.indications) <= set(INDICATIONS):
        yield reason("indication_unknown", "indications")
    for field in ("reason", "home_reason"):
        yield from line_fault(getattr(new, field), field, lines=True)


def signature_faults(new: NewAcknowledgement, today: date) -> Iterator[Reason]:
    """Yield what is wrong with a signature under the acknowledgement."""
    if not new.signer:
        yield reason("signer_missing", "signer")
    if not new.licence_number:
        yield reason("licence_missing", "licence_number")
    yield from line_fault(new.signer, "signer")
    yield from line_fault(new.licence_number, "licence_number")
    yield from state_fault(new.licence_state, "licence_state")
    if new.role not in SIGNER_ROLES:
        yield reason("signer_role_unknown", "role", known=", ".join(SIGNER_ROLES))
    if new.signed_on is not None and new.signed_on > today:
        yield reason("date_out_of_range", "signed_on")
    if new.link_id is None and new.document_id is None:
        yield reason("signed_nowhere")

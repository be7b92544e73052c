"""Where a recipient is reached: looked up at the moment of sending, kept nowhere."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from dispatch.appointments.care.queries import responsible_adult
from dispatch.appointments.service import patient_by_id
from dispatch.identity.service import emails_of
from dispatch.intake.queries import case_of_patient, contact_addresses
from dispatch.kernel.refusals import NotFound
from dispatch.messages.model import Channel, Recipient

Address = tuple[Channel, str]


def addresses(session: Session, to: Recipient, channels: Sequence[Channel]) -> tuple[Address, ...]:
    """Return the addresses that one message goes to, each by the first of `channels` that reaches it.

    Several only for a role: everybody active who holds it.
    """
    if to.account_id is not None or to.role is not None:
        found = emails_of(session, account_id=to.account_id, role=to.role)
        return tuple((Channel.MAIL, email) for email in found)
    try:
        phone, email = _of_person(session, to)
    except NotFound:
        return ()
    known = {Channel.TEXT: phone, Channel.MAIL: email}
    for channel in channels:
        if address := known[channel]:
            return ((channel, address),)
    return ()


def _of_person(session: Session, to: Recipient) -> tuple[str, str]:
    if to.case_id is not None:
        phone, email = contact_addresses(session, to.case_id, to.contact)
        return phone or "", email or ""
    assert to.patient_id is not None
    if to.contact == "adult":
        adult = responsible_adult(session, to.patient_id)
        return (adult.phone if adult else ""), ""
    patient = patient_by_id(session, to.patient_id)
    case = case_of_patient(session, to.patient_id)
    email = contact_addresses(session, case.case_id, "self")[1] if case is not None else ""
    return patient.phone or "", email or ""

"""An invented enquiry and its intake, whole or with a part left out."""

from collections.abc import Collection
from datetime import date
from uuid import UUID

from sqlalchemy.orm import Session

from dispatch.intake import service
from dispatch.intake.commands import (
    Acceptance,
    GivenAnswer,
    NewAcknowledgement,
    NewEnquiry,
    NewReferral,
    ReferralSource,
)
from dispatch.intake.model import LINK_SESSION, CaseView, Contact
from dispatch.intake.queries import agreements_of
from dispatch.intake.questions import Detail, items
from dispatch.intake.service import LinkPurpose
from dispatch.intake.statements import Saying
from dispatch.kernel.actor import AccountId, Actor, Role
from dispatch.kernel.clock import Clock

PATIENT = Actor(
    account_id=None, name="Patient, by link", roles=frozenset(), session_ref=f"{LINK_SESSION}test"
)
MIRA = Contact(name="Mira Quince", phone="+1 614 555 0142", email="mira@test.example")
WHOLE = Contact(
    name="Mira Quince",
    phone="+1 614 555 0142",
    email="mira@test.example",
    born_on=date(1984, 3, 9),
    address="12 Elm St, Columbus, OH 43215",
    state="OH",
)
PARTS = frozenset({"about", "purpose", "histories", "agreements", "acknowledgement"})


def staff(role: Role, account_id: UUID | None = None) -> Actor:
    """Somebody of the office; give an account's id where the database has to know it."""
    return Actor(
        account_id=AccountId(account_id or UUID(int=1)),
        name=role.value,
        roles=frozenset({role}),
        person_ref="p",
    )


def an_enquiry(session: Session, area_id: UUID, clock: Clock, contact: Contact = MIRA) -> CaseView:
    """An enquiry by the web page."""
    new = NewEnquiry(area_id=area_id, contact=contact, reason="I would like to know more.")
    return service.open_case(session, new, PATIENT, clock)


def a_patient_link(
    session: Session, case_id: UUID, clock: Clock, purpose: LinkPurpose = LinkPurpose.PATIENT
) -> str:
    """A link's secret."""
    return service.make_link(session, case_id, purpose, PATIENT, clock).secret


def answer_all(session: Session, case_id: UUID, clock: Clock, saying: Saying = Saying.NO) -> None:
    """Give every item of the histories the same answer, in words where only words answer."""
    for _section, item in items():
        if item.detail is Detail.ONLY:
            given = GivenAnswer(case_id=case_id, item=item.code, detail="My husband and my sister.")
        else:
            given = GivenAnswer(case_id=case_id, item=item.code, saying=saying)
        service.give_answer(session, given, PATIENT, clock)


def fill(session: Session, case_id: UUID, clock: Clock, parts: Collection[str] = PARTS) -> None:
    """Fill in these parts of an intake: all of them make it complete."""
    if "about" in parts:
        service.tell_about(session, case_id, WHOLE, PATIENT, clock)
    if "purpose" in parts:
        new = NewReferral(case_id=case_id, source=ReferralSource.SELF, indications=("major_depression",))
        service.note_referral(session, new, PATIENT, clock)
    if "histories" in parts:
        answer_all(session, case_id, clock)
    if "agreements" in parts:
        for each in agreements_of(session, case_id):
            accepted = Acceptance(
                case_id=case_id, agreement=each.code, version=each.version, address="127.0.0.1"
            )
            service.accept_agreement(session, accepted, PATIENT, clock)
    if "acknowledgement" in parts:
        sign(session, case_id, clock)


def sign(session: Session, case_id: UUID, clock: Clock) -> None:
    """Sign the acknowledgement of ongoing care behind the provider's own link."""
    secret = a_patient_link(session, case_id, clock, LinkPurpose.PROVIDER)
    device = service.open_link(session, secret, clock)
    found = service.visitor_of(session, device.secret, clock.now())
    assert found is not None
    signed = NewAcknowledgement(
        case_id=case_id, signer="Dr. Ines Ash", role="physician", licence_number="35.123456",
        licence_state="OH", link_id=found.link_id,
    )  # fmt: skip
    service.sign_acknowledgement(session, signed, found.actor, clock)

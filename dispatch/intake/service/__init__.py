"""What can be done to a case: one function a deed. None commits."""

from dispatch.intake.service.acknowledging import sign_acknowledgement
from dispatch.intake.service.agreeing import accept_agreement, say_self_pay
from dispatch.intake.service.answering import give_answer, tell_about
from dispatch.intake.service.cases import (
    hold_case,
    move_case,
    note_contact,
    open_case,
    release_case,
    tie_patient,
)
from dispatch.intake.service.links import (
    LinkPurpose,
    Visitor,
    make_link,
    make_patient_link,
    open_link,
    revoke_link,
    visitor_of,
)
from dispatch.intake.service.listing import (
    change_medication,
    change_treatment,
    remove_entry,
)
from dispatch.intake.service.referring import add_document, add_provider, note_referral

__all__ = [
    "LinkPurpose", "Visitor", "accept_agreement", "add_document", "add_provider", "change_medication",
    "change_treatment", "give_answer", "hold_case", "make_link", "make_patient_link", "move_case",
    "note_contact", "note_referral", "open_case", "open_link", "release_case", "remove_entry", "revoke_link",
    "say_self_pay", "sign_acknowledgement", "tell_about", "tie_patient", "visitor_of",
]  # fmt: skip

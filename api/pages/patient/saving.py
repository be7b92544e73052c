"""What an intake page sends, deed by deed: the patient's own pages and the dispatcher's use the same."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from flask import request
from sqlalchemy.orm import Session

from dispatch.intake import commands, service
from dispatch.intake.commands import ReferralKind, ReferralSource
from dispatch.intake.model import Contact, Party, party_of
from dispatch.intake.statements import Saying
from dispatch.kernel.actor import Actor
from dispatch.kernel.clock import Clock
from dispatch.kernel.refusals import Invalid, refuse

Form = Mapping[str, str]


def save(session: Session, case_id: UUID, actor: Actor, clock: Clock) -> str:
    """Do the deed that the form names, and return which item it was about (for the answer to autosave).

    Raises
    ------
    Refusal
        Of the deed; ``no_such_deed`` for none of them.
    """
    form = request.form
    deed = DEEDS.get(form.get("deed", ""))
    if deed is None:
        raise refuse(
            Invalid, "no_such_deed", "The form says not what to do. Load the page again.", field="deed"
        )
    return deed(session, case_id, form, actor, clock)


def _answer(session: Session, case_id: UUID, form: Form, actor: Actor, clock: Clock) -> str:
    given = commands.GivenAnswer(
        case_id=case_id,
        item=_text(form, "item"),
        saying=_choice(Saying, form, "saying"),
        detail=_text(form, "detail").replace("\r\n", "\n"),
    )
    service.give_answer(session, given, actor, clock)
    return given.item


def _about(session: Session, case_id: UUID, form: Form, actor: Actor, clock: Clock) -> str:
    contact = Contact(
        name=_text(form, "name"),
        phone=_text(form, "phone"),
        email=_text(form, "email"),
        born_on=_day(form, "born_on"),
        address=_text(form, "address"),
        state=_text(form, "state").upper(),
    )
    service.tell_about(session, case_id, contact, actor, clock)
    return "about"


def _purpose(session: Session, case_id: UUID, form: Form, actor: Actor, clock: Clock) -> str:
    document_id = None
    uploaded = request.files.get("file")
    if uploaded is not None and uploaded.filename:
        document = commands.NewDocument(
            case_id=case_id, name=uploaded.filename[-200:], content=uploaded.read()
        )
        document_id = service.add_document(session, document, actor, clock)
    source = _choice(ReferralSource, form, "source") or ReferralSource.SELF
    if Party.PATIENT in party_of(actor):
        source = ReferralSource.SELF
    new = commands.NewReferral(
        case_id=case_id,
        source=source,
        kind=_choice(ReferralKind, form, "kind") or ReferralKind.CONSULTATION,
        received_at=_received(form),
        indications=tuple(request.form.getlist("indications")),
        reason=_text(form, "reason").replace("\r\n", "\n"),
        home_reason=_text(form, "home_reason").replace("\r\n", "\n"),
        provider_id=_id(form, "provider_id"),
        document_id=document_id,
    )
    service.note_referral(session, new, actor, clock)
    return "purpose"


def _medication(session: Session, case_id: UUID, form: Form, actor: Actor, clock: Clock) -> str:
    new = commands.NewMedication(
        case_id=case_id,
        name=_text(form, "name"),
        dose=_text(form, "dose"),
        last_taken=_text(form, "last_taken"),
        rxnorm=_text(form, "rxnorm"),
        confirmed=_text(form, "confirmed"),
        entry_id=_id(form, "entry_id"),
    )
    service.change_medication(session, new, actor, clock)
    return "medications"


def _treatment(session: Session, case_id: UUID, form: Form, actor: Actor, clock: Clock) -> str:
    new = commands.NewTreatment(
        case_id=case_id,
        treatment=_text(form, "treatment"),
        dose=_text(form, "dose"),
        duration=_text(form, "duration"),
        outcome=_text(form, "outcome"),
        reason_ended=_text(form, "reason_ended"),
        entry_id=_id(form, "entry_id"),
    )
    service.change_treatment(session, new, actor, clock)
    return "treatments"


def _remove(kind: str) -> Callable[[Session, UUID, Form, Actor, Clock], str]:
    def remove(session: Session, case_id: UUID, form: Form, actor: Actor, clock: Clock) -> str:
        entry_id = _id(form, "entry_id")
        if entry_id is None:
            raise refuse(Invalid, "no_such_entry", "The form has lost its line. Load the page again.")
        service.remove_entry(session, case_id, kind, entry_id, actor, clock)
        return kind

    return remove


def _agree(session: Session, case_id: UUID, form: Form, actor: Actor, clock: Clock) -> str:
    version = _text(form, "version")
    accepted = commands.Acceptance(
        case_id=case_id,
        agreement=_text(form, "agreement"),
        version=int(version) if version.isascii() and version.isdigit() and len(version) < 10 else 0,
        address=request.remote_addr or "",
        device=request.headers.get("User-Agent", ""),
    )
    service.accept_agreement(session, accepted, actor, clock)
    return f"agreement.{accepted.agreement}"


def _paying(session: Session, case_id: UUID, form: Form, actor: Actor, clock: Clock) -> str:
    service.say_self_pay(session, case_id, _text(form, "self_pay") == "yes", actor, clock)
    return "paying"


DEEDS: dict[str, Callable[[Session, UUID, Form, Actor, Clock], str]] = {
    "answer": _answer,
    "about": _about,
    "purpose": _purpose,
    "medication": _medication,
    "remove_medication": _remove("medication"),
    "treatment": _treatment,
    "remove_treatment": _remove("treatment"),
    "agree": _agree,
    "paying": _paying,
}


def _text(form: Form, name: str) -> str:
    return form.get(name, "").strip()


def _choice(kind: Any, form: Form, name: str) -> Any:
    said = _text(form, name)
    if not said:
        return None
    try:
        return kind(said)
    except ValueError:
        raise refuse(Invalid, "field_not_valid", "Choose one of the answers shown.", field=name) from None


def _day(form: Form, name: str) -> date | None:
    said = _text(form, name)
    try:
        return date.fromisoformat(said) if said else None
    except ValueError:
        raise refuse(Invalid, "field_not_valid", "Write a date, such as 1980-01-31.", field=name) from None


def _received(form: Form) -> datetime | None:
    day = _day(form, "received_on")
    return datetime(day.year, day.month, day.day, tzinfo=UTC) if day else None


def _id(form: Form, name: str) -> UUID | None:
    said = _text(form, name)
    try:
        return UUID(said) if said else None
    except ValueError:
        raise refuse(Invalid, "field_not_valid", "Load the page again.", field=name) from None

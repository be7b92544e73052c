"""Referrals and their documents, and the directory of who refers."""

from hashlib import sha256
from uuid import UUID

from sqlalchemy.orm import Session

from dispatch.areas.service import policy
from dispatch.audit.model import AuditEntry
from dispatch.audit.service import record
from dispatch.intake.commands import NewDocument, NewProvider, NewReferral
from dispatch.intake.loading import account_of, next_sequence, open_case_row, packed
from dispatch.intake.queries import document_of
from dispatch.intake.records import DocumentRow, ReferralRow, ReferringProviderRow
from dispatch.intake.rules.faults import OLDEST_BIRTH, line_fault, referral_faults, state_fault
from dispatch.intake.sentences import reason
from dispatch.intake.service.cases import audit_case, settle
from dispatch.kernel.actor import Actor, Role
from dispatch.kernel.clock import Clock
from dispatch.kernel.ids import new_id
from dispatch.kernel.pictures import PictureUnreadable, drawn_anew
from dispatch.kernel.plain_text import phone_fault
from dispatch.kernel.refusals import Invalid, NotFound, Reason

PDF, PNG, JPEG = "application/pdf", "image/png", "image/jpeg"
_BEGINNINGS = ((b"%PDF-", PDF), (b"\x89PNG\r\n\x1a\n", PNG), (b"\xff\xd8\xff", JPEG))


def note_referral(session: Session, new: NewReferral, actor: Actor, clock: Clock) -> UUID:
    """Note a referral, or what somebody comes for who has none. It moves no case towards clearance (A04).

    Raises
    ------
    Invalid
        With every fault.
    NotFound
        ``no_such_provider``, ``no_such_document``.
    """
    row = open_case_row(session, new.case_id, actor)
    wrong = list(referral_faults(new))
    now = clock.now()
    received = new.received_at or now
    if received > now or received.year < OLDEST_BIRTH.year:
        wrong.append(reason("date_out_of_range", "received_at"))
    if wrong:
        raise Invalid(wrong)
    if new.provider_id is not None and session.get(ReferringProviderRow, new.provider_id) is None:
        raise NotFound([reason("no_such_provider", "provider_id")])
    if new.document_id is not None:
        document_of(session, row.id, new.document_id)
    referral = ReferralRow(
        id=new_id(),
        case_id=row.id,
        sequence=next_sequence(session, ReferralRow, row.id),
        source=new.source.value,
        kind=new.kind.value,
        received_at=received,
        noted_at=now,
        account_id=account_of(actor),
        provider_id=new.provider_id,
        document_id=new.document_id,
    )
    referral.content = packed(
        {"indications": list(new.indications), "reason": new.reason, "home_reason": new.home_reason}
    )
    session.add(referral)
    session.flush()
    audit_case(session, "intake.refer", row, actor, clock, source=new.source.value, kind=new.kind.value)
    settle(session, row, clock, actor)
    return referral.id


def add_document(session: Session, new: NewDocument, actor: Actor, clock: Clock) -> UUID:
    """Keep a scanned document of a case, sealed; a picture is drawn anew, so that only its pixels stay.

    Raises
    ------
    Invalid
        ``document_empty``, ``document_too_large``, ``document_type``, ``picture_unreadable`` or a
        fault of its name.
    """
    row = open_case_row(session, new.case_id, actor)
    most = policy(session, "intake.documents", row.area_id)["most_bytes"]
    name = new.name.strip() or "document"
    wrong: list[Reason] = list(line_fault(name, "file"))
    if not new.content:
        wrong.append(reason("document_empty", "file"))
    if len(new.content) > most:
        wrong.append(reason("document_too_large", "file", size=str(len(new.content)), most=str(most)))
    media_type = next((kind for head, kind in _BEGINNINGS if new.content.startswith(head)), None)
    if new.content and media_type is None:
        wrong.append(reason("document_type", "file"))
    if wrong or media_type is None:
        raise Invalid(wrong)
    content = new.content
    if media_type != PDF:
        try:
            content = drawn_anew(content, media_type)
        except PictureUnreadable:
            raise Invalid([reason("picture_unreadable", "file")]) from None
    document = DocumentRow(
        id=new_id(),
        case_id=row.id,
        media_type=media_type,
        size_bytes=len(content),
        sha256=sha256(content).digest(),
        received_at=new.received_at or clock.now(),
        account_id=account_of(actor),
    )
    document.name, document.content = name, content
    session.add(document)
    session.flush()
    audit_case(session, "intake.document", row, actor, clock, document=str(document.id), kind=media_type)
    return document.id


def add_provider(session: Session, new: NewProvider, actor: Actor, clock: Clock) -> UUID:
    """List somebody outside who refers patients; not affiliated unless it is said (care-rules D11).

    Raises
    ------
    Invalid
        With every fault.
    """
    actor.require((Role.DISPATCHER, Role.PRESCRIBER))
    wrong = [] if new.name else [reason("name_missing", "name")]
    for field in ("name", "practice", "role"):
        wrong += line_fault(getattr(new, field), field)
    wrong += state_fault(new.state, "state") if new.state else ()
    for field in ("phone", "fax"):
        if (number := getattr(new, field)) and (fault := phone_fault(number)):
            wrong.append(Reason(code=fault[0], text=fault[1], field=field))
    if wrong:
        raise Invalid(wrong)
    row = ReferringProviderRow(
        id=new_id(),
        name=new.name,
        practice=new.practice,
        role=new.role,
        state=new.state,
        phone=new.phone,
        fax=new.fax,
        affiliated=new.affiliated,
    )
    session.add(row)
    session.flush()
    entry = AuditEntry(action="intake.add_provider", subject_kind="referring_provider", subject_id=row.id)
    record(session, entry, actor, clock)
    return row.id

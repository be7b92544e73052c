"""What was gathered for a case: histories, medicines, treatments, referrals, policies, acknowledgement."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.areas.service import policy
from dispatch.intake.ingredients import ingredients_by_name
from dispatch.intake.loading import case_row, day_of, unpacked, view_of
from dispatch.intake.queries.cases import case_of_patient
from dispatch.intake.questions import FORM_VERSION, items
from dispatch.intake.records import (
    AcceptanceRow,
    AcknowledgementRow,
    AnswerRow,
    DocumentRow,
    LinkRow,
    ListEntryRow,
    ReferralRow,
    ReferringProviderRow,
)
from dispatch.intake.rules.matching import match, suggest
from dispatch.intake.rules.missing import blocks
from dispatch.intake.sentences import reason
from dispatch.intake.statements import (
    Acknowledgement,
    Agreement,
    Histories,
    HistoryAnswer,
    Intake,
    Medication,
    MedicationList,
    Referral,
    Saying,
    Treatment,
)
from dispatch.kernel.refusals import NotFound, Reason
from dispatch.kernel.sealing import keyring_of

MEDICATION, TREATMENT = "medication", "treatment"


def histories(session: Session, case_id: UUID) -> Histories:
    """Return the latest answer to every item of the histories, and what nobody answered."""
    found: dict[str, HistoryAnswer] = {}
    wanted = select(AnswerRow).where(AnswerRow.case_id == case_id).order_by(AnswerRow.sequence)
    latest = {row.item: row for row in session.scalars(wanted)}
    for row in latest.values():
        content = unpacked(row.content)
        found[row.item] = HistoryAnswer(
            item=row.item,
            saying=Saying(content["saying"]) if content["saying"] else None,
            detail=content["detail"],
            at=row.at,
        )
    missing = tuple(item.code for _section, item in items() if item.code not in found)
    return Histories(form_version=FORM_VERSION, answers=found, missing=missing)


def medication_list(session: Session, case_id: UUID) -> MedicationList:
    """Return the medicines of a case, each with what it contains, and the digest of the whole list."""
    return _medication_list(session, case_id, histories(session, case_id).said("medications.takes_any"))


def _medication_list(session: Session, case_id: UUID, takes_any: Saying | None) -> MedicationList:
    listed, entries = ingredients_by_name(), []
    for row in _entries(session, case_id, MEDICATION):
        content = unpacked(row.content)
        meant = content["confirmed"] or content["name"]
        found = match(meant, listed)
        entries.append(
            Medication(
                entry_id=row.entry_id,
                name=content["name"],
                dose=content["dose"],
                last_taken=content["last_taken"],
                rxnorm=content["rxnorm"],
                ingredients=found,
                suggested="" if found else suggest(content["name"], listed),
            )
        )
    plain = [
        [
            str(each.entry_id), each.name, each.dose, each.last_taken, each.rxnorm,
            *sorted(part.ingredient for part in each.ingredients),
        ]
        for each in entries
    ]  # fmt: skip
    canonical = json.dumps([takes_any and takes_any.value, sorted(plain)], ensure_ascii=False)
    # HMAC-SHA256: a plain digest of so short a list could be guessed.
    digest = keyring_of(session).blind_index(f"{case_id} {canonical}", "intake.medications").hex()
    return MedicationList(entries=tuple(entries), takes_any=takes_any, digest=digest)


def treatments_of(session: Session, case_id: UUID) -> tuple[Treatment, ...]:
    """Return the treatments tried before."""
    return tuple(
        Treatment(entry_id=row.entry_id, **unpacked(row.content))
        for row in _entries(session, case_id, TREATMENT)
    )


def _entries(session: Session, case_id: UUID, kind: str) -> list[ListEntryRow]:
    wanted = select(ListEntryRow).where(ListEntryRow.case_id == case_id, ListEntryRow.kind == kind)
    latest = {row.entry_id: row for row in session.scalars(wanted.order_by(ListEntryRow.sequence))}
    return [row for row in latest.values() if not row.removed]


def referrals_of(session: Session, case_id: UUID) -> tuple[Referral, ...]:
    """Return the case's referrals in the order they were noted."""
    wanted = select(ReferralRow).where(ReferralRow.case_id == case_id).order_by(ReferralRow.sequence)
    return tuple(_referral(row) for row in session.scalars(wanted))


def _referral(row: ReferralRow) -> Referral:
    content = unpacked(row.content)
    return Referral(
        referral_id=row.id,
        source=row.source,
        kind=row.kind,
        received_at=row.received_at,
        provider_id=row.provider_id,
        document_id=row.document_id,
        indications=tuple(content["indications"]),
        reason=content["reason"],
        home_reason=content["home_reason"],
    )


def indications(session: Session, case_id: UUID) -> frozenset[str]:
    """Return for what the patient comes: all codes of all referrals."""
    return frozenset(code for each in referrals_of(session, case_id) for code in each.indications)


def agreements_of(session: Session, case_id: UUID) -> tuple[Agreement, ...]:
    """Return our policies as they stand today, each with when this very version was accepted."""
    area_id = case_row(session, case_id).area_id
    wanted = select(AcceptanceRow).where(AcceptanceRow.case_id == case_id)
    accepted = {
        (row.agreement, row.version, row.words_sha256): row.at
        for row in session.scalars(wanted.order_by(AcceptanceRow.at.desc()))
    }
    return tuple(
        Agreement(
            code=code,
            version=words["version"],
            title=words["title"],
            text=words["text"],
            accepted_at=accepted.get((code, words["version"], words_digest(words["title"], words["text"]))),
        )
        for code, words in policy(session, "intake.agreements", area_id)["documents"].items()
    )


def words_digest(title: str, text: str) -> bytes:
    """Return the digest of a policy's words: other words under the same version were not accepted."""
    return sha256(f"{title}\n{text}".encode()).digest()


def policies_unaccepted(session: Session, patient_id: UUID) -> tuple[Reason, ...]:
    """Return which policies a patient has not accepted in their present version; no intake blocks, too."""
    case = case_of_patient(session, patient_id)
    if case is None:
        return (reason("no_case", "agreements"),)
    return tuple(
        reason("agreement_missing", f"agreements.{each.code}", title=each.title)
        for each in agreements_of(session, case.case_id)
        if each.accepted_at is None
    )


def acknowledgement_of(session: Session, case_id: UUID) -> Acknowledgement | None:
    """Return the newest acknowledgement of ongoing care, expired or not."""
    wanted = select(AcknowledgementRow).where(AcknowledgementRow.case_id == case_id)
    row = session.scalar(
        wanted.order_by(AcknowledgementRow.expires_on.desc(), AcknowledgementRow.id).limit(1)
    )
    if row is None:
        return None
    content = unpacked(row.content)
    return Acknowledgement(
        signer=content["signer"],
        role=row.role,
        licence_number=content["licence_number"],
        licence_state=row.licence_state,
        signed_at=row.signed_at,
        expires_on=row.expires_on,
        on_paper=row.link_id is None,
    )


def intake_of(session: Session, case_id: UUID, at: datetime) -> Intake:
    """Return everything that intake gathered for a case."""
    case = view_of(case_row(session, case_id))
    answered = histories(session, case_id)
    return Intake(
        contact=case.contact,
        histories=answered,
        medications=_medication_list(session, case_id, answered.said("medications.takes_any")),
        treatments=treatments_of(session, case_id),
        referrals=referrals_of(session, case_id),
        agreements=agreements_of(session, case_id),
        acknowledgement=acknowledgement_of(session, case_id),
        today=day_of(session, case.area_id, at),
    )


def consultation_blocks(session: Session, case_id: UUID, at: datetime | None = None) -> tuple[Reason, ...]:
    """Return everything that keeps a consultation from being booked; empty when nothing does.

    Parameters
    ----------
    at
        When it is asked: an acknowledgement may have expired by then. Without it, when something was last
        answered; `move_case` asks again at its own moment before it books.
    """
    return blocks(intake_of(session, case_id, at or _last_written(session, case_id)))


def _last_written(session: Session, case_id: UUID) -> datetime:
    row = session.scalar(
        select(AnswerRow.at).where(AnswerRow.case_id == case_id).order_by(AnswerRow.sequence.desc()).limit(1)
    )
    return row or case_row(session, case_id).opened_at


@dataclass(frozen=True, kw_only=True)
class LinkLine:
    """A link that was made for a case."""

    link_id: UUID
    purpose: str
    made_at: datetime
    expires_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None


def links_of(session: Session, case_id: UUID) -> Sequence[LinkLine]:
    """Return the case's links, newest first; their secrets are not kept anywhere."""
    wanted = (
        select(LinkRow).where(LinkRow.case_id == case_id).order_by(LinkRow.made_at.desc(), LinkRow.id.desc())
    )
    return [
        LinkLine(
            link_id=row.id, purpose=row.purpose, made_at=row.made_at, expires_at=row.expires_at,
            used_at=row.used_at, revoked_at=row.revoked_at,
        )
        for row in session.scalars(wanted)
    ]  # fmt: skip


def document_of(session: Session, case_id: UUID, document_id: UUID) -> DocumentRow:
    """Return a document of this case, or refuse with `NotFound`."""
    row = session.get(DocumentRow, document_id)
    if row is None or row.case_id != case_id:
        raise NotFound([reason("no_such_document")])
    return row


def providers(session: Session) -> Sequence[ReferringProviderRow]:
    """Return the directory of referring providers by name."""
    wanted = select(ReferringProviderRow).where(ReferringProviderRow.listed)
    return session.scalars(wanted.order_by(ReferringProviderRow.name, ReferringProviderRow.id)).all()

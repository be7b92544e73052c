"""The acknowledgement of ongoing care: the patient's own provider signs that her care goes on (B08)."""

from datetime import UTC, date, datetime, time
from hashlib import sha256

from sqlalchemy.orm import Session

from dispatch.areas.service import area_by_id, policy, zone_of
from dispatch.intake.commands import NewAcknowledgement
from dispatch.intake.loading import account_of, day_of, open_case_row, packed
from dispatch.intake.queries import acknowledgement_of, document_of
from dispatch.intake.records import AcknowledgementRow
from dispatch.intake.rules.faults import signature_faults
from dispatch.intake.service.cases import audit_case, settle
from dispatch.intake.statements import Acknowledgement
from dispatch.kernel.actor import Actor
from dispatch.kernel.clock import Clock
from dispatch.kernel.ids import new_id
from dispatch.kernel.refusals import Invalid

WORDS = (
    "I care for this patient and will go on doing so while she or he is treated by Housecall at home. I "
    "remain responsible for the care I give, including the medicines I prescribe. I know that Housecall's "
    "own prescriber decides whether treatment at home takes place, and I may be reached about this patient."
)
MONTHS_IN_A_YEAR = 12


def sign_acknowledgement(
    session: Session, new: NewAcknowledgement, actor: Actor, clock: Clock
) -> Acknowledgement:
    """Keep a signature: by the provider's own link, or from a document that came on paper.

    Raises
    ------
    Invalid
        With every fault.
    NotFound
        ``no_such_document``.
    """
    row = open_case_row(session, new.case_id, actor)
    now = clock.now()
    today = day_of(session, row.area_id, now)
    if faults := tuple(signature_faults(new, today)):
        raise Invalid(faults)
    if new.document_id is not None:
        document_of(session, row.id, new.document_id)
    signed_on = new.signed_on or today
    zone = zone_of(area_by_id(session, row.area_id))
    noon = datetime.combine(signed_on, time(12), tzinfo=zone).astimezone(UTC)
    kept = AcknowledgementRow(
        id=new_id(),
        case_id=row.id,
        role=new.role,
        licence_state=new.licence_state,
        signed_at=now if signed_on == today else noon,
        expires_on=months_after(signed_on, policy(session, "intake.acknowledgement", row.area_id)["months"]),
        words_sha256=sha256(WORDS.encode()).digest(),
        account_id=account_of(actor),
        link_id=new.link_id,
        document_id=new.document_id,
    )
    kept.content = packed({"signer": new.signer, "licence_number": new.licence_number})
    session.add(kept)
    session.flush()
    audit_case(session, "intake.acknowledge", row, actor, clock, on_paper=new.link_id is None)
    settle(session, row, clock)
    found = acknowledgement_of(session, row.id)
    assert found is not None
    return found


def months_after(day: date, months: int) -> date:
    """Return the same day some months later, the month's last day where it has none such."""
    year, month = divmod(day.month - 1 + months, MONTHS_IN_A_YEAR)
    year, month = day.year + year, month + 1
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month, min(day.day, last))
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")

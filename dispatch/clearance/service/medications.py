"""A prescriber reviews the medication list: valid for that very list, never for a changed one (B28)."""

from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from dispatch.clearance.commands import ReviewMedications
from dispatch.clearance.loading import authority_faults, place_of
from dispatch.clearance.records import MedicationReviewRow
from dispatch.clearance.rules.deciding import note_faults, proof_faults
from dispatch.clearance.sealed import packed
from dispatch.clearance.sentences import reason
from dispatch.clearance.service.traces import audit_case, refuse_all
from dispatch.intake.queries import medication_list
from dispatch.intake.statements import MedicationList
from dispatch.kernel.actor import Actor
from dispatch.kernel.clock import Clock
from dispatch.kernel.ids import new_id
from dispatch.kernel.refusals import Reason

MOST_MG_PER_DAY = Decimal(100_000)
# Classes that a prescriber may give to what the ingredient list does not know: those that screening reads.
CLASSES = frozenset({"xanthine", "vasopressin", "opioid", "benzodiazepine", "ketamine"})


def review_medications(
    session: Session, command: ReviewMedications, actor: Actor, clock: Clock
) -> MedicationReviewRow:
    """Keep that a prescriber read the list with this digest, what is unknown in it, and the plan proposed.

    Raises
    ------
    Forbidden
        Without authority or a fresh proof.
    Conflict
        ``list_changed`` when the list is another one by now; ``no_list``.
    Invalid
        ``unknown_entry``, ``unknown_class``, ``dose_out_of_range``.
    """
    now = clock.now()
    place = place_of(session, command.case_id, now)
    forbidden = [
        *authority_faults(session, actor, place),
        *proof_faults(command.proof, actor.account_id, now, place.fresh),
    ]
    listed = medication_list(session, command.case_id)
    against = [] if listed.digest == command.digest else [reason("list_changed", "digest")]
    if not listed.entries and listed.takes_any != "no":
        against.append(reason("no_list"))
    refuse_all(forbidden=forbidden, invalid=_faults(command, listed), conflict=against)
    assert actor.account_id is not None
    assert command.proof is not None
    row = MedicationReviewRow(
        id=new_id(),
        case_id=command.case_id,
        at=now,
        account_id=actor.account_id,
        proof_ref=command.proof.session_ref,
        proved_at=command.proof.proved_at,
        list_digest=listed.digest,
    )
    row.content = packed(
        {
            "classes": {str(entry): sorted(each) for entry, each in command.classes.items()},
            "mg_per_day": {str(entry): str(each) for entry, each in command.mg_per_day.items()},
            "plan": command.plan.strip(),
        }
    )
    session.add(row)
    session.flush()
    audit_case(session, "medications.review", place.case, actor, clock, review_id=str(row.id))
    return row


def _faults(command: ReviewMedications, listed: MedicationList) -> list[Reason]:
    known: frozenset[UUID] = frozenset(entry.entry_id for entry in listed.entries)
    found = note_faults(command.plan, "plan", needed=False)
    if not {*command.classes, *command.mg_per_day} <= known:
        found.append(reason("unknown_entry", "classes"))
    if any(not each <= CLASSES for each in command.classes.values()):
        found.append(reason("unknown_class", "classes"))
    if any(not (each.is_finite() and 0 <= each <= MOST_MG_PER_DAY) for each in command.mg_per_day.values()):
        found.append(reason("dose_out_of_range", "mg_per_day"))
    return found

"""Take an inventory: what was on hand at the opening or close of business, by the record and as counted.

21 CFR 1304.11: (a) a complete and accurate record of all controlled substances on hand, kept at the
registered location, one for each location, as of the opening or the close of business, and saying which;
(b) initial, (c) at least every two years, (d) newly controlled; (e)(1) name, dosage form, strength,
number of units or volume of each container, number of containers. What nurses carry is on hand, too, for
it is under the registrant's control; it is listed by the record and not counted at the stock point.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dispatch.areas.records import PharmacyRow
from dispatch.audit.model import AuditEntry
from dispatch.audit.service import record
from dispatch.custody.canonical import canonical_bytes, digest
from dispatch.custody.loading import moment_of, pharmacy
from dispatch.custody.log.service import append
from dispatch.custody.model import Moment, pharmacy_holder
from dispatch.custody.receipts import open_case
from dispatch.custody.reports.on_hand import OnHand, instant_of_business, on_hand
from dispatch.custody.reports.records import InventoryRow
from dispatch.custody.rules import signing
from dispatch.custody.sentences import reason
from dispatch.custody.service.signers import Signer, signer_of
from dispatch.identity.model import ProofOfIdentity
from dispatch.identity.records import AccountRow
from dispatch.kernel.actor import Actor, Role
from dispatch.kernel.clock import Clock
from dispatch.kernel.refusals import Conflict, Forbidden, Invalid, NotFound, Reason, refuse

TAKERS = (Role.COMPLIANCE, Role.PHARMACIST)
OCCASIONS = ("initial", "biennial", "newly_controlled", "other")
BUSINESS = ("open", "close")
LEAF_KIND = "inventory"
# 21 CFR 1304.11(c): at least every two years.
EVERY = timedelta(days=730)


@dataclass(frozen=True, kw_only=True)
class TakeInventory:
    """Somebody counted a stock point's whole vials and signs what was on hand.

    Attributes
    ----------
    counted
        Whole vials by key of `countable` (stock point's own shelf and returned vials); blind: what the
        ledger has is shown afterwards only.
    """

    inventory_id: UUID
    pharmacy_id: UUID
    occasion: str
    business: str
    day: date
    counted: Mapping[str, int] = field(default_factory=dict)
    proof: ProofOfIdentity | None = None
    witness: ProofOfIdentity | None = None


def take_inventory(session: Session, command: TakeInventory, actor: Actor, clock: Clock) -> InventoryRow:
    """Keep a counted and signed inventory for good, as a leaf of the log; what differs opens a case.

    Raises
    ------
    Invalid, Forbidden
        With everything that is wrong with the form, or with the signatures, at once.
    Conflict
        ``inventory_id_reused`` when the id came before with other figures.
    """
    actor.require(TAKERS)
    place = pharmacy(session, command.pharmacy_id)
    signer = signer_of(session, actor)
    moment = moment_of(session, place.area_id, clock)
    as_of = _checked(session, command, place, moment)
    _check_signatures(session, command, actor, signer, moment)
    lines = _counted(command, on_hand(session, place, as_of))
    known = session.get(InventoryRow, command.inventory_id)
    if known is not None:
        if known.lines == {"lines": lines} and known.as_of == as_of and known.taken_by == signer.account_id:
            return known
        raise refuse(
            Conflict, "inventory_id_reused", "This inventory came before with other figures.",
            field="inventory_id", way_out="Load the page again and take a new one.",
        )  # fmt: skip
    row = _row(command, place, as_of, lines, signer, clock)
    session.add(row)
    session.flush()
    for line in lines:
        if line["counted_units"] not in (None, line["units"]):
            detail = {
                "inventory_id": str(row.id), "holder": pharmacy_holder(place.id), "lot": line["lot"],
                "counted_units": [line["counted_units"]], "expected_units": line["units"],
            }  # fmt: skip
            open_case(session, place.area_id, "count_variance", None, None, actor, clock, detail)
    append(session, LEAF_KIND, row.id, row.canonical)
    detail = {"pharmacy_id": str(place.id), "day": row.day.isoformat(), "occasion": row.occasion}
    entry = AuditEntry(
        action="custody.take_inventory", subject_kind="inventory", subject_id=row.id, detail=detail
    )
    record(session, entry, actor, clock)
    return row


def _checked(session: Session, command: TakeInventory, place: PharmacyRow, moment: Moment) -> datetime:
    wrong = []
    if command.occasion not in OCCASIONS:
        wrong.append(_wrong("occasion", "Choose one of: " + ", ".join(OCCASIONS) + "."))
    if command.business not in BUSINESS:
        wrong.append(_wrong("business", "Say whether it is as of the opening or the close of business."))
    as_of = instant_of_business(session, place, command.day, command.business)
    if as_of > moment.now:
        wrong.append(
            Reason(
                code="inventory_not_yet",
                text="The stock point has not opened or closed then yet.",
                field="day",
                way_out="Take it as of an opening or close that is past.",
            )
        )
    shelf = {line.key for line in on_hand(session, place, as_of) if line.countable}
    wrong += [
        Reason(code="count_missing", text="Every lot on the shelf is counted.", field=f"counted.{key}")
        for key in sorted(shelf - set(command.counted))
    ]
    wrong += [
        _wrong(f"counted.{key}", "This is not on the list.") for key in sorted(set(command.counted) - shelf)
    ]
    wrong += [
        _wrong(f"counted.{key}", "Nobody counts fewer than none.")
        for key, units in sorted(command.counted.items())
        if units < 0
    ]
    if wrong:
        raise Invalid(wrong)
    return as_of


def _wrong(field_name: str, text: str) -> Reason:
    return Reason(code="field_not_valid", text=text, field=field_name)


def _check_signatures(
    session: Session, command: TakeInventory, actor: Actor, signer: Signer, moment: Moment
) -> None:
    """The taker signs with a fresh proof; a second person may sign, too, and then is another one."""
    found = list(signing.actor_is_proved(signer.account_id, command.proof, moment.now, moment.fresh_for))
    if command.proof is None:
        found.append("actor_proof_missing")
    witness = command.witness
    if witness is not None:
        used = frozenset({actor.session_ref} | ({command.proof.session_ref} if command.proof else set()))
        found += signing.witness_is_not_actor(signer.account_id, signer.person_ref, used, witness)
        found += signing.witness_is_fresh(witness, moment)
        seen = session.get(AccountRow, witness.account_id)
        if seen is None or not seen.active or seen.person_ref != witness.person_ref:
            found.append("witness_unknown")
    if found:
        raise Forbidden([reason(code) for code in found])


def _counted(command: TakeInventory, lines: Sequence[OnHand]) -> list[dict[str, Any]]:
    return [
        {
            "place": line.place,
            "called": line.called,
            "product": line.product,
            "form": line.form,
            "strength_ug_per_ml": line.strength_ug_per_ml,
            "label_ug": line.label_ug,
            "lot": line.lot,
            "expires_on": line.expires_on.isoformat(),
            "units": line.units,
            "amount_ug": line.amount_ug,
            "counted_units": command.counted[line.key] if line.countable else None,
        }
        for line in lines
    ]


def _row(
    command: TakeInventory,
    place: PharmacyRow,
    as_of: datetime,
    lines: list[dict[str, Any]],
    signer: Signer,
    clock: Clock,
) -> InventoryRow:
    proof, witness = command.proof, command.witness
    told: dict[str, Any] = {
        "id": command.inventory_id,
        "area_id": place.area_id,
        "pharmacy_id": place.id,
        "occasion": command.occasion,
        "business": command.business,
        "day": command.day,
        "as_of": as_of,
        "taken_at": clock.now(),
        "taken_by": signer.account_id,
        "witnessed_by": witness.account_id if witness else None,
        "lines": {"lines": lines},
    }
    signers = [
        {"role": role, "account_id": each.account_id, "person": each.person_ref,
         "session": each.session_ref, "proved_at": each.proved_at}
        for role, each in (("taker", proof), ("witness", witness)) if each is not None
    ]  # fmt: skip
    canonical = canonical_bytes(told | {"v": 1, "kind": LEAF_KIND, "signers": signers})
    return InventoryRow(**told, canonical=canonical, inventory_hash=digest(canonical))


def inventory(session: Session, inventory_id: UUID) -> InventoryRow:
    """Return an inventory that was taken, or refuse with `NotFound`."""
    row = session.get(InventoryRow, inventory_id)
    if row is None:
        raise refuse(NotFound, "no_such_inventory", "There is no such inventory.")
    return row


def due_on(session: Session, place: PharmacyRow) -> date | None:
    """Return when a stock point's next inventory is due at the latest; None where none was taken yet."""
    last = session.scalar(select(func.max(InventoryRow.day)).where(InventoryRow.pharmacy_id == place.id))
    return last + EVERY if last else None

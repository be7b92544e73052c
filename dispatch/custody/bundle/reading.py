"""The events of a bundle in words, for its CSV and its paper; the names are a help and nobody signed them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.areas.records import PharmacyRow
from dispatch.custody.bundle.verifier import Leaf
from dispatch.identity.records import AccountRow
from dispatch.kernel.quantities import mg_text
from dispatch.workforce.records import NurseRow

HEADS = (
    "Leaf", "At", "Vial", "No.", "Event", "From", "To", "State", "Amount (mg)", "Actor", "Witness", "Remarks",
)  # fmt: skip


def event_lines(session: Session, events: Iterable[Leaf], zone: ZoneInfo) -> list[tuple[str, ...]]:
    """Return a line an event, as `HEADS` names its cells, from the signed bytes alone but for names."""
    names = _names(session)
    return [_line(leaf, names, zone) for leaf in events]


def _names(session: Session) -> dict[str, str]:
    nurses = session.execute(select(NurseRow.id, NurseRow.code))
    places = session.execute(select(PharmacyRow.id, PharmacyRow.code))
    people = session.execute(select(AccountRow.id, AccountRow.name))
    return (
        {f"nurse:{row.id}": row.code for row in nurses}
        | {f"pharmacy:{row.id}": row.code for row in places}
        | {str(row.id): row.name for row in people}
    )


def _line(leaf: Leaf, names: dict[str, str], zone: ZoneInfo) -> tuple[str, ...]:
    told = leaf.told

    def named(key: str) -> str:
        found = str(told.get(key) or "")
        return names.get(found, found)

    # Since form 3 the signed bytes commit to what was typed; the verifier holds the row to it.
    said = told if "reason" in told else leaf.row
    amount = told.get("amount_ug")
    remarks = [
        *(str(each) for each in told.get("reasons") or ()),
        *(str(said[key]) for key in ("override_reason", "reason", "method") if said.get(key)),
    ]
    return (
        str(leaf.index),
        _local(told.get("server_time"), zone),
        str(told.get("container", {}).get("serial", "")),
        str(told.get("sequence", "")),
        str(told.get("kind", "")).replace("_", " "),
        named("from_holder"),
        named("to_holder"),
        str(told.get("to_state", "")).replace("_", " "),
        mg_text(amount) if isinstance(amount, int) else "",
        named("actor_account_id"),
        named("witness_account_id"),
        ("kept as exception: " if told.get("exception") else "") + "; ".join(remarks),
    )


def _local(text: Any, zone: ZoneInfo) -> str:
    try:
        return datetime.fromisoformat(str(text)).astimezone(zone).isoformat(timespec="seconds")
    except (ValueError, OverflowError):
        return str(text)

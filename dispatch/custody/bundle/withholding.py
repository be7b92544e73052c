"""Take out of a bundle what its reader may not see: which visit an event belongs to.

The signed bytes name a visit by a salted commitment only. Without the salt, a row is shown by the commitment
made anew from what the row holds, so that an edited visit still contradicts its leaf; with it, the reader
makes the commitment alone (45 CFR 164.502(b): the minimum necessary).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from uuid import UUID

from dispatch.custody.bundle.model import Asked
from dispatch.custody.canonical import commitment

Cells = dict[str, Any]
PATIENT = "patient:"
UNREADABLE = "unreadable"


def withhold_visits(
    events: Iterable[Cells], postings: Iterable[Cells], asked: Asked
) -> tuple[list[Cells], list[Cells]]:
    """Return events and postings without the visits that the reader may not see."""
    shown = _may_see(asked)
    told_events, seals = [], {}
    for row in events:
        if shown(row["visit_id"]):
            told_events.append(row)
            continue
        seal = _seal_of(row["visit_salt"], row["visit_id"])
        seals[row["id"]] = row["visit_salt"]
        told_events.append(row | {"visit_id": None, "visit_salt": None, "visit_commitment": seal})
    return told_events, [_hidden(row, seals) for row in postings]


def without_patients(balances: Iterable[Cells], asked: Asked) -> Iterator[Cells]:
    """Yield the balances; those of patients one sum a lot, unless the reader may see every visit."""
    sums: dict[Any, int] = {}
    for row in balances:
        if asked.shows_visits or not str(row["account"]).startswith(PATIENT):
            yield row
        elif isinstance(row["balance_ug"], int):
            sums[row["lot_id"]] = sums.get(row["lot_id"], 0) + row["balance_ug"]
    for lot_id, sum_ug in sums.items():
        yield {"account": PATIENT, "lot_id": lot_id, "balance_ug": sum_ug, "last_posting_id": None}


def _may_see(asked: Asked) -> Callable[[Any], bool]:
    own = {str(each) for each in asked.visit_ids or ()}
    return lambda visit_id: asked.shows_visits or visit_id is None or visit_id in own


def _seal_of(salt: Any, visit_id: Any) -> str:
    try:
        return (
            commitment(bytes.fromhex(salt), UUID(visit_id)) if visit_id == str(UUID(visit_id)) else UNREADABLE
        )
    except (TypeError, ValueError):
        return UNREADABLE


def _hidden(row: Cells, seals: Mapping[Any, Any]) -> Cells:
    account = str(row["account"])
    if not account.startswith(PATIENT) or row["event_id"] not in seals:
        return row
    return row | {"account": PATIENT + _seal_of(seals[row["event_id"]], account.removeprefix(PATIENT))}

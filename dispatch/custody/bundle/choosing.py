"""Which vials and which other entries a bundle takes: whole lives, because only a whole one adds up.

A vial comes with all its events when one of them meets every wish. Another entry (a count, a step of a case)
comes when it names one of those vials or events, or the nurse; where only a time was asked for, also by its
time.
"""

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select

from dispatch.custody.bundle.model import Asked
from dispatch.custody.model import nurse_holder
from dispatch.custody.records import EventRow


def chosen_vials(asked: Asked) -> Select[Any]:
    """Return the query of the ids of the vials that the bundle tells of."""
    return select(EventRow.container_id).where(*_wishes(asked))


def _wishes(asked: Asked) -> Iterator[ColumnElement[bool]]:
    if asked.since is not None:
        yield EventRow.server_time >= asked.since
    if asked.until is not None:
        yield EventRow.server_time < asked.until
    if asked.container_id is not None:
        yield EventRow.container_id == asked.container_id
    if asked.nurse_id is not None:
        held = nurse_holder(asked.nurse_id)
        yield or_(EventRow.from_holder == held, EventRow.to_holder == held)
    if asked.visit_ids is not None:
        yield EventRow.visit_id.in_(asked.visit_ids)


def chosen_entries(
    leaves: Iterable[dict[str, Any]], asked: Asked, named: set[str]
) -> Iterator[dict[str, Any]]:
    """Yield those leaves of other entries that belong to the bundle.

    Parameters
    ----------
    leaves
        Rows of all leaves but events', in the log's order.
    named
        Ids of the vials and events in the bundle.
    """
    wanted = named | ({str(asked.nurse_id), nurse_holder(asked.nurse_id)} if asked.nurse_id else set())
    by_time = asked.container_id is None and asked.nurse_id is None and asked.visit_ids is None
    read = [(leaf, told := _told(leaf), {str(leaf["entry_id"]), *_texts(told)}) for leaf in leaves]
    # A step names its case, whose opening names the vial: so names are followed until no more come.
    found: set[int] = set()
    grew = True
    while grew:
        grew = False
        for place, (_leaf, told, texts) in enumerate(read):
            if place not in found and (texts & wanted or (by_time and _in_time(told, asked))):
                found.add(place)
                wanted.update({str(_leaf["entry_id"]), str(told.get("case_id", ""))} - {""})
                grew = True
    yield from (read[place][0] for place in sorted(found))


def _told(leaf: dict[str, Any]) -> dict[str, Any]:
    try:
        told = json.loads(leaf["content"])
    except (TypeError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def _texts(told: Any) -> Iterator[str]:
    if isinstance(told, str):
        yield told
    elif isinstance(told, dict):
        for each in told.values():
            yield from _texts(each)
    elif isinstance(told, list):
        for each in told:
            yield from _texts(each)


def _in_time(told: dict[str, Any], asked: Asked) -> bool:
    try:
        at = datetime.fromisoformat(str(told.get("at")))
    except ValueError:
        return False
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return (asked.since is None or at >= asked.since) and (asked.until is None or at < asked.until)

"""Looking for a better proposal beside the server: claim, hand in. A proposal is good without it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from dispatch.areas.service import note_change
from dispatch.assignment.records import ReplanRow
from dispatch.assignment.replan_model import MOST_SEARCH, Better, ReplanState
from dispatch.kernel.clock import Clock

SECONDS = 0.8


@dataclass(frozen=True, kw_only=True)
class Search:
    """A proposal that a worker is to better."""

    replan_id: UUID
    asked: Mapping[str, Any]

    @property
    def request(self) -> dict[str, Any]:
        """What its process is asked (`routing.worker`)."""
        return {"replan": self.asked, "seconds": SECONDS}


def _waits(now: datetime) -> ColumnElement[bool]:
    silent = and_(ReplanRow.better == Better.WORKING, ReplanRow.searched_at < now - MOST_SEARCH)
    return and_(
        ReplanRow.state == ReplanState.PROPOSED,
        or_(ReplanRow.better == Better.WAITING, silent),
    )


def search_is_waiting(session: Session, clock: Clock) -> bool:
    """Tell, only reading, whether a proposal waits to be bettered."""
    return session.scalar(select(ReplanRow.id).where(_waits(clock.now())).limit(1)) is not None


def claim_search(session: Session, clock: Clock) -> Search | None:
    """Take the newest proposal that waits; None when there is none. One whose worker died is given up."""
    now = clock.now()
    wanted = (
        select(ReplanRow)
        .where(_waits(now))
        .order_by(ReplanRow.asked_at.desc())
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    row = session.scalar(wanted)
    if row is None:
        return None
    if row.better == Better.WORKING:
        row.better = Better.ENDED
        return None
    row.better, row.searched_at = Better.WORKING, now
    return Search(replan_id=row.id, asked=json.loads(row.asked))


def end_search(session: Session, replan_id: UUID, answer: Mapping[str, Any] | None, clock: Clock) -> bool:
    """Keep a better proposal, if it is one and nobody has decided yet; None: nothing was found."""
    row = session.scalar(select(ReplanRow).where(ReplanRow.id == replan_id).with_for_update())
    if row is None or row.state != ReplanState.PROPOSED:
        return False
    row.better = Better.ENDED
    kept = answer is not None and answer["diff"]["after"]["total_mc"] < row.total_mc
    if answer is not None and kept:
        row.answer, row.engine = json.dumps(dict(answer)), answer["plan"]["engine"]
        row.total_mc, row.step = answer["diff"]["after"]["total_mc"], row.step + 1
    note_change(session, row.area_id, row.day, "replan", clock, row.id)
    return kept

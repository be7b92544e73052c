"""What a series has for the prescriber's queue: orders to sign, responses to review."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.areas.records import ServiceAreaRow
from dispatch.clearance.queue import QueueLine, register
from dispatch.series.records import SeriesRow
from dispatch.series.states import SeriesState
from dispatch.series.writing import SAYS

KINDS = {SeriesState.REVIEW_DUE: "response_review", SeriesState.PROPOSED: "order"}


@register
def series_waiting(session: Session, at: datetime) -> Sequence[QueueLine]:
    """Return the series that wait for a prescriber."""
    rows = session.execute(
        select(SeriesRow.id, SeriesRow.patient_id, SeriesRow.status, ServiceAreaRow.slug)
        .join(ServiceAreaRow, ServiceAreaRow.id == SeriesRow.area_id)
        .where(SeriesRow.status.in_([state.value for state in KINDS]))
        .order_by(SeriesRow.first_day, SeriesRow.id)
    )
    return [
        QueueLine(
            kind=KINDS[state],
            text=SAYS[state],
            due_at=None,
            patient_id=row.patient_id,
            link=f"/series/{row.slug}/{row.id}",
        )
        for row in rows
        for state in (SeriesState(row.status),)
    ]

"""What a series has for the prescriber's queue: orders to sign, responses to review."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dispatch.areas.records import ServiceAreaRow
from dispatch.clearance.queue import QueueLine, register
from dispatch.series.records import InfusionRow, SeriesRow
from dispatch.series.states import SeriesState
from dispatch.series.writing import SAYS

KINDS = {SeriesState.REVIEW_DUE: "response_review", SeriesState.PROPOSED: "order"}


@register
def series_waiting(session: Session, at: datetime) -> Sequence[QueueLine]:
    """Return the series that wait for a prescriber."""
    newest_given = (
        select(func.max(InfusionRow.given_at)).where(InfusionRow.series_id == SeriesRow.id).scalar_subquery()
    )
    rows = session.execute(
        select(
            SeriesRow.id, SeriesRow.patient_id, SeriesRow.status, ServiceAreaRow.slug,
            newest_given.label("given_at"),
        )
        .join(ServiceAreaRow, ServiceAreaRow.id == SeriesRow.area_id)
        .where(SeriesRow.status.in_([state.value for state in KINDS]))
        .order_by(newest_given, SeriesRow.first_day, SeriesRow.id)
    )  # fmt: skip
    return [
        QueueLine(
            kind=KINDS[state],
            text=SAYS[state],
            due_at=None,
            since=row.given_at,
            patient_id=row.patient_id,
            link=f"/series/{row.slug}/{row.id}",
        )
        for row in rows
        for state in (SeriesState(row.status),)
    ]

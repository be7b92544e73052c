"""What the API reads of runs and plans."""

from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, lazyload

from dispatch.assignment.day_rows import plan_in_force
from dispatch.assignment.records import PlanRow, PlanRunRow
from dispatch.assignment.service import plan_run
from dispatch.kernel.refusals import NotFound, refuse

MOST_LISTED = 100


def day_of_run(session: Session, run_id: UUID) -> tuple[UUID, date]:
    """Return the area and day of a run, or refuse with `NotFound`."""
    row = plan_run(session, run_id)
    return row.area_id, row.day


def runs_of_day(session: Session, area_id: UUID, day: date) -> list[PlanRunRow]:
    """Return the day's newest runs, newest first."""
    wanted = (
        select(PlanRunRow)
        .where(PlanRunRow.area_id == area_id, PlanRunRow.day == day)
        .order_by(PlanRunRow.asked_at.desc(), PlanRunRow.id.desc())
        .limit(MOST_LISTED)
    )
    return list(session.scalars(wanted))


def plan_in_force_or_refuse(session: Session, area_id: UUID, day: date) -> PlanRow:
    """Return the plan in force, or refuse with `NotFound`."""
    row = plan_in_force(session, area_id, day)
    if row is None:
        raise refuse(NotFound, "no_plan_yet", "This day has not been planned yet.", way_out="Order a plan.")
    return row


def plans_of_day(session: Session, area_id: UUID, day: date) -> list[PlanRow]:
    """Return the day's newest plans without their stops, newest first."""
    wanted = (
        select(PlanRow)
        .options(lazyload(PlanRow.stops))
        .where(PlanRow.area_id == area_id, PlanRow.day == day)
        .order_by(PlanRow.number.desc())
        .limit(MOST_LISTED)
    )
    return list(session.scalars(wanted))

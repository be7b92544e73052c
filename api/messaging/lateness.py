"""Tells of delays: the patient above 15 minutes, the dispatcher above 30, a new plan above 60, each once."""

from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from dispatch.appointments.care.service import tell_late
from dispatch.areas.service import areas, zone_of
from dispatch.kernel.actor import SYSTEM
from dispatch.kernel.clock import Clock
from dispatch.kernel.local_time import local_day
from dispatch.kernel.sealing import Keyring
from dispatch.kernel.storage import READ_ONLY, transaction
from dispatch.routes.model import Board, BoardStop, Lateness
from dispatch.routes.queries import board
from dispatch.visits.queries import progress

# Whoever must hear of a longer delay has heard of the shorter one before.
STAGES = {
    Lateness.TELL_PATIENT: frozenset({"patient"}),
    Lateness.TELL_DISPATCHER: frozenset({"patient", "dispatcher"}),
    Lateness.REPLAN: frozenset({"patient", "dispatcher", "replan"}),
}


def tell_of_delays(engine: Engine, keyring: Keyring, clock: Clock) -> None:
    """Queue what is to be told of today's visits that run late and have not begun."""
    with Session(engine.execution_options(**READ_ONLY), info={"keyring": keyring}) as session:
        boards = [_today(session, area.slug, area.id, zone_of(area), clock) for area in areas(session)]
    late = [each for shown in boards for each in _late(shown)]
    if not late:
        return
    with transaction(engine, keyring) as session:
        for stop in late:
            assert stop.visit is not None
            tell_late(
                session,
                stop.visit.appointment_id,
                stop.expected.late_s,
                stop.expected.begins_at,
                STAGES[stop.late],
                clock,
                SYSTEM,
            )


def _today(session: Session, slug: str, area_id: UUID, zone: ZoneInfo, clock: Clock) -> Board:
    day = local_day(clock.now(), zone)
    return board(session, slug, day, clock, progress(session, area_id, day).values())


def _late(shown: Board) -> list[BoardStop]:
    return [
        stop for lane in shown.lanes for stop in lane.visits
        if stop.visit is not None and stop.late in STAGES and stop.expected.begins_at >= shown.now
    ]  # fmt: skip

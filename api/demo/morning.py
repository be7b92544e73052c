"""What happens on the demo's day: a script of deeds, made from the board.

Nurses keep to the published plan within minutes, but for one whose patient kept her; all infusions that
are over were wasted before a witness, but for one vial. They report as often as the safety clocks ask
(policies `safety.check_in`, `safety.readings`): an alarm on the board is somebody's who looks at the demo.
"""

import random
from collections.abc import Container, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from dispatch.routes.model import Board, BoardStop, Lane
from dispatch.visits.model import Deed

INFUSION = timedelta(minutes=45)  # care-rules.md B14
# Where 40 minutes are ordered the visit is shorter; 45 would leave less than half an hour to watch.
SHORT_INFUSION, SHORT_VISIT = timedelta(minutes=40), timedelta(minutes=105)
# From her arrival to the infusion, in seconds: screening, baseline vitals, the line, the double-check of a
# controlled dose (care-rules.md section 6, steps 2 to 13).
PREPARES_S, PREPARES_CONTROLLED_S = (240, 480), (20 * 60, 27 * 60)
WASTE_AFTER = timedelta(minutes=8)
# How long she has been on the way by now: some minutes, but never so long that she is there.
ON_THE_WAY = timedelta(minutes=4)
LEAST_LATE, LATE_WANTED = timedelta(minutes=20), timedelta(minutes=35)


def minutes(count: float) -> timedelta:
    """Return so many minutes."""
    return timedelta(minutes=count)


@dataclass(frozen=True, kw_only=True)
class Act:
    """Something a nurse does at an instant; `what` is a deed of a visit or a name of `Custody`."""

    at: datetime
    nurse_id: UUID
    what: str
    stop: BoardStop


PICK_UP, SET_OUT, OPEN_AND_DRAW, GIVE, WASTE = "pick up", "set out", "open and draw", "give", "waste"
# At the bedside (care-rules.md section 6): what is charted when, and sets of readings.
SCREEN, READ, CHECK, SCORE = "chart before the draw", "read", "chart after the draw", "chart before discharge"
READ_EVERY = timedelta(minutes=9, seconds=30)
RECOVERY_READ = timedelta(minutes=14)
# A sign of life this often, whatever else is done; asked every 30 minutes (care-rules.md section 5).
WELL, WELL_EVERY = "I am well", timedelta(minutes=25)
# The prescriber on call answers before the start (C08); the patient, two hours after (B23).
CALL, ASK, ASK_AFTER = "call the prescriber", "how is the patient", timedelta(minutes=125)


@dataclass(frozen=True, kw_only=True)
class Turn:
    """What does not go as planned.

    Attributes
    ----------
    late_nurse, late_after, delay
        Who runs late, the appointment that kept her and for how long.
    unwitnessed
        The appointment whose residual still waits for a witness.
    """

    late_nurse: UUID | None
    late_after: UUID | None
    delay: timedelta
    unwitnessed: UUID | None


def choose_turn(board: Board, now: datetime, but: Container[str] = ()) -> Turn:
    """Choose the nurse who runs late, none of those named, and the vial that nobody saw wasted."""
    late = min(_candidates(board, now, but), key=lambda found: found[0], default=None)
    late_nurse = late[2].nurse_id if late else None
    over = [
        stop
        for lane in board.lanes
        if lane.nurse_id != late_nurse
        for stop in lane.visits
        if stop.visit and stop.visit.controlled and stop.ends_at <= now
    ]
    unwitnessed = max(over, key=lambda stop: (stop.ends_at, _id(stop)), default=None)
    return Turn(
        late_nurse=late_nurse,
        late_after=_id(late[3]) if late else None,
        delay=late[1] if late else timedelta(),
        unwitnessed=_id(unwitnessed) if unwitnessed else None,
    )


def _candidates(
    board: Board, now: datetime, but: Container[str]
) -> Iterator[tuple[tuple[bool, timedelta, str], timedelta, Lane, BoardStop]]:
    """Yield visits that may have kept a nurse so long that she is late for the next: score, stay, where.

    However the solver laid the day, somebody's second visit should have begun by now, so there is no limit
    to how late she may be: the lateness nearest to what is wanted is chosen.
    """
    for lane in board.lanes:
        for before, after in zip(lane.stops, lane.stops[1:], strict=False):
            if before.visit is None or after.visit is None or lane.code in but:
                continue
            drive = timedelta(seconds=after.travel_s)
            gone = min(ON_THE_WAY, drive / 2)
            late = now - gone + drive - after.begins_at
            if late >= LEAST_LATE:
                score = after.visit.controlled, abs(late - LATE_WANTED), lane.code
                yield score, now - gone - before.ends_at, lane, before


def _id(stop: BoardStop) -> UUID:
    assert stop.visit is not None
    return stop.visit.appointment_id


def script(board: Board, turn: Turn, now: datetime, draw: random.Random) -> list[Act]:
    """Return everything of the day in order of time; `now` is when whoever looks begins to."""
    acts = [act for lane in board.lanes for act in _lane(lane, turn, now, draw)]
    return sorted(acts, key=lambda act: act.at)


def _lane(lane: Lane, turn: Turn, now: datetime, draw: random.Random) -> Iterator[Act]:
    late = timedelta()
    for stop in lane.stops:
        if stop.kind == "pickup":
            yield Act(at=stop.begins_at + late, nurse_id=lane.nurse_id, what=PICK_UP, stop=stop)
            yield Act(at=stop.ends_at + late, nurse_id=lane.nurse_id, what=SET_OUT, stop=stop)
        if stop.visit is None:
            continue
        stays = (
            turn.delay if lane.nurse_id == turn.late_nurse and _id(stop) == turn.late_after else timedelta()
        )
        for at, what in _visit(stop, stays, now - late, draw, wasted=_id(stop) != turn.unwitnessed):
            yield Act(at=at + late, nurse_id=lane.nurse_id, what=what, stop=stop)
        late += stays


def _visit(
    stop: BoardStop, stays: timedelta, now: datetime, draw: random.Random, *, wasted: bool
) -> Iterator[tuple[datetime, str]]:
    """Yield what is done at a visit that begins as planned and takes `stays` longer."""
    assert stop.visit is not None
    begins_at, ends_at = stop.begins_at, stop.ends_at + stays
    yield stop.arrives_at - timedelta(seconds=stop.travel_s) + timedelta(seconds=20), Deed.EN_ROUTE
    yield stop.arrives_at + timedelta(seconds=draw.randint(30, 90)), Deed.CHECK_IN
    prepares_s = PREPARES_CONTROLLED_S if stop.visit.controlled else PREPARES_S
    started_at = begins_at + timedelta(seconds=draw.randint(*prepares_s))
    yield started_at, Deed.START
    left_at = ends_at - timedelta(seconds=draw.randint(0, 150))
    for number in range(1, (left_at - stop.arrives_at) // WELL_EVERY + 1):
        yield stop.arrives_at + number * WELL_EVERY, WELL
    if not stop.visit.controlled:
        yield left_at - minutes(draw.randint(4, 9)), Deed.STOP
        yield left_at, Deed.CHECK_OUT
        return
    runs = SHORT_INFUSION if stop.ends_at - stop.begins_at <= SHORT_VISIT else INFUSION
    stopped_at = started_at + runs
    yield begins_at + minutes(6), SCREEN
    yield started_at - minutes(4), READ
    yield started_at - minutes(2), CALL
    yield started_at - timedelta(seconds=30), OPEN_AND_DRAW
    yield started_at - timedelta(seconds=10), CHECK
    for number in range(1, runs // READ_EVERY + 1):
        yield started_at + number * READ_EVERY, READ
    yield stopped_at, Deed.STOP
    discharged_at = left_at - minutes(2)
    for number in range((discharged_at - minutes(3) - stopped_at) // RECOVERY_READ + 1):
        yield stopped_at + minutes(1) + number * RECOVERY_READ, READ
    yield discharged_at - minutes(3), READ
    yield discharged_at - minutes(1), SCORE
    yield discharged_at, Deed.DISCHARGE
    given_at = stopped_at + timedelta(seconds=20)
    yield given_at, GIVE
    if wasted:
        # Whoever gave just now has wasted just now: a single vial is to wait.
        soon = given_at + WASTE_AFTER
        yield (min(soon, now) if given_at <= now else soon), WASTE
    yield left_at, Deed.CHECK_OUT
    yield discharged_at + ASK_AFTER, ASK

"""Where a visit stands and what is odd about it, decided from plain values.

Facts are kept whatever they say; the verdicts about them are made here. The state is folded from all facts
in an order that does not depend on the order of their arrival (reliability.md).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import asin, cos, radians, sin, sqrt

from dispatch.visits.model import Deed, Fact, Point, Position, Story, Verdict, Visit, VisitState

EARTH_RADIUS_M = 6_371_009  # mean radius, as geopy's great circle
SKEW_TOLERATED = timedelta(minutes=2)  # reliability.md: more is flagged, never refused
SENT_IN_TIME = timedelta(minutes=15)  # an event received later is a late entry (custody-rules.md)


@dataclass(frozen=True)
class Step:
    """One line of the state machine: in `source`, `deed` leads to `target`."""

    source: VisitState
    deed: Deed
    target: VisitState
    by: str
    meaning: str


S, D = VisitState, Deed
# The visit's life (care-rules.md section 6). The code, docs/states.md and the tests all read this table.
# The first deed of a state is the one its screen offers large.
STEPS = (
    Step(S.ASSIGNED, D.EN_ROUTE, S.EN_ROUTE, "nurse", "drives to the patient"),
    Step(S.ASSIGNED, D.CHECK_IN, S.ARRIVED, "nurse", "is there without a drive"),
    Step(S.ASSIGNED, D.CANCEL, S.CANCELLED, "dispatcher", "the appointment is cancelled"),
    Step(S.EN_ROUTE, D.CHECK_IN, S.ARRIVED, "nurse", "arrives; the place is taken"),
    Step(S.EN_ROUTE, D.CANCEL, S.CANCELLED, "dispatcher", "the appointment is cancelled"),
    Step(S.ARRIVED, D.START, S.INFUSING, "nurse", "starts the infusion"),
    Step(S.ARRIVED, D.NO_SHOW, S.NO_SHOW, "nurse", "nobody there after waiting and calling"),
    Step(S.ARRIVED, D.ABORT, S.ABORTED, "nurse", "the visit cannot go on"),
    Step(S.INFUSING, D.STOP, S.STOPPED, "nurse", "stops the infusion"),
    Step(S.INFUSING, D.ABORT, S.ABORTED, "nurse", "stops for the patient's safety"),
    Step(S.STOPPED, D.CHECK_OUT, S.COMPLETED, "nurse", "leaves; the place is taken"),
    Step(S.STOPPED, D.ABORT, S.ABORTED, "nurse", "the visit cannot be finished"),
    Step(S.NO_SHOW, D.CHECK_OUT, S.NO_SHOW, "nurse", "leaves; the place is taken"),
    Step(S.ABORTED, D.CHECK_OUT, S.ABORTED, "nurse", "leaves; the place is taken"),
)
NEXT = {(step.source, step.deed): step.target for step in STEPS}
# Where a deed puts a visit even when a step before it was not reported: she who starts is there.
LEADS_TO = {step.deed: step.target for step in reversed(STEPS)}
RANK = {state: rank for rank, state in enumerate(VisitState)}
EXITS = frozenset({S.NO_SHOW, S.ABORTED, S.CANCELLED})
CLOSED = EXITS | {S.COMPLETED}

# Everything that may be odd about a fact: it is kept, and this is what compliance reads.
FLAGS = {
    "out_of_range": "The place lies outside the fence around the patient's verified point.",
    "no_position": "The phone gave no position.",
    "position_inaccurate": "The phone's position is less accurate than the fence is wide.",
    "place_not_verified": "The patient's point has not been confirmed by a dispatcher.",
    "reason_missing": "A reason was due and none was given.",
    "clock_skewed": "The phone's clock differs from the server's by more than two minutes.",
    "late_entry": "It was sent more than 15 minutes after it happened.",
    "other_day": "It happened on another day than the appointment's.",
    "not_on_route_now": "The plan in force gives the visit to somebody else.",
    "visit_cancelled": "The appointment had been cancelled.",
    "no_show_too_early": "The wait for the patient was shorter than the policy asks.",
    "no_show_calls_missing": "Fewer telephone calls were made than the policy asks.",
    "residual_open": "Opened drug was neither given nor wasted before a witness.",
    "step_missing": "A step before it was not reported.",
    "deed_repeated": "The same deed had been reported before.",
    "out_of_order": "It belongs before what had been reported already.",
    "visit_closed": "The visit was over already.",
    "time_runs_backwards": "Its time lies before that of the deed reported before it.",
}
# Those that the order of the deeds decides; a fact that arrives later may settle them.
ORDER_FLAGS = frozenset(
    {"step_missing", "deed_repeated", "out_of_order", "visit_closed", "time_runs_backwards"}
)


def deeds_open(state: VisitState) -> tuple[Deed, ...]:
    """Return what the nurse may do next, the usual deed first."""
    return tuple(step.deed for step in STEPS if step.source is state and step.by == "nurse")


def in_order(facts: Iterable[Fact]) -> list[Fact]:
    """Sort facts the same way whatever the order of their delivery.

    One device's facts keep the order of its own counter, even when its clock was set back; the devices
    are merged by time. Event ids only break ties: a UUIDv7 made after the clock was set back sorts early.
    """
    queues: dict[str, list[Fact]] = {}
    for fact in facts:
        queues.setdefault(fact.device, []).append(fact)
    for queue in queues.values():
        queue.sort(key=lambda f: (f.device_seq or 0, f.happened_at, f.event_id), reverse=True)
    merged = []
    while queues:
        device = min(queues, key=lambda name: (queues[name][-1].happened_at, queues[name][-1].event_id))
        merged.append(queues[device].pop())
        if not queues[device]:
            del queues[device]
    return merged


def fold(facts: Iterable[Fact], *, cancelled: bool = False) -> Story:
    """Tell where a visit stands after its facts, and what their order leaves odd.

    A deed that fits the table takes its step. One that does not is kept with a verdict and moves the visit
    only forwards, because what physically happened is true although a step before it went unreported.
    """
    state, times, verdicts = S.ASSIGNED, dict[Deed, datetime](), list[Verdict]()
    latest: datetime | None = None
    for fact in in_order(facts):
        if latest is not None and fact.happened_at < latest:
            verdicts.append(Verdict(event_id=fact.event_id, code="time_runs_backwards"))
        latest = max(latest or fact.happened_at, fact.happened_at)
        odd = _oddity(state, fact.deed, fact.deed in times)
        if odd:
            verdicts.append(Verdict(event_id=fact.event_id, code=odd))
        if not odd:
            state = NEXT[state, fact.deed]
        elif odd == "step_missing":
            state = LEADS_TO[fact.deed]
        times.setdefault(fact.deed, fact.happened_at)
    if cancelled and (state, D.CANCEL) in NEXT:
        state = S.CANCELLED
    return Story(state=state, times=times, verdicts=tuple(verdicts))


def _oddity(state: VisitState, deed: Deed, done_before: bool) -> str:
    if done_before:
        return "deed_repeated"
    if (state, deed) in NEXT:
        return ""
    if state in CLOSED:
        return "visit_closed"
    return "step_missing" if RANK[LEADS_TO[deed]] > RANK[state] else "out_of_order"


def is_over(visit: Visit) -> bool:
    """Tell whether the nurse has nothing left to do at a visit; a given-up one ends when she leaves."""
    if visit.state in {S.NO_SHOW, S.ABORTED}:
        return D.CHECK_OUT in visit.times
    return visit.state in {S.COMPLETED, S.CANCELLED}


def current_visit(visits: Iterable[Visit]) -> Visit | None:
    """Return the visit under way, else the first that is not over."""
    left = [visit for visit in visits if not is_over(visit)]
    return next((visit for visit in left if visit.state is not S.ASSIGNED), left[0] if left else None)


def initials(name: str | None) -> str:
    """Return the first letters of a name: "Ada King" -> "A.K."."""
    return "".join(f"{part[0]}." for part in (name or "").split()[:2]).upper()


def point_of(text: str | None) -> Point | None:
    """Read a stored point such as "39.961200,-82.998800"."""
    if not text:
        return None
    lat, lon = text.split(",")[:2]
    return Point(lat=float(lat), lon=float(lon))


def distance_m(here: Position, there: Point) -> int:
    """Return the great-circle distance in whole metres (haversine on a sphere)."""
    lat_1, lat_2 = radians(here.lat), radians(there.lat)
    half = sin((lat_2 - lat_1) / 2) ** 2
    half += cos(lat_1) * cos(lat_2) * sin(radians(there.lon - here.lon) / 2) ** 2
    return round(2 * EARTH_RADIUS_M * asin(min(1.0, sqrt(half))))


def place_flags(
    deed: Deed, position: Position | None, away_m: int | None, fence_m: int, verified: bool
) -> list[str]:
    """Judge the place of a check-in or check-out (EVV); other deeds have none.

    Parameters
    ----------
    away_m
        Metres from the patient's point, None where either place is unknown.
    fence_m
        Policy ``visit.geofence_m``.
    """
    if deed not in {D.CHECK_IN, D.CHECK_OUT}:
        return []
    flags = [] if verified else ["place_not_verified"]
    if position is None:
        return [*flags, "no_position"]
    if position.accuracy_m is not None and position.accuracy_m > fence_m:
        flags.append("position_inaccurate")
    if away_m is not None and away_m > fence_m:
        flags.append("out_of_range")
    return flags


def reason_due(deed: Deed, flags: Iterable[str]) -> bool:
    """Tell whether the nurse is asked why: the place is wrong or unknown, the visit was given up, or she
    leaves with something undone."""
    asked = {"out_of_range", "no_position", "residual_open"}
    if deed is D.CHECK_OUT:
        asked.add("step_missing")
    return deed in {D.NO_SHOW, D.ABORT} or not asked.isdisjoint(flags)


@dataclass(frozen=True, kw_only=True)
class Timing:
    """When a deed happened by the server's reckoning, and what the phone's clock left odd.

    `clock_offset_s` is server minus device, None where the phone did not say when it sent.
    """

    happened_at: datetime
    clock_offset_s: int | None
    flags: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """What is said about a fact before it is stored."""

    timing: Timing
    distance_m: int | None
    fence_m: int
    flags: tuple[str, ...]
    reason_due: bool


def timing(at: datetime, sent_at: datetime | None, received_at: datetime) -> Timing:
    """Reckon when a deed happened.

    A phone that says when it sent tells a wrong clock (sending and receipt differ) from a late sending
    (deed and sending differ); its time is then corrected. Without that, only a clock that runs ahead is
    certain. Nothing happens after its receipt. `docs/states.md` names the flags.
    """
    offset = received_at - (sent_at or max(at, received_at))
    skewed = abs(offset) > SKEW_TOLERATED
    late = (sent_at or received_at) - at > SENT_IN_TIME
    flags = ("clock_skewed",) * skewed + ("late_entry",) * late
    known = sent_at is not None or skewed
    return Timing(
        happened_at=min(at + offset if skewed else at, received_at),
        clock_offset_s=round(offset.total_seconds()) if known else None,
        flags=flags,
    )


def no_show_flags(
    happened_at: datetime,
    waiting_since: datetime | None,
    calls_made: int | None,
    wait_minutes: int,
    calls: int,
) -> list[str]:
    """Judge a no-show by policy ``visit.no_show``: how long waited, how often called."""
    flags = []
    if waiting_since is None or happened_at - waiting_since < timedelta(minutes=wait_minutes):
        flags.append("no_show_too_early")
    if (calls_made or 0) < calls:
        flags.append("no_show_calls_missing")
    return flags

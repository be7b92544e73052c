"""From a published day (`dispatch.routes`) to what the board's templates show."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from api.gaps import bound_dollars, gap_text, relaxed_text
from api.pages.dispatcher import words
from api.pages.dispatcher.axis import Axis, axis_of
from api.pages.dispatcher.day_view import (
    DayView,
    Figure,
    Lane,
    Mark,
    PharmacyMark,
    RunView,
    Summary,
    VisitBar,
    Waiting,
)
from dispatch.kernel.local_time import local_day
from dispatch.routes.model import (
    Board,
    BoardPlan,
    BoardStop,
    BoardVisit,
    Figures,
    Lateness,
    Pharmacy,
    Point,
    Unassigned,
)
from dispatch.routes.model import Lane as BoardLane

COLOURS = 8
BY_HAND = {"moved": "moved by hand", "pinned": "pinned", "replanned": "re-planned"}
# Shorter drives would be thinner than the line that shows them.
LEAST_SHOWN = timedelta(minutes=1)


def day_view(board: Board) -> DayView:
    """Turn a board into what its page shows."""
    axis = axis_of(board.midnight, board.zone, _spans(board))
    shops = {shop.pharmacy_id: shop for shop in board.pharmacies}
    return DayView(
        area_name=board.area_name,
        slug=board.slug,
        day=board.day.isoformat(),
        day_text=f"{board.day:%A} {board.day.day} {board.day:%B %Y}",
        previous=(board.day - timedelta(days=1)).isoformat(),
        following=(board.day + timedelta(days=1)).isoformat(),
        is_today=local_day(board.now, board.zone) == board.day,
        axis=axis,
        now=axis.point(board.now) if axis.shows(board.now) else "",
        now_text=axis.reading(board.now),
        summary=_summary(board),
        lanes=[
            _lane(lane, index % COLOURS + 1, axis, shops, board.now) for index, lane in enumerate(board.lanes)
        ],
        waiting=[_waiting(left, axis) for left in board.unassigned],
        pharmacies=[
            PharmacyMark(code=shop.code, name=shop.name, lat=shop.point.lat, lon=shop.point.lon)
            for shop in board.pharmacies
        ],
        position=board.position,
    )


def _spans(board: Board) -> Iterator[tuple[datetime, datetime]]:
    for lane in board.lanes:
        yield lane.shift.begins_at, lane.shift.ends_at
        for stop in lane.stops:
            yield stop.expected.begins_at, stop.expected.ends_at


def _summary(board: Board) -> Summary:
    plan = board.plan
    return Summary(
        assigned=board.assigned,
        total=board.total,
        nurses=sum(bool(lane.visits) for lane in board.lanes),
        late=board.late,
        gap=_gap_of_plan(plan),
        cost=words.dollars(plan.figures.cost_mc) if plan else "",
        plan_number=plan.number if plan else 0,
        published=_published(board),
        relaxed=relaxed_text(plan.relaxed) if plan else "",
        figures=_figures(board.before, plan.figures, plan.bound_mc) if plan else (),
    )


def _gap_of_plan(plan: BoardPlan | None) -> str:
    if plan is None:
        return "no plan yet"
    if plan.bound_mc is None and plan.origin in BY_HAND:
        return f"no bound: {BY_HAND[plan.origin]}"
    return gap_text(plan.figures.cost_mc, plan.bound_mc)


def _published(board: Board) -> str:
    if board.plan is None:
        return ""
    deed = BY_HAND.get(board.plan.origin, "published")
    on = local_day(board.plan.published_at, board.zone)
    weekday = "" if on == board.day else f"{on:%A} "
    return f"{deed} {weekday}{words.reading(board.plan.published_at, board.zone)} by {board.plan.publisher}"


def _figures(before: Figures | None, after: Figures, bound_mc: int | None) -> Sequence[Figure]:
    """Compare the plan in force with the one before it; no plan costs less than the bound."""
    found = []
    for name, field, text in (
        ("cost", "cost_mc", words.dollars),
        ("driving", "travel_s", words.hours),
        ("waiting", "idle_s", words.hours),
        ("overtime", "overtime_s", words.hours),
        ("unassigned", "unassigned", str),
    ):
        new = getattr(after, field)
        old = None if before is None else getattr(before, field)
        trend = "" if old is None or old == new else "better" if new < old else "worse"
        found.append(
            Figure(name=name, before="" if old in (None, new) else text(old), after=text(new), trend=trend)
        )
    if bound_mc is not None:
        found.insert(1, Figure(name="bound", before="", after=bound_dollars(bound_mc)))
    return found


def _lane(lane: BoardLane, colour: int, axis: Axis, shops: Mapping[UUID, Pharmacy], now: datetime) -> Lane:
    work_s = round(sum((stop.ends_at - stop.begins_at).total_seconds() for stop in lane.visits), 0)
    return Lane(
        nurse_id=str(lane.nurse_id),
        shift_id=str(lane.shift_id),
        code=lane.code,
        name=lane.name,
        colour=colour,
        on_shift=axis.span(lane.shift.begins_at, lane.shift.ends_at),
        shift_text=f"{axis.reading(lane.shift.begins_at)} to {axis.reading(lane.shift.ends_at)}",
        note=f"{len(lane.visits)} · {words.hours(int(work_s))}" if lane.visits else "free",
        visits=[
            _bar(stop, stop.visit, number, lane.code, axis, now)
            for number, stop in enumerate(lane.visits, 1)
            if stop.visit is not None
        ],
        marks=list(_marks(lane, axis, shops)),
        path=" ".join(_path(lane, shops)),
    )


def _bar(stop: BoardStop, visit: BoardVisit, number: int, code: str, axis: Axis, now: datetime) -> VisitBar:
    begins_at, ends_at = stop.expected.begins_at, stop.expected.ends_at
    late = ""
    if stop.late is not Lateness.ON_TIME and ends_at > now:
        late = f"+{round(stop.expected.late_s / 60)} min"
    frozen = stop.frozen or words.look(visit.state) != "planned"
    pinned = visit.pinned_nurse_id is not None
    begins, ends = axis.reading(begins_at), axis.reading(ends_at)
    notes = (
        f"{visit.initials}, {words.service(visit)}, {begins} to {ends}",
        f"visit {number} of {code}",
        f"may begin {words.windows(visit.windows, axis.zone)}",
        f"late {late}" if late else "",
        words.state(visit),
        "pinned" if pinned else "",
        "controlled drug" if visit.controlled else "",
    )
    return VisitBar(
        appointment_id=str(visit.appointment_id),
        part=stop.part,
        number=number,
        initials=visit.initials,
        service=visit.service,
        place=axis.span(begins_at, ends_at),
        begins=begins,
        ends=ends,
        begin_minute=axis.minute(begins_at),
        label=", ".join(note for note in notes if note),
        state=words.look(visit.state),
        late=late,
        frozen=frozen,
        pinned=pinned,
        controlled=visit.controlled,
        first=visit.first_infusion,
        point=_pair(visit.point),
        windows=[axis.span(window.begins_at, window.ends_at) for window in visit.windows],
    )


def _marks(lane: BoardLane, axis: Axis, shops: Mapping[UUID, Pharmacy]) -> Iterator[Mark]:
    """Yield driving, waiting and what else is done on a route, at the times expected now."""
    free_at: datetime | None = None
    for stop in lane.stops:
        begins_at, ends_at = stop.expected.begins_at, stop.expected.ends_at
        drive = timedelta(seconds=stop.travel_s)
        there_at = stop.arrives_at if free_at is None else max(stop.arrives_at, free_at + drive)
        there_at = min(there_at, begins_at)
        if drive >= LEAST_SHOWN:
            title = f"{round(stop.travel_s / 60)} min driving"
            yield Mark(kind="travel", place=axis.span(there_at - drive, there_at), title=title)
        if begins_at - there_at >= LEAST_SHOWN and stop.kind != "start":
            yield Mark(kind="idle", place=axis.span(there_at, begins_at), title="waiting")
        if stop.kind in ("pickup", "return"):
            shop = shops.get(stop.pharmacy_id) if stop.pharmacy_id else None
            deed = "Pickup at" if stop.kind == "pickup" else "Return to"
            yield Mark(
                kind=stop.kind,
                place=axis.span(begins_at, ends_at),
                text=stop.kind[0].upper(),
                title=f"{deed} {shop.name if shop else 'the pharmacy'} {axis.reading(begins_at)}",
            )
        elif stop.kind == "break":
            yield Mark(kind="break", place=axis.span(begins_at, ends_at), text="br", title="Meal break")
        free_at = ends_at


def _path(lane: BoardLane, shops: Mapping[UUID, Pharmacy]) -> Iterator[str]:
    """Yield the points of a route; homes are the nurses' own affair and not on it."""
    for stop in lane.stops:
        if stop.visit is not None and stop.visit.point is not None:
            yield _pair(stop.visit.point)
        elif stop.pharmacy_id is not None and stop.pharmacy_id in shops:
            yield _pair(shops[stop.pharmacy_id].point)


def _pair(point: Point | None) -> str:
    return "" if point is None else f"{point.lat:.5f},{point.lon:.5f}"


def _waiting(left: Unassigned, axis: Axis) -> Waiting:
    visit = left.visit
    return Waiting(
        appointment_id=str(visit.appointment_id),
        initials=visit.initials,
        service=words.service(visit),
        minutes=visit.minutes,
        windows=words.windows(visit.windows, axis.zone),
        priority=visit.priority,
        point=_pair(visit.point),
        reasons=words.against(left.reasons),
    )


def run_view(board: Board) -> RunView | None:
    """Return the newest plan run as its strip shows it, None before the first."""
    run = board.run
    if run is None:
        return None
    progress, figures = run.progress, run.figures
    cost, bound, relaxed = (progress.get(name) for name in ("cost_mc", "bound_mc", "relaxed"))
    left = progress.get("unassigned") if figures is None else figures.unassigned
    seconds = progress.get("seconds", 0)
    return RunView(
        run_id=str(run.run_id),
        state=run.state,
        seconds=min(int(seconds) if isinstance(seconds, int | float) else 0, run.seconds),
        limit_s=run.seconds,
        cost=words.dollars(cost) if isinstance(cost, int) else "",
        gap=gap_text(cost, bound if isinstance(bound, int) else None) if isinstance(cost, int) else "",
        doing=str(progress.get("doing", "")),
        relaxed=relaxed_text(relaxed) if isinstance(relaxed, list) else "",
        unassigned=str(left if left is not None else "?"),
        stopping=run.stop_asked,
        reason=run.reason or "",
        is_news=board.plan is None or run.asked_at >= board.plan.published_at,
    )

"""The demo from an empty database to 10:20 on its day."""

import random
import time
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from datetime import time as reading
from uuid import UUID
from zoneinfo import ZoneInfo

from rich.console import Console
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from api.app import create_app
from api.db import db
from api.demo.clock import DemoClock
from api.demo.courses import TO_GIVE, TREATED, Treated
from api.demo.day import DemoDay, invent_day
from api.demo.going_on import Others
from api.demo.incidents import Happening, Incidents
from api.demo.morning import Act, choose_turn, script
from api.demo.office import hashed_password
from api.demo.planning import FIRST_COME, FIRST_COME_SECONDS, desk_with_supervisor, plan_and_publish
from api.demo.playing import Player
from api.demo.seeding import SLUG, TIME_ZONE, Seeded, seed
from api.demo.show import lane_of
from api.demo.stocking import deliver
from api.demo.told import Links, Teller
from api.settings import Settings
from dispatch.areas.service import area_by_slug, pharmacies
from dispatch.assignment.plan_model import EXACT
from dispatch.intake.service import LinkPurpose
from dispatch.kernel.actor import Role
from dispatch.kernel.clock import Clock, SetClock, SystemClock
from dispatch.kernel.local_time import instant, local_day
from dispatch.kernel.storage import transaction
from dispatch.routes.model import Board
from dispatch.routes.queries import board
from dispatch.visits.queries import progress

ZONE = ZoneInfo(TIME_ZONE)
PRESENT = reading(10, 20)
DELIVERY = reading(5, 40)
SEEDED_BEFORE = timedelta(hours=17)  # the evening before
SPARE_VIALS = 6
# Both are licensed, neither is sent to ketamine: an LPN in the office, and a nurse between other visits.
WITNESSES = ("N-17", "N-14")


@dataclass(kw_only=True)
class Steps:
    """Says what was done and how long it took."""

    console: Console
    began_s: float

    def done(self, text: str) -> None:
        """Print a step with the seconds since the last one."""
        now_s = time.monotonic()
        self.console.print(f"{now_s - self.began_s:6.1f} s  {text}", highlight=False)
        self.began_s = now_s


def todays_date() -> date:
    """Return the day it is in Columbus."""
    return local_day(SystemClock().now(), ZONE)


def present_of(day: date) -> datetime:
    """Return the moment at which the demo's clock starts to run."""
    return instant(day, PRESENT, ZONE)


@dataclass(frozen=True, kw_only=True)
class Played:
    """What a played morning leaves: links for patients, and what the others will do."""

    links: Links
    others: Others


def play_day(engine: Engine, settings: Settings, day: date, seconds: int, console: Console) -> Played:
    """Seed, plan, publish and play the morning of `day`, printing each step."""
    steps = Steps(console=console, began_s=time.monotonic())
    invented = invent_day(day)
    evening = DemoClock(present_of(day) - SEEDED_BEFORE)
    digest = _digest(settings, evening)
    with desk_with_supervisor(engine, settings.keyring, evening, console) as desk:
        steps.done("began to load the exact planner beside (the first time: to compile it)")
        with transaction(engine, settings.keyring) as session:
            seeded = seed(session, invented, digest, evening, lambda *_: None)
        steps.done(
            f"imported {len(invented.bookings)} visits, {len(invented.nurses)} nurses, their licences, shifts"
        )
        teller = Teller(
            area_id=seeded.area_id,
            staff=seeded.staff,
            day=day,
            zone=ZONE,
            clock=SetClock(present_of(day)),
            homes=invented.homes,
        )
        with transaction(engine, settings.keyring) as session:
            told = _tell(session, teller)
        steps.done("let patients come along the care path, from an enquiry to today's visit of a series")
        dispatcher = seeded.staff.office[Role.DISPATCHER]
        plan_and_publish(desk, day, FIRST_COME, FIRST_COME_SECONDS, dispatcher)
        steps.done("planned first come, first served, to compare")
        plan_and_publish(desk, day, EXACT, seconds, dispatcher)
        steps.done("planned exactly and published")
    with transaction(engine, settings.keyring) as session:
        links = _tell_this_morning(session, teller, told)
        others = _play_morning(session, invented, seeded)
    steps.done(f"played the morning: {others.done} deeds of nurses, pharmacist and witnesses")
    return Played(links=links, others=others)


@dataclass(frozen=True, kw_only=True)
class Told:
    """The cases that go on this morning: the intake half done, and those in treatment."""

    half_done: UUID
    treated: tuple[UUID, ...]


def _tell(session: Session, teller: Teller) -> Told:
    teller.session = session
    teller.begin()
    cases = Treated(teller=teller).tell_until_yesterday()
    return Told(half_done=teller.tell_until_yesterday(), treated=cases)


def _tell_this_morning(session: Session, teller: Teller, told: Told) -> Links:
    teller.session = session
    teller.at(0, 9, 40)
    Treated(teller=teller).change_a_list(told.treated[-1])
    teller.tell_this_morning()
    return Links(
        half_done=teller.link(told.half_done),
        to_sign=teller.link(told.half_done, LinkPurpose.PROVIDER),
        today=teller.link(told.treated[0]),
    )


def _digest(settings: Settings, clock: Clock) -> str:
    app = create_app(settings, clock)
    digest = hashed_password(app)
    with app.app_context():
        db.engine.dispose()
    return digest


def demo_board(session: Session, area_id: UUID, day: date, clock: Clock) -> Board:
    """Return the demo's board as the dispatcher's screen shows it."""
    return board(session, SLUG, day, clock, progress(session, area_id, day).values())


def area_of_demo(session: Session) -> UUID:
    """Return the demo's area."""
    return area_by_slug(session, SLUG).id


def _play_morning(session: Session, invented: DemoDay, seeded: Seeded) -> Others:
    day, now = invented.day, present_of(invented.day)
    staff = seeded.staff
    clock = SetClock(instant(day, DELIVERY, ZONE))
    planned = demo_board(session, seeded.area_id, day, clock)
    draw = random.Random(f"morning/{day}")  # noqa: S311 - invented data
    units = {row.id: SPARE_VIALS for row in pharmacies(session, seeded.area_id)}
    for lane in planned.lanes:
        for stop in lane.stops:
            if stop.kind == "pickup" and stop.pharmacy_id is not None:
                units[stop.pharmacy_id] += stop.units
    pharmacist = staff.office[Role.PHARMACIST]
    shelves = deliver(session, units, day, pharmacist, clock)
    yours = lane_of(planned, TO_GIVE)
    turn = choose_turn(planned, now, but=(*WITNESSES, *(lane.code for lane in yours)))
    player = Player(
        session=session,
        clock=clock,
        nurses={actor.nurse_id: actor for actor in staff.nurses.values() if actor.nurse_id is not None},
        pharmacist=pharmacist,
        witnesses=tuple(staff.nurses[code] for code in WITNESSES),
        doses_ug={one.reference: one.dose_ug for one in invented.bookings if one.dose_ug is not None},
        shelves=shelves,
        unwitnessed=turn.unwitnessed,
        draw=draw,
    )
    incidents = Incidents(
        session=session,
        clock=clock,
        now=now,
        pharmacist=pharmacist,
        nurses=player.nurses,
        boxes=player.boxes,
        to_open=player.to_open,
        carried=player.carried,
        counted_at=min(shelves, key=lambda pharmacy_id: len(shelves[pharmacy_id])),
        spared=yours[0].nurse_id if yours else None,
    )
    acts = script(planned, turn, now, draw)
    over = [act for act in acts if act.at <= now]
    happened: list[Act | Happening] = [*over, *incidents.happenings()]
    player.play(sorted(happened, key=lambda act: act.at))
    to_come = [
        act
        for act in acts[len(over) :]
        if act.nurse_id != incidents.spared
        and not (act.stop.visit and act.stop.visit.reference.startswith(TREATED))
    ]
    return Others(player=player, acts=(*over, *to_come), done=len(over))

"""What `housecall demo` does, step by step."""

from datetime import date, datetime

from rich.console import Console
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from api.demo.clock import DemoClock
from api.demo.database import DemoRefused, demo_settings, open_fresh, open_kept
from api.demo.going_on import go_on_beside
from api.demo.play import WITNESSES, ZONE, area_of_demo, demo_board, play_day, present_of, todays_date
from api.demo.show import lane_to_show, show_box, show_links, show_morning, show_plan
from api.demo.told import Links
from api.settings import Settings
from dispatch.audit.service import newest_at
from dispatch.custody.queries import vials_of_day
from dispatch.kernel.clock import Clock
from dispatch.kernel.local_time import local_day
from dispatch.kernel.refusals import NotFound
from dispatch.kernel.storage import READ_ONLY

HOST = "127.0.0.1"


def run(database: str, port: int, seconds: int, day: date | None, *, keep: bool, serves: bool) -> None:
    """Make or reopen the demo, print what there is to see, and serve it until it is interrupted."""
    settings = demo_settings(database, HOST, port)
    console = Console(soft_wrap=True)
    engine, played = open_kept(settings) if keep else None, None
    if engine is not None:
        clock = DemoClock(_left_at(engine, settings))
    else:
        wanted = day or todays_date()
        engine = open_fresh(settings)
        played = play_day(engine, settings, wanted, seconds, console)
        clock = DemoClock(present_of(wanted))
    _show(engine, settings, clock, console, played.links if played else None)
    engine.dispose()
    if serves:
        from api.serving import serve

        if played:
            go_on_beside(settings, played.others, clock)
        else:
            console.print("In a demo that is kept nobody works on by themselves: soon the clocks will ask.")
        console.print("Serving until Ctrl-C.")
        serve(settings, clock)
    else:
        console.print("Not serving; `housecall demo --keep` goes on from here.")


def _reading(engine: Engine, settings: Settings) -> Session:
    return Session(engine.execution_options(**READ_ONLY), info={"keyring": settings.keyring})


def _left_at(engine: Engine, settings: Settings) -> datetime:
    with _reading(engine, settings) as session:
        try:
            area_of_demo(session)
        except NotFound:
            raise DemoRefused("No demo was finished in this database: run it without --keep.") from None
        left_at = newest_at(session)
    assert left_at is not None
    return left_at


def _show(engine: Engine, settings: Settings, clock: Clock, console: Console, links: Links | None) -> None:
    with _reading(engine, settings) as session:
        area_id, today = area_of_demo(session), local_day(clock.now(), ZONE)
        board = demo_board(session, area_id, today, clock)
        if board.plan is not None and board.before is not None:
            show_plan(console, board)
        vials, yours = vials_of_day(session, area_id, today, ZONE), lane_to_show(board).code
        show_morning(console, board, vials)
        show_box(console, yours, vials)
    show_links(f"http://{HOST}:{settings.port}", yours, WITNESSES, links)

"""Plans the demo's day twice as a dispatcher would: first come, first served; then properly."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from rich.console import Console
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from api.demo.seeding import SLUG
from api.demo.show import dollars
from api.hints import InProcessHints
from api.jobs import Supervisor
from dispatch.assignment.plan_model import RunState
from dispatch.assignment.service import PlanOrder, order_plan, plan_run
from dispatch.kernel.actor import Actor
from dispatch.kernel.clock import Clock
from dispatch.kernel.sealing import Keyring
from dispatch.kernel.storage import READ_ONLY, transaction

LOOK_EVERY_S = 0.2
FIRST_COME, ROUTING = "first_come", "routing"
FIRST_COME_SECONDS = 5


class NotPlanned(RuntimeError):
    """A plan run of the demo did not end in a published plan; the message is the run's own reason."""


@dataclass(frozen=True, kw_only=True)
class Desk:
    """Where the dispatcher of the demo works: database, clock and the supervisor's hints."""

    engine: Engine
    keyring: Keyring
    clock: Clock
    hints: InProcessHints
    console: Console


@contextmanager
def desk_with_supervisor(engine: Engine, keyring: Keyring, clock: Clock, console: Console) -> Iterator[Desk]:
    """Solve queued runs beside the block, each in a child process, as the server does."""
    hints = InProcessHints()
    supervisor = Supervisor(engine, keyring, clock, hints)
    thread = threading.Thread(target=supervisor.run, name="plan-runs")
    thread.start()
    try:
        yield Desk(engine=engine, keyring=keyring, clock=clock, hints=hints, console=console)
    finally:
        supervisor.end()
        thread.join()


def plan_and_publish(desk: Desk, day: date, engine: str, seconds: int, dispatcher: Actor) -> UUID:
    """Order a plan, show how it gets better, and return the run once its plan is published.

    Raises
    ------
    NotPlanned
        When the run failed, or its plan could not be published.
    """
    order = PlanOrder(area=SLUG, day=day, seconds=seconds, engine=engine, publish_when_done=True)
    with transaction(desk.engine, desk.keyring) as session:
        run_id = order_plan(session, order, dispatcher, desk.clock).id
    desk.hints.call()
    with desk.console.status(f"planning ({engine})") as status:
        while True:
            state, text, reason = _look(desk, run_id)
            if state == RunState.PUBLISHED:
                return run_id
            if state not in (RunState.QUEUED, RunState.SOLVING) and (reason or state != RunState.SOLVED):
                raise NotPlanned(f"{engine}: the run is {state}. {reason}".strip())
            status.update(f"planning ({engine}, {seconds} s)  {text}")
            time.sleep(LOOK_EVERY_S)


def _look(desk: Desk, run_id: UUID) -> tuple[str, str, str]:
    with Session(desk.engine.execution_options(**READ_ONLY)) as session:
        run = plan_run(session, run_id)
        told = run.progress
        text = ""
        if "cost_mc" in told and "seconds" in told:
            text = (
                f"{told['seconds']:5.1f} s  {dollars(told['cost_mc'])}  {told['unassigned']} not assigned  "
                f"{told.get('doing', '')}"
            )
        return run.state, text, run.reason or ""

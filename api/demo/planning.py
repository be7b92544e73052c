"""Plans the demo's day twice as a dispatcher would: first come, first served; then as well as it can be."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from rich.console import Console
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from api.demo.seeding import SLUG
from api.demo.show import dollars
from api.gaps import gap_text
from api.hints import InProcessHints
from api.jobs import Supervisor
from dispatch.assignment.plan_model import EXACT, MOST_SECONDS, RUNNING, RunState
from dispatch.assignment.publish import publish
from dispatch.assignment.service import PlanOrder, order_plan, plan_run, stop_run
from dispatch.kernel.actor import Actor
from dispatch.kernel.clock import Clock
from dispatch.kernel.refusals import Conflict
from dispatch.kernel.sealing import Keyring
from dispatch.kernel.storage import READ_ONLY, transaction

LOOK_EVERY_S = 0.2
FIRST_COME = "first_come"
FIRST_COME_SECONDS = 5
PATIENCE = 3


class NotPlanned(RuntimeError):
    """A plan run of the demo did not end in a plan; the message is the run's own reason."""


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
    """Solve queued runs beside the block, each in a child process, as the server does.

    One such process gets ready at once: by the time it is needed, what is compiled is loaded, or on its way.
    """
    hints = InProcessHints()
    supervisor = Supervisor(engine, keyring, clock, hints, spares=1)
    thread = threading.Thread(target=supervisor.run, name="plan-runs")
    thread.start()
    try:
        yield Desk(engine=engine, keyring=keyring, clock=clock, hints=hints, console=console)
    finally:
        supervisor.end()
        thread.join()


def plan_and_publish(desk: Desk, day: date, engine: str, seconds: int, dispatcher: Actor) -> UUID:
    """Order a plan, show how it gets better, stop it when it is good enough, and return its published run.

    It gets `seconds`; if by then nothing is proven of it, as on a busy machine, up to `PATIENCE` times that.

    Raises
    ------
    NotPlanned
        When the run failed.
    """
    most = min(PATIENCE * seconds, MOST_SECONDS) if engine == EXACT else seconds
    order = PlanOrder(area=SLUG, day=day, seconds=most, engine=engine)
    with transaction(desk.engine, desk.keyring) as session:
        run_id = order_plan(session, order, dispatcher, desk.clock).id
    desk.hints.call()
    began_s: float | None = None
    with desk.console.status(f"planning ({engine})") as status:
        while (heard := _look(desk, run_id)).state in RUNNING:
            status.update(f"planning ({engine}, {seconds} s)  {heard.text}")
            if began_s is None and heard.has_plan:
                began_s = time.monotonic()
            if began_s is not None and heard.is_proven and time.monotonic() >= began_s + seconds:
                _stop(desk, run_id, dispatcher)
            time.sleep(LOOK_EVERY_S)
    if heard.state != RunState.SOLVED:
        raise NotPlanned(f"{engine}: the run is {heard.state}. {heard.reason}".strip())
    with transaction(desk.engine, desk.keyring) as session:
        publish(session, run_id, dispatcher, desk.clock)
    return run_id


@dataclass(frozen=True, kw_only=True)
class Heard:
    """How far a run is: its state, and in words what its solver told last."""

    state: str
    text: str
    reason: str
    has_plan: bool
    is_proven: bool


def _look(desk: Desk, run_id: UUID) -> Heard:
    with Session(desk.engine.execution_options(**READ_ONLY)) as session:
        run = plan_run(session, run_id)
        told = run.progress
        text = str(told.get("doing", ""))
        if "cost_mc" in told:
            proven = gap_text(told["cost_mc"], told.get("bound_mc"))
            text = (
                f"{told.get('seconds', 0):5.1f} s  {dollars(told['cost_mc'])}, {proven}, "
                f"{told.get('unassigned', 0)} not assigned  {text}"
            )
        return Heard(
            state=run.state,
            text=text,
            reason=run.reason or "",
            has_plan="cost_mc" in told,
            is_proven=told.get("bound_mc") is not None and not run.stop_asked,
        )


def _stop(desk: Desk, run_id: UUID, dispatcher: Actor) -> None:
    with suppress(Conflict), transaction(desk.engine, desk.keyring) as session:
        stop_run(session, run_id, dispatcher, desk.clock)  # in conflict when it has just ended by itself

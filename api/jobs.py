"""Plans are solved here: claim a queued run, solve it in a child process, hand in, publish if asked.

The same loop runs as a thread beside the server (the default) and as `housecall worker`. A request never
waits for it. Whatever dies, the row survives: a run whose worker falls silent is queued again.

What is compiled is solved by warm processes (`api.spares`), one of which waits ready. A run's line to its
process is `Claim.request`; any other kind of request that `routing.worker.KINDS` knows is asked of a spare by
`Supervisor.ask`, which gives the events back as they come::

    outcome = supervisor.ask({"replan": {...}}, seconds=1.0, on_progress=print)
    if outcome.kind == "done":
        outcome.answer  # what the worker said with "done"
"""

import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from secrets import token_hex
from typing import Any
from uuid import UUID

import structlog
from flask import Flask, after_this_request, current_app
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from api import looking
from api.checkpoints import publisher, start
from api.db import db
from api.hints import Hints, hints_for
from api.messaging import sending
from api.settings import Settings
from api.solving import Outcome, Worker
from api.spares import Spares
from dispatch.assignment import replan_search, runs
from dispatch.assignment.publish import publish
from dispatch.assignment.service import plan_run
from dispatch.identity.service import actor_of_account
from dispatch.kernel.actor import SYSTEM
from dispatch.kernel.clock import Clock, SystemClock
from dispatch.kernel.refusals import Refusal, Unavailable
from dispatch.kernel.sealing import Keyring
from dispatch.kernel.storage import READ_ONLY, open_engine, transaction
from dispatch.visits.queries import progress as progress_of

log = structlog.get_logger("housecall.jobs")
LOOK_EVERY_S = 1.0
# The row hears of progress at most this often, and of a silent solver's life every few such whiles.
LISTEN_S = 0.5
SILENT_WHILES = 4
# A solver that is asked to hand in does so within two seconds; one that has not by then is ended.
HAND_IN_S = 10.0
GETTING_READY = "loading the planner; the first time after an upgrade this takes a minute"


class Supervisor:
    """Looks for queued runs and solves up to `solvers` of them at once; keeps `spares` warm processes."""

    def __init__(
        self,
        engine: Engine,
        keyring: Keyring,
        clock: Clock,
        hints: Hints,
        *,
        solvers: int = 1,
        spares: int = 0,
        dead_after: timedelta = runs.DEAD_AFTER,
        hand_in_s: float = HAND_IN_S,
        make_worker: Callable[[tuple[str, ...]], Worker] = Worker,
    ) -> None:
        self.engine, self.keyring, self.clock, self.hints = engine, keyring, clock, hints
        self.solvers, self.dead_after, self.hand_in_s = solvers, dead_after, hand_in_s
        self.spares = Spares(spares, make_worker)
        self.name = f"{socket.gethostname()}:{os.getpid()}:{token_hex(4)}"
        self.ending = threading.Event()
        self._busy: list[threading.Thread] = []
        self._searching: list[threading.Thread] = []

    def run(self) -> None:
        """Work until `end` is called."""
        while not self.ending.is_set():
            self.spares.tend()
            try:
                self.look()
            except (DBAPIError, Unavailable) as error:
                # The database is away or busy. Every run is still in its row: look again later.
                log.warning("database_away", kind=type(error).__name__)
            self.hints.wait(LOOK_EVERY_S)
        self.spares.end()
        self.join()

    def end(self) -> None:
        """Ask the loop to end; what is being solved goes back to the queue."""
        self.ending.set()
        self.hints.call()

    def join(self) -> None:
        """Wait for what is being solved."""
        for thread in (*self._busy, *self._searching):
            thread.join()

    def look(self) -> None:
        """Give back what dead workers left, and start solving what is queued."""
        self._busy = [thread for thread in self._busy if thread.is_alive()]
        self._better_proposals()
        with Session(self.engine.execution_options(**READ_ONLY)) as session:
            if not runs.work_is_waiting(session, self.clock, self.dead_after):
                return
        with transaction(self.engine, self.keyring) as session:
            runs.sweep(session, self.clock, self.dead_after)
            unpublished = runs.left_unpublished(session, self.clock, self.dead_after)
        for run_id in unpublished:
            self._publish(run_id)
        while len(self._busy) < self.solvers and not self.ending.is_set():
            with transaction(self.engine, self.keyring) as session:
                claim = runs.claim_run(session, self.name, self.clock)
            if claim is None:
                return
            thread = threading.Thread(target=self._solve, args=(claim,), name=f"solve-{claim.run_id}")
            thread.start()
            self._busy.append(thread)

    def _better_proposals(self) -> None:
        """Start looking for better answers to what dispatchers reported; nobody's plan waits for that."""
        self._searching = [thread for thread in self._searching if thread.is_alive()]
        with Session(self.engine.execution_options(**READ_ONLY)) as session:
            if not replan_search.search_is_waiting(session, self.clock):
                return
        with transaction(self.engine, self.keyring) as session:
            search = replan_search.claim_search(session, self.clock)
        if search is not None:
            name = f"replan-{search.replan_id}"
            thread = threading.Thread(target=self._better, args=(search,), name=name)
            thread.start()
            self._searching.append(thread)

    def _better(self, search: replan_search.Search) -> None:
        try:
            outcome = self.ask(search.request, seconds=replan_search.SECONDS)
            answer = outcome.answer if outcome.kind == "done" else None
            with transaction(self.engine, self.keyring) as session:
                kept = replan_search.end_search(session, search.replan_id, answer, self.clock)
            log.info("replan", replan_id=str(search.replan_id), outcome=outcome.kind, better=kept)
        except (DBAPIError, Unavailable, OSError) as error:
            log.warning("no_better_proposal", kind=type(error).__name__, replan_id=str(search.replan_id))

    def _solve(self, claim: runs.Claim) -> None:
        """Solve one claimed run to its end; if the database goes away meanwhile, the sweep finds the run."""
        try:
            worker = self.spares.take(warm=claim.is_compiled)
        except OSError as error:
            log.warning("no_worker", kind=type(error).__name__, run_id=str(claim.run_id))
            return  # its heart does not beat: the sweep finds it
        try:
            worker.ask(claim.request, claim.seconds)
            outcome = self._follow(claim, worker)
            with transaction(self.engine, self.keyring) as session:
                self._settle(session, claim, outcome)
            log.info("plan_run", run_id=str(claim.run_id), outcome=outcome.kind)
            if outcome.kind == "done" and claim.publish_when_done:
                self._publish(claim.run_id)
        except (DBAPIError, Unavailable) as error:
            log.warning("database_away", kind=type(error).__name__, run_id=str(claim.run_id))
        finally:
            worker.kill()  # what a whole day took of memory is not kept
            self.hints.call()

    def ask(
        self,
        request: Mapping[str, Any],
        *,
        seconds: float,
        on_progress: Callable[[Mapping[str, Any]], object] = lambda _: None,
    ) -> Outcome:
        """Ask a warm worker for something small, pass on what it tells, and keep it for the next who asks.

        Parameters
        ----------
        request
            A line of `routing.worker`; `seconds` is how long it takes at most.
        """
        worker = self.spares.take()
        worker.ask(request, seconds)
        outcome: Outcome | None = None
        while outcome is None:
            news = worker.listen(LISTEN_S)
            outcome = news.outcome
            if news.progress is not None:
                on_progress(news.progress)
            if outcome is None and self.ending.is_set():
                outcome = Outcome(kind="died")
        if outcome.kind == "done":
            self.spares.give_back(worker)
        else:
            worker.kill()
        return outcome

    def _follow(self, claim: runs.Claim, worker: Worker) -> Outcome:
        """Hear the solver to its end; one that a dispatcher stops hands in the best plan so far."""
        silent = 0
        stopped_at: float | None = None
        if claim.is_compiled and not worker.is_ready:
            with transaction(self.engine, self.keyring) as session:
                runs.beat(session, claim.run_id, self.name, {"doing": GETTING_READY}, self.clock)
        while True:
            news = worker.listen(LISTEN_S)
            if news.outcome is not None:
                return news.outcome
            if self.ending.is_set():
                return Outcome(kind="died")
            if stopped_at is not None and time.monotonic() > stopped_at + self.hand_in_s:
                return Outcome(kind="stopped")
            silent = 0 if news.progress is not None else silent + 1
            if silent % SILENT_WHILES:
                continue
            with transaction(self.engine, self.keyring) as session:
                heard = runs.beat(session, claim.run_id, self.name, news.progress, self.clock)
            if not heard.still_mine:
                return Outcome(kind="lost")
            if heard.stop_asked and stopped_at is None:
                worker.hand_in()
                stopped_at = time.monotonic()

    def _settle(self, session: Session, claim: runs.Claim, outcome: Outcome) -> None:
        if outcome.kind == "done":
            runs.hand_in(session, claim.run_id, self.name, outcome.answer["plan"], self.clock)
        elif outcome.kind == "failed":
            runs.give_up(session, claim.run_id, self.name, outcome.reason, self.clock)
        elif outcome.kind != "lost":
            runs.put_back(session, claim.run_id, self.name, self.clock)

    def _publish(self, run_id: UUID) -> None:
        """Publish as the person who ordered it; what stands against it is kept beside the solved run.

        What was stopped stays a proposal: whether a plan cut short will do is for a person to say.
        """
        try:
            with transaction(self.engine, self.keyring) as session:
                run = plan_run(session, run_id)
                if run.stop_asked:
                    return
                met = progress_of(session, run.area_id, run.day).values()
                asked_by = run.asked_by and actor_of_account(
                    session, run.asked_by, f"plan-run:{run.id}", None
                )
                publish(session, run.id, asked_by or SYSTEM, self.clock, met)
        except Refusal as refusal:
            texts = " ".join(reason.text for reason in refusal.reasons[:5])
            with transaction(self.engine, self.keyring) as session:
                runs.note_refusal(session, run_id, texts, self.clock)


def work_beside(settings: Settings, app: Flask) -> Supervisor:
    """Start solving in a thread of the server's process, over the app's own engine."""
    with app.app_context():
        engine = db.engine
    supervisor = Supervisor(
        engine,
        settings.keyring,
        app.extensions["housecall_clock"],
        hints_of(app),
        solvers=settings.solvers,
        spares=settings.spares,
    )
    threading.Thread(target=supervisor.run, name="plan-runs", daemon=True).start()
    return supervisor


def work(settings: Settings) -> None:
    """Solve queued runs, sign checkpoints and look at the custody figures, until told to end."""
    engine = open_engine(settings.database_url)
    start(publisher(settings, engine, SystemClock()))
    looking.start(looking.Onlooker(engine, settings.keyring, SystemClock()))
    sending.start(sending.sender_of(settings, engine, SystemClock()))
    supervisor = Supervisor(
        engine,
        settings.keyring,
        SystemClock(),
        hints_for(settings.redis_url),
        solvers=settings.solvers,
        spares=settings.spares,
    )
    for wish in (signal.SIGTERM, signal.SIGINT):
        # Only this: a handler that called the hints could wait for a lock its own thread holds.
        signal.signal(wish, lambda *_: supervisor.ending.set())
    supervisor.run()


def hints_of(app: Flask) -> Hints:
    """Return the app's hints, made when first asked for."""
    if "housecall_hints" not in app.extensions:
        settings: Settings = app.extensions["housecall_settings"]
        app.extensions.setdefault("housecall_hints", hints_for(settings.redis_url))
    found: Hints = app.extensions["housecall_hints"]
    return found


def call_workers() -> None:
    """Wake the workers once this request is committed."""
    hints = hints_of(current_app)

    @after_this_request
    def _call(answer: Response) -> Response:  # the commit comes before this
        hints.call()
        return answer

"""Looks at the custody figures day by day: draws residuals for assay, asks what there is to ask, and closes
the quarters of the perpetual inventory, so that nobody who reads it waits for that.

A thread of its own beside the server or the worker. A look that comes twice, from two processes say, asks
nothing twice; so when the last one was need not be kept.
"""

import threading
from datetime import datetime, timedelta

import structlog
from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from api.db import db
from api.settings import Settings
from dispatch.appointments.queries import ordered_doses
from dispatch.areas.service import areas
from dispatch.custody.reports.service import close_quarters
from dispatch.custody.signals import service
from dispatch.kernel.actor import SYSTEM
from dispatch.kernel.clock import Clock
from dispatch.kernel.refusals import Unavailable
from dispatch.kernel.sealing import Keyring
from dispatch.kernel.storage import READ_ONLY, transaction

log = structlog.get_logger("housecall.looking")
LOOK_EVERY_S = 600.0
ASK_EVERY = timedelta(days=1)


class Onlooker:
    """Closes quarters and tends the assays of every area at each look, and asks its questions once a day."""

    def __init__(self, engine: Engine, keyring: Keyring, clock: Clock) -> None:
        self.engine, self.keyring, self.clock = engine, keyring, clock
        self.asked_at: datetime | None = None
        self.ending = threading.Event()

    def run(self) -> None:
        """Work until `ending` is set."""
        while not self.ending.is_set():
            try:
                self.look()
            except (DBAPIError, Unavailable) as error:
                log.warning("database_away", kind=type(error).__name__)
            self.ending.wait(LOOK_EVERY_S)

    def look(self) -> None:
        """Draw, reveal, commit; and ask, where the last time is a day ago. One transaction an area."""
        now = self.clock.now()
        asks = self.asked_at is None or now - self.asked_at >= ASK_EVERY
        # A look reads much and writes little: it reads while others may write.
        with Session(self.engine.execution_options(**READ_ONLY)) as session:
            found = [area.id for area in areas(session)]
            waiting = [service.find(session, each, ordered_doses, self.clock) for each in found if asks]
        with transaction(self.engine, self.keyring) as session:
            close_quarters(session, self.clock)
        for area_id in found:
            with transaction(self.engine, self.keyring) as session:
                service.tend_assays(session, area_id, SYSTEM, self.clock)
        for each in waiting:
            with transaction(self.engine, self.keyring) as session:
                asked = service.keep(session, each, SYSTEM, self.clock)
            log.info("looked", area_id=str(each.area_id), asked=len(asked))
        if asks:
            self.asked_at = now


def look_beside(settings: Settings, app: Flask) -> Onlooker:
    """Look in a thread of the server's process, over the app's own engine."""
    with app.app_context():
        engine = db.engine
    return start(Onlooker(engine, settings.keyring, app.extensions["housecall_clock"]))


def start(onlooker: Onlooker) -> Onlooker:
    """Let an onlooker work in a thread that ends with the process."""
    threading.Thread(target=onlooker.run, name="looking", daemon=True).start()
    return onlooker

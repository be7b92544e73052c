"""Watches over nurses and patients: looks every few seconds what is due, and does it, piece by piece.

A thread of its own beside every server process. What is due follows from rows, never from a timer, so a
process that was down makes up what it missed, and several never do the same twice (`visits.safety`).
"""

import os
import socket
import threading

import structlog
from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from api.db import db
from api.settings import Settings
from dispatch.kernel.clock import Clock
from dispatch.kernel.refusals import Refusal, Unavailable
from dispatch.kernel.sealing import Keyring
from dispatch.kernel.storage import READ_ONLY, transaction
from dispatch.visits.safety.service import act_on, due_checks, note_look

log = structlog.get_logger("housecall.watching")
LOOK_EVERY_S = 5.0


class Watcher:
    """One process' watch over all areas."""

    def __init__(self, engine: Engine, keyring: Keyring, clock: Clock, worker: str) -> None:
        self.engine, self.keyring, self.clock, self.worker = engine, keyring, clock, worker
        self.ending = threading.Event()

    def run(self) -> None:
        """Work until `ending` is set."""
        while not self.ending.is_set():
            try:
                self.look()
            except (DBAPIError, Unavailable) as error:
                log.warning("database_away", kind=type(error).__name__)
            self.ending.wait(LOOK_EVERY_S)

    def look(self) -> int:
        """Do everything that waits, each piece in its own transaction, and return how many there were.

        A piece that fails keeps nobody else's alarm from being told; it waits for the next look.
        """
        # It reads much and seldom writes: it reads while others may write.
        with Session(self.engine.execution_options(**READ_ONLY), info={"keyring": self.keyring}) as session:
            pieces = due_checks(session, self.clock)
        done = 0
        for piece in pieces:
            try:
                with transaction(self.engine, self.keyring) as session:
                    done += act_on(session, piece, self.clock)
            except Refusal as refusal:
                log.error("stage_refused", kind=piece.due.kind, codes=[each.code for each in refusal.reasons])
        with transaction(self.engine, self.keyring) as session:
            note_look(session, self.worker, pieces[0].since if pieces else None, self.clock)
        return done


def watch_beside(settings: Settings, app: Flask) -> Watcher:
    """Watch in a thread of the server's process, over the app's own engine."""
    with app.app_context():
        engine = db.engine
    worker = f"{socket.gethostname()}:{os.getpid()}"
    return start(Watcher(engine, settings.keyring, app.extensions["housecall_clock"], worker))


def start(watcher: Watcher) -> Watcher:
    """Let a watcher work in a thread that ends with the process."""
    threading.Thread(target=watcher.run, name="watching", daemon=True).start()
    return watcher

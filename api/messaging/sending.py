"""The thread that sends: claims a message by its row, hands it over, records how that went.

Nothing is held in memory: a process that dies leaves its message to the next one (`sweep_messages`). A
message may then go out twice, never not at all.
"""

import os
import socket
import threading
from datetime import datetime, timedelta
from secrets import token_hex

import structlog
from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from api.db import db
from api.messaging.addresses import Address, addresses
from api.messaging.lateness import tell_of_delays
from api.messaging.provider import HOPELESS, NotSent, Provider, provider_of
from api.settings import Settings
from dispatch.kernel.clock import Clock
from dispatch.kernel.refusals import Unavailable
from dispatch.kernel.sealing import Keyring
from dispatch.kernel.storage import READ_ONLY, transaction
from dispatch.messages.model import Claim, Outcome
from dispatch.messages.service import claim_message, is_waiting, settle_message, sweep_messages

log = structlog.get_logger("housecall.messaging")
LOOK_EVERY_S = 5.0
DELAYS_EVERY = timedelta(minutes=1)


class Sender:
    """Looks for messages that are due and sends them, one after another."""

    def __init__(self, engine: Engine, keyring: Keyring, clock: Clock, provider: Provider) -> None:
        self.engine, self.keyring, self.clock, self.provider = engine, keyring, clock, provider
        self.name = f"{socket.gethostname()}:{os.getpid()}:{token_hex(4)}"
        self.ending = threading.Event()
        self.delays_at: datetime | None = None

    def run(self) -> None:
        """Work until `ending` is set."""
        while not self.ending.is_set():
            try:
                self.look()
                self._delays()
            except (DBAPIError, Unavailable) as error:
                # Every message is still in its row: look again later.
                log.warning("database_away", kind=type(error).__name__)
            self.ending.wait(LOOK_EVERY_S)

    def _delays(self) -> None:
        """Look for visits that run late, once a minute."""
        now = self.clock.now()
        if self.delays_at is None or now - self.delays_at >= DELAYS_EVERY:
            self.delays_at = now
            tell_of_delays(self.engine, self.keyring, self.clock)

    def look(self) -> int:
        """Send everything that is due, and return how many messages were tried."""
        with Session(self.engine.execution_options(**READ_ONLY)) as session:
            if not is_waiting(session, self.clock):
                return 0
        with transaction(self.engine, self.keyring) as session:
            sweep_messages(session, self.clock)
        tried = 0
        while not self.ending.is_set():
            with transaction(self.engine, self.keyring) as session:
                claim = claim_message(session, self.name, self.clock)
                found = () if claim is None else addresses(session, claim.to, claim.channels)
            if claim is None:
                return tried
            outcome = self._hand_over(claim, found)
            with transaction(self.engine, self.keyring) as session:
                settle_message(session, claim, self.name, outcome, self.clock)
            tried += 1
        return tried

    def _hand_over(self, claim: Claim, found: tuple[Address, ...]) -> Outcome:
        """Hand a message over to everybody it is for; reached is who can be, failed only when nobody is."""
        if not found:
            return Outcome(sent=False, code="no_address", hopeless=True)
        reached = None
        code = ""
        for channel, address in found:
            try:
                self.provider.send(channel, address, claim.title, claim.words)
                reached = reached or channel
            except NotSent as refused:
                code = str(refused)
                log.warning("message_not_sent", code=code, message_id=str(claim.message_id))
        if reached is not None:
            return Outcome(sent=True, code=code, channel=reached)
        return Outcome(sent=False, code=code, hopeless=code in HOPELESS, channel=found[0][0])


def sender_of(settings: Settings, engine: Engine, clock: Clock) -> Sender:
    """Return the sender that the settings name."""
    provider = provider_of(
        settings.messages_url,
        sender=settings.messages_from,
        user=settings.messages_user,
        password=settings.messages_password,
        text_gateway=settings.text_gateway,
    )
    return Sender(engine, settings.keyring, clock, provider)


def send_beside(settings: Settings, app: Flask) -> Sender:
    """Send in a thread of the server's process, over the app's own engine."""
    with app.app_context():
        engine = db.engine
    return start(sender_of(settings, engine, app.extensions["housecall_clock"]))


def start(sender: Sender) -> Sender:
    """Let a sender work in a thread that ends with the process."""
    threading.Thread(target=sender.run, name="messages", daemon=True).start()
    return sender

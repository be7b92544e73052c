"""Checkpoints of the custody log: signed when due, brought to witnesses and a time-stamping authority.

A thread of its own beside the server or the worker, so that a witness who takes long holds nobody up. What is
due stands in rows: whatever dies, the next look finds it, and of several processes each deed is one's own.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import structlog
from cryptography.x509 import Certificate
from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from api.db import db
from api.log_settings import read_roots, read_signers, read_witnesses
from api.outgoing import NoAnswer, post
from api.settings import Settings
from dispatch.custody.log import anchoring, publishing
from dispatch.custody.log.anchoring import Anchor, Errand
from dispatch.custody.log.checkpoint import whole_number
from dispatch.custody.log.note import Malformed, Signer
from dispatch.custody.log.timestamps import NotStamped, stamp_request, stamped_at
from dispatch.kernel.clock import Clock
from dispatch.kernel.refusals import Refusal, Unavailable
from dispatch.kernel.sealing import Keyring
from dispatch.kernel.storage import READ_ONLY, transaction

log = structlog.get_logger("housecall.checkpoints")
LOOK_EVERY_S = 5.0


@dataclass(frozen=True)
class Outside:
    """Who is asked where: an anchor and its URL."""

    anchor: Anchor
    url: str


class Publisher:
    """Looks for a checkpoint that is due, and for anchors that lack the newest one."""

    def __init__(
        self,
        engine: Engine,
        keyring: Keyring,
        clock: Clock,
        signers: tuple[Signer, ...],
        *,
        every: timedelta,
        outside: tuple[Outside, ...] = (),
        roots: tuple[Certificate, ...] = (),
    ) -> None:
        self.engine, self.keyring, self.clock = engine, keyring, clock
        self.signers, self.every, self.roots = signers, every, roots
        self.anchors = tuple(each.anchor for each in outside)
        self.urls = {each.anchor.name: each.url for each in outside}
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
        """Sign what is due, then go every errand that waits."""
        if self._waits(lambda s: publishing.checkpoint_is_due(s, self.signers, self.every, self.clock)):
            self._publish()
        while self._waits(lambda s: anchoring.errand_is_waiting(s, self.anchors, self.clock)):
            with transaction(self.engine, self.keyring) as session:
                errand = anchoring.next_errand(session, self.anchors, self.clock)
            if errand is None or self.ending.is_set():
                return
            self._go(errand)

    def _waits(self, asked: Callable[[Session], bool]) -> bool:
        with Session(self.engine.execution_options(**READ_ONLY)) as session:
            return asked(session)

    def _publish(self) -> None:
        fault = ""
        try:
            with transaction(self.engine, self.keyring) as session:
                number = publishing.publish_checkpoint(session, self.signers, self.every, self.clock)
                publishing.note_fault(session, "", self.clock)
            if number is not None:
                log.info("checkpoint", number=number)
        except Refusal as refusal:
            fault = refusal.reasons[0].code
            log.error("no_checkpoint", reason=fault)
        if fault:
            with transaction(self.engine, self.keyring) as session:
                publishing.note_fault(session, fault, self.clock)

    def _go(self, errand: Errand) -> None:
        """Ask an anchor, no transaction open, and keep its answer."""
        try:
            keep = self._stamp(errand) if errand.submission is None else self._witness(errand)
        except NoAnswer as trouble:
            keep = self._trouble(errand, str(trouble))
        with transaction(self.engine, self.keyring) as session:
            keep(session)

    def _trouble(self, errand: Errand, code: str) -> Callable[[Session], object]:
        log.warning("anchor", name=errand.anchor.name.split("+")[0], trouble=code)
        return lambda session: anchoring.keep_trouble(session, errand.anchor, code, self.clock)

    def _witness(self, errand: Errand) -> Callable[[Session], object]:
        submission = errand.submission
        assert submission is not None
        url = self.urls[errand.anchor.name].rstrip("/") + "/add-checkpoint"
        answer = post(url, str(submission).encode(), "text/plain; charset=utf-8")
        said = answer.body.decode("utf-8", "replace")
        if answer.status == 200:
            return lambda session: anchoring.keep_cosignature(session, errand, said, self.clock)
        if answer.status == 409:
            try:
                size = whole_number(said.removesuffix("\n"))
            except Malformed:
                return self._trouble(errand, "answer_malformed")
            if size != submission.old_size:
                return lambda session: anchoring.keep_size(session, errand, size, self.clock)
        return self._trouble(errand, f"refused_{answer.status}")

    def _stamp(self, errand: Errand) -> Callable[[Session], object]:
        request = stamp_request(errand.note)
        answer = post(self.urls[errand.anchor.name], request.as_bytes(), "application/timestamp-query")
        if answer.status != 200:
            return self._trouble(errand, f"refused_{answer.status}")
        try:
            at = stamped_at(answer.body, errand.note, self.roots, request)
        except NotStamped:
            return self._trouble(errand, "timestamp_does_not_hold")
        return lambda session: anchoring.keep_timestamp(session, errand, answer.body, at, self.clock)


def outside_of(settings: Settings) -> tuple[Outside, ...]:
    """Return the witnesses and the authority that the settings name."""
    found = [
        Outside(Anchor(name=str(each.verifier), verifier=each.verifier), each.url)
        for each in read_witnesses(settings.witnesses)
    ]
    if settings.timestamp_url:
        found.append(Outside(Anchor(name=settings.timestamp_url, verifier=None), settings.timestamp_url))
    return tuple(found)


def publisher(settings: Settings, engine: Engine, clock: Clock) -> Publisher | None:
    """Return the publisher of the settings; None, said in the log, where no key signs checkpoints."""
    signers = read_signers(settings.log_keys)
    if not signers:
        log.warning("checkpoints_off", reason="HOUSECALL_LOG_KEYS is empty")
        return None
    return Publisher(
        engine,
        settings.keyring,
        clock,
        signers,
        every=timedelta(minutes=settings.checkpoint_minutes),
        outside=outside_of(settings),
        roots=read_roots(settings.timestamp_roots),
    )


def publish_beside(settings: Settings, app: Flask) -> Publisher | None:
    """Publish in a thread of the server's process, over the app's own engine."""
    with app.app_context():
        engine = db.engine
    return start(publisher(settings, engine, app.extensions["housecall_clock"]))


def start(found: Publisher | None) -> Publisher | None:
    """Let a publisher work in a thread that ends with the process."""
    if found is not None:
        threading.Thread(target=found.run, name="checkpoints", daemon=True).start()
    return found

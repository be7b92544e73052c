"""The others work on while somebody looks: what the script has after the demo's present, at its time.

A nurse whose deed is refused, because whoever looks moved her visit or did it herself, leaves that visit to
them; one who could not sign for her vials leaves her whole day.
"""

import os
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from api.demo.morning import PICK_UP, SET_OUT, Act
from api.demo.playing import Player
from api.demo.stocking import NotAsPlayed
from api.settings import Settings
from dispatch.kernel.clock import Clock
from dispatch.kernel.refusals import Refusal
from dispatch.kernel.sealing import Keyring
from dispatch.kernel.storage import open_engine, transaction

LOOK_EVERY_S = 1.0


@dataclass(kw_only=True)
class Others:
    """Everybody's deeds that are still to come, but for the nurse's who is left to whoever looks.

    Attributes
    ----------
    acts
        In order of time.
    left
        Nurse and appointment, or nurse and None for all her day: who does nothing more by herself.
    """

    player: Player
    acts: Sequence[Act]
    done: int = 0
    left: set[tuple[UUID, UUID | None]] = field(default_factory=set)

    def do_due(self, engine: Engine, keyring: Keyring, clock: Clock) -> int:
        """Do what is due by the clock, each deed in a transaction of its own; return how many were done."""
        count, now = 0, clock.now()
        while self.done < len(self.acts) and self.acts[self.done].at <= now:
            act = self.acts[self.done]
            self.done += 1
            if self.left.isdisjoint({(act.nurse_id, None), (act.nurse_id, _visit(act))}):
                count += self._try(act, engine, keyring)
        return count

    def _try(self, act: Act, engine: Engine, keyring: Keyring) -> bool:
        try:
            with transaction(engine, keyring) as session:
                self.player.go_on(session, act)
        except (Refusal, NotAsPlayed, DBAPIError):
            self.left.add((act.nurse_id, None if act.what in (PICK_UP, SET_OUT) else _visit(act)))
            return False
        return True


def _visit(act: Act) -> UUID | None:
    return act.stop.visit.appointment_id if act.stop.visit else None


def go_on_beside(settings: Settings, others: Others, clock: Clock) -> None:
    """Let the others work in a process of their own, which ends when this one is gone."""
    parent = os.getpid()
    if os.fork():
        return
    try:
        _work(settings, others, clock, parent)
    finally:
        os._exit(0)  # what waits for this process to end is the server's


def _work(settings: Settings, others: Others, clock: Clock, parent: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the server's
    engine = open_engine(settings.database_url)
    while others.done < len(others.acts) and os.getppid() == parent:
        others.do_due(engine, settings.keyring, clock)
        time.sleep(LOOK_EVERY_S)

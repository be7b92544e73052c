"""Planning processes that are started and warmed up before anybody asks.

Importing Numba and loading the compiled loops takes two to three seconds, compiling them the first time
after an upgrade a minute or less. A spare has that behind it: what it is asked begins within milliseconds.
One spare holds about 240 MB (160 MB of them its own). It has a low priority from its first breath, waits on
a pipe without using the processor, and ends with the process that keeps it.
"""

import threading
import time
from collections.abc import Callable

import structlog

from api.solving import WARM_WORKER, WORKER, Worker

log = structlog.get_logger("housecall.jobs")
LEAST_PAUSE_S, MOST_PAUSE_S = 1.0, 300.0


class Spares:
    """Keeps `count` warm workers; whoever keeps it calls `tend` every second or so.

    A spare that dies before it was ready (no memory, a broken installation) is started again after a pause
    that doubles each time, so that nothing is ever busy with failing. One gets ready at a time: what the
    first compiles, the next only loads.
    """

    def __init__(
        self,
        count: int,
        make: Callable[[tuple[str, ...]], Worker] = Worker,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.count, self._make, self._now = count, make, now
        self._lock = threading.Lock()
        self._waiting: list[Worker] = []
        self._taken_early: list[Worker] = []  # taken before they were ready
        self._pause_s, self._not_before_s = 0.0, 0.0
        self._ended = False

    def tend(self) -> None:
        """Let go of spares that died, and start those that are missing."""
        with self._lock:
            self._bury()
            self._taken_early = [one for one in self._taken_early if one.is_alive and not one.is_ready]
            one_gets_ready = self._taken_early or any(not spare.is_ready for spare in self._waiting)
            if self._ended or one_gets_ready or len(self._waiting) >= self.count:
                return
            if self._now() < self._not_before_s:
                return
            try:
                self._waiting.append(self._make(WARM_WORKER))
            except OSError as error:
                self._failed(type(error).__name__)

    def take(self, *, warm: bool = True) -> Worker:
        """Return a worker that is the caller's from now on: to be given back or killed.

        Parameters
        ----------
        warm
            Whether the work is compiled (`routing.engine.exact.columns`): then the first ready spare, else
            the one that is furthest on its way, else a new one. Other work gets a new process that loads
            nothing it does not need.

        Raises
        ------
        OSError
            When no process can be started.
        """
        if not warm:
            return self._make(WORKER)
        with self._lock:
            self._bury()
            if self._waiting:
                best = next((spare for spare in self._waiting if spare.is_ready), self._waiting[0])
                self._waiting.remove(best)
            else:
                best = self._make(WARM_WORKER)
            if not best.is_ready:
                self._taken_early.append(best)
            return best

    def give_back(self, worker: Worker) -> None:
        """Keep a worker that has answered for the next who asks; one too many is ended."""
        with self._lock:
            if worker.is_alive and worker.is_ready and not self._ended and len(self._waiting) < self.count:
                self._waiting.insert(0, worker)
                return
        worker.kill()

    def end(self) -> None:
        """End all spares; none is started again."""
        with self._lock:
            self._ended = True
            waiting, self._waiting = self._waiting, []
        for spare in waiting:
            spare.kill()

    def _bury(self) -> None:
        for spare in tuple(self._waiting):
            if spare.is_alive and not spare.is_overdue:
                if spare.is_ready:
                    self._pause_s = 0.0
                continue
            self._waiting.remove(spare)
            spare.kill()
            self._failed("died")

    def _failed(self, why: str) -> None:
        self._pause_s = min(MOST_PAUSE_S, max(LEAST_PAUSE_S, 2 * self._pause_s))
        self._not_before_s = self._now() + self._pause_s
        log.warning("no_spare_worker", kind=why, again_in_s=self._pause_s)

"""Wake-up calls between processes: a queued plan is noticed at once instead of at the next look.

A hint may be lost and may come twice; the row in the database is the truth. Without Redis a hint reaches
the workers of the same process.
"""

import contextlib
import threading
from typing import Protocol

import redis
import structlog

log = structlog.get_logger("housecall.hints")
CHANNEL = "housecall:plan-runs"
WAIT_FOR_REDIS_S = 2.0


class Hints(Protocol):
    """Somewhere to call out, and to wait for a call."""

    def call(self) -> None:
        """Say that there is something to do."""
        ...

    def wait(self, timeout_s: float) -> None:
        """Return when somebody called, or after `timeout_s`."""
        ...


class InProcessHints:
    """Between threads of one process."""

    def __init__(self) -> None:
        self._called = threading.Event()

    def call(self) -> None:
        """Wake whoever waits."""
        self._called.set()

    def wait(self, timeout_s: float) -> None:
        """Wait for a call."""
        self._called.wait(timeout_s)
        self._called.clear()


class RedisHints:
    """Between processes, by publish and subscribe. While Redis is away, waiting is just waiting."""

    def __init__(self, url: str) -> None:
        self._redis = redis.Redis.from_url(
            url, socket_timeout=WAIT_FOR_REDIS_S, socket_connect_timeout=WAIT_FOR_REDIS_S
        )
        self._heard: redis.client.PubSub | None = None
        self._idle = threading.Event()

    def call(self) -> None:
        """Publish a call; a Redis that is away costs nothing but the hint."""
        try:
            self._redis.publish(CHANNEL, b"1")
        except redis.RedisError as error:
            log.warning("redis_away", kind=type(error).__name__)

    def wait(self, timeout_s: float) -> None:
        """Wait for a call on the channel."""
        try:
            if self._heard is None:
                self._heard = self._redis.pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
                self._heard.subscribe(CHANNEL)
            self._heard.get_message(timeout=timeout_s)
        except redis.RedisError as error:
            log.warning("redis_away", kind=type(error).__name__)
            if self._heard is not None:
                with contextlib.suppress(redis.RedisError):
                    self._heard.close()
                self._heard = None
            self._idle.wait(timeout_s)


def hints_for(redis_url: str) -> Hints:
    """Return the hints that the settings ask for."""
    return RedisHints(redis_url) if redis_url else InProcessHints()

"""Serve with gunicorn: threads, because a live board holds one for as long as it is open."""

import gc
import sys
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication

from api.app import create_app
from api.logs import quiet_threads
from api.settings import Settings
from dispatch.kernel.clock import Clock

HAND_OVER_S = 0.000_5


class _Server(BaseApplication):
    def __init__(self, settings: Settings, clock: Clock | None, options: dict[str, Any]) -> None:
        self.settings = settings
        self.clock = clock
        self.options = options
        super().__init__()  # type: ignore[no-untyped-call]

    def load_config(self) -> None:
        for name, value in self.options.items():
            self.cfg.set(name, value)  # type: ignore[union-attr]

    def load(self) -> Flask:
        return create_app(self.settings, self.clock)


def _collect_seldom() -> None:
    """Keep the garbage collector off what lives as long as the server.

    A full collection walks all mappers, templates and routes, and showed as the slowest twentieth of
    the boards (docs/benchmarks.md): what is there after the start is left alone from now on.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def hand_over_quickly() -> None:
    """Let a thread that has its answer from the database go on soon, though another one is reckoning.

    Python lets the other one go on for 5 ms, and whoever comes back holding the head of the custody log
    waits that long with everybody behind: a sixth of the p99 at 8 clients (docs/benchmarks.md).
    """
    sys.setswitchinterval(HAND_OVER_S)


def serve(settings: Settings, clock: Clock | None = None, **more: Any) -> None:
    """Serve until stopped, by the machine's clock unless another is given."""
    from api.checkpoints import publish_beside
    from api.jobs import work_beside
    from api.looking import look_beside
    from api.messaging.sending import send_beside
    from api.watching import watch_beside

    def after_start(worker: Any) -> None:
        quiet_threads()
        _collect_seldom()
        hand_over_quickly()
        if settings.jobs == "in-process":
            work_beside(settings, worker.wsgi)
            publish_beside(settings, worker.wsgi)
            look_beside(settings, worker.wsgi)
            send_beside(settings, worker.wsgi)
        watch_beside(settings, worker.wsgi)

    options = {
        "bind": f"{settings.host}:{settings.port}",
        "workers": settings.workers,
        "worker_class": "gthread",
        "threads": settings.threads,
        "graceful_timeout": 10,
        "timeout": 60,
        "accesslog": None,
        "errorlog": "-",
        "loglevel": "warning",
        "post_worker_init": after_start,
    }
    _Server(settings, clock, options | more).run()  # type: ignore[no-untyped-call]

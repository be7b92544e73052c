"""JSON log lines without patients' data: only named, harmless fields are ever logged."""

import logging
import sys
import threading

import structlog

# Libraries whose lines may hold addresses, queries or form values.
QUIET = ("geopy", "urllib3", "sqlalchemy", "flask_security", "werkzeug")


def configure_logs(level: str) -> None:
    """Write JSON lines to standard error from `level` upwards."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.CRITICAL)


def quiet_threads() -> None:
    """Log an error that ends a thread by its kind alone: its message may hold a patient's data."""

    def tell(ended: threading.ExceptHookArgs) -> None:
        name = ended.thread.name if ended.thread else ""
        structlog.get_logger("housecall.threads").error(
            "thread_ended", kind=ended.exc_type.__name__, thread=name
        )

    threading.excepthook = tell

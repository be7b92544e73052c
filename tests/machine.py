"""What the machine offers to the tests: a PostgreSQL, a Redis, a Chromium."""

import os
import shutil
from functools import cache

import redis
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@cache
def postgresql_url() -> str:
    """Where databases may be made: the environment's, or this machine's own; empty where there is none."""
    url = os.environ.get("HOUSECALL_TEST_POSTGRESQL_URL", "postgresql+psycopg://postgres@127.0.0.1/postgres")
    if not url:
        return ""
    try:
        engine = sa.create_engine(url, connect_args={"connect_timeout": 2})
        with engine.connect():
            pass
        engine.dispose()
    except OperationalError:
        return ""
    return url


@cache
def redis_url() -> str:
    """A Redis for tests: the environment's, or this machine's own; empty where there is none."""
    url = os.environ.get("HOUSECALL_TEST_REDIS_URL", "redis://127.0.0.1:6379/15")
    if not url:
        return ""
    try:
        with redis.Redis.from_url(url, socket_connect_timeout=2) as client:
            client.ping()
    except redis.ConnectionError:
        return ""
    return url


@cache
def chromium() -> str:
    """The path of this machine's Chromium; empty where there is none."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next(filter(None, map(shutil.which, names)), "")


@cache
def missing() -> dict[str, str]:
    """Map a test marker to the sentence that says what it lacks here."""
    found = {
        "postgresql": (postgresql_url(), "tests on PostgreSQL (HOUSECALL_TEST_POSTGRESQL_URL names one)"),
        "redis": (redis_url(), "tests with Redis (HOUSECALL_TEST_REDIS_URL names one)"),
        "browser": (chromium(), "tests in a browser (install Debian's package chromium)"),
    }
    return {marker: sentence for marker, (there, sentence) in found.items() if not there}


def must_be_whole() -> bool:
    """Tell whether leaving anything out fails the run, as in CI."""
    return os.environ.get("HOUSECALL_TEST_REQUIRE_ALL") == "1"

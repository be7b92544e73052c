"""The demo's own database and settings: never those of an installation with real people."""

from collections.abc import Mapping
from pathlib import Path

import click
from sqlalchemy import Engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, OperationalError

from api.migrations import migrate, version_of
from api.settings import PREFIX, Settings, SettingsInvalid, read_settings
from dispatch.kernel.storage import open_engine

DEFAULT_DATABASE = "sqlite:///var/demo.sqlite"


class DemoRefused(click.ClickException):
    """The demo cannot begin; the message says why and what to do."""

    exit_code = 2


def demo_settings(database: str, host: str, port: int) -> Settings:
    """Return settings for the demo. Nothing is read from the environment, least of all its database.

    Raises
    ------
    DemoRefused
        When `database` is no address of a database.
    """
    wanted: Mapping[str, str] = {
        "DATABASE_URL": database,
        "DEMO": "1",
        "SECURE_COOKIES": "0",
        "LOGOFF_MINUTES": "240",
        "HOST": host,
        "PORT": str(port),
        "LOG_LEVEL": "warning",
    }
    try:
        settings = read_settings({PREFIX + name: value for name, value in wanted.items()})
        make_url(settings.database_url)
    except (SettingsInvalid, ArgumentError) as wrong:
        raise DemoRefused(f"--database: {wrong}") from None
    return settings


def open_fresh(settings: Settings) -> Engine:
    """Return an engine on an empty, migrated database.

    The default file is replaced. Any other database must be new, so that a mistyped address costs nobody
    their data.

    Raises
    ------
    DemoRefused
        When another database than the default one holds something.
    """
    url = make_url(settings.database_url)
    if url.get_backend_name() == "sqlite":
        path = Path(url.database or "")
        if path == _default_path():
            for part in (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
                part.unlink(missing_ok=True)
        if path.exists() and path.stat().st_size:
            raise DemoRefused(
                f"{path} exists. Only the demo's default database is replaced: name a new file, "
                "remove this one yourself, or add --keep to go on with it."
            )
        path.parent.mkdir(parents=True, exist_ok=True)
    engine = open_engine(settings.database_url)
    if _version(engine) is not None:
        engine.dispose()
        raise DemoRefused("The database is in use. Name an empty one, or add --keep to go on with a demo.")
    migrate(engine)
    return engine


def open_kept(settings: Settings) -> Engine | None:
    """Return an engine on a database that a demo left, brought to this version; None when there is none."""
    url = make_url(settings.database_url)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").exists():
        return None
    engine = open_engine(settings.database_url)
    if _version(engine) is None:
        engine.dispose()
        return None
    migrate(engine)
    return engine


def _version(engine: Engine) -> str | None:
    try:
        return version_of(engine)
    except OperationalError:
        engine.dispose()
        raise DemoRefused(
            "The database cannot be opened. Is its server running, its address right?"
        ) from None


def _default_path() -> Path:
    url = read_settings({f"{PREFIX}DATABASE_URL": DEFAULT_DATABASE, f"{PREFIX}DEMO": "1"}).database_url
    return Path(make_url(url).database or "")

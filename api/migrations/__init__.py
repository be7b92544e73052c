"""Migrations: the schema of both databases, step by step; what is not migrated is not served."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine


class Unmigrated(Exception):
    """The database is not at the version this program needs."""


def _config(engine: Engine | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["engine"] = engine
    return config


def migrate(engine: Engine, to: str = "head") -> None:
    """Bring the database to the version `to`, forwards or back."""
    script = ScriptDirectory.from_config(_config())
    here = version_of(engine)
    known = [step.revision for step in script.walk_revisions()]  # newest first
    wanted = {"head": known[0], "base": None}.get(to, to)
    back = here is not None and (wanted is None or known.index(wanted) > known.index(here))
    (command.downgrade if back else command.upgrade)(_config(engine), to)


def version_of(engine: Engine) -> str | None:
    """Return the version the database is at, None before the first."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def require_migrated(engine: Engine) -> None:
    """Raise `Unmigrated`, with the way out, unless the database is at the newest version."""
    newest = ScriptDirectory.from_config(_config()).get_current_head()
    here = version_of(engine)
    if here != newest:
        raise Unmigrated(
            f"The database is at version {here or 'none'}, this program needs {newest}. "
            "Run `housecall migrate` first."
        )

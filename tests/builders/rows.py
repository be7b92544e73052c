"""How many rows each table has: what a refused request must leave as it was."""

import sqlalchemy as sa
from sqlalchemy import Engine

from dispatch.kernel.row import Row


def rows_of(engine: Engine) -> dict[str, int]:
    """Table name -> number of rows."""
    with engine.connect() as connection:
        return {
            name: connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0
            for name, table in Row.metadata.tables.items()
        }

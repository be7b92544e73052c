"""PostgreSQL: the serving role may use the tables but owns none, so it cannot switch a trigger off."""

from sqlalchemy import Engine
from sqlalchemy.engine import make_url

from dispatch.kernel.row import APPEND_ONLY


def grant_to_serving_role(owner: Engine, serving_url: str) -> None:
    """Grant the role of `serving_url` what serving needs, and no more.

    Append-only tables get SELECT and INSERT; nothing gets TRUNCATE, TRIGGER or ownership
    (custody-rules.md, "Tamper evidence").
    """
    role = make_url(serving_url).username
    if owner.dialect.name != "postgresql" or role is None:
        return
    quoted = owner.dialect.identifier_preparer.quote(role)
    with owner.begin() as connection:
        connection.exec_driver_sql(f"GRANT USAGE ON SCHEMA public TO {quoted}")
        connection.exec_driver_sql(
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {quoted}"
        )
        connection.exec_driver_sql(f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {quoted}")
        for table in APPEND_ONLY:
            connection.exec_driver_sql(f"REVOKE UPDATE, DELETE ON {table} FROM {quoted}")
        connection.exec_driver_sql(f"REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM {quoted}")

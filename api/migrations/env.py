"""How Alembic reaches the database: by the engine it is handed."""

from alembic import context

from dispatch.kernel.row import Row

engine = context.config.attributes["engine"]
with engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=Row.metadata,
        # SQLite changes a table by making it anew; see docs/operations.md on its triggers.
        render_as_batch=True,
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()

"""Run by Alembic with the connection, and inside the transaction, that ``store.engine.migrate`` opened."""

from alembic import context

from aggregator.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=False,
)
context.run_migrations()

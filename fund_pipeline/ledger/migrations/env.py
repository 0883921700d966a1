"""Alembic's entry: runs on the connection it is given, so that a migration is one transaction on both databases."""

from alembic import context

from fund_pipeline.ledger.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()

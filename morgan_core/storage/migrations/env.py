"""Alembic runs this with the connection that ``migrate`` opened."""

from __future__ import annotations

from alembic import context

from morgan_core.storage.schema import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()

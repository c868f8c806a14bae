"""Runs the migrations on the connection that the store hands over."""

from alembic import context
from sqlmodel import SQLModel

import ledger.facts
import ledger.store.tables  # noqa: F401 - both put their tables into the metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    compare_type=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()

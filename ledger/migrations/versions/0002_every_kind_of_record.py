"""The facts of every kind of record."""

import sqlalchemy as sa
from alembic import context, op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make what is missing."""
    bind = op.get_bind()
    there = sa.inspect(bind)
    for table in context.config.attributes.get("metadata", _metadata()).sorted_tables:
        if not there.has_table(table.name):
            table.create(bind)
            continue
        known = {column["name"] for column in there.get_columns(table.name)}
        for column in table.columns:
            if column.name not in known:
                op.add_column(table.name, sa.Column(column.name, column.type, nullable=True))


def _metadata() -> sa.MetaData:
    from sqlmodel import SQLModel

    return SQLModel.metadata

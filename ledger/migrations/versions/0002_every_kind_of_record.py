"""The facts of every kind of record.

Facts and findings follow from the blocks, and those of before lack what every kind of record adds: their tables are made
anew and stay empty until `glasspool rebuild` fills them. Blocks, their bytes, records and the trusted state are kept.
"""

import sqlalchemy as sa
from alembic import context, op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

KEPT = ("block", "document", "record", "state")


def upgrade() -> None:
    """Make what is missing."""
    bind = op.get_bind()
    there = sa.inspect(bind)
    for table in context.config.attributes.get("metadata", _metadata()).sorted_tables:
        if table.name not in KEPT:
            if there.has_table(table.name):
                op.drop_table(table.name)
            table.create(bind)
            continue
        known = {column["name"] for column in there.get_columns(table.name)}
        for column in table.columns:
            if column.name not in known:
                op.add_column(table.name, sa.Column(column.name, column.type, nullable=True))
            elif bind.dialect.name == "postgresql" and isinstance(column.type, sa.String):
                # 0001 left the order of text to the language of the database
                op.alter_column(table.name, column.name, type_=column.type)


def _metadata() -> sa.MetaData:
    from sqlmodel import SQLModel

    return SQLModel.metadata

"""The document of a plan's terms, and what a plan pays beside its holders.

Facts follow from the blocks: the tables that have more columns now are made anew, and stay empty until
`glasspool rebuild` fills them and the new ones.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def _in_byte_order(kind: type[sa.String]) -> Any:
    return kind().with_variant(kind(collation="C"), "postgresql")


TYPES: dict[str, Any] = {
    "text": _in_byte_order(sa.String),
    "long": _in_byte_order(sa.Text),
    "int": sa.BigInteger(),
    "day": sa.Date(),
    "json": sa.JSON(),
}

MADE_ANEW = ("plan", "plan_cash", "shortfall")

# Each column as name:type, ? where it may be null, * where it has an index of its own.
FACTS = {
    "account_cash": "moved_in:int moved_out:int",
    "account_move": "plan:text* source:text target:text period:int moved_on:day amount:int",
    "fee_payment": "plan:text* fee:text period:int paid_on:day amount:int",
    "plan": (
        "code:text name:text venue:text manager:text custodian:text originators:json servicer:text shelf:text? "
        "cutoff:day closing:day maturity:day terms:long document:long? terms_from:day? terms_reason:text? "
        "revolving_until:day? revolving_min_yield:text? payment_dates:json waterfall:json liquidated_on:day? "
        "surplus:int?"
    ),
    "plan_cash": (
        "collected:int remitted:int distributed:int purchased:int made_up:int repurchased:int cleaned_up:int fees:int "
        "repaid:int"
    ),
    "shortfall": "plan:text* payer:text called_on:day amount:int paid:int repaid:int",
    "shortfall_repayment": "shortfall:text* plan:text* period:int paid_on:day amount:int",
}


def upgrade() -> None:
    """Make room for what follows from records of the new kinds and versions."""
    for name in MADE_ANEW:
        op.drop_table(name)
    for name, columns in FACTS.items():
        _facts(name, columns.split())


def _facts(table: str, columns: list[str]) -> None:
    """Make a fact table: the columns every version has, its own, and their indexes."""
    named = [column.partition(":") for column in columns]
    op.create_table(
        table,
        sa.Column("id", TYPES["text"], primary_key=True),
        sa.Column("from_height", sa.BigInteger(), nullable=False),
        sa.Column("from_position", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("to_height", sa.BigInteger(), nullable=True),
        sa.Column("to_position", sa.BigInteger(), nullable=True),
        *(sa.Column(name, TYPES[kind.rstrip("*?")], nullable="?" in kind) for name, _, kind in named),
    )
    for name, _, kind in named:
        if "*" in kind:
            op.create_index(f"ix_{table}_{name}", table, [name])
    ended = sa.column("to_position").is_not(None)
    op.create_index(f"ix_{table}_from_position", table, ["from_position"])
    op.create_index(f"ix_{table}_to_position", table, ["to_position"], sqlite_where=ended, postgresql_where=ended)

"""Blocks with their bytes, records and findings; the state of the replica; the first sixteen fact tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# As in ledger/store/tables.py: SQLite orders a table by its key only when that is declared INTEGER.
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make every table."""
    _ledger()
    _parties_and_trade()
    _certificates_and_payments()
    _plans()


def _ledger() -> None:
    op.create_table(
        "block",
        sa.Column("height", KEY, primary_key=True, autoincrement=False),
        _bytes("hash"),
        _bytes("parent_hash"),
        _number("timestamp"),
        sa.Column("transactions", sa.Integer(), nullable=False),
        sa.Column("records", sa.Integer(), nullable=False),
        sa.Column("unproven_logs", sa.Integer(), nullable=False),
        _bytes("facts_digest"),
    )
    _index("block", "timestamp")
    op.create_table("document", sa.Column("height", KEY, primary_key=True, autoincrement=False), _bytes("content"))
    op.create_table(
        "record",
        sa.Column("position", KEY, primary_key=True, autoincrement=False),
        _text("kind"),
        _bytes("transaction_hash"),
        _bytes("contract"),
        _bytes("sender"),
        _bytes("signer"),
        sa.Column("echoed", sa.Boolean(), nullable=False),
        _bytes("payload"),
    )
    _index("record", "kind")
    _index("record", "transaction_hash")
    op.create_table(
        "finding",
        sa.Column("position", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("place", sa.Integer(), primary_key=True, autoincrement=False),
        _text("code"),
        _text("severity"),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        _json("others"),
        _json("details"),
    )
    _index("finding", "code")
    op.create_table(
        "state", sa.Column("name", sa.String(), primary_key=True), sa.Column("text", sa.Text(), nullable=False)
    )


def _parties_and_trade() -> None:
    _facts(
        "member",
        _text("name"),
        _text("uscc"),
        _json("roles"),
        _text("address"),
        sa.Column("certificate", sa.Text(), nullable=True),
        _text("status"),
    )
    _facts("address", _text("member"), indexed=["member"])
    _facts(
        "invoice",
        _text("number"),
        _text("code", nullable=True),
        _text("type"),
        _text("seller"),
        _text("buyer"),
        _number("amount_excluding_tax"),
        _number("tax"),
        _number("amount_including_tax"),
        _day("issued"),
        _text("goods"),
        _json("refers_to"),
        _text("status"),
        _day("status_on", nullable=True),
        _text("red_invoice", nullable=True),
        _text("verified_by", nullable=True),
        _text("verified_result", nullable=True),
        _number("verified_amount", nullable=True),
        sa.Column("verified_at", sa.DateTime(), nullable=True),
        indexed=["number"],
    )
    _facts(
        "receivable",
        _text("creditor"),
        _text("debtor"),
        _number("amount"),
        _number("adjusted"),
        _day("adjusted_on", nullable=True),
        _number("paid"),
        _number("certified"),
        _day("due"),
        _day("registered_on"),
        _text("confirmed_by", nullable=True),
        _text("confirmed_method", nullable=True),
        _day("confirmed_on", nullable=True),
        sa.Column("disputed", sa.Boolean(), nullable=False),
        _day("settled_on", nullable=True),
        sa.Column("related_party", sa.Boolean(), nullable=False),
        _text("contract", nullable=True),
    )
    _facts("receivable_invoice", _text("receivable"), _text("invoice"), indexed=["receivable", "invoice"])


def _certificates_and_payments() -> None:
    _facts(
        "output",
        _text("root"),
        _text("certificate"),
        _text("owner"),
        _text("co_owner", nullable=True),
        _number("amount"),
        _day("due"),
        _text("issuer"),
        _text("made_by"),
        _json("parents"),
        _text("financier", nullable=True),
        _text("form", nullable=True),
        _number("price", nullable=True),
        _text("rate", nullable=True),
        indexed=["root"],
    )
    _facts("payment", _text("payer"), _text("payee"), _number("amount"), _day("paid_on"), _text("bank_reference"))
    _facts("payment_use", _number("redeemed"))
    _facts(
        "settlement",
        _text("payment"),
        _text("target_kind"),
        _text("target"),
        _text("receivable"),
        _number("amount"),
        _day("paid_on"),
        indexed=["payment", "target", "receivable"],
    )


def _plans() -> None:
    _facts(
        "plan",
        _text("code"),
        _text("name"),
        _text("venue"),
        _text("manager"),
        _text("custodian"),
        _json("originators"),
        _text("servicer"),
        _text("shelf", nullable=True),
        _day("cutoff"),
        _day("closing"),
        _day("maturity"),
        sa.Column("terms", sa.Text(), nullable=False),
    )
    _facts("plan_cash", _number("collected"), _number("remitted"), _number("distributed"))
    _facts(
        "tranche",
        _text("plan"),
        _text("tranche"),
        _text("name"),
        _text("code"),
        _text("rank"),
        _number("principal"),
        _number("outstanding"),
        _text("rate", nullable=True),
        _text("repayment"),
        _day("maturity"),
        sa.Column("place", sa.Integer(), nullable=False),
        indexed=["plan"],
    )
    _facts(
        "pool_asset",
        _text("plan"),
        _text("asset"),
        _json("outputs"),
        _day("assigned_on"),
        _number("price"),
        _text("assignor"),
        indexed=["plan", "asset"],
    )
    _facts(
        "collection",
        _text("plan"),
        _day("collected_on"),
        _number("amount"),
        _text("remittance", nullable=True),
        indexed=["plan"],
    )
    _facts(
        "collection_item",
        _text("collection"),
        _text("plan"),
        _text("payment"),
        _text("asset"),
        _number("amount"),
        indexed=["collection", "asset"],
    )
    _facts("remittance", _text("plan"), _day("remitted_on"), _number("amount"), _json("collections"), indexed=["plan"])
    _facts(
        "distribution",
        _text("plan"),
        _text("tranche"),
        _number("period"),
        _day("paid_on"),
        _number("principal"),
        _number("interest"),
    )
    op.create_index("ix_distribution_plan_tranche", "distribution", ["plan", "tranche"])


def _facts(table: str, *columns: sa.Column, indexed: list[str] | None = None) -> None:  # type: ignore[type-arg]
    """Make a table of facts versioned by height."""
    op.create_table(
        table,
        sa.Column("id", sa.String(), primary_key=True),
        _number("from_height"),
        sa.Column("from_position", sa.BigInteger(), primary_key=True, autoincrement=False),
        _number("to_height", nullable=True),
        _number("to_position", nullable=True),
        *columns,
    )
    for column in indexed or []:
        _index(table, column)


def _index(table: str, column: str) -> None:
    op.create_index(f"ix_{table}_{column}", table, [column])


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=nullable)


def _number(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _day(name: str, *, nullable: bool = False) -> sa.Column:  # type: ignore[type-arg]
    return sa.Column(name, sa.Date(), nullable=nullable)


def _json(name: str) -> sa.Column:  # type: ignore[type-arg]
    return sa.Column(name, sa.JSON(), nullable=False)


def _bytes(name: str) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary(), nullable=False)

"""The facts of every kind of record, text in the order of its bytes, and what a node keeps to check itself.

Facts and findings follow from the blocks, and those of before lack what every kind of record adds: their tables are
made anew and stay empty until `glasspool rebuild` fills them. Blocks, their bytes, records and the trusted state stay.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# As in ledger/store/tables.py: SQLite orders a table by its key only when that is declared INTEGER.
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _in_byte_order(kind: type[sa.String]) -> Any:
    return kind().with_variant(kind(collation="C"), "postgresql")


TYPES: dict[str, Any] = {
    "text": _in_byte_order(sa.String),
    "long": _in_byte_order(sa.Text),
    "int": sa.BigInteger(),
    "small": sa.Integer(),
    "day": sa.Date(),
    "time": sa.DateTime(),
    "bool": sa.Boolean(),
    "json": sa.JSON(),
}

FACTS_BEFORE = (
    "address", "collection", "collection_item", "distribution", "invoice", "member", "output", "payment", "payment_use",
    "plan", "plan_cash", "pool_asset", "receivable", "receivable_invoice", "remittance", "settlement", "tranche",
)  # fmt: skip

# Each column as name:type, ? where it may be null, * where it has an index of its own.
FACTS = {
    "account_balance": "statement:text balance:int ends_on:day",
    "address": "member:text*",
    "asset_status": (
        "plan:text* asset:text* status:text since:day changed_on:day days:small amount:int recovered:int "
        "written_off:int reason:text?"
    ),
    "certificate": "receivable:text issuer:text amount:int",
    "collection": "plan:text* collected_on:day amount:int remitted:int remittance:text?",
    "collection_item": "collection:text* plan:text payment:text asset:text* amount:int",
    "concentration_limit": "plan:text* grouping:text limit:text place:small",
    "confidential": "kind:text* epoch:text opened:bool",
    "credit": (
        "grantor:text subject:text* amount:int basis:text starts:day until:day? status:text changed_on:day "
        "free:int occupied:int"
    ),
    "credit_rating": "subject:text* agency:text rating:text model:text? rated_on:day",
    "data_certificate": (
        "subject:text* behaviour:text blank_digest:text source_space:text target_space:text authorised_on:day "
        "filled_digest:text? deposited_digest:text? status:text changed_on:day"
    ),
    "data_use": "certificate:text* user:text behaviour:text filled_digest:text used_on:day",
    "disclosure": (
        "report:text kind:text plan:text* period:int? package_digest:text signer:text filed_on:day "
        "supersedes:text? superseded_by:text? exchange:text? accepted:bool? answered_on:day? answer:text?"
    ),
    "distribution": "plan:text tranche:text period:int paid_on:day principal:int interest:int",
    "eligibility_criterion": "plan:text* criterion:text text:text limit:text? place:small",
    "financing": (
        "form:text applicant:text* financier:text* amount:int rate:text start:day maturity:day disbursed:int "
        "repaid:int interest:int status:text changed_on:day"
    ),
    "financing_collateral": "financing:text* target_kind:text target:text* amount:int?",
    "financing_move": "financing:text* act:text payment:text?* amount:int interest:int moved_on:day",
    "fingerprint": "kind:text epoch:text name:text value:text*",
    "freeze": "frozen_by:text reason:text",
    "guarantee": "output:text* guarantor:text amount:int until:day",
    "holding": "security:text* plan:text* tranche:text investor:text units:int held_on:day",
    "invoice": (
        "number:text* code:text? type:text seller:text buyer:text amount_excluding_tax:int tax:int "
        "amount_including_tax:int issued:day goods:text refers_to:json status:text status_on:day? "
        "red_invoice:text? verified_by:text? verified_result:text? verified_amount:int? verified_at:time?"
    ),
    "member": "name:text uscc:text roles:json address:text certificate:long? status:text",
    "output": (
        "root:text* certificate:text owner:text co_owner:text? amount:int due:day issuer:text made_by:text "
        "parents:json financier:text? form:text? price:int? rate:text? pooled:text?"
    ),
    "package": "digest:text registered_by:text? supersedes:text? superseded_by:text?",
    "package_invoice": "package:text* invoice:text*",
    "payment": "payer:text payee:text amount:int paid_on:day bank_reference:text",
    "payment_use": "redeemed:int collected:int",
    "plan": (
        "code:text name:text venue:text manager:text custodian:text originators:json servicer:text shelf:text? "
        "cutoff:day closing:day maturity:day terms:long terms_from:day? terms_reason:text? revolving_until:day? "
        "revolving_min_yield:text? payment_dates:json waterfall:json liquidated_on:day? surplus:int?"
    ),
    "plan_account": "plan:text* account:text kind:text bank:text place:small",
    "plan_cash": (
        "collected:int remitted:int distributed:int purchased:int made_up:int repurchased:int cleaned_up:int"
    ),
    "plan_event": "plan:text* event:text declared_on:day reason:text",
    "plan_fee": "plan:text* fee:text payee:text rate:text? amount:int? place:small",
    "plan_trigger": "plan:text* trigger:text event:text measure:text threshold:text periods:small place:small",
    "pool_asset": (
        "plan:text asset:text* outputs:json assigned_on:day price:int assignor:text came:text purchase:text?"
    ),
    "pool_exit": "plan:text* asset:text* left_on:day how:text reason:text taker:text? price:int",
    "pool_purchase": "plan:text* purchased_on:day assignor:text price:int assets:small",
    "quota": "credit:text* state:text amount:int purpose_kind:text? purpose:text?* made_by:text parents:json",
    "rating": "security:text* plan:text* tranche:text? agency:text rating:text rated_on:day",
    "receipt": (
        "stock:text* warehouse:text location:text lot:text goods:text quantity:text unit:text owner:text "
        "issued_on:day parent:text?* status:text pledgee:text? financing:text? changed_on:day"
    ),
    "receivable": (
        "creditor:text debtor:text amount:int adjusted:int adjusted_on:day? paid:int certified:int due:day "
        "registered_on:day confirmed_by:text? confirmed_method:text? confirmed_on:day? disputed:bool "
        "settled_on:day? settled_by:text? netted:int related_party:bool contract:text?"
    ),
    "receivable_invoice": "receivable:text* invoice:text*",
    "registration": (
        "type:text secured_party:text* debtor:text* description:long filed_at:time expires_on:day status:text "
        "cancelled_on:day? disputed_by:text? changed_on:day"
    ),
    "registration_collateral": "registration:text* target_kind:text target:text*",
    "registration_query": "certificate:text subject:text* queried_by:text queried_at:time conflicts:json",
    "remittance": "plan:text* remitted_on:day amount:int collections:json",
    "settlement": "payment:text* target_kind:text target:text* receivable:text?* amount:int paid_on:day",
    "shortfall": "plan:text* payer:text called_on:day amount:int paid:int",
    "shortfall_payment": "shortfall:text* plan:text* paid_on:day amount:int payment:text?",
    "statement": (
        "account:text* holder:text starts_on:day ends_on:day opening:int closing:int credits:int debits:int "
        "entries_digest:text"
    ),
    "stock": "warehouse:text* location:text lot:text goods:text quantity:text unit:text reported_on:day",
    "trade_document": (
        "type:text number:text* parties:json amount:int? currency:text dated_on:day file_digest:text?* "
        "goods:text? quantity:text? unit:text? registered_by:text? status:text changed_on:day"
    ),
    "trade_order": (
        "platform:text buyer:text seller:text amount:int currency:text ordered_on:day goods:text "
        "customs_number:text?* status:text locked_by:text? financing:text? payment:text? changed_on:day"
    ),
    "trade_reference": "source_kind:text source:text* target:text*",
    "tranche": (
        "plan:text* tranche:text name:text code:text rank:text principal:int outstanding:int rate:text? "
        "repayment:text maturity:day place:small"
    ),
}

INDEXES = {
    "ix_distribution_plan_tranche": ("distribution", ["plan", "tranche"]),
    "ix_pool_asset_plan": ("pool_asset", ["plan", "from_position", "to_position", "asset"]),
}


def upgrade() -> None:
    """Keep what was verified, and make room for what follows from it."""
    for name in (*FACTS_BEFORE, "finding"):
        op.drop_table(name)
    op.add_column("document", sa.Column("digest", sa.LargeBinary(), nullable=True))
    op.add_column("state", sa.Column("seal", sa.LargeBinary(), nullable=True))
    op.create_table(
        "log_node",
        sa.Column("number", KEY, primary_key=True, autoincrement=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
    )
    if op.get_bind().dialect.name == "postgresql":  # 0001 left the order of text to the language of the database
        for table, column, kind in (("record", "kind", "text"), ("state", "name", "text"), ("state", "text", "long")):
            op.alter_column(table, column, type_=TYPES[kind])
    _findings()
    for name, columns in FACTS.items():
        _facts(name, columns.split())
    for index, (table, names) in INDEXES.items():
        op.create_index(index, table, names)


def _findings() -> None:
    op.create_table(
        "finding",
        sa.Column("position", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("place", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("code", TYPES["text"], nullable=False),
        sa.Column("severity", TYPES["text"], nullable=False),
        sa.Column("subject", TYPES["long"], nullable=False),
        sa.Column("message", TYPES["long"], nullable=False),
        sa.Column("others", sa.JSON(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
    )
    op.create_index("ix_finding_code", "finding", ["code"])


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

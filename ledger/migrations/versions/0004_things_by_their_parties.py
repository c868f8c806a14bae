"""Invoices found by a party and a day, receivables and payments by their parties: what is asked of one partner."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

INDEXES = {
    "ix_invoice_seller_issued": ("invoice", ["seller", "issued"]),
    "ix_invoice_buyer_issued": ("invoice", ["buyer", "issued"]),
    "ix_receivable_creditor": ("receivable", ["creditor", "debtor"]),
    "ix_receivable_debtor": ("receivable", ["debtor"]),
    "ix_receivable_contract": ("receivable", ["contract"]),
    "ix_certificate_receivable": ("certificate", ["receivable"]),
    "ix_collection_item_payment": ("collection_item", ["payment"]),
    "ix_payment_payer": ("payment", ["payer"]),
    "ix_payment_payee": ("payment", ["payee"]),
    "ix_shortfall_payment_payment": ("shortfall_payment", ["payment"]),
}


def upgrade() -> None:
    """Make the indexes; the facts stay as they are."""
    for name, (table, columns) in INDEXES.items():
        op.create_index(name, table, columns)

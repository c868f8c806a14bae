"""Invoices found by a party and a day, receivables by their parties: what is asked of one trading partner."""

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
}


def upgrade() -> None:
    """Make the indexes; the facts stay as they are."""
    for name, (table, columns) in INDEXES.items():
        op.create_index(name, table, columns)

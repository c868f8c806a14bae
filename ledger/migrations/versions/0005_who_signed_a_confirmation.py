"""The account that signed a receivable's confirmation, and whose it was.

Facts follow from the blocks: the columns stay empty until `glasspool rebuild` fills them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

COLUMNS = ("confirmed_signer", "confirmed_signer_member")


def upgrade() -> None:
    """Make room for them."""
    for name in COLUMNS:
        text = sa.String().with_variant(sa.String(collation="C"), "postgresql")
        op.add_column("receivable", sa.Column(name, text, nullable=True))

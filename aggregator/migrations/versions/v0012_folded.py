"""A reader is found by the address without capitals.

Revision ID: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("recipient", sa.Column("folded", sa.String(), nullable=True))
    op.execute("UPDATE recipient SET folded = lower(address)")
    op.create_index(op.f("ix_recipient_folded"), "recipient", ["folded"])

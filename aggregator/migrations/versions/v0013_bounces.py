"""What came back is counted by mailbox.

Revision ID: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "bounce",
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("points", sa.Float(), nullable=False),
        sa.Column("last", sa.DateTime(timezone=True), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("address", name=op.f("pk_bounce")),
    )

"""Readers of a digest: who subscribed themselves, what they chose, and whom nothing may be sent to.

Revision ID: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "subscriber",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscriber")),
        sa.UniqueConstraint("address", name=op.f("uq_subscriber_address")),
    )
    op.create_table(
        "suppression",
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("hash", "digest", name=op.f("pk_suppression")),
    )
    with op.batch_alter_table("recipient") as recipient:
        recipient.add_column(sa.Column("subscriber", sa.Integer(), nullable=True))
        recipient.add_column(sa.Column("token", sa.String(), nullable=True))
        recipient.add_column(sa.Column("zones", sa.Text(), nullable=False, server_default="[]"))
        recipient.add_column(sa.Column("categories", sa.Text(), nullable=False, server_default="[]"))
        recipient.add_column(sa.Column("format", sa.String(), nullable=False, server_default="both"))
        recipient.create_foreign_key(op.f("fk_recipient_subscriber"), "subscriber", ["subscriber"], ["id"])
        recipient.create_index(op.f("ix_recipient_subscriber"), ["subscriber"], unique=False)
        recipient.create_index(op.f("ix_recipient_token"), ["token"], unique=True)

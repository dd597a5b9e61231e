"""Subscribing by oneself: what waits for a confirmation, what was consented to, pauses; deliveries are not kept long.

Revision ID: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "confirmation",
        sa.Column("token", sa.String(), nullable=False),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("choices", sa.Text(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("asked", moment, nullable=False),
        sa.Column("expires", moment, nullable=False),
        sa.Column("subscriber", sa.Integer(), nullable=True),
        sa.Column("done", moment, nullable=True),
        sa.ForeignKeyConstraint(["subscriber"], ["subscriber.id"], name=op.f("fk_confirmation_subscriber")),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_confirmation")),
    )
    for column in ("address", "expires", "subscriber"):
        op.create_index(op.f(f"ix_confirmation_{column}"), "confirmation", [column])
    op.create_table(
        "consent",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
    )
    op.create_index(op.f("ix_consent_address"), "consent", ["address"])
    op.create_table(
        "told",
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_told")),
    )
    op.add_column("subscriber", sa.Column("until", moment, nullable=True))
    for name in ("mailed", "amended"):
        with op.batch_alter_table(name) as table:
            table.alter_column("delivery", existing_type=sa.Integer(), nullable=True)

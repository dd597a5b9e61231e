"""What was deleted leaves tombstones; notices of wanted and missing persons have a day on which they go.

Revision ID: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tombstone",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("story", sa.String(), nullable=False),
        sa.Column("published", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["story"], ["story.id"], name=op.f("fk_tombstone_story")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_tombstone")),
    )
    op.create_table(
        "notice",
        sa.Column("story", sa.String(), nullable=False),
        sa.Column("expires", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["story"], ["story.id"], name=op.f("fk_notice_story")),
        sa.PrimaryKeyConstraint("story", name=op.f("pk_notice")),
    )
    op.create_index(op.f("ix_notice_expires"), "notice", ["expires"], unique=False)

"""The editor's desk: which copy leads, what is pinned, why something was done, ended logins, how a mail begins.

Revision ID: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.add_column("story", sa.Column("chosen", sa.String(), nullable=True))
    op.add_column("story", sa.Column("pinned", moment, nullable=True))
    pinned = sa.text("pinned IS NOT NULL")
    op.create_index("ix_story_pinned", "story", ["pinned"], sqlite_where=pinned, postgresql_where=pinned)
    op.add_column("hand", sa.Column("why", sa.Text(), nullable=False, server_default=""))
    op.add_column("hand", sa.Column("other", sa.String(), nullable=True))
    op.add_column("edition", sa.Column("introduction", sa.Text(), nullable=False, server_default=""))
    op.add_column("edition", sa.Column("foremost", sa.Text(), nullable=False, server_default="[]"))
    op.create_table(
        "plan",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("introduction", sa.Text(), nullable=False),
        sa.Column("foremost", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_plan")),
    )
    op.create_table(
        "ended",
        sa.Column("login", sa.String(), nullable=False),
        sa.Column("until", moment, nullable=False),
        sa.PrimaryKeyConstraint("login", name=op.f("pk_ended")),
    )
    op.create_index(op.f("ix_ended_until"), "ended", ["until"])

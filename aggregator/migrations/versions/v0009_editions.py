"""Editions: held ones, what is in their letters and in which version, and the ledger of updates.

Revision ID: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("edition", sa.Column("until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("letter", sa.Column("rest", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("delivery", sa.Column("attempted", sa.DateTime(timezone=True), nullable=True))
    op.create_index(op.f("ix_delivery_edition_state"), "delivery", ["edition", "state"])
    op.create_index(op.f("ix_mailed_story"), "mailed", ["story"])
    op.create_table(
        "content",
        sa.Column("letter", sa.Integer(), nullable=False),
        sa.Column("story", sa.String(), nullable=False),
        sa.Column("version", sa.DateTime(timezone=True), nullable=False),
        sa.Column("new", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["letter"], ["letter.id"], name=op.f("fk_content_letter"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("letter", "story", name=op.f("pk_content")),
    )
    op.create_index(op.f("ix_content_story"), "content", ["story"])
    op.create_table(
        "amended",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("story", sa.String(), nullable=False),
        sa.Column("version", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delivery", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["delivery"], ["delivery.id"], name=op.f("fk_amended_delivery"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("digest", "address", "story", "version", name=op.f("pk_amended")),
    )
    op.create_index(op.f("ix_amended_delivery"), "amended", ["delivery"])
    op.execute(
        "INSERT INTO content (letter, story, version, new) "
        "SELECT DISTINCT delivery.letter, mailed.story, edition.frozen, TRUE FROM mailed "
        "JOIN delivery ON delivery.id = mailed.delivery JOIN edition ON edition.id = delivery.edition"
    )

"""Candidates by anchors, learnt sentences, related stories, copies that differ, joins that can be undone.

Revision ID: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("member", sa.Column("position", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("member", sa.Column("differs", sa.Text(), nullable=False, server_default=""))
    op.add_column("member", sa.Column("anchors", sa.LargeBinary(), nullable=True))
    op.add_column("member", sa.Column("anchored", sa.Integer(), nullable=True))
    op.create_index(
        "ix_member_anchored",
        "member",
        ["seen"],
        unique=False,
        sqlite_where=sa.text("anchored IS NOT NULL"),
        postgresql_where=sa.text("anchored IS NOT NULL"),
    )
    op.add_column("hand", sa.Column("undo", sa.Text(), nullable=True))
    op.create_table(
        "anchor",
        sa.Column("value", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("member", sa.Integer(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("value", "day", "member", name=op.f("pk_anchor")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "sentence",
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("value", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("openings", sa.Text(), nullable=False),
        sa.Column("common", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("source", "value", name=op.f("pk_sentence")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_sentence_source_at", "sentence", ["source", "at"], unique=False)
    op.create_index(
        "ix_sentence_common",
        "sentence",
        ["source", "value"],
        unique=False,
        sqlite_where=sa.text("common"),
        postgresql_where=sa.text("common"),
    )
    op.create_table(
        "related",
        sa.Column("story", sa.String(), nullable=False),
        sa.Column("other", sa.String(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["other"], ["story.id"], name=op.f("fk_related_other")),
        sa.ForeignKeyConstraint(["story"], ["story.id"], name=op.f("fk_related_story")),
        sa.PrimaryKeyConstraint("story", "other", name=op.f("pk_related")),
    )
    op.create_index(op.f("ix_related_other"), "related", ["other"], unique=False)

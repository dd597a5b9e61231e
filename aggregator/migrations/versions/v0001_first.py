"""The first schema.

Revision ID: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "edition",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("slot", sa.String(), nullable=False),
        sa.Column("frozen", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("stories", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_edition")),
        sa.UniqueConstraint("digest", "slot", name=op.f("uq_edition_digest_slot")),
    )
    op.create_table(
        "hand",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("story", sa.String(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hand")),
    )
    op.create_index(op.f("ix_hand_story"), "hand", ["story"], unique=False)
    op.create_table(
        "meta",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_meta")),
    )
    op.create_table(
        "poll",
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_poll")),
    )
    op.create_table(
        "recipient",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("cursor", sa.Integer(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", "address", name=op.f("pk_recipient")),
    )
    op.create_table(
        "story",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("published", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn", sa.DateTime(timezone=True), nullable=True),
        sa.Column("held", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_story")),
    )
    op.create_index(op.f("ix_story_changed"), "story", ["changed"], unique=False)
    op.create_index(op.f("ix_story_published_id"), "story", ["published", "id"], unique=False)
    op.create_table(
        "arrival",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("story", sa.String(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("loud", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["story"], ["story.id"], name=op.f("fk_arrival_story")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_arrival")),
        sa.UniqueConstraint("story", "zone", name=op.f("uq_arrival_story_zone")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "letter",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["edition"], ["edition.id"], name=op.f("fk_letter_edition")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letter")),
    )
    op.create_index(op.f("ix_letter_edition"), "letter", ["edition"], unique=False)
    op.create_table(
        "member",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("story", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("seen", sa.DateTime(timezone=True), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("keys", sa.Text(), nullable=False),
        sa.Column("entry", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["story"], ["story.id"], name=op.f("fk_member_story")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member")),
    )
    op.create_index(op.f("ix_member_story"), "member", ["story"], unique=False)
    op.create_table(
        "delivery",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("letter", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("next_attempt", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("doubts", sa.Integer(), nullable=False),
        sa.Column("reply", sa.Text(), nullable=True),
        sa.Column("envelope", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["edition"], ["edition.id"], name=op.f("fk_delivery_edition")),
        sa.ForeignKeyConstraint(["letter"], ["letter.id"], name=op.f("fk_delivery_letter")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint("edition", "address", name=op.f("uq_delivery_edition_address")),
    )
    op.create_index(op.f("ix_delivery_state_next_attempt"), "delivery", ["state", "next_attempt"], unique=False)
    op.create_table(
        "key",
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("member", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["member"], ["member.id"], name=op.f("fk_key_member"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("value", "member", name=op.f("pk_key")),
    )
    op.create_index(op.f("ix_key_member"), "key", ["member"], unique=False)
    op.create_table(
        "mailed",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("story", sa.String(), nullable=False),
        sa.Column("delivery", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["delivery"], ["delivery.id"], name=op.f("fk_mailed_delivery")),
        sa.PrimaryKeyConstraint("digest", "address", "story", name=op.f("pk_mailed")),
    )
    op.create_index(op.f("ix_mailed_delivery"), "mailed", ["delivery"], unique=False)

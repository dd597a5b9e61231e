"""Full-text search.  The index is empty; what was stored before is indexed by the daemon, the newest first.

Revision ID: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        op.execute("CREATE VIRTUAL TABLE search USING fts5(title, text, tokenize = 'ascii')")
    else:
        op.execute("CREATE TABLE search (member integer CONSTRAINT pk_search PRIMARY KEY, words tsvector NOT NULL)")
        op.execute("CREATE INDEX ix_search_words ON search USING gin (words)")
    newest = connection.scalar(sa.text("SELECT max(id) FROM member"))
    if newest is not None:
        # Reading a million stories would take longer than a service has to start: the daemon does it in small steps.
        connection.execute(
            sa.text("INSERT INTO meta (name, value) VALUES ('search:below', :below)"), {"below": str(newest + 1)}
        )

"""A conversation's summary of the turns that no longer fit the model's window."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005_summary"
down_revision = "0004_left_out"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("conversations", sa.Column("summary", sa.Text, nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("conversations", "summary")

"""What a question was given with (``context``) and limited to (``scope``)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003_question"
down_revision = "0002_catalogue"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("messages", sa.Column("context", sa.Text, nullable=False, server_default=""))
    op.add_column("messages", sa.Column("scope", sa.Text))


def downgrade() -> None:
    op.drop_column("messages", "scope")
    op.drop_column("messages", "context")

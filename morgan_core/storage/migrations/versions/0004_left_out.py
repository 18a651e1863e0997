"""How many files are left out of a root, by reason, when it was last compared with the disk."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004_left_out"
down_revision = "0003_question"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("roots", sa.Column("left_out", sa.Text, nullable=False, server_default="{}"))


def downgrade() -> None:
    op.drop_column("roots", "left_out")

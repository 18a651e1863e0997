"""Whether a job that learns folders is to watch them too, should it be begun again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007_watching_jobs"
down_revision = "0006_mount_points"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("jobs", sa.Column("watch", sa.Boolean, nullable=False, server_default=sa.false()))


def downgrade() -> None:
    op.drop_column("jobs", "watch")

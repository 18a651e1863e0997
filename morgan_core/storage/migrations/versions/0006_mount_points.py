"""The mount points that hold known files: one that nothing is mounted on any more is away."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006_mount_points"
down_revision = "0005_summary"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "mount_points",
        sa.Column("path", sa.Text, primary_key=True),
        sa.Column("created", sa.Float, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("mount_points")

"""Bringing a database to the schema of this version."""

from __future__ import annotations

import asyncio
import importlib
from pathlib import Path

from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncEngine

from morgan_core.errors import MorganError

HEAD = "0007_watching_jobs"


async def migrate(engine: AsyncEngine) -> bool:
    """Upgrade the schema to ``HEAD`` and tell whether anything was done.

    Alembic is imported only when there is something to do. Raises MorganError when the
    database was written by a newer Morgan.
    """
    async with engine.connect() as connection:
        current = await connection.run_sync(_current)
    if current == HEAD:
        return False
    await asyncio.to_thread(importlib.import_module, "alembic.command")
    async with engine.begin() as connection:
        await connection.run_sync(_upgrade, current)
    return True


def _current(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _upgrade(connection: Connection, current: str | None) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if current is not None and current not in known:
        raise MorganError(
            f"The database was written by a newer Morgan (schema {current}).",
            mend="Start that version, or restore a backup made before the upgrade.",
        )
    config.attributes["connection"] = connection
    command.upgrade(config, "head")

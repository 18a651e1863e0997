"""Opening the database: SQLite in WAL mode by default, PostgreSQL on clusters."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from morgan_core.errors import SettingsError, Unavailable

_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "postgresql": "postgresql+asyncpg",
    "postgres": "postgresql+asyncpg",
}


def database_url(setting: str, default: Path) -> str:
    """The SQLAlchemy URL of the database: ``setting``, or SQLite at ``default`` when empty.

    Raises SettingsError for a URL that is neither SQLite nor PostgreSQL.
    """
    if not setting:
        return f"sqlite+aiosqlite:///{default}"
    try:
        url = make_url(setting)
    except ArgumentError:
        raise SettingsError(
            "database_url is not a URL.", mend="Write it as postgresql://user@host/name."
        ) from None
    driver = _DRIVERS.get(url.drivername.split("+")[0])
    if driver is None:
        raise SettingsError(
            f"database_url names {url.drivername!r}, which Morgan does not speak.",
            mend="Use sqlite:///… or postgresql://….",
        )
    return url.set(drivername=driver).render_as_string(hide_password=False)


def open_engine(url: str, *, durable: bool = True) -> AsyncEngine:
    """An engine for ``url``.

    On SQLite a ``durable`` engine syncs every commit to the disk; without it a commit survives
    the death of the process, and a power failure may take the last ones.
    """
    if not url.startswith("sqlite"):
        return create_async_engine(url, pool_pre_ping=True)
    engine = create_async_engine(url, connect_args={"timeout": 30})

    @event.listens_for(engine.sync_engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute("PRAGMA busy_timeout = 30000")
        cursor.close()

    return engine


async def ping(engine: AsyncEngine) -> None:
    """Ask the database something small. Raises Unavailable when it does not answer."""
    try:
        async with engine.connect() as connection:
            await connection.execute(text("SELECT 1"))
    except SQLAlchemyError as error:
        raise Unavailable(f"The database does not answer ({type(error).__name__}).") from error

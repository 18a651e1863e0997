"""A disk cache that never unpickles.

diskcache's own ``Disk`` unpickles what it finds in its directory (CVE-2025-69872: whoever can
write there can run code). ``PlainDisk`` stores bytes, text, numbers, and JSON for the rest; a
pickled row, or one whose file lies outside the cache, counts as missing.
"""

from __future__ import annotations

import json
import logging
import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diskcache import Disk
from diskcache.core import DBNAME

if TYPE_CHECKING:
    from diskcache import Cache

MODE_PICKLE = 4  # as in diskcache.core
MODE_JSON = 5
_FILE = re.compile(r"[0-9a-f]{2}[/\\][0-9a-f]{2}[/\\][0-9a-f]{28}\.val")

log = logging.getLogger(__name__)


class UnsafeRow(OSError):
    """A row that we did not write. diskcache takes an OSError for a missing value."""


class PlainDisk(Disk):  # type: ignore[misc]
    """Serialises keys as bytes, text or numbers, and values as these or JSON."""

    def put(self, key: Any) -> tuple[Any, bool]:
        if type(key) not in (bytes, str, int, float):
            raise TypeError(
                f"a cache key must be bytes, text or a number, not {type(key).__name__}"
            )
        database_key, raw = super().put(key)
        if not raw:
            raise TypeError(f"the number {key} is too large for a cache key")
        return database_key, raw

    def get(self, key: Any, raw: bool) -> Any:
        if not raw:
            raise UnsafeRow("a pickled key")
        return super().get(key, raw)

    def store(self, value: Any, read: bool, key: Any = None) -> tuple[int, int, str | None, Any]:
        if read or type(value) in (bytes, str, float):
            return super().store(value, read, key=key)  # type: ignore[no-any-return]
        text = json.dumps(value, separators=(",", ":"), allow_nan=False).encode()
        return len(text), MODE_JSON, None, sqlite3.Binary(text)

    def fetch(self, mode: int, filename: str | None, value: Any, read: bool) -> Any:
        if mode == MODE_PICKLE:
            raise UnsafeRow("a pickled value")
        if mode == MODE_JSON:
            return json.loads(bytes(value))
        if filename is not None and not _FILE.fullmatch(filename):
            raise UnsafeRow("a file outside the cache")
        return super().fetch(mode, filename, value, read)

    def remove(self, file_path: str) -> None:
        if _FILE.fullmatch(file_path):
            super().remove(file_path)


def open_cache(directory: Path, *, size_limit: int) -> Cache:
    """Open the cache in ``directory`` (created 0700), at most ``size_limit`` bytes, oldest out
    first. One that is damaged is thrown away: everything in a cache can be made anew."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        return _open(directory, size_limit)
    except (sqlite3.DatabaseError, TypeError, ValueError, KeyError) as error:
        if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
            raise
        log.warning("the cache in %s is damaged and starts empty: %s", directory, error)
        shutil.rmtree(directory)
        directory.mkdir(mode=0o700)
        return _open(directory, size_limit)


def text_keys(directory: Path) -> list[str]:
    """Every text key of the cache in ``directory``. diskcache's own iteration asks again for each
    hundred keys and sorts each time: 8 s for 50,000, against 0.2 s (measured)."""
    with closing(sqlite3.connect(f"{(directory / DBNAME).as_uri()}?mode=ro", uri=True)) as database:
        rows = database.execute("SELECT key FROM Cache WHERE raw AND typeof(key) = 'text'")
        return [key for (key,) in rows]


def _open(directory: Path, size_limit: int) -> Cache:
    from diskcache import Cache

    cache = Cache(
        str(directory),
        disk=PlainDisk,
        size_limit=size_limit,
        eviction_policy="least-recently-stored",
    )
    cache.get("")
    return cache

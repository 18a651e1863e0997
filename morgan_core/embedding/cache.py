"""Vectors by model and text: moving, renaming or restoring a file embeds nothing."""

from __future__ import annotations

import hashlib
import logging
import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from morgan_core.embedding.base import EmbedderInfo
from morgan_core.errors import Unavailable

if TYPE_CHECKING:
    from diskcache import Cache

log = logging.getLogger(__name__)


def text_hash(text: str) -> str:
    """The key of a text: its sha256 in hex."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class VectorCache:
    """Vectors (float32 bytes) of one embedder, by the sha256 of the text.

    ``size_limit`` is bytes on disk for all embedders that share ``directory``; ``in_memory`` is
    the number of vectors kept in front. Safe to use from several threads and processes. A disk
    that fails makes it a memory cache: nothing here is needed.
    """

    def __init__(
        self,
        directory: Path,
        info: EmbedderInfo,
        *,
        size_limit: int = 2 * 1024**3,
        in_memory: int = 5000,
    ) -> None:
        self._directory = directory
        self._info = info
        self._size_limit = size_limit
        self._in_memory = in_memory
        self._memory: OrderedDict[str, bytes] = OrderedDict()
        self._lock = threading.RLock()
        self._disk: Cache | None = None
        self._disk_failed = False

    def get_many(self, hashes: Iterable[str]) -> dict[str, bytes]:
        """The vectors that are known; keys that are not are left out."""
        with self._lock:
            found: dict[str, bytes] = {}
            for key in hashes:
                vector = self._memory.get(key)
                if vector is not None:
                    self._memory.move_to_end(key)
                else:
                    vector = self._from_disk(key)
                if vector is not None:
                    found[key] = vector
            return found

    def put_many(self, vectors: Mapping[str, bytes]) -> None:
        """Keep ``vectors``. Raises ValueError when one has not the model's dimension."""
        for key, vector in vectors.items():
            if not self._fits(vector):
                raise ValueError(f"the vector of {key} has {len(vector)} bytes")
        with self._lock:
            for key, vector in vectors.items():
                self._remember(key, vector)
            disk = self._opened()
            if disk is None:
                return
            try:
                with disk.transact(retry=True):
                    for key, vector in vectors.items():
                        disk.set(self._key(key), vector, retry=True)
            except (sqlite3.Error, OSError) as error:
                self._give_up(error)

    def delete_many(self, hashes: Iterable[str]) -> None:
        """Drop the vectors of texts that were forgotten, those of all embedders."""
        gone = set(hashes)
        if not gone:
            return
        with self._lock:
            for key in gone:
                self._memory.pop(key, None)
            disk = self._opened()
            if disk is None:
                return
            try:
                keys = [key for key in self._keys() if _hash_in(key) in gone]
                with disk.transact(retry=True):
                    for key in keys:
                        disk.delete(key, retry=True)
            except (sqlite3.Error, OSError) as error:
                self._give_up(error)

    def hashes(self) -> set[str]:
        """The hashes of every text that has a vector, of whatever embedder. Raises
        Unavailable when the disk cannot be read: a broken cache is no empty one."""
        with self._lock:
            found = set(self._memory)
            disk = self._opened()
            if disk is None:
                raise self._unreadable()
            try:
                return found | {_hash_in(key) for key in self._keys()}
            except (sqlite3.Error, OSError) as error:
                self._give_up(error)
                raise self._unreadable() from error

    def close(self) -> None:
        with self._lock:
            if self._disk is not None:
                self._disk.close()
                self._disk = None

    def _unreadable(self) -> Unavailable:
        return Unavailable(
            f"The vector cache in {self._directory} cannot be read.",
            mend="Delete that folder and start Morgan again: it is made anew.",
        )

    def _from_disk(self, key: str) -> bytes | None:
        disk = self._opened()
        if disk is None:
            return None
        try:
            vector = disk.get(self._key(key))
        except (sqlite3.Error, ValueError, OSError) as error:
            self._give_up(error)
            return None
        if not self._fits(vector):
            return None
        self._remember(key, vector)
        return bytes(vector)

    def _opened(self) -> Cache | None:
        if self._disk is None and not self._disk_failed:
            from morgan_core.cache.disk import open_cache

            try:
                self._disk = open_cache(self._directory, size_limit=self._size_limit)
            except (sqlite3.Error, OSError) as error:
                self._give_up(error)
        return self._disk

    def _give_up(self, error: Exception) -> None:
        log.warning("vectors are no longer cached in %s: %s", self._directory, error)
        self._disk_failed = True
        self.close()

    def _remember(self, key: str, vector: bytes) -> None:
        self._memory[key] = vector
        self._memory.move_to_end(key)
        while len(self._memory) > self._in_memory:
            self._memory.popitem(last=False)

    def _keys(self) -> list[str]:
        from morgan_core.cache.disk import text_keys

        return text_keys(self._directory)

    def _key(self, key: str) -> str:
        return f"{self._info.name}:{self._info.dimension}:{key}"

    def _fits(self, vector: Any) -> bool:
        return isinstance(vector, bytes) and len(vector) == 4 * self._info.dimension


def _hash_in(key: str) -> str:
    return key.rpartition(":")[2]

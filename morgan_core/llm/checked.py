"""What is known about model files: checksums computed once, test loads passed once.

Small JSON files beside the models. A file counts as the same while its path, size and
modification time are.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
import threading
from pathlib import Path
from typing import Any

_lock = threading.Lock()


class Remembered:
    """A JSON object on disk: key → value. A damaged file counts as empty: what it held is
    found out again."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def get(self, key: str) -> Any:
        return self._read().get(key)

    def put(self, key: str, value: Any) -> None:
        with _lock:
            known = {**self._read(), key: value}
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=self._path.name)
            try:
                with os.fdopen(handle, "w", encoding="utf-8") as file:
                    json.dump(known, file, indent=1, sort_keys=True)
                Path(name).replace(self._path)
            except BaseException:
                with contextlib.suppress(OSError):
                    Path(name).unlink()
                raise

    def _read(self) -> dict[str, Any]:
        try:
            known = json.loads(self._path.read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return known if isinstance(known, dict) else {}


def sha256_of(path: Path, models: Path) -> str:
    """Hex sha256 of ``path``: computed (about 0.1 s per 100 MB), then remembered in
    ``models/checksums.json``."""
    remembered = Remembered(models / "checksums.json")
    key = identity(path)
    known = remembered.get(key)
    if isinstance(known, str):
        return known
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if identity(path) == key:
        remembered.put(key, digest)
    return digest


def identity(path: Path) -> str:
    """Path, size in bytes and modification time in ns, as one string."""
    stat = path.stat()
    return f"{path.absolute()}|{stat.st_size}|{stat.st_mtime_ns}"

"""The weights are the published ones: computed once per file, remembered by size and time."""

from __future__ import annotations

import hashlib
import json
import logging
from pathlib import Path
from typing import Any

from morgan_core.errors import ModelError

log = logging.getLogger(__name__)


def check_weights(weights: Path, expected: str, memory: Path) -> None:
    """Raise ModelError unless ``weights`` has the sha256 ``expected``.

    ``memory`` is a JSON file that remembers the sums of files already read.
    """
    status = weights.stat()
    key, stamp = str(weights), [status.st_size, status.st_mtime_ns]
    known = _load(memory)
    entry = known.get(key)
    if isinstance(entry, list) and entry[:2] == stamp:
        found = entry[2]
    else:
        with weights.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        known[key] = [*stamp, found]
        _save(memory, known)
    if found != expected:
        raise ModelError(
            f"The weights in {weights} are damaged or not the published ones "
            f"(sha256 {found[:12]}…, expected {expected[:12]}…).",
            mend="Install the model again.",
        )


def _load(memory: Path) -> dict[str, Any]:
    try:
        value = json.loads(memory.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def _save(memory: Path, known: dict[str, Any]) -> None:
    try:
        memory.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        memory.write_text(json.dumps(known), encoding="utf-8")
    except OSError as error:
        log.warning("the checksum of the weights is not remembered: %s", error)

"""Files that are there whole or not at all, even when the process dies while writing."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

UNFINISHED = ".tmp-"
"""What the names of half-written files begin with."""


def write_whole(path: Path, content: bytes) -> None:
    """Write ``content`` to ``path``, replacing what is there; its folder must exist."""
    descriptor, name = tempfile.mkstemp(prefix=UNFINISHED, dir=path.parent)
    unfinished = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise

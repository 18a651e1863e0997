"""Hashing files in batches, off the event loop."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from morgan_core.errors import UnreadableFile
from morgan_core.library.names import on_disk
from morgan_core.library.reconcile import Seen
from morgan_core.library.scan import SizeLimit, StillChanging, fingerprint

BATCH_BYTES = 32 << 20
"""A batch ends early after this much, so that what is urgent gets its turn."""


@dataclass(slots=True)
class Hashed:
    """What was at ``path``. Without ``sha256`` it cannot be taken in, and ``reason`` says why;
    without ``seen`` too, it is nothing to be listed."""

    path: str
    root: str
    seen: Seen | None = None
    sha256: str = ""
    reason: str = ""
    gone: bool = False
    changing: bool = False


def hash_files(batch: Iterable[tuple[str, str]], limit: SizeLimit) -> list[Hashed]:
    """Hash files given as (path, root); blocks. The last ones may be left out."""
    results: list[Hashed] = []
    total = 0
    for path, root in batch:
        found = Hashed(path, root)
        try:
            found.seen, found.sha256 = fingerprint(on_disk(path), limit, root=on_disk(root))
            total += found.seen.size
        except (FileNotFoundError, NotADirectoryError):
            found.gone = True
        except StillChanging:
            found.changing = True
        except UnreadableFile as error:
            found.seen = error.details.get("seen")
            found.reason = str(error)
        results.append(found)
        if total > BATCH_BYTES:
            break
    return results

"""The file ``morgan_knowledge.json``: which collection of the embedded index is the current one."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from morgan_core.errors import Unavailable
from morgan_core.index.payload import ALIAS


def pointer_path(directory: Path) -> Path:
    return directory / f"{ALIAS}.json"


def read_pointer(directory: Path) -> str | None:
    """The current collection's name, None when there is none yet. Raises Unavailable."""
    path = pointer_path(directory)
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, str])["collection"]
    except FileNotFoundError:
        return None
    except (OSError, KeyError, msgspec.MsgspecError) as error:
        raise Unavailable(
            f"{path} cannot be read: {error}", mend="Delete it; Morgan writes it anew."
        ) from error


def write_pointer(directory: Path, collection: str) -> None:
    """Replace the pointer in one step: a reader sees the old name or the new one."""
    path = pointer_path(directory)
    fresh = path.with_suffix(".new")
    with fresh.open("wb") as file:
        file.write(msgspec.json.encode({"collection": collection}))
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)

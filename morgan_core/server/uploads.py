"""Uploaded files, kept below the data directory."""

from __future__ import annotations

import asyncio
import hashlib
import os
import unicodedata
import uuid
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from aiohttp import BodyPartReader, web

from morgan_core.errors import BadInput, TooLarge, Unavailable

MAX_FILES = 1000
"""Files in one request."""

_CHUNK = 256 * 1024
_LONGEST_NAME = 200


async def store_uploads(request: web.Request, folder: Path, max_file_size: int) -> list[Path]:
    """Store the files of a multipart request as ``folder/<sha256, 16 digits>/<name>``.

    The same file under the same name is stored once. Files reach the disk before this returns.
    Raises TooLarge past ``max_file_size`` bytes a file, BadInput when there is no file.
    """
    stored: list[Path] = []
    try:
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader) or part.filename is None:
                raise BadInput("Every part of the form must be a file with a filename.")
            if len(stored) == MAX_FILES:
                raise TooLarge(f"One request takes at most {MAX_FILES} files.")
            stored.append(await _store(part, folder, max_file_size))
    except ValueError as error:
        raise BadInput(f"The form cannot be read: {error}") from error
    except OSError as error:
        if isinstance(error, ConnectionError):
            raise
        raise Unavailable(f"The upload cannot be stored: {error.strerror}.") from error
    if not stored:
        raise BadInput("The form holds no file.")
    return stored


def discard_uploads(folder: Path, paths: Iterable[str]) -> None:
    """Delete those of ``paths`` that ``store_uploads`` put below ``folder``, and no others."""
    for path in map(Path, paths):
        if path.parent.parent == folder and not path.parent.is_symlink():
            with suppress(OSError):
                path.unlink()
                path.parent.rmdir()


def safe_name(name: str) -> str:
    """``name`` as one visible file name without path, control or direction characters."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    shown = "".join(c for c in last if not unicodedata.category(c).startswith("C"))
    stem, dot, suffix = shown.strip().lstrip(".").rpartition(".")
    if not dot or len(suffix) > 16:
        stem, dot, suffix = f"{stem}{dot}{suffix}", "", ""
    room = _LONGEST_NAME - len(f"{dot}{suffix}".encode())
    return f"{stem.encode()[:room].decode(errors='ignore')}{dot}{suffix}" or "upload"


async def _store(part: BodyPartReader, folder: Path, max_file_size: int) -> Path:
    name = safe_name(part.filename or "")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = folder / f".{uuid.uuid4().hex}.part"
    digest, size = hashlib.sha256(), 0
    try:
        with partial.open("xb") as file:
            while chunk := await part.read_chunk(_CHUNK):
                size += len(chunk)
                if size > max_file_size:
                    raise TooLarge(f"{name} is larger than {max_file_size} bytes.")
                digest.update(chunk)
                file.write(chunk)
            file.flush()
            await asyncio.to_thread(os.fsync, file.fileno())
        target = folder / digest.hexdigest()[:16] / name
        target.parent.mkdir(mode=0o700, exist_ok=True)
        partial.replace(target)
        return target
    finally:
        partial.unlink(missing_ok=True)

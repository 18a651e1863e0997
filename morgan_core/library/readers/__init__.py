"""Readers turn files into text: one file per format, found by their ``FORMAT``."""

from __future__ import annotations

import importlib
import os
import pkgutil
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from morgan_core.errors import UnreadableFile
from morgan_core.library.readers.base import (
    MAX_TEXT,
    READER_VERSION,
    Extracted,
    Format,
    Heading,
    Source,
    too_much_text,
)
from morgan_core.library.readers.language import guess_language
from morgan_core.library.readers.opening import read_bytes

if TYPE_CHECKING:
    from morgan_core.library.readers.ocr import Recognise

__all__ = [
    "READER_VERSION",
    "Extracted",
    "Format",
    "Heading",
    "Source",
    "extract",
    "formats",
    "read",
]

DEFAULT_MAX_BYTES = 100 * 1024 * 1024


def read(
    path: str | os.PathLike[str],
    *,
    root: str | os.PathLike[str] | None = None,
    max_bytes: int = DEFAULT_MAX_BYTES,
    recognise: Recognise | None = None,
    archives: bool = False,
) -> Extracted:
    """Extract the text of the file at ``path``: that of pictures with ``recognise``, that of the
    files in an archive with ``archives``.

    No symbolic link is followed below ``root``, by default ``path`` itself.

    Raises UnreadableFile, whose message is the reason, for everything that is not a readable
    regular file of at most ``max_bytes`` bytes with text in it.
    """
    content = read_bytes(path, max_bytes, root=root)
    if not content:
        raise UnreadableFile("the file is empty")
    extracted = extract(
        Source(name=Path(path).name, content=content, recognise=recognise, archives=archives)
    )
    if len(extracted.text) > MAX_TEXT:
        raise too_much_text()
    if not extracted.text.strip():
        raise UnreadableFile("there is no text in the file")
    return msgspec.structs.replace(
        extracted,
        language=guess_language(extracted.text, extracted.metadata.get("encoding", "")),
        sha256=sha256(content).hexdigest(),
        bytes=len(content),
    )


def extract(source: Source) -> Extracted:
    """The text of a file by the format that claims it. Raises UnreadableFile with the reason."""
    return next(f for f in formats() if f.claims(source)).read(source)


@cache
def formats() -> tuple[Format, ...]:
    """All formats, in the order in which they are asked."""
    modules = (
        importlib.import_module(f"{__name__}.{module.name}")
        for module in pkgutil.iter_modules(__path__)
    )
    found = (getattr(module, "FORMAT", None) for module in modules)
    return tuple(sorted((f for f in found if f is not None), key=lambda f: f.rank))

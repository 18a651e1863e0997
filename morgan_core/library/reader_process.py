"""The reader child: parses files under a memory limit, for ``morgan_core.library.reader``.

It is run by ``morgan_core.worker.main``. Time is limited by the caller, who kills this process.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from morgan_core.errors import UnreadableFile
from morgan_core.library.readers import formats, ocr, read
from morgan_core.library.readers.ocr import Recognise
from morgan_core.library.readers.opening import readable_size
from morgan_core.library.readers.pdf.lines import Line
from morgan_core.worker.channel import Handler
from morgan_core.worker.main import Parent
from morgan_core.worker.priority import stand_back

_OPEN_FILES = 128
_NICE = 10
_PRELOADED = (
    "charset_normalizer",
    "lxml.etree",
    "pypdfium2",
    "python_calamine",
    "selectolax.lexbor",
)

log = logging.getLogger(__name__)


class ReaderService:
    """``read(path, root, max_bytes)`` returns an Extracted as plain data; ``ping()`` returns true.

    Paths are bytes, because a file's name need not be text; no link is followed below ``root``.
    With ``recognise`` scans are read by OCR, and ``parent`` is told of every page (event
    ``page_read``). With ``archives`` archives are opened.
    """

    def __init__(
        self,
        memory: int,
        *,
        archives: bool = False,
        parent: Parent | None = None,
        recognise: Recognise | None = None,
    ) -> None:
        self._memory = memory
        self._archives = archives
        self._parent = parent
        self._recognise = recognise
        self.handlers: Mapping[str, Handler] = {"read": self._read, "ping": self._ping}

    async def close(self) -> None:
        pass

    async def _ping(self) -> bool:
        return True

    async def _read(self, path: bytes, root: bytes, max_bytes: int) -> Any:
        recognise = self._reporting(asyncio.get_running_loop()) if self._recognise else None
        return await asyncio.to_thread(
            self._read_here, os.fsdecode(path), os.fsdecode(root), max_bytes, recognise
        )

    def _reporting(self, loop: asyncio.AbstractEventLoop) -> Recognise:
        """``recognise``, which runs in a thread, telling the parent of every page."""
        inner, parent = self._recognise, self._parent
        assert inner is not None and parent is not None

        def recognise(image: Any, scale: float) -> tuple[Line, ...]:
            lines = inner(image, scale)
            asyncio.run_coroutine_threadsafe(parent.notify("page_read"), loop).result()
            return lines

        return recognise

    def _read_here(self, path: str, root: str, max_bytes: int, recognise: Recognise | None) -> Any:
        try:
            extracted = read(
                path,
                root=root,
                max_bytes=max_bytes,
                recognise=recognise,
                archives=self._archives,
            )
            return msgspec.to_builtins(extracted)
        except MemoryError:
            raise too_much_memory(self._memory) from None
        except RecursionError as error:
            raise UnreadableFile("nested too deeply to be read") from error


def too_much_memory(limit: int) -> UnreadableFile:
    """The reason of a file that broke the memory limit of ``limit`` bytes."""
    return UnreadableFile(
        f"needed more than {readable_size(limit)} of memory",
        mend="Raise the setting reader_memory.",
        breach="memory",
    )


async def start(config: dict[str, Any], parent: Parent) -> ReaderService:
    """Load the libraries, and with ``config["ocr"]`` the models, then limit what files may use:
    ``config["memory"]`` bytes. ``config["archives"]`` opens archives."""
    formats()
    for name in _PRELOADED:
        importlib.import_module(name)
    recognise = None
    if config.get("ocr"):
        stand_back(_NICE)
        recognise = ocr.load()
    limit_resources(config["memory"])
    return ReaderService(
        config["memory"],
        archives=config.get("archives", False),
        parent=parent,
        recognise=recognise,
    )


def limit_resources(memory: int) -> None:
    """Allow ``memory`` bytes of address space beyond what is taken now, few files, no core dumps.

    Does nothing where the platform has no such limits (Windows).
    """
    try:
        import resource
    except ImportError:
        return
    # Some systems (macOS) refuse a limit on address space.
    with contextlib.suppress(ValueError, OSError):
        limit = _address_space() + memory
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (_OPEN_FILES, _OPEN_FILES))


def _address_space() -> int:
    """Bytes of address space of this process; 0 where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except (OSError, ValueError):
        return 0
    import resource

    return pages * resource.getpagesize()

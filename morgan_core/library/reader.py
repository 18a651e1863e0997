"""Reading files in a child process, so that no file can harm more than itself."""

from __future__ import annotations

import asyncio
import logging
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from morgan_core.errors import Unavailable, UnreadableFile, WorkerDied
from morgan_core.library.reader_process import too_much_memory
from morgan_core.library.readers.base import Extracted
from morgan_core.library.scans import ScanReader
from morgan_core.sanitise import sanitise_name
from morgan_core.settings import Settings
from morgan_core.types import WorkerInfo
from morgan_core.worker import Worker

_MODULE = "morgan_core.library.reader_process"
_START_SECONDS = 60.0
_NICENESS = 2  # on top of the library's, whose child it is
_ENVIRONMENT = {"MALLOC_ARENA_MAX": "2"}
# pdfium aborts without a word when memory is refused; the other aborts say what broke.
_ABORTS = re.compile(r"free\(\)|malloc|corrupt|assert|Fatal|pure virtual|stack smashing", re.I)
_OUT_OF_MEMORY = re.compile(r"bad_alloc|out of memory|MemoryError|allocation", re.I)
_SIGNAL = re.compile(r"killed by (?:signal )?(\w+)")

log = logging.getLogger(__name__)


class Scanned(Exception):
    """There is text in pictures of the file, and OCR can read it: ask again with ``ocr``.
    ``extracted`` is the text that there is without, if any."""

    def __init__(self, extracted: Extracted | None = None) -> None:
        super().__init__()
        self.extracted = extracted


class Reader:
    """Reads files one at a time in a reused child.

    A file that breaks the limit of time or memory or crashes the child costs it its life; the
    next file finds a new one. The file itself is read once more alone, in a child of its own,
    while others go on; when it fails again the reason is final.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        log_file: Path | None = None,
        on_state: Callable[[WorkerInfo], None] | None = None,
    ) -> None:
        self._timeout = settings.reader_timeout
        self._memory = settings.reader_memory
        self._max_bytes = settings.max_file_size
        self._config = {"memory": self._memory, "archives": settings.read_archives}
        self._worker = Worker(
            "reader",
            _MODULE,
            config=self._config,
            on_state=on_state,
            log_file=log_file,
            env=_ENVIRONMENT,
            niceness=_NICENESS,
        )
        self._answered: int | None = None
        self._scans = ScanReader(settings, module=_MODULE, log_file=log_file)
        self._turn = asyncio.Lock()
        self._second_turn = asyncio.Lock()

    @property
    def info(self) -> WorkerInfo:
        return self._worker.info

    async def start(self) -> None:
        """Spawn the child; returns before it is ready."""
        await self._worker.start()

    async def stop(self) -> None:
        await self._worker.stop()
        await self._scans.stop()

    async def read(
        self,
        path: str | os.PathLike[str],
        *,
        root: str | os.PathLike[str] | None = None,
        ocr: bool = False,
    ) -> Extracted:
        """Extract the text of the file at ``path``, with ``ocr`` that of its pictures too. No
        symbolic link is followed below ``root``, by default ``path`` itself.

        Raises UnreadableFile, whose message is the reason shown in the library; Unavailable when
        no child can be had (the file is not to blame: try again later); Scanned, unless ``ocr``,
        when OCR is installed and there is something for it to read.
        """
        where = _Where(os.fspath(path), os.fspath(path if root is None else root))
        if ocr:
            return await self._read_scan(where)
        try:
            extracted = await self._read(where)
        except UnreadableFile as error:
            if self._scans.available and error.details.get("pictures"):
                raise Scanned from None
            raise
        if self._scans.available and "scanned_pages" in extracted.metadata:
            raise Scanned(extracted)
        return extracted

    async def _read_scan(self, where: _Where) -> Extracted:
        """What OCR finds; where it fails, the text that is there without it."""
        try:
            return _extracted(await self._scans.read(where.path, where.root))
        except UnreadableFile as error:
            try:
                extracted = await self._read(where)
            except UnreadableFile:
                raise error from None
            log.warning("%s: read without OCR: %s", where, error)
            return extracted

    async def _read(self, where: _Where) -> Extracted:
        try:
            async with self._turn:
                return _extracted(await self._first_try(where))
        except _Breach as breach:
            log.warning("%s: %s; trying once more alone", where, breach)
        async with self._second_turn:
            return _extracted(await self._second_try(where))

    async def _first_try(self, where: _Where) -> Any:
        # A new child gets time to start. An answered call also tells the supervisor that the
        # deaths before were the files' fault.
        if self._answered != self._worker.info.pid or self._worker.info.state != "ready":
            try:
                await self._worker.call("ping", timeout=_START_SECONDS)
            except TimeoutError:
                raise _silent() from None
            self._answered = self._worker.info.pid
        try:
            return await self._ask(self._worker, where)
        except TimeoutError:
            await self._worker.restart("a file took too long to read")
            raise _Breach(self._too_long().message) from None
        except WorkerDied as error:
            raise _Breach(error.message) from None
        except UnreadableFile as error:
            if error.details.get("breach") != "memory":
                raise
            await self._worker.restart("a file needed too much memory")
            raise _Breach(error.message) from None
        except asyncio.CancelledError:
            # Whoever asked is gone; do not let the next file wait for this one.
            await self._worker.restart("reading was cancelled")
            raise

    async def _second_try(self, where: _Where) -> Any:
        alone = Worker(
            "second reader",
            _MODULE,
            config=self._config,
            env=_ENVIRONMENT,
            niceness=_NICENESS,
            max_deaths=1,
        )
        await alone.start()
        try:
            await _ready(alone)
            return await self._ask(alone, where)
        except TimeoutError:
            raise self._too_long() from None
        except WorkerDied as error:
            raise self._reason_of_death(error.message) from None
        finally:
            await alone.stop(grace=0)

    async def _ask(self, worker: Worker, where: _Where) -> Any:
        return await worker.call(
            "read",
            timeout=self._timeout,
            retry=False,
            path=os.fsencode(where.path),
            root=os.fsencode(where.root),
            max_bytes=self._max_bytes,
        )

    def _too_long(self) -> UnreadableFile:
        return UnreadableFile(
            f"took longer than {self._timeout:g} s to read",
            mend="Raise the setting reader_timeout.",
        )

    def _reason_of_death(self, message: str) -> UnreadableFile:
        found = _SIGNAL.search(message)
        how = found[1] if found else "it ended"
        if _OUT_OF_MEMORY.search(message) or (how == "SIGABRT" and not _ABORTS.search(message)):
            return too_much_memory(self._memory)
        if how == "SIGKILL":
            how = "the system killed it: most likely the machine ran out of memory"
        return UnreadableFile(f"crashed the reader ({how})")


@dataclass(frozen=True, slots=True)
class _Where:
    """A file, and the folder below which no link is followed on the way to it."""

    path: str
    root: str

    def __str__(self) -> str:
        return sanitise_name(self.path)


class _Breach(Exception):
    """The first try ended badly; the message says how."""


async def _ready(worker: Worker) -> None:
    try:
        await worker.ready(timeout=_START_SECONDS)
    except TimeoutError:
        raise _silent() from None


def _silent() -> Unavailable:
    return Unavailable(
        f"The reader did not start within {_START_SECONDS:g} s.", mend="Is the machine overloaded?"
    )


def _extracted(data: Any) -> Extracted:
    try:
        return msgspec.convert(data, Extracted)
    except msgspec.ValidationError as error:
        raise Unavailable(f"The reader answered nonsense: {error}.") from error

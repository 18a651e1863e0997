"""Reading scans by OCR in a child process of its own, slowly, so that other files never wait."""

from __future__ import annotations

import asyncio
import logging
import os
from pathlib import Path
from typing import Any

from morgan_core.errors import Unavailable, UnreadableFile, WorkerDied
from morgan_core.library.readers import ocr
from morgan_core.settings import Settings
from morgan_core.worker import Worker

_START_SECONDS = 120.0
_PAGE = 5
"""How many times longer one page may take than a whole file that is read without OCR: a dense
page is ten seconds' work for a core that nobody else uses."""

log = logging.getLogger(__name__)


class ScanReader:
    """Reads scans one at a time; the child with the models lives while any of them waits.

    The limit of time holds for each page. A file that breaks a limit is listed with the reason.
    """

    def __init__(self, settings: Settings, *, module: str, log_file: Path | None = None) -> None:
        self.available = ocr.available()
        self._seconds = settings.reader_timeout * _PAGE
        self._max_bytes = settings.max_file_size
        self._config = {"memory": settings.reader_memory, "ocr": True}
        self._module = module
        self._log_file = log_file
        self._worker: Worker | None = None
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._limit: asyncio.Timeout | None = None

    async def stop(self) -> None:
        worker, self._worker = self._worker, None
        if worker is not None:
            await worker.stop(grace=0)

    async def read(self, path: str, root: str) -> Any:
        """An Extracted as plain data; no link is followed below ``root``. Raises UnreadableFile,
        Unavailable as Reader does."""
        self._waiting += 1
        try:
            async with self._turn:
                return await self._read(path, root)
        finally:
            self._waiting -= 1
            if not self._waiting:
                await self.stop()

    async def _read(self, path: str, root: str) -> Any:
        try:
            return await self._attempt(path, root)
        except UnreadableFile as error:
            if error.details.get("breach"):
                await self.stop()
            raise
        except BaseException:
            await self.stop()
            raise

    async def _attempt(self, path: str, root: str) -> Any:
        worker = await self._ready()
        try:
            async with asyncio.timeout(self._seconds) as self._limit:
                return await worker.call(
                    "read",
                    retry=False,
                    path=os.fsencode(path),
                    root=os.fsencode(root),
                    max_bytes=self._max_bytes,
                )
        except TimeoutError:
            raise UnreadableFile(
                f"a page took longer than {self._seconds:g} s to read by OCR",
                mend="Raise the setting reader_timeout.",
                breach="time",
            ) from None
        except WorkerDied as error:
            log.warning("OCR: %s", error)
            raise UnreadableFile(
                "crashed the reader of scans",
                mend="Raise the setting reader_memory.",
                breach="memory",
            ) from error
        finally:
            self._limit = None

    async def _ready(self) -> Worker:
        if self._worker is None:
            self._worker = Worker(
                "scan reader",
                self._module,
                config=self._config,
                handlers={"page_read": self._page_read},
                log_file=self._log_file,
                max_deaths=1,
            )
            await self._worker.start()
        try:
            await self._worker.ready(timeout=_START_SECONDS)
        except TimeoutError:
            raise Unavailable(
                f"OCR did not start within {_START_SECONDS:g} s.", mend="Is the machine overloaded?"
            ) from None
        return self._worker

    async def _page_read(self) -> None:
        if self._limit is not None:
            self._limit.reschedule(asyncio.get_running_loop().time() + self._seconds)

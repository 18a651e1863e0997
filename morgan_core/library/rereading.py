"""What an older version of the readers read, or could not read, is read by the present one."""

from __future__ import annotations

import asyncio
import logging

from morgan_core.library.ingest import Ingest
from morgan_core.library.manifest import Manifest
from morgan_core.library.pause import Pause
from morgan_core.library.texts import TextStore
from morgan_core.storage.catalogue_rows import DocumentRow

_AT_ONCE = 16
_LOOK_EVERY = 1.0
"""Seconds between looks whether anything else is to be done."""

log = logging.getLogger(__name__)


class Rereading:
    """Failed documents are tried again at once, each time the readers have a new version; texts
    that are there are read anew when nothing else is to be done, and answer until then."""

    def __init__(self, manifest: Manifest, texts: TextStore, ingest: Ingest, pause: Pause) -> None:
        self._manifest = manifest
        self._texts = texts
        self._ingest = ingest
        self._pause = pause

    async def retry_failed(self) -> None:
        """Put in line what the readers refused, if these were other readers."""
        if await asyncio.to_thread(self._texts.is_of_these_readers):
            return
        for row in self._manifest.documents.values():
            if row.state == "failed" and row.sha256:
                self._manifest.wait(row)
        await self._manifest.flush()
        await asyncio.to_thread(self._texts.sign)

    async def run(self) -> None:
        """Read anew, a few at a time, and delete the texts of older readers at the end."""
        known = [row.text_sha256 for row in self._manifest.documents.values() if row.text_sha256]
        outdated = await asyncio.to_thread(self._texts.outdated, known)
        if outdated:
            log.info("%d texts are of older readers; read anew at leisure", len(outdated))
        for row in list(self._manifest.documents.values()):
            if row.text_sha256 in outdated:
                await self._idle(_AT_ONCE)
                if self._is_there(row):
                    await self._ingest.redo(row.id, urgent=False)
        await self._idle(1)
        await asyncio.to_thread(self._texts.drop_outdated)

    async def _idle(self, most: int) -> None:
        """Wait until fewer than ``most`` documents are on their way."""
        while True:
            await self._pause.over()
            counts = self._manifest.counts()
            if counts.waiting + counts.reading + counts.findable < most:
                return
            await asyncio.sleep(_LOOK_EVERY)

    def _is_there(self, row: DocumentRow) -> bool:
        return self._manifest.visible(row.id) and row.state in ("findable", "ready")

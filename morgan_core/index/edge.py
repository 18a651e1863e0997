"""The embedded index: one Qdrant Edge shard per embedder.

``qdrant_edge`` holds the interpreter lock while it works, so the index belongs in the library's
process, where nobody types. All its calls run on one thread, in small steps: a query waits for
at most one step of each writer.

A second ``EdgeShard.load`` of the same folder, even one that is refused, damages the first
owner's next flush (measured): hold Morgan's lock before opening.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import ParamSpec, TypeVar

from morgan_core.embedding.base import EmbedderInfo
from morgan_core.errors import BadInput, Unavailable
from morgan_core.index.base import Candidates, Chunk
from morgan_core.index.edge_store import EdgeStore
from morgan_core.index.pointer import read_pointer, write_pointer
from morgan_core.index.reweighing import Reweighing
from morgan_core.index.vectors import COLLECTIONS, collection_name, info_of
from morgan_core.types import Scope

P = ParamSpec("P")
T = TypeVar("T")
POINTS_PER_STEP = 64
GONE = ".gone"


class EdgeIndex:
    """A VectorIndex in ``directory``, which Morgan's lock must guard."""

    def __init__(self, directory: Path, info: EmbedderInfo, *, collection: str = "") -> None:
        self.directory = directory
        self.collection = collection or collection_name(info)
        self.info = info
        self._store = EdgeStore(directory / self.collection, info.dimension)
        self._thread: ThreadPoolExecutor | None = None
        self._reweighing = Reweighing(lambda: self._do(self._store.reweigh, POINTS_PER_STEP))

    async def open(self) -> None:
        if self._thread is not None:
            return
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="index")
        try:
            await self._do(self._store.open)
            if read_pointer(self.directory) is None:
                await self.make_current()
        except BaseException:
            self._thread.shutdown()
            self._thread = None
            raise
        self._reweighing.start()

    async def close(self) -> None:
        thread, self._thread = self._thread, None
        if thread is None:
            return
        await self._reweighing.stop()
        try:
            await asyncio.get_running_loop().run_in_executor(thread, self._store.close)
        finally:
            thread.shutdown()

    # --- the collections beside it -------------------------------------------------------

    async def current(self) -> str:
        return read_pointer(self.directory) or self.collection

    async def make_current(self) -> None:
        await self._do(write_pointer, self.directory, self.collection)

    def sibling(self, collection: str) -> EdgeIndex | None:
        if not (self.directory / collection).is_dir():
            return None
        return EdgeIndex(self.directory, info_of(collection), collection=collection)

    async def drop(self) -> None:
        await self.close()
        await asyncio.to_thread(_remove, self._store.path)

    async def sweep(self) -> None:
        for path in self.directory.glob(f"{COLLECTIONS}*"):
            if path.name != self.collection:
                await asyncio.to_thread(_remove, path)

    async def pages(self, document_id: str) -> AsyncIterator[list[Chunk]]:
        after: str | None = None
        while True:
            chunks, after = await self._do(self._store.page, document_id, after, POINTS_PER_STEP)
            if chunks:
                yield chunks
            if after is None:
                return

    # --- writing and reading -------------------------------------------------------------

    async def upsert_words(self, chunks: Sequence[Chunk]) -> None:
        unique = list({chunk.id: chunk for chunk in chunks}.values())
        moved = False
        for i in range(0, len(unique), POINTS_PER_STEP):
            moved |= await self._do(self._store.upsert_words, unique[i : i + POINTS_PER_STEP])
        if moved:
            self._reweighing.start()

    async def upsert_vectors(self, ids: Sequence[str], vectors: bytes) -> None:
        width = self.info.dimension * 4
        if len(vectors) != len(ids) * width:
            raise BadInput(f"{len(vectors)} bytes of vectors were given for {len(ids)} passages.")
        for i in range(0, len(ids), POINTS_PER_STEP):
            part = ids[i : i + POINTS_PER_STEP]
            await self._do(
                self._store.upsert_vectors, part, vectors[i * width : (i + len(part)) * width]
            )

    async def set_paths(
        self, document_id: str, paths: Sequence[str], folders: Sequence[str]
    ) -> None:
        await self._do(self._store.set_paths, document_id, paths, folders)

    async def delete_document(self, document_id: str, *, keep_revision: int | None = None) -> None:
        await self._do(self._store.delete_document, document_id, keep_revision)

    async def query(
        self,
        text: str,
        vector: bytes | None,
        *,
        limit: int,
        scope: Scope | None = None,
        exclude: Sequence[str] = (),
    ) -> Candidates:
        return await self._do(self._store.query, text, vector, limit, scope, exclude)

    async def chunks(self, ids: Sequence[str]) -> list[Chunk]:
        return await self._do(self._store.chunks, ids)

    async def vectors(self, ids: Sequence[str]) -> dict[str, bytes]:
        return await self._do(self._store.vectors, ids)

    async def count(self, document_id: str | None = None) -> int:
        return await self._do(self._store.count, document_id)

    async def count_at(self, path: str) -> int:
        return await self._do(self._store.count_at, path)

    async def other_collections(self) -> list[str]:
        return await self._do(self._other_collections)

    def _other_collections(self) -> list[str]:
        beside = (path.name for path in self.directory.iterdir() if path.is_dir())
        return sorted(name for name in beside if name != self.collection)

    async def documents(self) -> dict[str, dict[int, int]]:
        return await self._do(self._store.documents)

    async def embedded(self) -> dict[str, dict[int, int]]:
        return await self._do(self._store.embedded)

    async def flush(self) -> None:
        """Bring everything written to the disk itself, beyond the reach of a power cut."""
        await self._do(self._store.flush)

    async def settled(self) -> None:
        """Wait until no point is being weighed again."""
        await self._reweighing.settled()

    async def _do(self, work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run ``work`` on the index's thread."""
        if self._thread is None:
            raise Unavailable("The search index is not open.")

        def step() -> T:
            try:
                return work(*args, **kwargs)
            except BaseException as error:
                # The engine raises bare Exception, and PanicException when it panics.
                if type(error) is Exception or type(error).__name__ == "PanicException":
                    raise self._broken(error) from error
                if isinstance(error, OSError):
                    raise self._broken(error) from error
                raise

        return await asyncio.get_running_loop().run_in_executor(self._thread, step)

    def _broken(self, error: BaseException) -> Unavailable:
        return Unavailable(
            f"The search index at {self._store.path} failed: {error}.",
            mend="Start Morgan again; if that does not help, move that folder away and Morgan "
            "builds the index anew from your documents.",
        )


def _remove(path: Path) -> None:
    """Delete a shard; what a crash leaves of it is never taken for one."""
    gone = path if path.name.endswith(GONE) else path.with_name(path.name + GONE)
    if gone != path:
        shutil.rmtree(gone, ignore_errors=True)
        path.rename(gone)
    shutil.rmtree(gone)

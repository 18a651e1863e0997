"""A library in a folder of its own, with real parts and a quick deterministic embedder."""

from __future__ import annotations

import asyncio
import hashlib
import struct
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from morgan_core.embedding.base import EmbedderInfo, TextKind
from morgan_core.embedding.cache import VectorCache
from morgan_core.errors import Unavailable
from morgan_core.events import AnyChange, DocumentChanged
from morgan_core.index.factory import make_index
from morgan_core.library.ingest import FileReader
from morgan_core.library.reader import Reader
from morgan_core.library.room import LibraryRoom
from morgan_core.library.service import LibraryService
from morgan_core.library.texts import TextStore
from morgan_core.library.web.pages import WebPages
from morgan_core.paths import Paths
from morgan_core.settings import Settings
from morgan_core.storage.catalogue import Catalogue
from morgan_core.storage.engine import database_url, open_engine
from morgan_core.storage.migrate import migrate
from morgan_core.types import Document, Job, WorkerInfo
from tests.helpers import eventually
from tests.hits import ask

DIMENSION = 16


def vector_of(text: str, dimension: int = DIMENSION) -> bytes:
    """A unit vector that depends on the text and on nothing else; 32 dimensions at most."""
    values = [byte - 127.5 for byte in hashlib.sha256(text.encode()).digest()[:dimension]]
    length = sum(value * value for value in values) ** 0.5
    return struct.pack(f"{dimension}f", *(value / length for value in values))


class HashEmbedder:
    """Embeds by hash. ``gate`` holds it while clear; ``broken`` makes it unavailable."""

    info = EmbedderInfo(name="hash", dimension=DIMENSION, max_tokens=256)
    ready = True
    worker: WorkerInfo | None = None

    def __init__(self, name: str = info.name, dimension: int = DIMENSION) -> None:
        self.info = EmbedderInfo(name=name, dimension=dimension, max_tokens=256)
        self.gate = asyncio.Event()
        self.gate.set()
        self.broken = False
        self.called = 0
        self.texts: list[str] = []

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def embed(self, texts: Sequence[str], kind: TextKind) -> bytes:
        self.called += 1
        await self.gate.wait()
        if self.broken:
            raise Unavailable("The embedder is gone.")
        self.texts += texts
        return b"".join(vector_of(text, self.info.dimension) for text in texts)


class TestLibrary:
    """A running library process, the changes it sent, and short ways to ask it."""

    __test__ = False

    def __init__(self, service: LibraryService, embedder: HashEmbedder, paths: Paths) -> None:
        self.service = service
        self.embedder = embedder
        self.paths = paths
        self.changes: list[AnyChange] = []

    async def documents(self) -> dict[str, Document]:
        """By the name of the first path's file."""
        listing = await self.service.list()
        return {document.path.rpartition("/")[2]: document for document in listing.documents}

    async def document(self, name: str) -> Document | None:
        return (await self.documents()).get(name)

    async def found(self, words: str) -> list[str]:
        """The names of the files whose passages hold ``words``, best first."""
        candidates = await ask(self.service, words, None, limit=20)
        return [hit.chunk.paths[0].rpartition("/")[2] for hit in candidates.bm25]

    async def in_state(self, name: str, state: str = "ready") -> Document:
        async def reached() -> Document | None:
            document = await self.document(name)
            return document if document is not None and document.state == state else None

        document = await eventually(reached)
        assert document is not None
        return document

    async def done(self, job: Job) -> Job:
        """The job when it has ended, well or not."""

        async def ended() -> Job | None:
            current = await self.service.job(job.id)
            return current if current.state in ("done", "failed") else None

        finished = await eventually(ended)
        assert finished is not None
        return finished

    async def learned(self, *paths: Path | str) -> Job:
        """Learn ``paths``, or URLs, and wait for the end."""
        return await self.done(await self.service.learn([str(path) for path in paths]))

    async def settled(self) -> None:
        """Wait until nothing is to be done."""

        async def idle() -> bool:
            counts = await self.service.counts()
            return not counts.busy and not counts.pending_passages

        await eventually(idle)

    def states(self, name: str) -> list[str]:
        """The states that the document went through, as it was told."""
        told = [
            change.document.state
            for change in self.changes
            if isinstance(change, DocumentChanged) and change.document.path.endswith(name)
        ]
        return [s for i, s in enumerate(told) if i == 0 or told[i - 1] != s]


def paths_in(folder: Path) -> Paths:
    paths = Paths(
        data=folder / "data", config=folder / "config", cache=folder / "cache", logs=folder / "logs"
    )
    for path in (paths.data, paths.cache, paths.logs):
        path.mkdir(parents=True, exist_ok=True)
    return paths


_databases: list[bytes] = []


async def make_database(paths: Paths) -> None:
    """Migrate the database at its place; an empty one is made once and copied."""
    if _databases and not paths.database.exists():
        paths.database.write_bytes(_databases[0])
        return
    fresh = not paths.database.exists()
    engine = open_engine(database_url("", paths.database))
    await migrate(engine)
    await engine.dispose()
    if fresh:
        _databases.append(paths.database.read_bytes())


@asynccontextmanager
async def library_in(
    folder: Path, *, embedder: HashEmbedder | None = None, **settings: object
) -> AsyncIterator[TestLibrary]:
    """A library whose data is below ``folder``."""
    paths = paths_in(folder)
    await make_database(paths)
    embedder = embedder or HashEmbedder()
    library: TestLibrary
    service = LibraryService(
        Settings(**settings),  # type: ignore[arg-type]
        paths,
        embedder=embedder,
        lock_fd=None,
        on_change=lambda change: library.changes.append(change),
    )
    library = TestLibrary(service, embedder, paths)
    await service.start()
    try:
        yield library
    finally:
        await service.stop()


@asynccontextmanager
async def room_in(
    folder: Path,
    *,
    reader: Callable[[Reader], FileReader] = lambda reader: reader,
    **settings: object,
) -> AsyncIterator[LibraryRoom]:
    """The library in this process, for tests that must hold it at one place. ``reader`` may put
    something before the real reader."""
    paths = paths_in(folder)
    await make_database(paths)
    values = Settings(**settings)  # type: ignore[arg-type]
    real = Reader(values)
    cache = VectorCache(paths.cache / "vectors", HashEmbedder.info)
    embedder = HashEmbedder()

    async def send(_changes: Sequence[AnyChange]) -> None: ...

    async def answering(_collection: str) -> None: ...

    async def embed(texts: Sequence[str]) -> bytes:
        return await embedder.embed(texts, "passage")

    room = LibraryRoom(
        values,
        catalogue=Catalogue(database_url("", paths.database)),
        index=make_index(values, paths, HashEmbedder.info),
        texts=TextStore(paths.texts),
        reader=reader(real),
        cache=cache,
        pages=WebPages(paths.pages, values),
        embed=embed,
        dimension=DIMENSION,
        paused=paths.paused,
        send=send,
        on_answering=answering,
    )
    await real.start()
    await room.start()
    try:
        yield room
    finally:
        await room.close()
        await real.stop()
        cache.close()

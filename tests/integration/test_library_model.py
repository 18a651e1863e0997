"""Whatever happens to the files, and whenever the library process is killed: a moment later
catalogue, word index and vectors say what the disk says.

The long form is one walk: ``MORGAN_MODEL_FILES=10000 MORGAN_MODEL_STEPS=1000 pytest -s`` on this
file; ``MORGAN_MODEL_SEED`` chooses another.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import shutil
import signal
import tempfile
import threading
import time
from array import array
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random
from typing import Any, TypeVar

import pytest
import qdrant_edge
from hypothesis import HealthCheck, Phase, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

from morgan_core.errors import NotFound, WorkerDied
from morgan_core.index.edge import EdgeIndex
from morgan_core.library.chunking import chunk
from morgan_core.library.names import on_disk, to_text
from morgan_core.library.readers import read
from morgan_core.paths import Paths
from morgan_core.settings import Settings
from morgan_core.storage.catalogue import Catalogue
from morgan_core.storage.engine import database_url
from tests.hits import ask
from tests.library_disk import Disk
from tests.library_parts import HashEmbedder, TestLibrary, library_in, vector_of

T = TypeVar("T")

FILES = int(os.environ.get("MORGAN_MODEL_FILES", "30"))
STEPS = int(os.environ.get("MORGAN_MODEL_STEPS", "0"))
SEED = int(os.environ.get("MORGAN_MODEL_SEED", "0"))
FILL_SECONDS = 30 + FILES / 20
SETTLE_SECONDS = 10.0
DRAIN_SECONDS = 60.0
SHA256_OF_NOTHING = hashlib.sha256().hexdigest()

WEIGHTS = {
    "change_a_file": 60,
    "change_a_folder": 12,
    "unmount_or_mount_a_root": 3,
    "forget": 3,
    "learn_what_was_forgotten": 3,
    "stop_the_process_or_let_it_go_on": 4,
    "kill_the_process_soon": 4,
    "hold_or_release_the_embedder": 3,
    "let_time_pass": 12,
}
"""How often each rule is chosen in the long form."""

CHANCE = st.integers(0, 2**16 - 1)


FILE_OPERATIONS = (
    Disk.create, Disk.edit, Disk.save_by_rename, Disk.touch, Disk.copy, Disk.rename, Disk.swap,
    Disk.delete, Disk.move_out, Disk.move_in,
)  # fmt: skip
FOLDER_OPERATIONS = (
    Disk.rename_folder, Disk.copy_folder, Disk.delete_folder, Disk.move_folder_out,
    Disk.move_folder_in,
)  # fmt: skip


class LibraryMachine(RuleBasedStateMachine):
    """Each rule does one thing to the disk or to the library and waits for nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="morgan-model-")).resolve()
        self.disk = Disk(self.folder)
        self.excluded: set[str] = set()
        self.stopped = 0
        self.killing: list[threading.Timer] = []
        self.stack = AsyncExitStack()
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()
        self.tell: Callable[[str], None] = note
        self.library: TestLibrary

    @initialize(chance=CHANCE)
    def begin(self, chance: int) -> None:
        self.disk.fill(Random(chance), FILES)
        # Files that are gone are purged while the test runs, not a minute after it.
        library = library_in(self.folder, purge_after=0.3)
        self.library = self.run(self.stack.enter_async_context(library))
        for root in self.disk.roots:
            self.run(self.library.service.watch_add(str(root)))
        self.wait_until_true_to_the_disk(FILL_SECONDS)

    # --- the disk --------------------------------------------------------------------------

    @rule(chance=CHANCE)
    def change_a_file(self, chance: int) -> None:
        choose = Random(chance)
        choose.choice(FILE_OPERATIONS)(self.disk, choose)

    @rule(chance=CHANCE)
    def change_a_folder(self, chance: int) -> None:
        choose = Random(chance)
        choose.choice(FOLDER_OPERATIONS)(self.disk, choose)

    @rule(chance=CHANCE)
    def unmount_or_mount_a_root(self, chance: int) -> None:
        if self.disk.all_mounted():
            self.disk.unmount(Random(chance))
        else:
            self.disk.mount()

    # --- the library -----------------------------------------------------------------------

    @rule(chance=CHANCE)
    def forget(self, chance: int) -> None:
        if not self.stopped and (path := self.disk.pick(Random(chance))):
            self.run(self.library.service.forget([str(path)]))
            self.excluded.add(to_text(str(path)))

    @rule(chance=CHANCE)
    def learn_what_was_forgotten(self, chance: int) -> None:
        there = sorted(path for path in self.excluded if Path(on_disk(path)).exists())
        if there and not self.stopped:
            path = Random(chance).choice(there)
            self.run(self.library.service.learn([path]))
            self.excluded.remove(path)

    @rule(chance=CHANCE)
    def watch_again(self, chance: int) -> None:
        """Removed from the watched folders and put back, which lifts what was excluded in it."""
        if not self.stopped and self.disk.all_mounted():
            path = str(Random(chance).choice(self.disk.roots))
            self.run(self._unwatch(path))
            self.run(self.library.service.watch_add(path))
            self.excluded = {e for e in self.excluded if not e.startswith(path + "/")}

    async def _unwatch(self, path: str) -> None:
        while True:
            try:
                return await self.library.service.watch_remove(path, forget=True)
            except NotFound:
                return
            except WorkerDied:
                continue

    @rule(chance=CHANCE)
    def stop_the_process_or_let_it_go_on(self, chance: int) -> None:
        if self.stopped:
            with contextlib.suppress(ProcessLookupError):  # it was killed
                os.kill(self.stopped, signal.SIGCONT)
            self.stopped = 0
        elif pid := self.library.service.worker.pid:
            os.kill(pid, signal.SIGSTOP)
            self.stopped = pid

    @rule(chance=CHANCE)
    def kill_the_process_soon(self, chance: int) -> None:
        self.killing = [timer for timer in self.killing if timer.is_alive()]
        if not self.killing:
            timer = threading.Timer(Random(chance).uniform(0, 0.6), self._kill)
            timer.start()
            self.killing.append(timer)

    def _kill(self) -> None:
        worker = self.library.service.worker
        if worker.pid and worker.state == "ready":
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker.pid, signal.SIGKILL)

    @rule(chance=CHANCE)
    def hold_or_release_the_embedder(self, chance: int) -> None:
        gate = self.library.embedder.gate
        self.loop.call_soon_threadsafe(gate.clear if gate.is_set() else gate.set)

    @rule(chance=CHANCE)
    def let_time_pass(self, chance: int) -> None:
        """So that the next operation meets the library anywhere in its work on the last one."""
        time.sleep(Random(chance).uniform(0, 0.4))

    # --- the end ---------------------------------------------------------------------------

    def teardown(self) -> None:
        try:
            if hasattr(self, "library"):
                self.finish()
        finally:
            for timer in self.killing:
                timer.cancel()
            self.run(self.stack.aclose())
            self.loop.call_soon_threadsafe(self.loop.stop)
            self.thread.join()
            self.loop.close()
            shutil.rmtree(self.folder)

    def finish(self) -> None:
        if self.stopped:
            self.stop_the_process_or_let_it_go_on(0)
        for timer in self.killing:
            timer.join()
        self.disk.mount()
        self.loop.call_soon_threadsafe(self.library.embedder.gate.clear)
        self.wait_until_true_to_the_disk(SETTLE_SECONDS)
        self.run(self.check_words())
        self.loop.call_soon_threadsafe(self.library.embedder.gate.set)
        self.wait_until(self.undone, DRAIN_SECONDS)
        self.wait_until(self.unpurged, DRAIN_SECONDS)
        self.run(self.stack.aclose())
        self.run(check_stores(self.library.paths, self.expected()))

    def wait_until_true_to_the_disk(self, seconds: float) -> None:
        self.wait_until(self.untrue, seconds)

    def wait_until(self, wrong: Callable[[], Awaitable[str]], seconds: float) -> None:
        """Wait until nothing is wrong, at most ``seconds``."""

        async def wait() -> None:
            deadline = time.monotonic() + seconds
            began = time.monotonic()
            while found := await wrong():
                assert time.monotonic() < deadline, f"after {seconds} s: {found}"
                # Looking at thousands of files must not take the processor from the library.
                await asyncio.sleep(max(0.05, time.monotonic() - began))
                began = time.monotonic()

        began = time.monotonic()
        self.run(wait())
        self.tell(f"{wrong.__name__} for {time.monotonic() - began:.1f} s")

    async def untrue(self) -> str:
        """What the catalogue and the disk disagree on: one path of exactly one document for
        every file, one document for identical ones, all of them read."""
        expected, shown = self.expected(), {}
        for document in (await self.library.service.list()).documents:
            for path in document.paths:
                if path in shown:
                    return f"{path!r} is a path of two documents"
                shown[path] = document
        if ghosts := shown.keys() - expected.keys():
            return f"{len(ghosts)} are not on the disk: {sorted(ghosts)[:3]}"
        if missing := expected.keys() - shown.keys():
            return f"{len(missing)} are not in the library: {sorted(missing)[:3]}"
        for path, sha256 in expected.items():
            wanted = ("failed",) if sha256 == SHA256_OF_NOTHING else ("findable", "ready")
            document = shown[path]
            if document.state not in wanted:
                return f"{path!r} is {document.state}: {document.reason}"
        by_content = {(expected[path], document.id) for path, document in shown.items()}
        if len(by_content) != len(set(expected.values())) or len(by_content) != len(
            {document.id for document in shown.values()}
        ):
            return "documents and contents do not go together"
        return ""

    async def undone(self) -> str:
        counts = await self.library.service.counts()
        return f"{counts}" if counts.busy or counts.pending_passages else ""

    async def unpurged(self) -> str:
        """Hidden documents are purged within a tick of the keeper after their time is up."""
        catalogue = Catalogue(database_url("", self.library.paths.database))
        try:
            hidden = [row for row in (await catalogue.load()).documents if row.hidden_at]
        finally:
            await catalogue.close()
        return f"{len(hidden)} documents are hidden" if hidden else ""

    async def check_words(self) -> None:
        """A word that is in one content only finds that, and nothing else."""
        contents = {sha256: path for path, sha256 in self.expected().items()}
        for path in sorted(contents.values())[:: max(1, len(contents) // 300)]:
            text = Path(on_disk(path)).read_text()
            for word in {w.strip(",.") for w in text.split() if w.startswith("animal")}:
                found = await ask(self.library.service, word, None, limit=20)
                assert {p for hit in found.bm25 for p in hit.chunk.paths} >= {path}, (word, path)
                assert all(word in hit.chunk.text for hit in found.bm25), word

    def expected(self) -> dict[str, str]:
        """The sha256 by the path of every file that belongs into the library."""
        content = self.disk.content()
        return {path: sha for path, sha in content.items() if path not in self.excluded}

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result()


async def check_stores(paths: Paths, expected: dict[str, str]) -> None:
    """Catalogue and index hold what ``expected`` says, whole, and nothing else."""
    catalogue = Catalogue(database_url("", paths.database))
    try:
        snapshot = await catalogue.load()
        documents = {row.id: row for row in snapshot.documents}
        chunks = {id: await catalogue.chunks(id) for id in documents}
        counts = await catalogue.chunk_counts()
    finally:
        await catalogue.close()
    files = {row.path: row for row in snapshot.files if row.deleted_at is None}
    assert {path: row.sha256 for path, row in files.items()} == expected
    assert {row.document_id for row in files.values()} == documents.keys()
    assert sorted(row.sha256 for row in documents.values()) == sorted(set(expected.values()))
    assert snapshot.journal == []

    held = await points(paths)
    assert counts.keys() == held.keys()
    for document in documents.values():
        where = sorted(path for path, row in files.items() if row.document_id == document.id)
        if document.sha256 == SHA256_OF_NOTHING:
            assert (document.state, document.passages, document.revision) == ("failed", 0, 0)
            continue
        assert document.state == "ready"
        assert document.text_sha256 == document.sha256
        pieces = chunk(read(on_disk(where[0])), size=Settings().chunk_size)
        assert document.passages == document.embedded == len(pieces)
        rows = [(row.revision, row.ordinal, row.sha256, row.start) for row in chunks[document.id]]
        assert rows == [(document.revision, p.ordinal, p.sha256, p.start) for p in pieces]
        payloads = sorted(held[document.id], key=lambda point: point["ordinal"])
        assert [p["text"] for p in payloads] == [piece.text for piece in pieces]
        assert all(p["revision"] == document.revision for p in payloads)
        assert [p["paths"] for p in payloads] == [where] * len(payloads)
        for point in payloads:
            wanted = array("f", vector_of(point["text"]))
            # The index keeps eight bits of each number.
            assert point["vector"] == pytest.approx(wanted, abs=0.01)


async def points(paths: Paths) -> dict[str, list[dict[str, Any]]]:
    """The payload of every point, with its ``vector``, by document."""
    index = EdgeIndex(paths.index, HashEmbedder.info)
    await index.open()
    request = qdrant_edge.ScrollRequest(limit=1 << 30, with_payload=True, with_vector=True)
    records, _ = index._store.shard.scroll(request)
    held: dict[str, list[dict[str, Any]]] = {}
    for record in records:
        vector = (record.vector or {}).get("dense", [])
        point = {**record.payload, "vector": vector}
        held.setdefault(point["document_id"], []).append(point)
    await index.close()
    return held


@pytest.mark.slow
@pytest.mark.skipif(STEPS > 0, reason="the long form is asked for")
def test_the_library_is_true_to_the_disk() -> None:
    run_state_machine_as_test(
        LibraryMachine,
        settings=settings(
            max_examples=4,
            stateful_step_count=35,
            # What a run shows depends on timing too, so that nothing can be made smaller.
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.skipif(not STEPS, reason="MORGAN_MODEL_STEPS is not set")
@pytest.mark.timeout(7200)
def test_the_library_is_true_to_the_disk_at_length() -> None:
    """Hypothesis gives one example too few choices for this many steps."""
    chance = Random(SEED)
    machine = LibraryMachine()
    machine.tell = print
    names = [name for name, weight in WEIGHTS.items() for _ in range(weight)]
    try:
        machine.begin(chance.randrange(1 << 16))
        for number in range(STEPS):
            name, value = chance.choice(names), chance.randrange(1 << 16)
            print(f"{number}. {name}({value})")
            getattr(machine, name)(value)
    finally:
        machine.teardown()

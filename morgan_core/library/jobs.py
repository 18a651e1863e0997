"""How far the requests to learn and forget are. Their rows outlive the process."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from typing import Any, Literal

from morgan_core.errors import MorganError, NotFound
from morgan_core.library.keeper import Keeper
from morgan_core.library.look import real_path
from morgan_core.library.manifest import Manifest
from morgan_core.library.names import is_below
from morgan_core.library.requests import Requests
from morgan_core.library.vectors import Progress
from morgan_core.storage.catalogue_rows import JobRow
from morgan_core.types import Document, Job

_FINDABLE = frozenset({"findable", "ready", "failed", "offline"})
_DONE = frozenset({"ready", "failed", "offline"})

_EVERY = 0.1
_SHARE = 10.0
"""Looking how far the jobs are takes at most a tenth of the time, however many documents."""

log = logging.getLogger(__name__)


class Jobs:
    """Starts jobs and tells ``on_job`` whenever the state of one or of its documents changed."""

    def __init__(
        self,
        manifest: Manifest,
        keeper: Keeper,
        requests: Requests,
        rows: Iterable[JobRow],
        on_job: Callable[[Job], None],
    ) -> None:
        self._manifest = manifest
        self._keeper = keeper
        self._requests = requests
        self._rows = {row.id: row for row in rows}
        self._active = {row.id for row in self._rows.values() if not row.finished}
        self._on_job = on_job
        self._told: dict[str, Job] = {}
        self._forgotten: dict[str, tuple[Document, ...]] = {}
        self._vectors: dict[str, Progress] = {}
        # Jobs whose paths this process has looked at; only these can be scanned.
        self._looked: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._outdated = asyncio.Event()

    def start(self) -> None:
        """Go on with what an earlier process left unfinished."""
        self._spawn(self._follow())
        for job_id in list(self._active):
            row = self._rows[job_id]
            if row.kind == "learn" and not row.scanned:
                self._spawn(self._learn(row))
            elif row.kind == "forget":
                self._spawn(self._forget(row))

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def learn(self, job_id: str, paths: Sequence[str], *, watch: bool) -> Job:
        """Begin to take in ``paths``. The same ``job_id`` twice is one job. Raises BadInput."""
        if job_id not in self._rows:
            resolved = await self._requests.resolve(paths, watch=watch)
            # Not a part of the job, which may be done again after something was forgotten.
            await self._requests.lift(resolved)
            await self._add(JobRow(job_id, "learn", resolved, time.time(), watch=watch))
        if not self._rows[job_id].scanned:
            # Who asked may hang up; the saved job goes on.
            await asyncio.shield(self._spawn(self._learn(self._rows[job_id])))
        return self.get(job_id)

    async def forget(self, job_id: str, names: Sequence[str]) -> Job:
        """Remove what ``names`` say. It is hidden when this returns. Raises NotFound."""
        if job_id not in self._rows:
            row = JobRow(job_id, "forget", await self._requests.named(names), time.time())
            self._forgotten[job_id] = self._documents(row)
            await self._learn_no_more(lambda path: _at_or_below(path, row.paths))
            await self._add(row)
            await self._requests.forget(row)
            self._spawn(self._purge(row))
        else:
            await self._requests.forget(self._rows[job_id])
        return self.get(job_id)

    async def watch_remove(self, path: str, *, forget: bool) -> None:
        """Stop watching; raises NotFound. Documents stay as learned ones unless ``forget``."""
        real = await asyncio.to_thread(real_path, path)
        await self._learn_no_more(lambda p: p == real or (forget and is_below(p, real)))
        await self._requests.watch_remove(path, forget=forget)

    def get(self, job_id: str) -> Job:
        """Raises NotFound."""
        row = self._rows.get(job_id)
        if row is None:
            raise NotFound(f"There is no job {job_id}.")
        return self._show(row)

    def all(self) -> list[Job]:
        """Newest first."""
        rows = sorted(self._rows.values(), key=lambda row: row.created, reverse=True)
        return [self._show(row) for row in rows]

    def refresh(self) -> None:
        """Something happened to documents: see soon how far the jobs are."""
        self._outdated.set()

    def count(self, done: Mapping[str, Progress]) -> None:
        """Passages of these documents got their vectors."""
        for document_id, (reused, embedded) in done.items():
            paths = self._manifest.live_paths(document_id)
            for job_id in self._active:
                if any(_at_or_below(path, self._rows[job_id].paths) for path in paths):
                    before = self._vectors.get(job_id, Progress(0, 0))
                    self._vectors[job_id] = Progress(
                        before.reused + reused, before.embedded + embedded
                    )
        self.refresh()

    # --- inside ----------------------------------------------------------------------------

    async def _follow(self) -> None:
        while True:
            await self._outdated.wait()
            self._outdated.clear()
            began = time.perf_counter()
            try:
                for job_id in list(self._active):
                    row = self._rows[job_id]
                    if row.kind == "learn" and (row.scanned or row.id in self._looked):
                        await self._advance(row)
            except Exception:
                log.exception("seeing how far the jobs are failed; again soon")
                self._outdated.set()
            await asyncio.sleep(max(_EVERY, _SHARE * (time.perf_counter() - began)))

    async def _add(self, row: JobRow) -> None:
        self._rows[row.id] = row
        self._active.add(row.id)
        await self._manifest.catalogue.save_job(row)

    async def _learn(self, row: JobRow) -> None:
        try:
            row.skipped |= await self._requests.learn(row.paths, watch=row.watch)
        except MorganError as error:
            row.error = str(error)
        self._looked.add(row.id)
        await self._advance(row)

    async def _learn_no_more(self, dropped: Callable[[str], bool]) -> None:
        """Take paths out of the jobs that an earlier death would have done again, against what a
        person has wanted since."""
        for row in [self._rows[job_id] for job_id in self._active]:
            kept = [path for path in row.paths if not dropped(path)]
            if row.kind == "learn" and not row.scanned and kept != row.paths:
                row.paths = kept
                await self._manifest.catalogue.save_job(row)

    async def _forget(self, row: JobRow) -> None:
        await self._requests.forget(row)
        await self._purge(row)

    async def _purge(self, row: JobRow) -> None:
        try:
            await self._requests.purge_forgotten()
        except MorganError as error:
            log.warning("forgetting is tried again at the next start: %s", error)
            return
        await self._finish(row)

    async def _advance(self, row: JobRow) -> None:
        if not row.scanned and (row.error or not self._keeper.busy_below(row.paths)):
            # The files must be in the catalogue before the job says that they were seen: what
            # dies in between is scanned again.
            await self._manifest.flush()
            row.scanned = True
            await self._manifest.catalogue.save_job(row)
        job = self._show(row)
        if job != self._told.get(row.id):
            self._told[row.id] = job
            self._on_job(job)
        if job.state in ("done", "failed"):
            await self._finish(row)

    async def _finish(self, row: JobRow) -> None:
        row.finished = True
        self._active.discard(row.id)
        self._told.pop(row.id, None)
        await self._manifest.catalogue.save_job(row)
        self._on_job(self._show(row))

    def _show(self, row: JobRow) -> Job:
        learns = row.kind == "learn"
        documents = self._documents(row) if learns else self._forgotten.get(row.id, ())
        vectors = self._vectors.get(row.id, Progress(0, 0))
        return Job(
            id=row.id,
            kind=row.kind,
            state=_state(row, documents),
            documents=documents,
            skipped=dict(row.skipped),
            error=row.error,
            reused=vectors.reused,
            embedded=vectors.embedded,
        )

    def _documents(self, row: JobRow) -> tuple[Document, ...]:
        ids: dict[str, None] = {}
        for path in row.paths:
            for file in self._manifest.below(path).values():
                ids[file.document_id] = None
        shown = (self._manifest.show(document_id) for document_id in ids)
        return tuple(document for document in shown if document is not None)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def _at_or_below(path: str, folders: Iterable[str]) -> bool:
    return any(is_below(path, folder) for folder in folders)


def _state(
    row: JobRow, documents: Sequence[Document]
) -> Literal["running", "findable", "done", "failed"]:
    if row.error:
        return "failed"
    if row.finished:
        return "done"
    states = {document.state for document in documents}
    if not row.scanned or row.kind == "forget" or not states <= _FINDABLE:
        return "running"
    return "done" if states <= _DONE else "findable"

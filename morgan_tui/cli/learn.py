"""``learn``: a job, followed to its end."""

from __future__ import annotations

import asyncio
from argparse import Namespace
from collections import Counter
from collections.abc import Collection
from contextlib import aclosing
from typing import cast

from morgan_core.assistant import Closable, Morgan
from morgan_core.errors import MorganError
from morgan_core.events import CountsChanged, JobChanged
from morgan_core.types import Document, Job, LibraryCounts
from morgan_tui.cli.console import Console, counted, name
from morgan_tui.cli.scope import absolute

# Changes tell of progress; asking now and then makes sure that the end is never missed.
ASK_EVERY = 1.0


async def learn(morgan: Morgan, args: Namespace, console: Console) -> int:
    paths = [absolute(path) for path in args.paths]
    job = await morgan.learn(paths, watch=args.watch)
    enough = {"findable", "done", "failed"} if args.no_wait else {"done", "failed"}
    job = await Follower(morgan, job, console).until(enough)
    if console.as_json:
        console.json(job)
    _report(job, console)
    return 1 if _failed(job, paths) else 0


def _failed(job: Job, named: Collection[str]) -> bool:
    """Whether a path that the person named could not be taken in. A file that fails inside a
    named folder is listed, and fails the command only when nothing of the job came in."""
    lost = {p for d in job.documents if d.state == "failed" for p in (d.path, *d.paths)}
    if job.state == "failed" or set(named) & (lost | set(job.skipped)):
        return True
    return bool(job.documents) and all(d.state == "failed" for d in job.documents)


def _report(job: Job, console: Console) -> None:
    for path, reason in sorted(job.skipped.items()):
        console.say(f"skipped  {name(path)}: {reason}")
    if console.is_live:
        for document in job.documents:
            if document.state == "failed":
                console.say(_state(document))
    if job.error:
        console.say(job.error)
    states = Counter(document.state for document in job.documents)
    passages = sum(document.passages for document in job.documents)
    parts = [counted(len(job.documents) - states["failed"], "document")]
    parts.append(counted(passages, "passage"))
    if states["failed"]:
        parts.append(f"{states['failed']} failed")
    if job.skipped:
        parts.append(f"{len(job.skipped)} skipped")
    console.say(f"Learned {', '.join(parts)}.")
    if job.state == "findable":
        console.say("Words find them now; their vectors follow while Morgan runs.")


def _state(document: Document) -> str:
    if document.state == "failed":
        return f"failed  {name(document.path)}: {document.reason}"
    return f"{document.state}  {name(document.path)} ({counted(document.passages, 'passage')})"


class Follower:
    """Watches one job: a live line on a terminal, a line per finished document elsewhere."""

    def __init__(self, morgan: Morgan, job: Job, console: Console) -> None:
        self._morgan = morgan
        self._job = job
        self._console = console
        self._counts = LibraryCounts()
        self._said: set[str] = set()
        self._arrived = asyncio.Event()

    async def until(self, states: Collection[str]) -> Job:
        reading = asyncio.create_task(self._read_changes())
        try:
            self._narrate()
            while self._job.state not in states:
                try:
                    await asyncio.wait_for(self._arrived.wait(), ASK_EVERY)
                except TimeoutError:
                    self._job = await self._morgan.jobs.get(self._job.id)
                self._arrived.clear()
                self._narrate()
            return self._job
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
            self._console.clear()

    async def _read_changes(self) -> None:
        try:
            async with aclosing(cast("Closable", self._morgan.library.changes())) as changes:
                async for change in changes:
                    if isinstance(change, CountsChanged):
                        self._counts = change.counts
                    elif isinstance(change, JobChanged) and change.job.id == self._job.id:
                        self._job = change.job
                    else:
                        continue
                    self._arrived.set()
        except MorganError:
            return  # the job is still asked for every second

    def _narrate(self) -> None:
        if self._console.is_live:
            self._console.live(self._summary())
            return
        final = {"failed", "ready"}
        for document in self._job.documents:
            if document.state in final and document.id not in self._said:
                self._said.add(document.id)
                self._console.say(_state(document))

    def _summary(self) -> str:
        if self._job.kind == "forget":
            return "Forgetting…"
        states = Counter(document.state for document in self._job.documents)
        parts = [
            f"{states[state]} {state}"
            for state in ("waiting", "reading", "findable", "ready", "failed")
            if states[state]
        ]
        if rate := self._counts.passages_per_second:
            left = self._counts.pending_passages
            parts.append(f"{counted(left, 'passage')} to embed at {rate:.0f}/s")
        return "Learning: " + (" · ".join(parts) or "looking…")

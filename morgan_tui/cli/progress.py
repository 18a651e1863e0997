"""Following a job to its end: a bar on a terminal, lines elsewhere, JSON lines for programs."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Collection
from contextlib import aclosing
from typing import cast

from morgan_core.assistant import Closable, Morgan
from morgan_core.errors import MorganError
from morgan_core.events import CountsChanged, JobChanged
from morgan_core.types import Document, Job, LibraryCounts, Record
from morgan_tui.cli.console import Console, counted, name
from morgan_tui.text import duration

# Changes tell of progress; asking now and then makes sure that the end is never missed.
ASK_EVERY = 1.0

JSON_EVERY = 0.5
"""Seconds between two JSON lines, at least."""

BAR = 20
_FINAL = ("ready", "failed", "offline")


class Progress(Record, frozen=True, kw_only=True):
    """One line of ``learn --json`` before the last, which is the job itself.

    ``files`` are known so far, ``findable`` of them are found by words or better, ``done`` ready
    or failed. ``current`` is the file that is being read or embedded; ``eta_seconds`` is None
    while nothing can be told.
    """

    job: str
    state: str
    files: int
    findable: int
    done: int
    failed: int
    share: float
    pending_passages: int
    passages_per_second: float
    eta_seconds: float | None
    paused: bool
    current: str


def progress_of(job: Job, counts: LibraryCounts) -> Progress:
    """How far ``job`` is, at the library's rate of late."""
    states: Counter[str] = Counter(document.state for document in job.documents)
    done = sum(states[state] for state in _FINAL)
    pending = sum(d.passages - d.embedded for d in job.documents if d.state == "findable")
    busy = next((d for d in job.documents if d.state == "reading"), None) or next(
        (d for d in job.documents if d.state == "findable" and d.embedded), None
    )
    return Progress(
        job=job.id,
        state=job.state,
        files=len(job.documents),
        findable=states["findable"] + done,
        done=done,
        failed=states["failed"],
        share=round(sum(map(_share, job.documents)) / len(job.documents), 3)
        if job.documents
        else 0.0,
        pending_passages=pending,
        passages_per_second=counts.passages_per_second,
        eta_seconds=_eta(job, states, pending, counts),
        paused=counts.paused,
        current=busy.path if busy else "",
    )


def _share(document: Document) -> float:
    if document.state in _FINAL:
        return 1.0
    if document.state == "findable":
        return document.embedded / max(document.passages, 1)
    return 0.0


def _eta(job: Job, states: Counter[str], pending: int, counts: LibraryCounts) -> float | None:
    """Unread files are taken to hold as many passages as the others on average."""
    unread = states["waiting"] + states["reading"]
    read = states["findable"] + states["ready"]
    if counts.paused or not counts.passages_per_second or (unread and not read):
        return None
    average = sum(d.passages for d in job.documents) / max(read, 1)
    return float(round((pending + unread * average) / counts.passages_per_second))


def bar_line(progress: Progress) -> str:
    """``Learning ████░░ 312/1,204 files · 41 passages/s · 2 min left · report.pdf``."""
    if not progress.files:
        return "Learning: looking…"
    parts = [f"Learning {bar(progress.share)} {progress.done:,}/{progress.files:,} files"]
    if progress.failed:
        parts.append(f"{progress.failed:,} failed")
    if progress.paused:
        parts.append("paused")
    elif progress.passages_per_second:
        parts.append(f"{progress.passages_per_second:.0f} passages/s")
    if progress.eta_seconds:
        parts.append(f"{duration(progress.eta_seconds)} left")
    if progress.current:
        parts.append(progress.current.rpartition("/")[2])
    return " · ".join(parts)


def bar(share: float) -> str:
    """``████░░``, ``BAR`` characters wide."""
    full = int(min(max(share, 0.0), 1.0) * BAR)
    return "█" * full + "░" * (BAR - full)


class Follower:
    """Watches one job and tells how far it is."""

    def __init__(self, morgan: Morgan, job: Job, console: Console) -> None:
        self._morgan = morgan
        self._job = job
        self._console = console
        self._counts = LibraryCounts()
        self._said: set[str] = set()
        self._said_pause = False
        self._printed: tuple[float, Progress | None] = (0.0, None)
        self._arrived = asyncio.Event()

    async def until(self, states: Collection[str]) -> Job:
        """Wait for one of ``states``; the job as it is then."""
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
        if self._job.kind == "forget":
            self._console.live("Forgetting…")
            return
        progress = progress_of(self._job, self._counts)
        if self._console.as_json:
            self._print(progress)
        if progress.paused and not self._said_pause:
            self._said_pause = True
            self._console.say("The library is paused. Go on with: morgan-tui library resume")
        if self._console.is_live:
            self._console.live(bar_line(progress))
            return
        for document in self._job.documents:
            if document.state in ("failed", "ready") and document.id not in self._said:
                self._said.add(document.id)
                self._console.say(state_line(document))

    def _print(self, progress: Progress) -> None:
        printed, last = self._printed
        if progress != last and time.monotonic() - printed >= JSON_EVERY:
            self._printed = time.monotonic(), progress
            self._console.json_line(progress)


def state_line(document: Document) -> str:
    """A document at its end."""
    if document.state == "failed":
        return f"failed  {name(document.path)}: {document.reason}"
    return f"{document.state}  {name(document.path)} ({counted(document.passages, 'passage')})"

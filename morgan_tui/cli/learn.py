"""``learn``: a job, followed to its end."""

from __future__ import annotations

import asyncio
from argparse import Namespace
from collections import Counter
from collections.abc import Collection

from morgan_core.assistant import Morgan
from morgan_core.types import Job
from morgan_core.urls import is_url
from morgan_tui.cli.console import Console, counted, name
from morgan_tui.cli.progress import Follower, state_line
from morgan_tui.cli.scope import absolute


async def learn(morgan: Morgan, args: Namespace, console: Console) -> int:
    paths = [absolute(path) for path in args.paths]
    if urls := [path for path in paths if is_url(path)]:
        console.live(f"Fetching {name(urls[0])}…")
    job = await morgan.learn(paths, watch=args.watch)
    enough = {"findable", "done", "failed"} if args.no_wait else {"done", "failed"}
    try:
        job = await Follower(morgan, job, console).until(enough)
    except asyncio.CancelledError:
        console.say(_interrupted(morgan))
        raise
    if console.as_json:
        console.json_line(job)
    _report(job, console)
    return 1 if _failed(job, paths) else 0


def _interrupted(morgan: Morgan) -> str:
    if getattr(morgan, "is_owner", False):
        return "Stopped. What is done is kept; Morgan goes on with the rest when it runs again."
    return "No longer waiting. The running Morgan goes on with it."


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
                console.say(state_line(document))
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
    if job.state == "done" and (job.reused or job.embedded):
        console.say(f"Vectors: reused {job.reused:,}, embedded {job.embedded:,}.")
    if job.state == "findable":
        console.say("Words find them now; their vectors follow while Morgan runs.")

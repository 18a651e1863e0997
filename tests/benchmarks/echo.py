"""From key to echo while an answer streams and a folder is taken in.

The real app with real models on a pseudo-terminal. Every key is a letter that is on no screen
before, so its echo cannot be mistaken for other output.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
from dataclasses import dataclass
from pathlib import Path

from morgan_core.assets import asset_path
from morgan_core.session import Session
from tests.benchmarks.base import Metrics, Options, metric, percentile, spread
from tests.benchmarks.real_app import SAMPLE_DOCUMENTS, paths_in, running_app, settled
from tests.benchmarks.terminal import Terminal
from tests.benchmarks.texts import write_documents

P95_BAR_MS = 30
MAX_BAR_MS = 100
# Hangul syllables that no document, answer or screen of Morgan holds; one cell pair each.
ALPHABET = [chr(code) for code in range(0xAC00, 0xD7A3, 7)]
QUESTION = "Tell me about the history of the observatory in great detail."
CLEAR, ENTER = "\x15", "\r"
PER_ANSWER = 24


@dataclass
class Work:
    """What the core does at the moment, as a second face sees it."""

    streaming: bool = False
    pending: int = 0


def run(options: Options) -> Metrics:
    return asyncio.run(measure(options.pick(300, 12), options.pick(400, 20)))


async def measure(keys: int, documents: int) -> Metrics:
    work = Work()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        files = folder / "files"
        write_documents(files, documents, paragraphs=16, seed=9)
        async with running_app(folder) as (terminal, session):
            await session.watches.add(str(asset_path("sample")))
            await settled(session, documents=SAMPLE_DOCUMENTS)
            idle = [s for s, _ in await type_keys(terminal, work, min(keys, 50), quiet=True)]
            await session.watches.add(str(files))
            watching = asyncio.create_task(watch(session, paths_in(folder).journal, work))
            try:
                samples = await type_keys(terminal, work, keys)
            finally:
                watching.cancel()
                await asyncio.gather(watching, return_exceptions=True)
    busy = [seconds for seconds, under_load in samples if under_load]
    if not busy:
        raise RuntimeError("no key was typed while an answer streamed and files were taken in")
    how = (
        "from writing a key to the pseudo-terminal until its letter arrives in the output, while "
        "an answer streams from the starter model and a folder is embedded"
    )
    return {
        "p95": metric(
            percentile(busy, 0.95) * 1000,
            "ms",
            bar=P95_BAR_MS,
            n=len(busy),
            how=f"95th percentile of the time {how}",
            busy_ms=spread(busy, 1000),
            idle_ms=spread(idle, 1000),
            typed=len(samples),
        ),
        "max": metric(
            max(busy) * 1000, "ms", bar=MAX_BAR_MS, n=len(busy), how=f"longest time {how}"
        ),
        "p50": metric(percentile(busy, 0.5) * 1000, "ms", n=len(busy), how=f"median time {how}"),
    }


async def type_keys(
    terminal: Terminal, work: Work, count: int, *, quiet: bool = False
) -> list[tuple[float, bool]]:
    """Seconds of each key's echo, and whether the core was streaming and embedding then.

    Asks again whenever no answer streams, unless it shall be ``quiet``.
    """
    chance = random.Random(count)
    letters = iter(ALPHABET[100 * quiet :])
    samples: list[tuple[float, bool]] = []
    give_up = asyncio.get_running_loop().time() + 240
    while len(samples) < count and asyncio.get_running_loop().time() < give_up:
        if not quiet:
            await ask(terminal, work)
        for _ in range(min(PER_ANSWER, count - len(samples))):
            letter, since = next(letters), terminal.length
            loaded_before = work.streaming and work.pending > 0
            pressed = terminal.send(letter)
            seen = await asyncio.to_thread(terminal.wait_for, letter, since=since, timeout=10)
            samples.append((seen - pressed, loaded_before))
            await asyncio.sleep(chance.uniform(0.06, 0.25))
            if not quiet and not work.streaming:
                break
        terminal.send(CLEAR)
        await asyncio.sleep(0.3)
    return samples


async def ask(terminal: Terminal, work: Work) -> None:
    """Ask through the prompt unless an answer streams already; wait until it does."""
    if work.streaming:
        return
    terminal.send(QUESTION)
    await asyncio.sleep(0.5)
    terminal.send(ENTER)
    for _ in range(200):
        if work.streaming:
            return
        await asyncio.sleep(0.1)
    raise RuntimeError("no answer began to stream within 20 s")


async def watch(session: Session, journal: Path, work: Work) -> None:
    """Keep ``work`` up to date: tokens are seen in the journal, at no cost to the core."""
    while True:
        work.pending = (await session.library.counts()).pending_passages
        for _ in range(10):
            work.streaming = streams(journal)
            await asyncio.sleep(0.1)


def streams(journal: Path) -> bool:
    """Whether the newest turn has written a token and has not ended."""
    newest = max(journal.glob("*.jsonl"), key=lambda path: path.stat().st_mtime, default=None)
    if newest is None:
        return False
    lines = newest.read_bytes()
    ended = b'"event":"done"' in lines or b'"event":"failed"' in lines
    return b'"event":"token"' in lines and not ended

"""Opening a conversation of 2,000 messages in the terminal app."""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
import uuid
from pathlib import Path

from sqlalchemy import insert

from morgan_core.paths import Paths
from morgan_core.storage.conversations import ConversationStore
from morgan_core.storage.engine import database_url, open_engine
from morgan_core.storage.migrate import migrate
from morgan_core.storage.schema import messages
from tests.benchmarks.base import Metrics, Options, metric, percentile, spread
from tests.benchmarks.real_app import paths_in, running_app
from tests.benchmarks.terminal import Terminal
from tests.benchmarks.texts import passage

BAR_MS = 300
MESSAGES = 2_000
LAST_WORD = "xylophonically"
NEW, F4, HOME, DOWN, ENTER = "\x0e", "\x1bOS", "\x1b[H", "\x1b[B", "\r"


def run(options: Options) -> Metrics:
    return asyncio.run(measure(options.pick(15, 3)))


async def measure(rounds: int) -> Metrics:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        await write_conversation(paths_in(folder))
        async with running_app(folder) as (terminal, _):
            await asyncio.sleep(2)
            seconds = []
            for _ in range(rounds + 1):
                seconds.append(await asyncio.to_thread(open_once, terminal))
    first, rest = seconds[0], seconds[1:]
    return {
        "last_screen": metric(
            percentile(rest, 0.5) * 1000,
            "ms",
            bar=BAR_MS,
            n=rounds,
            how=f"median time from Enter in the list of conversations until the end of the last of "
            f"{MESSAGES:,} messages arrives at the terminal, models loaded",
            all_ms=spread(rest, 1000),
            first_ms=first * 1000,
        )
    }


def open_once(terminal: Terminal) -> float:
    """Open the conversation from an empty one; seconds until its last words are painted."""
    terminal.send(NEW)
    time.sleep(1.0)
    for keys in (F4, HOME, DOWN):
        terminal.send(keys)
        time.sleep(0.3)
    since = terminal.length
    pressed = terminal.send(ENTER)
    return terminal.wait_for(LAST_WORD, since=since, timeout=20) - pressed


async def write_conversation(paths: Paths) -> None:
    """One conversation of ``MESSAGES`` messages; answers are Markdown of two paragraphs."""
    paths.create()
    engine = open_engine(database_url("", paths.database))
    await migrate(engine)
    conversation = await ConversationStore(engine).create("A long talk")
    chance, began = random.Random(5), time.time() - MESSAGES
    rows = []
    for number in range(MESSAGES):
        asked = number % 2 == 0
        text = f"Question {number // 2}?" if asked else answer(chance)
        if number == MESSAGES - 1:
            text += f"\n\nAnd at the very end, {LAST_WORD}."
        rows.append(
            {
                "id": str(uuid.uuid4()),
                "conversation_id": conversation.id,
                "turn_id": uuid.UUID(int=number // 2).hex,
                "role": "user" if asked else "assistant",
                "text": text,
                "prompt": text,
                "state": "complete",
                "created": began + number,
            }
        )
    async with engine.begin() as connection:
        await connection.execute(insert(messages), rows)
    await engine.dispose()


def answer(chance: random.Random) -> str:
    points = "\n".join(f"- **{word}** [1]" for word in passage(chance).split()[:3])
    return f"{passage(chance)}\n\n{points}\n\n{passage(chance)}"

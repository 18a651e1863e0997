"""How much of the prompt the second turn of a conversation reads again."""

from __future__ import annotations

import asyncio
import tempfile
from contextlib import aclosing
from pathlib import Path
from typing import cast

from morgan_core.assets import asset_path
from morgan_core.assistant import Closable
from morgan_core.events import Done, Failed
from morgan_core.session import Session, open_morgan
from morgan_core.types import Answer
from tests.benchmarks.base import Metrics, Options, metric
from tests.benchmarks.real_app import SAMPLE_DOCUMENTS, loaded, paths_in, settled

BAR = 10.0
QUESTIONS = (
    "When must the domes be closed?",
    "Who is the keeper, and what may the keeper do?",
    "When is the mirror of Margit coated again?",
)


def run(options: Options) -> Metrics:
    return asyncio.run(measure(options.pick(3, 2)))


async def measure(turns: int) -> Metrics:
    with tempfile.TemporaryDirectory() as folder:
        async with open_morgan(paths=paths_in(Path(folder))) as morgan:
            await loaded(morgan)
            await morgan.watches.add(str(asset_path("sample")))
            await settled(morgan, documents=SAMPLE_DOCUMENTS)
            answers = [await ask(morgan, QUESTIONS[0], None)]
            for question in QUESTIONS[1:turns]:
                answers.append(await ask(morgan, question, answers[0].conversation_id))
    first, second = answers[0].usage, answers[1].usage
    prefix = first.prompt_tokens + first.completion_tokens
    again = max(0, prefix - second.cached_tokens)
    return {
        "read_again": metric(
            100 * again / prefix,
            "% of prefix",
            bar=BAR,
            n=1,
            how="tokens of the first turn (prompt and answer) that the engine had to read again "
            "for the second, in a real conversation about the sample library",
            usage=[
                {
                    "prompt": answer.usage.prompt_tokens,
                    "cached": answer.usage.cached_tokens,
                    "written": answer.usage.completion_tokens,
                    "first_token_ms": round(answer.timings.first_token_ms),
                }
                for answer in answers
            ],
        )
    }


async def ask(morgan: Session, question: str, conversation_id: str | None) -> Answer:
    turn = morgan.ask(question, conversation_id=conversation_id)
    async with aclosing(cast("Closable", turn)) as events:
        async for event in events:
            if isinstance(event, Done):
                return event.answer
            if isinstance(event, Failed):
                raise RuntimeError(event.message)
    raise RuntimeError("the turn did not end")

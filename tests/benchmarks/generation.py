"""Tokens per second of our chat model against bare llama.cpp, alternating.

The bare loop runs in a process of its own: ours changes how the threads of its process wait.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from pathlib import Path

from morgan_core.llm.base import ChatMessage, Delta, Finished
from morgan_core.llm.llama import LlamaModel
from morgan_core.llm.weights import Sampling
from tests.benchmarks.base import Metrics, Options, metric, spread
from tests.benchmarks.generate_tokens import BareProcess, bare_process
from tests.benchmarks.model_file import question, settings
from tests.benchmarks.real_app import paths_in

BAR = 0.98
BARE_SECONDS = 15.0
"""Longest a bare round may take: beside other load libgomp's defaults can be 20 times slower."""
GREEDY = Sampling(temperature=0.0, repeat_penalty=1.0)


def run(options: Options) -> Metrics:
    return asyncio.run(measure(options.pick(9, 2), options.pick(96, 24)))


async def measure(rounds: int, most: int) -> Metrics:
    ours, bare = [], []
    with tempfile.TemporaryDirectory() as folder, bare_process() as plain:
        paths = paths_in(Path(folder))
        paths.create()
        model = LlamaModel(settings(), paths, sampling=GREEDY)
        await model.load()
        try:
            for number in range(rounds + 1):
                pair = await one_round(model, plain, number, most)
                if number:
                    ours.append(pair[0])
                    bare.append(pair[1])
        finally:
            await model.close()
    ratios = [a / b for a, b in zip(ours, bare, strict=True)]
    return {
        "ratio": metric(
            statistics.median(ours) / statistics.median(bare),
            "×",
            bar=BAR,
            better="more",
            n=rounds,
            how=f"tokens per second after the first token, up to {most} tokens, greedy, through "
            "LlamaModel.generate over a bare llama.cpp loop of as many threads in a process of "
            "its own, with libgomp's defaults; medians of "
            "alternating rounds on the same prompts",
            ours_tokens_per_s=spread(ours),
            bare_tokens_per_s=spread(bare),
            ratio_per_round=spread(ratios),
        )
    }


async def one_round(
    model: LlamaModel, plain: BareProcess, number: int, most: int
) -> tuple[float, float]:
    """Tokens per second of both; who goes first changes every round."""
    if number % 2:
        ours = await generate_ours(model, number, most)
        return ours, await asyncio.to_thread(plain.rate, number, most=most, seconds=BARE_SECONDS)
    bare = await asyncio.to_thread(plain.rate, number, most=most, seconds=BARE_SECONDS)
    return await generate_ours(model, number, most), bare


async def generate_ours(model: LlamaModel, number: int, most: int) -> float:
    first = None
    messages = [ChatMessage(role="user", content=question(number))]
    async for item in model.generate(messages, max_tokens=most, temperature=0.0):
        now = time.perf_counter()
        if isinstance(item, Delta):
            first = first or now
        elif isinstance(item, Finished):
            assert first is not None, "the model wrote nothing"
            return (item.completion_tokens - 1) / (now - first)
    raise AssertionError("the generation did not finish")

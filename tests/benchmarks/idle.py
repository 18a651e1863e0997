"""Processor time of the app and its children while nobody does anything."""

from __future__ import annotations

import asyncio
import contextlib
import time

import psutil

from morgan_core.assets import asset_path
from tests.benchmarks.base import Metrics, Options, metric
from tests.benchmarks.real_app import SAMPLE_DOCUMENTS, running_app, settled
from tests.benchmarks.terminal import Terminal

BAR = 1.0


def run(options: Options) -> Metrics:
    return asyncio.run(measure(options.pick(10, 2), options.pick(30, 5)))


async def measure(rest: int, span: int) -> Metrics:
    async with running_app() as (terminal, session):
        await session.watches.add(str(asset_path("sample")))
        await settled(session, documents=SAMPLE_DOCUMENTS)
        await session.close()
        await asyncio.sleep(rest)
        before, began = processor_seconds(terminal), time.perf_counter()
        await asyncio.sleep(span)
        after, took = processor_seconds(terminal), time.perf_counter() - began
    by_process = {
        name: round(100 * (seconds - before.get(name, 0.0)) / took, 3)
        for name, seconds in after.items()
    }
    return {
        "processor": metric(
            sum(by_process.values()),
            "% of a core",
            bar=BAR,
            n=1,
            how=f"user and system time of the app and its children over {span} s, {rest} s after "
            "the models were loaded and the sample library was ready",
            by_process=by_process,
        )
    }


def processor_seconds(terminal: Terminal) -> dict[str, float]:
    """User and system seconds of each process of the app so far."""
    spent: dict[str, float] = {}
    for process in terminal.family():
        with contextlib.suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            spent[f"{process.name()}:{process.pid}"] = times.user + times.system
    return spent

"""``models``: the catalogue and what is on disk."""

from __future__ import annotations

from argparse import Namespace
from contextlib import aclosing
from typing import cast

from morgan_core.assistant import Closable, Morgan
from morgan_core.errors import ModelError
from morgan_core.types import ModelInfo
from morgan_tui.cli.console import Console, name


async def list_all(morgan: Morgan, args: Namespace, console: Console) -> int:
    models = await morgan.models.list()
    if console.as_json:
        console.json({"models": models})
        return 0
    for model in models:
        console.line(_row(model))
    return 0


async def use(morgan: Morgan, args: Namespace, console: Console) -> int:
    model = await morgan.models.use(args.name)
    console.say(f"{name(model.name)} answers from the next question on.")
    return _result(model, console)


async def test(morgan: Morgan, args: Namespace, console: Console) -> int:
    console.live(f"Loading {args.name}…")
    model = await morgan.models.test(args.name)
    if model.state != "failed":
        console.say(f"{name(model.name)} works.")
    return _result(model, console)


async def pull(morgan: Morgan, args: Namespace, console: Console) -> int:
    last: ModelInfo | None = None
    async with aclosing(cast("Closable", morgan.models.pull(args.name))) as progress:
        async for model in progress:
            last = model
            console.live(f"{model.name}: {model.share:.0%} of {_size(model.size)}")
    if last is None:
        raise ModelError(f"{args.name} was not downloaded.", mend="Try again.")
    if last.state != "failed":
        console.say(f"{name(last.name)} is here.")
    return _result(last, console)


def _result(model: ModelInfo, console: Console) -> int:
    if console.as_json:
        console.json(model)
    if model.state == "failed":
        console.say(f"{name(model.name)}: {model.reason}")
        return 1
    return 0


def _row(model: ModelInfo) -> str:
    context = f"{model.context} tokens" if model.context else ""
    row = f"{model.state:<11}  {model.role:<9}  {_size(model.size):>8}  {context:>14}"
    row += f"  {name(model.name)}"
    return f"{row}  {name(model.reason)}" if model.reason else row


def _size(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"

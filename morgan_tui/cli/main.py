"""Running a command: settings, session, exit codes."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import importlib
import logging
import os
import signal
import sys
from argparse import Namespace
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

from morgan_tui.cli.parser import parse

if TYPE_CHECKING:
    from morgan_core.assistant import Morgan
    from morgan_core.paths import Paths
    from morgan_tui.cli.console import Console

    Opener = Callable[..., AbstractAsyncContextManager[Morgan]]
    Attacher = Callable[[Paths], Awaitable[Morgan | None]]
    Handler = Callable[[Morgan, Namespace, Console], Awaitable[int]]

DONE, FAILED, USAGE, UNHEALTHY, INTERRUPTED = 0, 1, 2, 3, 130


def main(
    argv: Sequence[str], *, opener: Opener | None = None, attacher: Attacher | None = None
) -> int:
    """Run the command line ``argv`` and return the exit code.

    ``opener`` and ``attacher`` stand in for ``open_morgan`` and ``attach`` in tests.
    """
    try:
        args = parse(argv)
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else USAGE
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError):
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    try:
        return _run(args, opener, attacher)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # The reader (head, less) has gone; the interpreter must not fail on its last flush.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED


def _run(args: Namespace, opener: Opener | None, attacher: Attacher | None) -> int:
    if args.run == "version":
        return _version(args)
    if args.run == "app" and not (sys.stdin.isatty() and sys.stdout.isatty()):
        print(
            "The terminal app needs a terminal: use `morgan-tui ask QUESTION` for one answer, "
            "or `morgan-tui --headless` to serve HTTP.",
            file=sys.stderr,
        )
        return USAGE

    from morgan_core.errors import MorganError
    from morgan_tui.cli.console import Console

    console = Console(as_json=args.json)
    try:
        return _command(args, console, opener, attacher)
    except MorganError as error:
        console.say(f"morgan-tui: {error}")
        return UNHEALTHY if args.run in ("doctor", "health:health") else FAILED


def _command(
    args: Namespace, console: Console, opener: Opener | None, attacher: Attacher | None
) -> int:
    from morgan_core.errors import BadInput
    from morgan_core.paths import find_paths

    if args.run == "ask:ask":
        from morgan_tui.cli.ask import prepare

        try:
            prepare(args)
        except BadInput as error:
            console.say(f"morgan-tui: {error}")
            return USAGE
    if args.run == "bench":
        from morgan_tui.cli.bench import bench

        return bench(args)
    paths = find_paths(args.data_dir)
    if args.run == "headless":
        from morgan_core.server.headless import run as run_headless
        from morgan_core.settings import load_settings

        flags = {"host": args.host, "port": args.port}
        return run_headless(paths, load_settings(paths, flags=flags, headless=True))
    if args.run == "doctor":
        from morgan_core.settings import load_settings
        from morgan_tui.cli.doctor import report as doctor

        return doctor(load_settings(paths), paths, as_json=args.json)
    if args.run == "eval":
        from morgan_tui.cli.evaluate import evaluate

        return _complete(evaluate(args, paths, console))
    # From here on the session reads the settings when it starts a core: pydantic takes longer
    # to import than a running core takes to answer.
    if args.run == "app":
        # What is imported here stays: the collector need not look at it again and again, now
        # and while somebody types.
        gc.disable()
        from morgan_tui.app import run as run_app

        gc.freeze()
        gc.enable()
        return run_app(paths, None, args.connect)
    # Without any handler, logging writes warnings on stderr.
    logging.getLogger().addHandler(logging.NullHandler())
    if args.run == "health:health" and not args.connect:
        return _complete(_health(paths, console, attacher))
    return _complete(_with_morgan(args, paths, console, opener))


def _version(args: Namespace) -> int:
    from morgan_core import __version__

    print(f'{{"version": "{__version__}"}}' if args.json else f"morgan-tui {__version__}")
    return DONE


async def _with_morgan(
    args: Namespace, paths: Paths, console: Console, opener: Opener | None
) -> int:
    if opener is None:
        from morgan_core.session import open_morgan

        opener = open_morgan
    module, _, function = args.run.partition(":")
    handler: Handler = getattr(importlib.import_module(f"morgan_tui.cli.{module}"), function)
    console.live("Starting…")
    async with opener(paths=paths, connect=args.connect, preload=False) as morgan:
        return await handler(morgan, args, console)


async def _health(paths: Paths, console: Console, attacher: Attacher | None) -> int:
    from morgan_tui.cli.health import health, unhealthy

    if attacher is None:
        from morgan_core.session import attach

        attacher = attach
    morgan = await attacher(paths)
    if morgan is None:
        return unhealthy(
            f"No Morgan is running on {paths.data}. Start one with `morgan-tui` or "
            "`morgan-tui --headless`.",
            console,
        )
    try:
        return await health(morgan, Namespace(), console)
    finally:
        await morgan.close()


def _complete(work: Awaitable[int]) -> int:
    """Run ``work``; Ctrl+C and SIGTERM cancel it, so that a turn is stopped and a core closed."""

    async def watched() -> int:
        task = asyncio.current_task()
        if task is not None and hasattr(signal, "SIGTERM"):
            with contextlib.suppress(NotImplementedError, ValueError, RuntimeError):
                asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        return await work

    try:
        return asyncio.run(watched())
    except asyncio.CancelledError:
        return INTERRUPTED

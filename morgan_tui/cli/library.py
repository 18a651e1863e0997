"""``library`` and ``watch``: documents, their state, and the watched folders."""

from __future__ import annotations

from argparse import Namespace

from morgan_core.assistant import Morgan
from morgan_core.types import Document, Folder, LibraryCounts
from morgan_tui.cli.console import Console, counted, name
from morgan_tui.cli.scope import absolute


async def library(morgan: Morgan, args: Namespace, console: Console) -> int:
    listing = await morgan.library.list()
    if console.as_json:
        console.json(listing)
        return 0
    for document in sorted(listing.documents, key=lambda d: d.path):
        console.line(_row(document))
    for folder in listing.folders:
        console.line(_folder_row(folder))
    counts = listing.counts
    states = ", ".join(
        f"{number} {state}"
        for state in ("ready", "findable", "reading", "waiting", "failed", "offline")
        if (number := getattr(counts, state))
    )
    total = counted(counts.documents, "document")
    console.say(
        f"{total}, {counted(counts.passages, 'passage')}" + (f": {states}" if states else "")
    )
    if counts.paused:
        console.say("The library is paused. Go on with: morgan-tui library resume")
    return 0


def _row(document: Document) -> str:
    row = f"{document.state:<8}  {document.passages:>6}  {name(document.path)}"
    if len(document.paths) > 1:
        row += f"  (+{len(document.paths) - 1} more paths)"
    return f"{row}  {name(document.reason)}" if document.reason else row


def _folder_row(folder: Folder) -> str:
    row = f"{folder.state:<8}  {folder.documents:>6}  {name(folder.path)}/"
    if folder.skipped:
        why = ", ".join(f"{count:,} {name(reason)}" for reason, count in folder.skipped.items())
        row += f"  (left out: {why})"
    return f"{row}  {name(folder.reason)}" if folder.reason else row


async def pause(morgan: Morgan, args: Namespace, console: Console) -> int:
    return _say_pause(await morgan.library.pause(), console)


async def resume(morgan: Morgan, args: Namespace, console: Console) -> int:
    return _say_pause(await morgan.library.resume(), console)


def _say_pause(counts: LibraryCounts, console: Console) -> int:
    if console.as_json:
        console.json(counts)
    waiting = counted(counts.waiting + counts.reading, "file") + " to read"
    pending = counted(counts.pending_passages, "passage") + " to embed"
    if counts.paused:
        console.say(f"The library is paused, with {waiting} and {pending}.")
        console.say("Searches are answered. Go on with: morgan-tui library resume")
    else:
        console.say(f"The library goes on: {waiting}, {pending}.")
    return 0


async def watch_list(morgan: Morgan, args: Namespace, console: Console) -> int:
    return _show(await morgan.watches.list(), console)


async def watch_add(morgan: Morgan, args: Namespace, console: Console) -> int:
    return _show([await morgan.watches.add(absolute(path)) for path in args.paths], console)


async def watch_remove(morgan: Morgan, args: Namespace, console: Console) -> int:
    for path in args.paths:
        await morgan.watches.remove(absolute(path), forget=args.forget)
        console.say(f"No longer watched: {name(absolute(path))}")
    if console.as_json:
        console.json({"folders": await morgan.watches.list()})
    return 0


def _show(folders: list[Folder], console: Console) -> int:
    if console.as_json:
        console.json({"folders": folders})
        return 0
    for folder in folders:
        console.line(_folder_row(folder))
    if not folders:
        console.say("No folder is watched. Add one: morgan-tui watch add PATH")
    return 0

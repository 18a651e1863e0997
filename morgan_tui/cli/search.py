"""``search``: the best passages, or messages."""

from __future__ import annotations

from argparse import Namespace

from morgan_core.assistant import Morgan
from morgan_core.sanitise import sanitise
from morgan_core.scopes import without_words
from morgan_core.types import Passage
from morgan_tui.cli import chats
from morgan_tui.cli.console import Console, name, place
from morgan_tui.cli.scope import scope_of


async def search(morgan: Morgan, args: Namespace, console: Console) -> int:
    if args.chats:
        return await chats.search(morgan, args, console)
    query = " ".join(args.query)
    scope = await scope_of(morgan, args, query)
    words = scope.words if scope else ()
    limit = args.limit or await _usual_limit(morgan)
    found = await morgan.search(without_words(query, words), limit=limit, scope=scope)
    if console.as_json:
        console.json(found)
    else:
        for number, passage in enumerate(found.results, 1):
            _show(number, passage, console)
        if found.empty_scope:
            console.say(f"There is nothing within {name(' '.join(words))} in the library.")
        elif not found.results:
            console.say("Nothing was found.")
    if found.words_only:
        console.say("Found by words alone: the embedder is not ready.")
    if found.not_reranked:
        console.say(f"Not reranked: {sanitise(found.not_reranked)}")
    return 0


async def _usual_limit(morgan: Morgan) -> int:
    """What the running core is set to."""
    settings = {setting.name: setting.value for setting in await morgan.settings()}
    return int(settings["default_search_results"])


def _show(number: int, passage: Passage, console: Console) -> None:
    where = place(passage)
    console.line(f"{number}. {where}  ({_scores(passage)})")
    for other in passage.also_in:
        console.line(f"   also in {name(other.path)}")
    for line in passage.text.splitlines():
        if line.strip():
            console.line(f"   {line.rstrip()}")
    console.line()


def _scores(passage: Passage) -> str:
    scores = passage.scores
    parts = [("dense", scores.dense), ("bm25", scores.bm25), ("rerank", scores.rerank)]
    known = [f"{label} {value:.3f}" for label, value in parts if value is not None]
    return ", ".join([f"score {passage.score:.3f}", *known])

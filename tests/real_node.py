"""A face over the real core, in a process of its own.

``python -m tests.real_node ROOT [--chat URL] [--real-embedder] [--linger] [--ask TURN QUESTION]``
opens Morgan and prints ``owner`` or ``attached``, again after each change. It leaves properly when
its stdin is closed. With ``--ask`` it asks, printing each event as a line ``event JSON``, and then
``answered``. ``--chat`` is the model host; without it the chat model is the real one, in process.
The embedder child counts words unless ``--real-embedder``. With ``--linger`` its library child
becomes an orphan when it is stopped and its parent killed.
"""

from __future__ import annotations

import asyncio
import sys
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path

from morgan_core.embedding import factory
from morgan_core.embedding.local import LocalEmbedder
from morgan_core.events import turn_event_encoder
from morgan_core.library import service
from morgan_core.paths import Paths
from morgan_core.session import Session, open_morgan
from morgan_core.settings import Settings, load_settings
from morgan_core.types import WorkerInfo
from morgan_core.worker import Worker
from tests.counting_core import chat_settings
from tests.journalled_core import make_paths


class WordEmbedder(LocalEmbedder):
    """The local embedder with another program in its child."""

    def __init__(
        self,
        settings: Settings,
        paths: Paths,
        *,
        on_state: Callable[[WorkerInfo], None] | None = None,
    ) -> None:
        super().__init__(settings, paths, on_state=on_state)
        self._worker = Worker(
            "embedder",
            "tests.workers.word_embedder",
            config={"dimension": self.info.dimension},
            on_state=on_state,
            log_file=paths.logs / "embedder.log",
        )


async def work(morgan: Session, ask: list[str] | None) -> None:
    if ask:
        turn, question = ask
        async for event in morgan.ask(question, turn_id=turn, context="Do as you are told."):
            print("event", turn_event_encoder.encode(event).decode(), flush=True)
        print("answered", flush=True)
    await asyncio.to_thread(sys.stdin.read)


async def main() -> None:
    parser = ArgumentParser()
    parser.add_argument("root", type=Path)
    parser.add_argument("--chat")
    parser.add_argument("--real-embedder", action="store_true")
    parser.add_argument("--linger", action="store_true")
    parser.add_argument("--ask", nargs=2)
    args = parser.parse_args()
    if not args.real_embedder:
        factory.make_embedder = WordEmbedder  # type: ignore[assignment]
    if args.linger:
        service._MODULE = "tests.workers.lingering_library"
    paths = make_paths(args.root)
    flags = {"max_response_tokens": 150, **(chat_settings(args.chat) if args.chat else {})}
    loaded = load_settings(paths, flags=flags, environ={})
    async with open_morgan(paths=paths, loaded=loaded) as morgan:

        def tell() -> None:
            print("owner" if morgan.is_owner else "attached", flush=True)

        morgan.on_backend_change.append(tell)
        tell()
        await work(morgan, args.ask)


if __name__ == "__main__":
    asyncio.run(main())

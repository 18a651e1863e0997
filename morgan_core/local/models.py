"""The chat models: which there are, which one is used, and its state."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from morgan_core.assistant import ModelList
from morgan_core.errors import BadInput
from morgan_core.events import AnyChange, ModelChanged
from morgan_core.llm.base import ChatMessage, ChatModel
from morgan_core.paths import Paths
from morgan_core.types import ModelInfo

if TYPE_CHECKING:
    from morgan_core.settings import LoadedSettings


class LocalModels:
    """Owns the chat model in use. ``on_change`` is told when its state changes, ``running``
    gives the tasks of the turns that may be using it."""

    def __init__(
        self,
        loaded: LoadedSettings,
        paths: Paths,
        *,
        on_change: Callable[[AnyChange], None],
        running: Callable[[], Sequence[asyncio.Task[None]]],
    ) -> None:
        from morgan_core.llm.factory import make_chat_model

        self._loaded = loaded
        self._paths = paths
        self._on_change = on_change
        self._running = running
        self._make = make_chat_model
        self._model = make_chat_model(loaded.values, paths)
        self._retiring: set[asyncio.Task[None]] = set()

    def current(self) -> ChatModel:
        """The model that the next turn uses."""
        return self._model

    def in_use(self) -> list[ModelInfo]:
        return [self._model.info]

    def component(self) -> str:
        """The model's state as ``health`` words it."""
        info = self._model.info
        match info.state:
            case "active":
                return "ok"
            case "failed":
                return f"error: {info.reason}"
            case "loading":
                return f"loading… {info.share:.0%}"
            case "missing":
                return "error: the model is not on this machine"
            case _:
                return "not loaded"

    async def warm_up(self) -> None:
        """Load the model and read the system prompt: the first question then finds it in the
        cache, and the reading gives the measured prefill rate."""
        from morgan_core.chat.prompt import system_prompt

        await self._load(self._model)
        if self._loaded.values.llm_base_url:
            return
        greeting = [
            system_prompt(self._model.info),
            ChatMessage(role="user", content="Hello"),
        ]
        async for _ in self._model.generate(greeting, max_tokens=1, temperature=0.0):
            pass

    async def list(self) -> ModelList:
        from morgan_core.embedding.catalogue import listing
        from morgan_core.llm.catalogue import Catalogue

        active = self._model.info
        listed = await asyncio.to_thread(Catalogue(self._paths).list)
        infos = [active if info.name == active.name else info for info in listed]
        chat = infos if active in infos else [active, *infos]
        return [*chat, *await asyncio.to_thread(listing, self._loaded.values)]

    async def use(self, name: str) -> ModelInfo:
        """Load ``name`` (after a test in a child, the first time), then switch to it.

        The model in use stays when loading fails. The choice is written to ``config.toml``;
        BadInput when a stronger source (environment, flag) decides, since it would not last.
        """
        source = self._loaded.sources.get("llm_model", "default")
        if source.startswith(("environment", "--")):
            raise BadInput(
                f"llm_model is set by {source}, which would win at the next start.",
                mend="Remove it there, then choose the model here.",
            )
        if self._loaded.values.llm_base_url:
            raise BadInput(
                "The chat model is remote (llm_base_url is set).",
                mend="Remove llm_base_url from the settings to use a model on this machine.",
            )
        from morgan_core.settings import save_setting

        name = str(Path(name).expanduser())
        settings = self._loaded.values.model_copy(update={"llm_model": name})
        model = self._make(settings, self._paths)
        await model.load()
        old, self._model = self._model, model
        save_setting(self._paths, "llm_model", name)
        self._changed()
        task = asyncio.create_task(self._retire(old), name="retire the chat model")
        self._retiring.add(task)
        task.add_done_callback(self._retiring.discard)
        return model.info

    async def pull(self, name: str) -> AsyncIterator[ModelInfo]:
        from morgan_core.llm.pull import pull

        async for info in pull(name, self._paths):
            yield info

    async def test(self, name: str) -> ModelInfo:
        from morgan_core.llm.catalogue import resolve
        from morgan_core.llm.probe import ensure_tested

        found = await asyncio.to_thread(resolve, str(Path(name).expanduser()), self._paths)
        await ensure_tested(found.path, self._paths, sha256=found.info.sha256, again=True)
        return found.info

    async def close(self) -> None:
        await asyncio.gather(self._model.close(), *self._retiring)

    async def _load(self, model: ChatModel) -> None:
        try:
            await model.load(lambda _: self._changed())
        finally:
            self._changed()

    async def _retire(self, model: ChatModel) -> None:
        """Close ``model`` when the turns that may be writing with it have ended."""
        if running := self._running():
            await asyncio.wait(running)
        await model.close()

    def _changed(self) -> None:
        self._on_change(ModelChanged(model=self._model.info))

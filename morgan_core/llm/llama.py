"""llama.cpp in this process, behind the ``ChatModel`` interface."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence

import msgspec

from morgan_core.errors import ModelError
from morgan_core.llm.base import ChatMessage, Delta, Finished
from morgan_core.llm.catalogue import Catalogue, describe
from morgan_core.llm.engine import Engine, Request
from morgan_core.llm.gguf import GGUFHeader, read_header
from morgan_core.llm.offload import place
from morgan_core.llm.probe import ensure_tested
from morgan_core.llm.weights import LoadedModel, Sampling
from morgan_core.paths import Paths
from morgan_core.settings import Settings
from morgan_core.types import ModelInfo, ModelState

Progress = Callable[[float], None]


class LlamaModel:
    """A GGUF model run by llama.cpp on its own thread of this process.

    ``sampling`` overrides how tokens are chosen (tests fix the seed); each generation brings
    its own temperature.
    """

    def __init__(
        self, settings: Settings, paths: Paths, *, sampling: Sampling | None = None
    ) -> None:
        self._settings = settings
        self._paths = paths
        self._sampling = sampling or Sampling()
        self._engine = Engine()
        self._loaded: LoadedModel | None = None
        self._loading: asyncio.Task[LoadedModel] | None = None
        self._watching: list[Progress] = []
        self._info = describe(settings.llm_model, paths)

    @property
    def info(self) -> ModelInfo:
        return self._info

    @property
    def context_tokens(self) -> int:
        """The window in use once loaded; before, what the file and the settings promise."""
        if self._loaded is not None:
            return self._loaded.context_tokens
        return min(self._settings.max_context, self._info.context or self._settings.max_context)

    @property
    def prefill_rate(self) -> float | None:
        return self._engine.prefill_rate

    async def load(self, on_progress: Progress | None = None) -> None:
        """Find, check, test and load the model; callers at the same time share one load.

        Raises ModelError; a later call tries again.
        """
        if self._loaded is not None:
            return
        if self._loading is None:
            self._loading = asyncio.create_task(self._load())
            self._loading.add_done_callback(self._after_loading)
        if on_progress is not None:
            self._watching.append(on_progress)
        try:
            await asyncio.shield(self._loading)
        finally:
            if on_progress is not None and on_progress in self._watching:
                self._watching.remove(on_progress)

    async def count_tokens(self, messages: Sequence[ChatMessage]) -> int:
        model = await self._model()
        prompt = model.template.render(messages)
        return len(await asyncio.to_thread(model.tokenise, prompt))

    async def generate(
        self,
        messages: Sequence[ChatMessage],
        *,
        max_tokens: int,
        temperature: float,
        prefix: str = "",
        on_position: Callable[[int], None] | None = None,
    ) -> AsyncIterator[Delta | Finished]:
        await self._model()
        sampling = msgspec.structs.replace(self._sampling, temperature=temperature)
        request = Request(messages, prefix, max_tokens, sampling, on_position)
        self._engine.submit(request)
        try:
            async for item in request.stream():
                yield item
        finally:
            self._engine.cancel(request)

    async def close(self) -> None:
        """Stop what runs and free the memory; the model cannot be used again."""
        thread = self._engine.stop()
        if thread is not None:
            await asyncio.to_thread(thread.join)
        self._loaded = None
        if self._loading is not None and not self._loading.done():
            self._loading.cancel()
        if self._info.state in ("active", "loading"):
            self._set_state("present")

    async def _model(self) -> LoadedModel:
        await self.load()
        if self._loaded is None:
            raise ModelError("The chat model was closed.", mend="Start Morgan again.")
        return self._loaded

    async def _load(self) -> LoadedModel:
        self._report(0.0)
        found = await asyncio.to_thread(Catalogue(self._paths).resolve, self._settings.llm_model)
        self._info = found.info
        self._set_state("loading")
        header = await asyncio.to_thread(read_header, found.path)
        context = await asyncio.to_thread(self._window, header)
        await ensure_tested(found.path, self._paths, sha256=found.info.sha256)
        loop = asyncio.get_running_loop()
        placement = await asyncio.to_thread(place, self._settings, header, context)
        loading = self._engine.load(
            found.path,
            placement,
            context,
            lambda share: _to_loop(loop, self._report, share),
        )
        return await asyncio.wrap_future(loading)

    def _window(self, header: GGUFHeader) -> int:
        from morgan_core.llm.memory import check_memory

        context = min(self._settings.max_context, header.context or self._settings.max_context)
        check_memory(header, context, self._settings.llm_model)
        return context

    def _after_loading(self, task: asyncio.Task[LoadedModel]) -> None:
        self._loading = None
        if task.cancelled():
            return
        if error := task.exception():
            self._set_state("failed", reason=str(error))
        else:
            self._loaded = task.result()
            self._set_state("active", share=1.0)

    def _report(self, share: float) -> None:
        if self._loaded is None and share >= self._info.share:
            self._info = msgspec.structs.replace(self._info, share=share)
            for watcher in list(self._watching):
                watcher(share)

    def _set_state(self, state: ModelState, *, share: float = 0.0, reason: str = "") -> None:
        self._info = msgspec.structs.replace(self._info, state=state, share=share, reason=reason)


def _to_loop(
    loop: asyncio.AbstractEventLoop, function: Callable[[float], None], share: float
) -> None:
    try:
        loop.call_soon_threadsafe(function, share)
    except RuntimeError:  # the loop was closed while the model loaded
        return

"""The engine thread: it alone touches the model, one request after the other.

Requests wait in a first-in first-out queue and are told their place. Text crosses to the
event loop in batches, so that a fast model does not wake the loop for every token.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import logging
import threading
import time
import weakref
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import Future
from pathlib import Path

from morgan_core.errors import ModelError
from morgan_core.llm.base import ChatMessage, Delta, Finished
from morgan_core.llm.generation import Generator
from morgan_core.llm.offload import Placement
from morgan_core.llm.weights import LoadedModel, Sampling
from morgan_core.worker.priority import stand_back_here

log = logging.getLogger(__name__)

DELIVERY_SECONDS = 0.03

# The screen's thread needs little, but at once. With a folder taken in and 10 processes on 2 cores
# it waited 14 s of 35 for a core beside llama.cpp's threads, and 6.5 s of 30 when these were nicer
# by 3; they wrote as much. On a quiet machine 95 of 100 keys echo within 32 ms with 3, and within
# 22 to 34 with 6 (measured).
NICENESS = 6
_WEIGHTS_SHARE = 0.95


class Request:
    """One generation as the event loop sees it."""

    def __init__(
        self,
        messages: Sequence[ChatMessage],
        prefix: str,
        max_tokens: int,
        sampling: Sampling,
        on_position: Callable[[int], None] | None,
    ) -> None:
        self.messages = tuple(messages)
        self.prefix = prefix
        self.max_tokens = max_tokens
        self.sampling = sampling
        self.cancelled = False
        self._loop = asyncio.get_running_loop()
        self._arrived = asyncio.Event()
        self._items: deque[str | Finished | BaseException | None] = deque()
        self._delivered = 0.0
        self._on_position = on_position
        self._position: int | None = None

    async def stream(self) -> AsyncIterator[Delta | Finished]:
        """What the engine delivers, until Finished; raises what the engine raised."""
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            texts: list[str] = []
            end: Finished | BaseException | None = None
            ended = False
            while self._items:
                item = self._items.popleft()
                if isinstance(item, str):
                    texts.append(item)
                else:
                    end, ended = item, True
            if texts:
                yield Delta(text="".join(texts))
            if isinstance(end, BaseException):
                raise end
            if end is not None:
                yield end
            if ended:
                return

    def emit(self, text: str) -> None:
        """Deliver text: the first at once, then at most every DELIVERY_SECONDS."""
        self._items.append(text)
        now = time.monotonic()
        if now - self._delivered >= DELIVERY_SECONDS:
            self._delivered = now
            self._call(self._arrived.set)

    def end(self, outcome: Finished | BaseException | None) -> None:
        """Deliver the end: the usage, an error, or None after a cancel."""
        self._items.append(outcome)
        self._call(self._arrived.set)

    def tell_position(self, position: int) -> None:
        """Tell the place in the queue when it changed; 0 is running."""
        if position != self._position:
            self._position = position
            if self._on_position is not None:
                self._call(self._on_position, position)

    def _call(self, function: Callable[..., object], *args: object) -> None:
        try:
            self._loop.call_soon_threadsafe(function, *args)
        except RuntimeError:  # the loop was closed: nobody is left to listen
            self.cancelled = True


class Engine:
    """Owns the model and its thread."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._loads: deque[tuple[Callable[[], LoadedModel], Future[LoadedModel]]] = deque()
        self._waiting: deque[Request] = deque()
        self._running: Request | None = None
        self._closing = False
        self._thread: threading.Thread | None = None
        self._model: LoadedModel | None = None
        self._generator: Generator | None = None

    @property
    def model(self) -> LoadedModel | None:
        return self._model

    @property
    def prefill_rate(self) -> float | None:
        return self._generator.prefill_rate if self._generator else None

    def load(
        self,
        path: Path,
        placement: Placement,
        context: int,
        on_progress: Callable[[float], None],
    ) -> Future[LoadedModel]:
        """Load a model on the engine thread; ``on_progress`` is called there, rising to 1."""
        future: Future[LoadedModel] = Future()
        highest = 0.0

        def progress(share: float) -> bool:
            nonlocal highest
            if share * _WEIGHTS_SHARE >= highest + 0.01:
                highest = share * _WEIGHTS_SHARE
                on_progress(highest)
            return not self._closing

        def work() -> LoadedModel:
            model = LoadedModel(path, placement, context, progress)
            self._generator = Generator(model)
            self._model = model
            self._generator.warm_up()
            on_progress(1.0)
            return model

        with self._condition:
            self._start()
            self._loads.append((work, future))
            self._condition.notify()
        return future

    def submit(self, request: Request) -> None:
        with self._condition:
            self._start()
            self._waiting.append(request)
            self._tell_positions()
            self._condition.notify()

    def cancel(self, request: Request) -> None:
        """Take ``request`` out of the queue, or stop it within a batch or a token."""
        request.cancelled = True
        with self._condition:
            if request is self._running:
                if self._model is not None:
                    self._model.abort()
            elif request in self._waiting:
                self._waiting.remove(request)
                self._tell_positions()

    def stop(self) -> threading.Thread | None:
        """Stop what runs, fail what waits, free the model; returns the thread to join."""
        with self._condition:
            self._closing = True
            if self._running is not None:
                self._running.cancelled = True
            if self._model is not None:
                self._model.abort()
            self._condition.notify()
            return self._thread

    def _start(self) -> None:
        if self._closing:
            raise ModelError("The chat model was closed.", mend="Start Morgan again.")
        if self._thread is None:
            self._thread = threading.Thread(target=self._serve, name="morgan-llm", daemon=True)
            self._thread.start()
            _engines.add(self)

    def _serve(self) -> None:
        stand_back_here(NICENESS)
        while True:
            with self._condition:
                while not (self._closing or self._loads or self._waiting):
                    self._condition.wait()
                if self._closing:
                    break
                if self._loads:
                    work, future = self._loads.popleft()
                    request = None
                else:
                    request = self._running = self._waiting.popleft()
                    if self._model is not None:
                        self._model.resume()
                    request.tell_position(0)
                    self._tell_positions()
            if request is None:
                _fulfil(future, work)
            else:
                self._generate(request)
        self._clear_up()

    def _generate(self, request: Request) -> None:
        outcome: Finished | BaseException | None
        try:
            if self._generator is None:
                raise ModelError("The chat model is not loaded.", mend="Ask again.")
            outcome = self._generator.run(
                request.messages,
                request.prefix,
                request.max_tokens,
                request.sampling,
                request.emit,
                lambda: request.cancelled,
            )
            if outcome is None and self._closing:
                outcome = ModelError("The chat model was closed.", mend="Start Morgan again.")
        except ModelError as error:
            outcome = error
        except Exception as error:
            log.exception("the generation failed")
            outcome = ModelError(
                f"The generation failed: {type(error).__name__}: {error}.",
                mend="Look into the log, and ask again.",
            )
        with self._condition:
            self._running = None
            self._tell_positions()
        request.end(outcome)

    def _tell_positions(self) -> None:
        ahead = 1 if self._running is not None else 0
        for place, request in enumerate(self._waiting):
            if ahead + place > 0:
                request.tell_position(ahead + place)

    def _clear_up(self) -> None:
        closed = ModelError("The chat model was closed.", mend="Start Morgan again.")
        with self._condition:
            while self._waiting:
                self._waiting.popleft().end(closed)
            while self._loads:
                self._loads.popleft()[1].set_exception(closed)
            model, self._model, self._generator = self._model, None, None
        if model is not None:
            model.free()


def _fulfil(future: Future[LoadedModel], work: Callable[[], LoadedModel]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        future.set_result(work())
    except BaseException as error:
        future.set_exception(error)


_engines: weakref.WeakSet[Engine] = weakref.WeakSet()


@atexit.register
def _stop_engines() -> None:
    """A thread still inside llama.cpp while its libraries are unloaded would crash the exit."""
    threads = [engine.stop() for engine in list(_engines)]
    for thread in threads:
        if thread is not None:
            with contextlib.suppress(RuntimeError):
                thread.join(timeout=5)

"""A child process that is kept alive."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from morgan_core.errors import MorganError, Unavailable, WorkerDied, error_from
from morgan_core.types import WorkerInfo, WorkerState
from morgan_core.worker.channel import Handler
from morgan_core.worker.spawn import Child, spawn

FIRST_DELAY = 0.1
LONGEST_DELAY = 10.0
HEALTHY_AFTER = 30.0
MAX_DEATHS = 8

log = logging.getLogger(__name__)


class Worker:
    """Supervises one child that runs ``module`` (see ``morgan_core.worker.main``).

    A child that dies is started again after a delay that doubles from 0.1 s to 10 s; 30 s of
    health, or an answered call, make it forget earlier deaths. After ``max_deaths`` in a row,
    or when its ``start`` raises a MorganError that waiting does not cure, it is ``failed``
    until ``start`` is called again.

    ``handlers`` answer the child's calls and take its events. ``pass_fds`` are the only
    descriptors it inherits. ``memory_limit`` is bytes of address space. ``config`` is asked for
    anew at every start when it is a callable. ``on_state`` sees every change of ``info``.
    """

    def __init__(
        self,
        name: str,
        module: str,
        *,
        config: Callable[[], dict[str, Any]] | dict[str, Any],
        handlers: Mapping[str, Handler] | None = None,
        pass_fds: Sequence[int] = (),
        on_state: Callable[[WorkerInfo], None] | None = None,
        log_file: Path | None = None,
        env: Mapping[str, str] | None = None,
        memory_limit: int | None = None,
        niceness: int = 0,
        max_deaths: int = MAX_DEATHS,
    ) -> None:
        self._module = module
        self._config = config
        self._handlers = {
            **(handlers or {}),
            "$ready": self._on_ready,
            "$failed": self._on_failed,
        }
        self._pass_fds = tuple(pass_fds)
        self._on_state = on_state
        self._log_file = log_file
        self._env = dict(env or {})
        self._memory_limit = memory_limit
        self._niceness = niceness
        self._max_deaths = max_deaths
        self._info = WorkerInfo(name=name, state="stopped")
        self._changed = asyncio.Event()
        self._child: Child | None = None
        self._task: asyncio.Task[None] | None = None
        self._stopping = False
        self._deaths = 0
        self._ready_since = 0.0
        self._refusal: MorganError | None = None
        self._replacing = ""

    @property
    def info(self) -> WorkerInfo:
        return self._info

    async def start(self) -> None:
        """Spawn the child; returns when it is spawned, not when it is ready."""
        if self._task is not None and not self._task.done():
            return
        self._stopping = False
        self._deaths = 0
        child = await self._spawn()
        self._task = asyncio.create_task(
            self._supervise(child), name=f"supervise {self._info.name}"
        )

    async def ready(self, timeout: float | None = None) -> None:
        """Wait until the child is ready. Raises what ``call`` raises when it never will be."""
        async with asyncio.timeout(timeout):
            await self._ready_child()

    async def call(
        self, method: str, /, *, timeout: float | None = None, retry: bool = True, **params: Any
    ) -> Any:
        """Call ``method`` of the child when it is ready, and return the result.

        If the child dies in flight, the call is made once more after its restart when
        ``retry``; else, and on a second death, WorkerDied. Raises the MorganError that the
        method raised, Unavailable when the child is stopped or has failed, TimeoutError after
        ``timeout`` seconds, waiting included.
        """
        async with asyncio.timeout(timeout):
            while True:
                child = await self._ready_child()
                try:
                    result = await child.channel.call(method, **params)
                except WorkerDied as error:
                    if not child.channel.closed:
                        raise
                    reason = await self._end_of(child)
                    if not retry:
                        raise WorkerDied(f"{error.message} {reason}".strip()) from None
                    retry = False
                else:
                    self._deaths = 0
                    return result

    async def notify(self, event: str, /, **params: Any) -> None:
        """Send an event to the child if it is ready; nothing fails when it is not."""
        if self._info.state == "ready" and self._child is not None:
            await self._child.channel.notify(event, **params)

    async def restart(self, reason: str) -> None:
        """Kill the child and start it again at once; this does not count as a death of its own.

        Calls in flight fail or are retried as after any death.
        """
        if self._child is not None and self._info.state in ("starting", "ready"):
            self._replacing = reason
            self._child.kill_if_running()

    async def stop(self, grace: float = 5.0) -> None:
        """Ask the child to close, then end its input, then kill it after ``grace`` seconds."""
        self._stopping = True
        task, self._task = self._task, None
        if task is None:
            return
        child = self._child
        if child is not None and not task.done():
            await child.stop(grace)
        with contextlib.suppress(asyncio.CancelledError):
            if child is None or task.done():
                task.cancel()
            await task
        self._set("stopped", pid=None)

    async def _supervise(self, child: Child) -> None:
        while True:
            reason = await self._live(child)
            if self._stopping:
                return
            delay = self._judge(reason)
            if delay is None:
                return
            try:
                await asyncio.sleep(delay)
                child = await self._spawn()
            except OSError as error:
                self._fail(f"it cannot be started: {error}")
                return

    async def _live(self, child: Child) -> str:
        try:
            return await child.serve()
        finally:
            child.kill_if_running()
            child.close_log()
            self._child = None

    def _judge(self, reason: str) -> float | None:
        """Seconds until the next start, or None when there shall be none."""
        if self._replacing:
            log.info("the %s process is replaced: %s", self._info.name, self._replacing)
            self._set("restarting", reason=self._replacing, restarts=self._info.restarts + 1)
            self._replacing = ""
            return 0.0
        log.warning("the %s process ended: %s", self._info.name, reason)
        if self._refusal is not None:
            self._fail(self._refusal.message)
            return None
        if self._ready_since and time.monotonic() - self._ready_since > HEALTHY_AFTER:
            self._deaths = 0
        self._deaths += 1
        if self._deaths >= self._max_deaths:
            self._fail(reason)
            return None
        self._set("restarting", reason=reason, restarts=self._info.restarts + 1)
        return min(FIRST_DELAY * 2.0 ** (self._deaths - 1), LONGEST_DELAY)

    async def _spawn(self) -> Child:
        self._refusal = None
        self._ready_since = 0.0
        config = self._config() if callable(self._config) else self._config
        child = await spawn(
            self._info.name,
            self._module,
            config,
            self._handlers,
            pass_fds=self._pass_fds,
            log_file=self._log_file,
            env=self._env,
            memory_limit=self._memory_limit,
            niceness=self._niceness,
        )
        self._child = child
        self._set("starting", pid=child.process.pid)
        return child

    async def _ready_child(self) -> Child:
        while True:
            child = self._child
            if self._info.state == "ready" and child is not None and not child.channel.closed:
                return child
            if self._info.state == "failed":
                raise self._failure()
            if self._info.state == "stopped" or self._stopping:
                raise Unavailable(f"The {self._info.name} process is not running.")
            await self._changed.wait()

    async def _end_of(self, child: Child) -> str:
        """Wait until the supervisor has taken note of a death; return its reason."""
        while self._child is child:
            await self._changed.wait()
        return f"({self._info.reason})" if self._info.reason else ""

    def _failure(self) -> MorganError:
        if self._refusal is not None:
            return self._refusal
        mend = f"Its log is {self._log_file}." if self._log_file else ""
        return Unavailable(
            f"The {self._info.name} process does not run ({self._info.reason}).", mend=mend
        )

    def _fail(self, reason: str) -> None:
        log.error("the %s process is given up: %s", self._info.name, reason)
        self._set("failed", reason=reason, pid=None)

    async def _on_ready(self) -> None:
        self._ready_since = time.monotonic()
        self._set("ready", reason="")

    async def _on_failed(self, error: list[Any]) -> None:
        code, message, details = error
        refusal = error_from(code, message, details)
        if not isinstance(refusal, Unavailable):
            self._refusal = refusal

    def _set(self, state: WorkerState, **changes: Any) -> None:
        if state == "restarting":
            changes.setdefault("pid", None)
        self._info = msgspec.structs.replace(self._info, state=state, **changes)
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
        if self._on_state is not None:
            self._on_state(self._info)

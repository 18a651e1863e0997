"""Spawning a child process and the channel to it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
import sysconfig
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import morgan_core
from morgan_core.errors import WorkerDied
from morgan_core.worker.channel import BadFrame, Channel, Handler, pack

LOG_SIZE = 5 * 1024 * 1024
_TAIL = 4096

log = logging.getLogger(__name__)


class Child:
    """A running child: its process, the channel to it, and what it last wrote to its log."""

    def __init__(
        self, process: asyncio.subprocess.Process, channel: Channel, name: str, errors: BinaryIO
    ) -> None:
        self.process = process
        self.channel = channel
        self._name = name
        self._errors = errors
        self._start = errors.seek(0, os.SEEK_END)

    async def serve(self) -> str:
        """Run the channel until the child is gone; return why it ended."""
        try:
            await self.channel.run()
        except BadFrame as error:
            log.error("the %s process broke the protocol: %s", self._name, error)
        finally:
            self.kill_if_running()
        code = await self.process.wait()
        return self._reason(code)

    def kill_if_running(self) -> None:
        """Kill the child and the plain processes that it started."""
        if self.process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if hasattr(os, "killpg"):
                os.killpg(self.process.pid, signal.SIGKILL)
            else:
                self.process.kill()

    async def stop(self, grace: float) -> None:
        """Ask the service to close, end its standard input, and kill what is left after
        ``grace`` seconds. ``serve`` must be running."""
        try:
            async with asyncio.timeout(grace):
                await self.channel.call("$close")
                self.channel.close()
                await self.process.wait()
        except (TimeoutError, WorkerDied):
            pass
        except Exception as error:
            log.warning("closing the %s process failed: %s", self._name, error)
        self.channel.close()
        self.kill_if_running()
        await self.process.wait()

    def close_log(self) -> None:
        self._errors.close()

    def _reason(self, code: int) -> str:
        if code < 0:
            try:
                how = f"killed by {signal.Signals(-code).name}"
            except ValueError:
                how = f"killed by signal {-code}"
        else:
            how = f"exit code {code}"
        last = self._last_line()
        return f"{how}: {last}" if last else how

    def _last_line(self) -> str:
        end = self._errors.seek(0, os.SEEK_END)
        self._errors.seek(max(self._start, end - _TAIL))
        lines = self._errors.read().decode("utf-8", "replace").split("\n")
        last = next((line for line in reversed(lines) if line.strip()), "")
        return "".join(c if c.isprintable() else " " for c in last).strip()[:300]


async def spawn(
    name: str,
    module: str,
    config: dict[str, Any],
    handlers: Mapping[str, Handler],
    *,
    pass_fds: Sequence[int] = (),
    log_file: Path | None = None,
    env: Mapping[str, str] | None = None,
    memory_limit: int | None = None,
    niceness: int = 0,
) -> Child:
    """Start ``python -m morgan_core.worker.main module`` and give it its start order.

    The child is the leader of a session of its own, so that signals from the terminal do not
    reach it. ``memory_limit`` is bytes of address space (RLIMIT_AS);
    ``niceness`` is how far the child stands back from the processor.
    """
    order = pack(
        {
            "name": name,
            "config": config,
            "parent": os.getpid(),
            "fds": list(pass_fds),
            "memory_limit": memory_limit or 0,
            "niceness": niceness,
            "log_level": logging.getLogger().getEffectiveLevel(),
        }
    )
    errors = _open_log(log_file)
    options: dict[str, Any] = {}
    if sys.platform != "win32":
        options = {"pass_fds": tuple(pass_fds), "start_new_session": True}
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",
            "-m",
            "morgan_core.worker.main",
            module,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
            env=_environment(env or {}),
            limit=2**20,
            **options,
        )
    except BaseException:
        errors.close()
        raise
    assert process.stdin is not None
    assert process.stdout is not None
    with contextlib.suppress(ConnectionError):
        process.stdin.write(order)
    return Child(process, Channel(process.stdout, process.stdin, handlers, name=name), name, errors)


def _open_log(path: Path | None) -> BinaryIO:
    """The child's standard error: ``path``, appended to, set aside as ``.1`` when large."""
    if path is None:
        return tempfile.TemporaryFile("w+b")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with contextlib.suppress(FileNotFoundError):
        if path.stat().st_size > LOG_SIZE:
            path.replace(path.with_name(path.name + ".1"))
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "r+b", 0)


def _environment(extra: Mapping[str, str]) -> dict[str, str]:
    """Our environment, ``extra``, and a way to find this package when it is not installed."""
    env = {**os.environ, **extra}
    home = str(Path(morgan_core.__file__).resolve().parent.parent)
    if home not in (sysconfig.get_path("purelib"), sysconfig.get_path("platlib")):
        env["PYTHONPATH"] = os.pathsep.join(filter(None, (home, env.get("PYTHONPATH", ""))))
    return env

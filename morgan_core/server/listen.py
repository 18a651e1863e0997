"""Listening: the application on the owner's private address and on TCP."""

from __future__ import annotations

import os
import secrets
import socket
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from aiohttp import web

from morgan_core.assistant import Morgan
from morgan_core.errors import Unavailable
from morgan_core.paths import Paths
from morgan_core.server.app import make_app
from morgan_core.server.guard import check_bind
from morgan_core.server.state import ServerState
from morgan_core.settings import Settings

HAS_UNIX_SOCKETS = hasattr(socket, "AF_UNIX")
HANDLERS_TIMEOUT = 2.0
"""Seconds that handlers get to finish after the core has closed."""


class Listener:
    """One served address. ``socket`` is its path or ``url`` its address."""

    def __init__(self, runner: web.AppRunner, site: web.BaseSite) -> None:
        self._runner = runner
        self._site = site
        self.socket = ""
        self.url = ""
        self.leftovers: list[Path] = []

    async def stop_accepting(self) -> None:
        """Refuse new connections; those that are open go on."""
        await self._site.stop()

    async def close(self) -> None:
        """Cut what is still open and remove the files of the address."""
        await self._runner.cleanup()
        for path in self.leftovers:
            with suppress(OSError):
                if path.is_dir():
                    path.rmdir()
                else:
                    path.unlink(missing_ok=True)


async def listen_private(
    morgan: Morgan, settings: Settings, paths: Paths, state: ServerState
) -> Listener:
    """Serve the owner's own faces: on a Unix socket in a directory of mode 0700, or, where the
    platform has none, on loopback with a token in a file of mode 0600.

    Call it only while holding the data directory's lock: a stale socket is replaced.
    """
    if HAS_UNIX_SOCKETS:
        return await _listen_unix(morgan, settings, paths, state)
    return await _listen_loopback(morgan, settings, paths, state)


async def listen_tcp(
    morgan: Morgan, settings: Settings, paths: Paths, state: ServerState, host: str, port: int
) -> Listener:
    """Serve HTTP clients at ``host:port``; port 0 takes a free one.

    Raises SettingsError for an open address without a key, Unavailable when it is taken.
    """
    check_bind(host, settings)
    runner = await _run(morgan, settings, paths, state, trusted=False)
    return await _start_tcp(runner, host, port)


async def _listen_unix(
    morgan: Morgan, settings: Settings, paths: Paths, state: ServerState
) -> Listener:
    runner = await _run(morgan, settings, paths, state, trusted=True)
    if _is_private(paths.socket.parent):
        with suppress(OSError):
            return await _start_unix(runner, paths.socket)
    # The usual place is another user's, or too deep for a socket's name. The others find ours
    # by the lock file.
    folder = Path(tempfile.mkdtemp(prefix="morgan-"))
    try:
        listener = await _start_unix(runner, folder / "morgan.sock")
    except OSError as error:
        await runner.cleanup()
        folder.rmdir()
        raise Unavailable(
            f"Morgan cannot listen on a socket in {folder}: {error.strerror or error}.",
            mend="Set XDG_RUNTIME_DIR to a short directory of your own.",
        ) from error
    listener.leftovers.append(folder)
    return listener


async def _start_unix(runner: web.AppRunner, path: Path) -> Listener:
    site = web.UnixSite(runner, path)
    await site.start()
    path.chmod(0o600)
    listener = Listener(runner, site)
    listener.socket, listener.leftovers = str(path), [path]
    return listener


async def _listen_loopback(
    morgan: Morgan, settings: Settings, paths: Paths, state: ServerState
) -> Listener:
    token = secrets.token_hex(32)
    paths.token.unlink(missing_ok=True)
    with os.fdopen(os.open(paths.token, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(token)
    runner = await _run(morgan, settings, paths, state, trusted=True, token=token)
    listener = await _start_tcp(runner, "127.0.0.1", 0)
    listener.leftovers = [paths.token]
    return listener


async def _run(
    morgan: Morgan,
    settings: Settings,
    paths: Paths,
    state: ServerState,
    *,
    trusted: bool,
    token: str = "",
) -> web.AppRunner:
    app = make_app(
        morgan,
        settings,
        trusted=trusted,
        uploads=paths.data / "uploads",
        state=state,
        token=token,
    )
    runner = web.AppRunner(
        app,
        handler_cancellation=True,
        access_log=None,
        shutdown_timeout=HANDLERS_TIMEOUT,
    )
    await runner.setup()
    return runner


async def _start_tcp(runner: web.AppRunner, host: str, port: int) -> Listener:
    site = web.TCPSite(runner, host, port)
    try:
        await site.start()
    except OSError as error:
        await runner.cleanup()
        raise Unavailable(
            f"Morgan cannot listen on {host}:{port}: {os.strerror(error.errno or 0)}.",
            mend="Choose another address with --host and --port.",
        ) from error
    listener = Listener(runner, site)
    bound = runner.addresses[-1]
    shown = f"[{bound[0]}]" if ":" in bound[0] else bound[0]
    listener.url = f"http://{shown}:{bound[1]}"
    return listener


def _is_private(directory: Path) -> bool:
    """Whether ``directory`` is ours, not a link, and closed to others."""
    try:
        found = directory.lstat()
    except OSError:
        return False
    ours = not hasattr(os, "getuid") or found.st_uid == os.getuid()
    return stat.S_ISDIR(found.st_mode) and ours and not found.st_mode & 0o077

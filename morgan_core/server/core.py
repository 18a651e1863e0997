"""What every route reaches through the application."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from morgan_core.assistant import Morgan
from morgan_core.server.state import ServerState
from morgan_core.settings import Settings


@dataclass(frozen=True)
class Core:
    """The served Morgan and the limits it is served under.

    ``trusted`` is the owner's own socket: free paths and settings are open there. ``keys`` are
    the secrets of which a client must send one; without any, no key is asked for.
    """

    morgan: Morgan
    settings: Settings
    state: ServerState
    trusted: bool
    keys: tuple[str, ...]
    uploads: Path


CORE: web.AppKey[Core] = web.AppKey("core", Core)
REQUEST_ID: web.RequestKey[str] = web.RequestKey("request_id", str)

_plain_id = re.compile(r"[\w.:-]{1,128}", re.ASCII)


def core_of(request: web.Request) -> Core:
    return request.app[CORE]


def morgan_of(request: web.Request) -> Morgan:
    return request.app[CORE].morgan


def choose_request_id(sent: str | None) -> str:
    """The caller's X-Request-ID when it is short and plain, else a new one."""
    return sent if sent and _plain_id.fullmatch(sent) else uuid.uuid4().hex

"""Who may ask: keys, and without a key only this machine's own clients."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from urllib.parse import urlsplit

from aiohttp import web

from morgan_core.errors import Forbidden, SettingsError, Unauthorized
from morgan_core.server.core import CORE
from morgan_core.server.problems import Handler
from morgan_core.settings import Settings

PROBES = frozenset({"/live", "/ready", "/health"})


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Ask for a key where there is one; else keep foreign web pages out.

    A page in a browser reaches loopback too: a foreign Origin is a cross-site request, a foreign
    Host is DNS rebinding.
    """
    core = request.app[CORE]
    if core.keys:
        if request.path not in PROBES and not has_key(request):
            raise Unauthorized(
                "A key is needed.", mend="Send it as Authorization: Bearer or X-API-Key."
            )
    elif not core.trusted:
        _check_host(request)
        _check_origin(request)
    return await handler(request)


@web.middleware
async def wait_ready(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Hold requests while the core starts, refuse them while it leaves.

    A turn that still streams then can be stopped, and faces can ask who is there.
    """
    path = request.path
    if path.startswith("/api/") and not path.startswith("/api/session"):
        stops = path.startswith("/api/turns/") and path.endswith("/stop")
        await request.app[CORE].state.wait_ready(leaving_too=stops)
    return await handler(request)


def has_key(request: web.Request) -> bool:
    """Whether the request carries one of the keys, compared in constant time."""
    sent = request.headers.get("X-API-Key", "")
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        sent = token.strip()
    digest = hashlib.sha256(sent.encode()).digest()
    matches = [
        hmac.compare_digest(digest, hashlib.sha256(key.encode()).digest())
        for key in request.app[CORE].keys
    ]
    return any(matches)


def is_loopback(host: str) -> bool:
    """Whether ``host`` names this machine only."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_bind(host: str, settings: Settings) -> None:
    """Raise SettingsError when ``host`` is open to others and no key guards it."""
    if settings.api_key is None and not is_loopback(host):
        raise SettingsError(
            f"Morgan will not listen on {host} without a key: everyone who reaches this machine "
            "could read your documents.",
            mend="Set MORGAN_API_KEY, or bind 127.0.0.1.",
        )


def _check_host(request: web.Request) -> None:
    host = _host_name(f"//{request.headers.get('Host', '')}")
    if not is_loopback(host):
        raise Forbidden(
            f"The host {host or '(none)'} is not this machine.",
            mend="Use http://127.0.0.1, or set MORGAN_API_KEY.",
        )


def _check_origin(request: web.Request) -> None:
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("Host"):
        raise Forbidden(
            "Requests of web pages from elsewhere are refused.", mend="Set MORGAN_API_KEY."
        )
    if request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site"):
        raise Forbidden(
            "Requests of web pages from elsewhere are refused.", mend="Set MORGAN_API_KEY."
        )


def _host_name(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""

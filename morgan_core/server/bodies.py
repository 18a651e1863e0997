"""What requests hold, checked; and answers in JSON."""

from __future__ import annotations

import re
from typing import Any, TypeVar

import msgspec
from aiohttp import web

from morgan_core.errors import BadInput
from morgan_core.types import Record, Scope

T = TypeVar("T")
MAX_BODY = 8 * 1024 * 1024
"""Bytes of a JSON body."""

_turn_id = re.compile(r"[0-9a-f]{32}")


class Body(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of request bodies; an unknown field is an error that names it."""


class ChatBody(Body, frozen=True, kw_only=True):
    """``POST /api/chat``. ``turn_id`` (32 hex digits) makes asking again harmless."""

    message: str
    conversation_id: str | None = None
    scope: Scope | None = None
    stream: bool = False
    context: str = ""
    detached: bool = False
    turn_id: str | None = None

    def __post_init__(self) -> None:
        if not self.message.strip():
            raise ValueError("`message` is empty")
        if self.turn_id is not None and not _turn_id.fullmatch(self.turn_id):
            raise ValueError("`turn_id` must be 32 hex digits")


class SearchBody(Body, frozen=True, kw_only=True):
    """``POST /api/search``."""

    query: str
    limit: int | None = None
    scope: Scope | None = None


class LearnBody(Body, frozen=True, kw_only=True):
    """``POST /api/learn`` with paths of this machine, or the ``url`` of a page to fetch."""

    url: str | None = None
    path: str | None = None
    paths: tuple[str, ...] = ()
    watch: bool = False

    @property
    def all_paths(self) -> tuple[str, ...]:
        return self.paths if self.path is None else (self.path, *self.paths)


class PathsBody(Body, frozen=True, kw_only=True):
    """``POST /api/forget`` and ``/api/forget/prove``: absolute paths or document ids."""

    paths: tuple[str, ...]


class PathBody(Body, frozen=True, kw_only=True):
    """``POST /api/watches``."""

    path: str


class TitleBody(Body, frozen=True, kw_only=True):
    """``PATCH /api/conversations/{id}``."""

    title: str


class NameBody(Body, frozen=True, kw_only=True):
    """``POST /api/models/use``, ``pull`` and ``test``."""

    name: str


async def read_body(request: web.Request, kind: type[T]) -> T:
    """Decode a JSON body; BadInput says which field is wrong and what it must be."""
    if request.content_type != "application/json":
        raise BadInput(
            f"{request.path} takes JSON.", mend="Send it with Content-Type: application/json."
        )
    try:
        return msgspec.json.decode(await request.read(), type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"The request is not right: {error}.", field=_field(str(error))) from None


def read_int(
    request: web.Request, name: str, default: int | None, *, least: int = 0, most: int = 2**53
) -> int | None:
    """A whole number from the query, between ``least`` and ``most``."""
    text = request.query.get(name)
    if text is None:
        return default
    try:
        value = int(text)
    except ValueError:
        value = least - 1
    if not least <= value <= most:
        raise BadInput(
            f"`{name}` must be a whole number from {least} to {most}, not {text!r}.", field=name
        )
    return value


def need_int(
    request: web.Request, name: str, default: int, *, least: int = 0, most: int = 2**53
) -> int:
    """``read_int`` with a default that is a number."""
    value = read_int(request, name, default, least=least, most=most)
    return default if value is None else value


def read_bool(request: web.Request, name: str) -> bool:
    """``true`` or ``false`` from the query; false when absent."""
    text = request.query.get(name, "false").lower()
    if text not in ("true", "false", "1", "0"):
        raise BadInput(f"`{name}` must be true or false, not {text!r}.", field=name)
    return text in ("true", "1")


def answer(value: Any, *, status: int = 200) -> web.Response:
    """``value`` as JSON."""
    return web.Response(
        status=status, body=msgspec.json.encode(value), content_type="application/json"
    )


def _field(message: str) -> str:
    """The field that a msgspec message points at: ``… - at `$.message` ``."""
    if at := re.search(r"at `\$\.?([^`]*)`", message):
        return at[1]
    named = re.search(r"field `([^`]+)`", message) or re.match(r"`([^`]+)`", message)
    return named[1] if named else ""

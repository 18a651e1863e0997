"""Errors that a person may see.

Every error names the thing that is wrong and, where there is one, the mend. Faces show
``message``; the HTTP server sends ``{error, message, details, request_id}`` with ``status``.
"""

from __future__ import annotations

from typing import Any, ClassVar


class MorganError(Exception):
    """Base of all errors of Morgan.

    ``code`` is a stable snake_case word for programs, ``status`` the HTTP status it maps to.
    """

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 500

    def __init__(self, message: str, *, mend: str = "", **details: Any) -> None:
        self.message = message
        self.mend = mend
        self.details = details
        super().__init__(message, mend)

    def __str__(self) -> str:
        """Message and mend as sentences of one text."""
        if not self.mend:
            return self.message
        stop = "" if self.message.endswith((".", "!", "?", ":", "…")) else "."
        return f"{self.message}{stop} {self.mend}"


class BadInput(MorganError):
    """What the caller sent cannot be accepted."""

    code = "bad_input"
    status = 400


class NotFound(MorganError):
    """The named thing does not exist."""

    code = "not_found"
    status = 404


class Unauthorized(MorganError):
    """The key is missing or wrong."""

    code = "unauthorized"
    status = 401


class Forbidden(MorganError):
    """The request is understood and not allowed from where it comes."""

    code = "forbidden"
    status = 403


class TooLarge(MorganError):
    """What was sent is larger than the limit that ``message`` names."""

    code = "too_large"
    status = 413


class SettingsError(MorganError):
    """A setting is unknown, of a wrong type, or impossible."""

    code = "settings"
    status = 500


class Unavailable(MorganError):
    """A part of Morgan is not there right now; trying again later can help."""

    code = "unavailable"
    status = 503


class WorkerDied(Unavailable):
    """A child process ended while a request was in flight."""

    code = "worker_died"


class Disconnected(Unavailable):
    """The connection to a Morgan in another process failed or broke."""

    code = "disconnected"


class Leaving(Unavailable):
    """The owner of the data directory is quitting; a session re-attaches by itself."""

    code = "leaving"


class OwnerBusy(Unavailable):
    """Another process owns the data directory and does not answer."""

    code = "owner_busy"


class ModelError(MorganError):
    """A model is missing, damaged, too large, or failed while it ran."""

    code = "model"
    status = 500


class UnreadableFile(MorganError):
    """A file could not be read; ``message`` is the reason shown in the library."""

    code = "unreadable_file"
    status = 422


class RemoteError(MorganError):
    """A remote service (model host, Qdrant) answered with an error or not at all."""

    code = "remote"
    status = 502


def _subclasses(cls: type[MorganError]) -> list[type[MorganError]]:
    return [cls, *(s for c in cls.__subclasses__() for s in _subclasses(c))]


def error_from(code: str, message: str, details: dict[str, Any] | None = None) -> MorganError:
    """Rebuild the error that another process reported by its ``code``."""
    kind = next((c for c in _subclasses(MorganError) if c.code == code), MorganError)
    return kind(message, **(details or {}))

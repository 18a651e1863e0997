"""The id that joins the log lines of one request or turn."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator
from contextvars import ContextVar

_trace_id: ContextVar[str] = ContextVar("trace_id", default="")


def trace_id() -> str:
    """The id in force here, empty outside a request."""
    return _trace_id.get()


@contextlib.contextmanager
def tracing(trace: str = "") -> Iterator[str]:
    """Give everything logged inside, tasks started there included, one trace id."""
    trace = trace or uuid.uuid4().hex
    token = _trace_id.set(trace)
    try:
        yield trace
    finally:
        _trace_id.reset(token)

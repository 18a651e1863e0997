"""Small texts that several widgets show: names, places, sizes, times.

Every string that did not come from us passes ``clean`` or ``clean_line`` before it is shown, and
is shown as ``Content`` or with ``markup=False``, never as markup.
"""

from __future__ import annotations

import time
from pathlib import PurePath
from typing import TYPE_CHECKING

from morgan_core.urls import is_url

if TYPE_CHECKING:
    from morgan_core.types import Answer, Passage, Source

OWN_KNOWLEDGE = "From the model's own knowledge, not from your documents"
"""Stands with every answer that was not drawn from the documents, in every face."""

METHODS: dict[str, str] = {
    "counted": "counted in your library, not generated",
    "extracted": "put together from the documents' own sentences, not generated",
}
"""What is said of an answer that no model wrote, by its method."""


def clean(text: str) -> str:
    """``text`` without control characters, escape sequences and bidi overrides."""
    from morgan_core.sanitise import sanitise

    return sanitise(text)


def clean_line(text: str) -> str:
    """``clean`` on a single line: every run of white space becomes one space."""
    return " ".join(clean(text).split())


def clean_name(name: str) -> str:
    """A file name or path as one visible line; nothing is dropped from it."""
    from morgan_core.sanitise import sanitise_name

    return sanitise_name(name)


def document_name(path: str) -> str:
    """The file's name, or the page's URL without its scheme, clean."""
    if is_url(path):
        return clean_name(path.partition("://")[2].rstrip("/"))
    return clean_name(PurePath(path).name or path)


def passage_place(passage: Passage) -> str:
    """Where a passage stands: ``p. 3 · Term of the lease``; empty when nothing is known."""
    parts = [clean_line(passage.place)] if passage.place else []
    if not parts and passage.page is not None:
        parts.append(f"p. {passage.page}")
    if passage.heading:
        parts.append(clean_line(passage.heading))
    return " · ".join(parts)


def source_label(source: Source) -> str:
    """``[1] lease.pdf · p. 3 · Term of the lease``."""
    parts = [document_name(source.passage.path), passage_place(source.passage)]
    return f"[{source.n}] " + " · ".join(part for part in parts if part)


def shortfall_reasons(answer: Answer | None) -> dict[int, str]:
    """Why each of a refusal's sources was not enough, by its number."""
    return {one.n: clean_line(one.reason) for one in (answer.shortfalls if answer else ())}


def scanning(done: int, total: int, unit: str) -> str:
    """How far a tool is: ``reading part 3 of 12``."""
    return f"reading {unit} {min(done + 1, total):,} of {total:,}"


def human_size(size: int) -> str:
    """Bytes as people read them: ``999 B``, ``1.2 kB``, ``34 MB``."""
    value = float(size)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000 or unit == "GB":
            return f"{value:.0f} {unit}" if unit == "B" or value >= 10 else f"{value:.1f} {unit}"
        value /= 1000
    raise AssertionError("unreachable")


def ago(when: float, now: float | None = None) -> str:
    """How long since ``when`` (seconds since the epoch): ``now``, ``5 min``, ``3 h``, ``12 Mar``."""
    now = time.time() if now is None else now
    seconds = max(0.0, now - when)
    if seconds < 60:
        return "now"
    if seconds < 3600:
        return f"{seconds // 60:.0f} min"
    if seconds < 86400:
        return f"{seconds // 3600:.0f} h"
    if seconds < 7 * 86400:
        return f"{seconds // 86400:.0f} d"
    return time.strftime("%d %b", time.localtime(when)).lstrip("0")


def duration(seconds: float) -> str:
    """``40 s``, ``3 min``, ``2 h 5 min``."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"


def plural(count: int, one: str, many: str | None = None) -> str:
    """``1 passage``, ``2 passages``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"

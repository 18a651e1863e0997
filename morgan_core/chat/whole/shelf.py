"""What the tools for whole documents need of the library."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, Protocol

from morgan_core.index.base import Chunk
from morgan_core.library.mentions import Mentions, Phrase
from morgan_core.types import Document, DocumentText, LibraryListing

Unit = Literal["document", "part"]
Report = Callable[[int, int, Unit], None]
"""Told how much of the work is done: ``done``, ``total``, and of what."""


class Shelf(Protocol):
    async def list(self) -> LibraryListing:
        """Every document with its state, every watched folder, the counts."""
        ...

    async def mentions(
        self, documents: Sequence[str], phrases: Sequence[Phrase], *, most: int
    ) -> Sequence[Mentions]:
        """How often each phrase stands in each of the documents, and the first ``most`` sentences
        of each; those that are gone are left out, those without a text have no counts."""
        ...

    async def passages(self, document: str) -> Sequence[Chunk]:
        """All passages of a document's current text, in order; none while it has no text."""
        ...

    async def text(
        self, document: str, *, start: int = 0, end: int | None = None, context: int = 2000
    ) -> DocumentText:
        """The extracted text around ``start``..``end``, and the place and heading of ``start``."""
        ...

    async def vectors(self, ids: Sequence[str]) -> dict[str, bytes]:
        """The dense vectors of passages, those that have one: float32 by id."""
        ...


def is_read(document: Document) -> bool:
    """Whether the document has a text that can be looked through."""
    return document.revision > 0

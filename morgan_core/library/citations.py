"""Whether what an answer once quoted still stands in the library."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from morgan_core.library.manifest import Manifest
from morgan_core.library.window import TextWindow
from morgan_core.quotes import find_quote
from morgan_core.types import Citation

if TYPE_CHECKING:
    from morgan_core.library.readers.base import Extracted


async def place_citations(
    manifest: Manifest, window: TextWindow, citations: Sequence[Citation]
) -> list[Citation]:
    """The citations with their state of now, in order.

    A quote that moved within its document is current, at its new place. While a changed file is
    not read again, what it holds is not known, so that its citations are stale.
    """
    placed: dict[int, Citation] = {}
    # Citations of one document one after the other: the window keeps the text that it read last.
    for number, citation in sorted(enumerate(citations), key=lambda item: item[1].document):
        placed[number] = await _place(manifest, window, citation)
    return [placed[number] for number in range(len(citations))]


async def _place(manifest: Manifest, window: TextWindow, citation: Citation) -> Citation:
    row = manifest.documents.get(citation.document)
    paths = manifest.live_paths(citation.document)
    if row is None or not paths:
        return replace(citation, state="gone")
    path = citation.path if citation.path in paths else paths[0]
    if row.sha256 != row.text_sha256:
        return replace(citation, path=path, state="stale")
    if row.revision == citation.revision:
        return replace(citation, path=path, state="current")
    extracted = await asyncio.to_thread(window.get, row.text_sha256)
    if extracted is None:
        return replace(citation, path=path, state="unknown")
    return await asyncio.to_thread(_find, citation, path, row.revision, extracted)


def _find(citation: Citation, path: str, revision: int, extracted: Extracted) -> Citation:
    found = find_quote(citation.quote, extracted.text, near=citation.start)
    if found is None:
        return replace(citation, path=path, state="stale")
    start, end = found
    return replace(
        citation,
        path=path,
        start=start,
        end=end,
        page=extracted.page_at(start),
        heading=extracted.heading_at(start),
        place=extracted.place_of(start, end),
        revision=revision,
        state="current",
    )

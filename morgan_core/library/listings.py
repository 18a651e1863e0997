"""A listing of the library on its way between two processes, in slices.

Neither side works on more than a slice at a time: 100,000 documents at once would hold up
whatever else they do, the screen or searches, for a third of a second.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from morgan_core.types import Document, Folder, LibraryCounts, LibraryListing

SLICE = 1000
"""Documents that are worked on at once: a few milliseconds."""

_path = operator.attrgetter("path")
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[Document, ...]).decode


async def pack_documents(ids: Sequence[str], show: Callable[[str], Document | None]) -> list[bytes]:
    """The documents that ``show`` shows, by path, each slice as msgpack."""
    runs: list[list[Document]] = []
    for at in range(0, len(ids), SLICE):
        shown = [document for id in ids[at : at + SLICE] if (document := show(id)) is not None]
        runs.append(sorted(shown, key=_path))
        await asyncio.sleep(0)
    in_order = heapq.merge(*runs, key=_path)
    packed: list[bytes] = []
    while part := list(itertools.islice(in_order, SLICE)):
        packed.append(_encode(part))
        await asyncio.sleep(0)
    return packed


async def unpack_listing(packed: Mapping[str, Any]) -> LibraryListing:
    """The listing of ``folders``, ``counts`` and packed ``documents``."""
    documents: list[Document] = []
    for part in packed["documents"]:
        documents += _decode(part)
        await asyncio.sleep(0)
    return LibraryListing(
        documents=tuple(documents),
        folders=msgspec.convert(packed["folders"], tuple[Folder, ...]),
        counts=msgspec.convert(packed["counts"], LibraryCounts),
    )

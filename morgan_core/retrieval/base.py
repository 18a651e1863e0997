"""What retrieval needs of the library: candidates for a query, from the index."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from morgan_core.index.base import Candidates, Chunk
from morgan_core.types import Scope


class CandidateSource(Protocol):
    async def query(
        self, text: str, vector: bytes | None, *, limit: int, scope: Scope | None = None
    ) -> Candidates:
        """One hybrid round trip to the index, deleted and outdated documents left out."""
        ...

    async def vectors(self, ids: Sequence[str]) -> dict[str, bytes]:
        """The dense vectors of candidates, those that have one: float32 by id."""
        ...

    async def chunks(self, ids: Sequence[str]) -> list[Chunk]:
        """The chunks of candidates, in the order of ``ids``; those that are no longer current
        are left out."""
        ...

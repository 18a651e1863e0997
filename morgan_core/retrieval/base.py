"""What retrieval needs of the library: candidates for a query, from the index."""

from __future__ import annotations

from typing import Protocol

from morgan_core.index.base import Candidates
from morgan_core.types import Scope


class CandidateSource(Protocol):
    async def query(
        self, text: str, vector: bytes | None, *, limit: int, scope: Scope | None = None
    ) -> Candidates:
        """One hybrid round trip to the index, deleted and outdated documents left out."""
        ...

"""The errors of ``qdrant_client`` in our words."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TypeVar

from morgan_core.errors import RemoteError

T = TypeVar("T")


async def answered(answer: Awaitable[T], place: str) -> T:
    """Await ``answer`` of the Qdrant at ``place``. Raises RemoteError."""
    from qdrant_client.common.client_exceptions import QdrantException
    from qdrant_client.http.exceptions import ApiException, UnexpectedResponse

    try:
        return await answer
    except UnexpectedResponse as error:
        if error.status_code in (401, 403):
            raise RemoteError(
                f"Qdrant at {place} refused the key.", mend="Check MORGAN_QDRANT_API_KEY."
            ) from error
        reason = " ".join(error.content.decode("utf-8", "replace").split())[:300]
        raise RemoteError(f"Qdrant at {place} answered {error.status_code}: {reason}") from error
    except (ApiException, QdrantException, OSError) as error:
        reason = str(error) or type(error).__name__
        raise RemoteError(f"Qdrant at {place} cannot be reached: {reason}.") from error

"""The citations of stored answers, with what has become of them since."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from morgan_core.errors import MorganError
from morgan_core.types import Citation, Message

if TYPE_CHECKING:
    from morgan_core.library.service import LibraryService

# A conversation opens at once, also while the library is still starting.
PATIENCE = 0.2

log = logging.getLogger(__name__)


async def with_states(messages: Sequence[Message], library: LibraryService) -> list[Message]:
    """The messages with the state of each citation: one question to the library for all."""
    cited = [c for message in messages if message.answer for c in message.answer.citations]
    if not cited:
        return list(messages)
    states = iter(await _placed(cited, library))
    found = []
    for message in messages:
        if message.answer and message.answer.citations:
            now = tuple(next(states) for _ in message.answer.citations)
            message = replace(message, answer=replace(message.answer, citations=now))
        found.append(message)
    return found


async def _placed(cited: Sequence[Citation], library: LibraryService) -> Sequence[Citation]:
    try:
        async with asyncio.timeout(PATIENCE):
            return await library.place(cited)
    except (TimeoutError, MorganError) as error:
        log.info("the library does not tell what has become of citations: %r", error)
        return [replace(citation, state="unknown") for citation in cited]

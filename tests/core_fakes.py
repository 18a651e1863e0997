"""Small stand-ins for the rooms around the turn: a model, an embedder, a library."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence

from morgan_core.embedding.base import EmbedderInfo
from morgan_core.index.base import Candidate, Candidates, Chunk
from morgan_core.llm.base import ChatMessage, Delta, Finished
from morgan_core.types import ModelInfo, Scope


def chunk(id: str, text: str, *, document: str = "doc", start: int = 0, page: int = 1) -> Chunk:
    return Chunk(
        id=id,
        document_id=document,
        revision=1,
        ordinal=0,
        text=text,
        page=page,
        heading="",
        start=start,
        end=start + len(text),
        paths=(f"/docs/{document}.txt",),
        folders=("/docs",),
    )


class ScriptedModel:
    """Writes ``answer`` word by word; ``gate`` holds it before each word when set."""

    def __init__(self, answer: str, *, words_per_token: int = 1) -> None:
        self.answer = answer
        self.prompts: list[list[ChatMessage]] = []
        self.prefixes: list[str] = []
        self.gate: asyncio.Semaphore | None = None
        self.error: Exception | None = None
        self.context_tokens = 2048
        self.prefill_rate: float | None = None
        self.size = 600_000_000

    @property
    def info(self) -> ModelInfo:
        return ModelInfo(name="scripted", role="chat", state="active", size=self.size)

    async def load(self, on_progress: Callable[[float], None] | None = None) -> None:
        if on_progress:
            on_progress(1.0)

    async def count_tokens(self, messages: Sequence[ChatMessage]) -> int:
        return sum(len(message.content.split()) for message in messages)

    async def generate(
        self,
        messages: Sequence[ChatMessage],
        *,
        max_tokens: int,
        temperature: float,
        prefix: str = "",
        on_position: Callable[[int], None] | None = None,
    ) -> AsyncIterator[Delta | Finished]:
        self.prompts.append(list(messages))
        self.prefixes.append(prefix)
        assert self.answer.startswith(prefix)
        words = self.answer[len(prefix) :].split(" ")
        for number, word in enumerate(words):
            if self.gate:
                await self.gate.acquire()
            if self.error:
                raise self.error
            yield Delta(text=word if number == len(words) - 1 else f"{word} ")
        yield Finished(
            reason="end", prompt_tokens=10, cached_tokens=0, completion_tokens=len(words)
        )

    async def close(self) -> None:
        pass


class ReadyEmbedder:
    """Embeds everything as the same vector; ``ready`` can be switched off."""

    def __init__(self, *, ready: bool = True) -> None:
        self.ready = ready
        self.info = EmbedderInfo(name="same", dimension=1, max_tokens=256)

    async def embed(self, texts: Sequence[str], kind: str) -> bytes:
        return b"\x00\x00\x80\x3f" * len(texts)


def candidate(chunk: Chunk, score: float) -> Candidate:
    return Candidate(chunk.id, chunk.document_id, chunk.revision, chunk.ordinal, score)


class ListLibrary:
    """Answers every query with the same hits, best first; remembers the queries."""

    def __init__(self, hits: Sequence[tuple[Chunk, float, float]]) -> None:
        self.hits = hits
        self.queries: list[str] = []

    async def query(
        self, text: str, vector: bytes | None, *, limit: int, scope: Scope | None = None
    ) -> Candidates:
        self.queries.append(text)
        dense = [candidate(c, cosine) for c, cosine, _ in self.hits]
        return Candidates(
            dense=tuple(dense) if vector else (),
            bm25=tuple(candidate(c, bm25) for c, _, bm25 in self.hits),
            dense_ready=vector is not None,
            empty_scope=scope is not None and not self.hits,
        )

    async def vectors(self, ids: Sequence[str]) -> dict[str, bytes]:
        return {}

    async def chunks(self, ids: Sequence[str]) -> list[Chunk]:
        known = {chunk.id: chunk for chunk, _, _ in self.hits}
        return [known[id] for id in ids]

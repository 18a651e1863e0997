"""The remote index: a Qdrant server or cluster, through ``AsyncQdrantClient``.

Words become the same BM25 vectors as in the embedded index, so both rank alike.
"""

from __future__ import annotations

import logging
import time
import warnings
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit, urlunsplit

from morgan_core.embedding.base import EmbedderInfo
from morgan_core.errors import RemoteError, Unavailable
from morgan_core.index.base import Candidate, Candidates, Chunk
from morgan_core.index.lengths import SAMPLE, AverageLength
from morgan_core.index.lexical import Lexicon, weigh
from morgan_core.index.payload import (
    ALIAS,
    BM25,
    CANDIDATE_FIELDS,
    CHUNK_FIELDS,
    DENSE,
    INTEGER_FIELDS,
    KEYWORD_FIELDS,
    WORDS_FIELDS,
    candidate_of,
    candidates_of,
    chunk_of,
    in_order,
    payload_of,
    versions_of,
    words_of,
)
from morgan_core.index.qdrant_errors import answered
from morgan_core.index.qdrant_models import at_filter, document_filter, scope_filter, sparse
from morgan_core.index.reweighing import Reweighing
from morgan_core.index.vectors import COLLECTIONS, collection_name, dense_of, info_of, rows
from morgan_core.types import Scope

if TYPE_CHECKING:
    from qdrant_client import AsyncQdrantClient, models

T = TypeVar("T")
POINTS_PER_REQUEST = 256
MANY = 1 << 30
LANGUAGES_FOR = 60.0
TIMEOUT = 30

log = logging.getLogger(__name__)


class QdrantIndex:
    """A VectorIndex on the client that ``connect`` makes. ``place`` names it in errors."""

    def __init__(
        self,
        connect: Callable[[], AsyncQdrantClient],
        info: EmbedderInfo,
        *,
        place: str,
        collection: str = "",
    ) -> None:
        self.collection = collection or collection_name(info)
        self.info = info
        self.place = place
        self._connect = connect
        self._open: AsyncQdrantClient | None = None
        self._average = AverageLength()
        self._lexicon = Lexicon()
        self._languages: Counter[str] = Counter()
        self._languages_read = 0.0
        self._reweighing = Reweighing(lambda: self._ask(self._reweigh_some()))

    @classmethod
    def at(cls, url: str, info: EmbedderInfo, *, api_key: str | None = None) -> QdrantIndex:
        """On the server at ``url``."""

        def connect() -> AsyncQdrantClient:
            from qdrant_client import AsyncQdrantClient

            if api_key and url.startswith("http:"):
                log.warning("The key of %s travels unencrypted.", _without_secrets(url))
            with warnings.catch_warnings():
                # The client says the same on stderr, where the terminal app draws.
                warnings.simplefilter("ignore", UserWarning)
                return AsyncQdrantClient(
                    url=url, api_key=api_key, timeout=TIMEOUT, check_compatibility=False
                )

        return cls(connect, info, place=_without_secrets(url))

    @classmethod
    def local(cls, path: Path, info: EmbedderInfo) -> QdrantIndex:
        """On qdrant-client's own engine in Python, which the tests use in a server's stead."""

        def connect() -> AsyncQdrantClient:
            from qdrant_client import AsyncQdrantClient

            return AsyncQdrantClient(path=str(path))

        return cls(connect, info, place=str(path))

    async def open(self) -> None:
        if self._open is not None:
            return
        try:
            self._open = self._connect()
            await self._ask(self._prepare())
        except RemoteError as error:
            await self.close()
            raise Unavailable(
                error.message, mend="Start Qdrant there, or correct MORGAN_QDRANT_URL."
            ) from error
        except BaseException:
            await self.close()
            raise
        self._reweighing.start()

    async def close(self) -> None:
        await self._reweighing.stop()
        client, self._open = self._open, None
        if client is not None:
            await client.close()

    async def _prepare(self) -> None:
        if not await self._client.collection_exists(self.collection):
            await self._create()
        if self._is_server:
            await self._create_payload_indexes()
        if await self._current() is None:
            await self._point_here()
        points, _ = await self._client.scroll(
            self.collection, limit=SAMPLE, with_payload=["length", "average"]
        )
        payloads = [point.payload or {} for point in points]
        total = await self.count()
        self._average.restore([(p["length"], p["average"]) for p in payloads], total)

    async def _create(self) -> None:
        from qdrant_client import models
        from qdrant_client.http.exceptions import UnexpectedResponse

        try:
            await self._client.create_collection(
                self.collection,
                vectors_config={
                    DENSE: models.VectorParams(
                        size=self.info.dimension, distance=models.Distance.COSINE
                    )
                },
                sparse_vectors_config={
                    BM25: models.SparseVectorParams(modifier=models.Modifier.IDF)
                },
            )
        except UnexpectedResponse as error:
            if error.status_code != 409:  # another node has just created it
                raise

    async def _create_payload_indexes(self) -> None:
        """Facets need them. Done at every opening: a node may have died half-way."""
        from qdrant_client import models

        present = (await self._client.get_collection(self.collection)).payload_schema
        wanted = dict.fromkeys(KEYWORD_FIELDS, models.PayloadSchemaType.KEYWORD)
        wanted |= dict.fromkeys(INTEGER_FIELDS, models.PayloadSchemaType.INTEGER)
        for field, schema in wanted.items():
            if field not in present:
                await self._client.create_payload_index(self.collection, field, schema, wait=True)

    async def _current(self) -> str | None:
        aliases = (await self._client.get_aliases()).aliases
        return next((a.collection_name for a in aliases if a.alias_name == ALIAS), None)

    async def _point_here(self) -> None:
        from qdrant_client import models

        changes: list[models.AliasOperations] = []
        if await self._current() is not None:
            delete = models.DeleteAlias(alias_name=ALIAS)
            changes.append(models.DeleteAliasOperation(delete_alias=delete))
        create = models.CreateAlias(collection_name=self.collection, alias_name=ALIAS)
        changes.append(models.CreateAliasOperation(create_alias=create))
        await self._client.update_collection_aliases(change_aliases_operations=changes)

    # --- the collections beside it -------------------------------------------------------

    async def current(self) -> str:
        return await self._ask(self._current()) or self.collection

    async def make_current(self) -> None:
        await self._ask(self._point_here())

    def sibling(self, collection: str) -> QdrantIndex | None:
        info = info_of(collection)
        return QdrantIndex(self._connect, info, place=self.place, collection=collection)

    async def drop(self) -> None:
        await self._ask(self._client.delete_collection(self.collection))
        await self.close()

    async def sweep(self) -> None:
        """Nothing: on a server, another node may be filling another collection."""

    async def vectors(self, ids: Sequence[str]) -> dict[str, bytes]:
        if not ids:
            return {}
        records = await self._ask(
            self._client.retrieve(
                self.collection, list(ids), with_payload=False, with_vectors=[DENSE]
            )
        )
        return {str(record.id): vector for record in records if (vector := dense_of(record.vector))}

    async def pages(self, document_id: str) -> AsyncIterator[list[Chunk]]:
        after: Any = None
        while True:
            records, after = await self._ask(
                self._client.scroll(
                    self.collection,
                    scroll_filter=document_filter(document_id),
                    limit=POINTS_PER_REQUEST,
                    offset=after,
                    with_payload=list(CHUNK_FIELDS),
                )
            )
            if records:
                yield [chunk_of(record.payload or {}) for record in records]
            if after is None:
                return

    # --- writing -------------------------------------------------------------------------

    async def upsert_words(self, chunks: Sequence[Chunk]) -> None:
        unique = list({chunk.id: chunk for chunk in chunks}.values())
        moved = False
        for i in range(0, len(unique), POINTS_PER_REQUEST):
            moved |= await self._ask(self._upsert(unique[i : i + POINTS_PER_REQUEST]))
        if moved:
            self._reweighing.start()

    async def _upsert(self, chunks: Sequence[Chunk]) -> bool:
        from qdrant_client import models

        terms = [self._lexicon.terms(chunk.indexed_text, chunk.language) for chunk in chunks]
        moved = self._average.observe(counts.total() for counts in terms)
        average = self._average.value
        points = []
        for chunk, counts in zip(chunks, terms, strict=True):
            self._languages[chunk.language] += 1
            vector: dict[str, Any] = {}
            if counts:
                vector[BM25] = sparse(*weigh(counts, average))
            payload = payload_of(chunk, length=counts.total(), average=average)
            points.append(models.PointStruct(id=chunk.id, vector=vector, payload=payload))
        await self._client.upsert(self.collection, points, wait=True)
        return moved

    async def upsert_vectors(self, ids: Sequence[str], vectors: bytes) -> None:
        matrix = dict(zip(ids, rows(vectors, len(ids), self.info.dimension), strict=True))
        unique = list(matrix)
        for i in range(0, len(unique), POINTS_PER_REQUEST):
            part = {key: {DENSE: matrix[key]} for key in unique[i : i + POINTS_PER_REQUEST]}
            await self._ask(self._update_vectors(part))

    async def _update_vectors(self, vectors: dict[str, dict[str, Any]]) -> None:
        """A point that was deleted meanwhile is left out: an update would fail on it."""
        from qdrant_client import models

        present = await self._client.retrieve(self.collection, list(vectors), with_payload=False)
        points = [
            models.PointVectors(id=record.id, vector=vectors[str(record.id)]) for record in present
        ]
        if points:
            await self._client.update_vectors(self.collection, points, wait=True)

    async def set_paths(
        self, document_id: str, paths: Sequence[str], folders: Sequence[str]
    ) -> None:
        await self._ask(
            self._client.set_payload(
                self.collection,
                {"paths": list(paths), "folders": list(folders)},
                points=document_filter(document_id),
                wait=True,
            )
        )

    async def delete_document(self, document_id: str, *, keep_revision: int | None = None) -> None:
        from qdrant_client import models

        selector = models.FilterSelector(
            filter=document_filter(document_id, keep_revision=keep_revision)
        )
        await self._ask(self._client.delete(self.collection, selector, wait=True))

    async def settled(self) -> None:
        """Wait until no point is being weighed again."""
        await self._reweighing.settled()

    async def _reweigh_some(self) -> int:
        from qdrant_client import models

        average = self._average.value
        current = models.FieldCondition(key="average", match=models.MatchValue(value=average))
        outdated, _ = await self._client.scroll(
            self.collection,
            scroll_filter=models.Filter(must_not=[current]),
            limit=POINTS_PER_REQUEST,
            with_payload=list(WORDS_FIELDS),
        )
        vectors = {}
        for record in outdated:
            payload = record.payload or {}
            if counts := self._lexicon.terms(words_of(payload), payload["language"]):
                vectors[str(record.id)] = {BM25: sparse(*weigh(counts, average))}
        if vectors:
            await self._update_vectors(vectors)
        if outdated:
            ids = [record.id for record in outdated]
            await self._client.set_payload(
                self.collection, {"average": average}, points=ids, wait=True
            )
        return len(outdated)

    # --- reading -------------------------------------------------------------------------

    async def query(
        self,
        text: str,
        vector: bytes | None,
        *,
        limit: int,
        scope: Scope | None = None,
        exclude: Sequence[str] = (),
    ) -> Candidates:
        from qdrant_client import models

        where = scope_filter(scope, exclude)
        queries: dict[str, Any] = {}
        if vector is not None:
            queries[DENSE] = rows(vector, 1, self.info.dimension)[0]
        if terms := self._lexicon.query_terms(text, await self._ask(self._known_languages())):
            queries[BM25] = sparse(terms, [1.0] * len(terms))
        found: dict[str, list[Candidate]] = {}
        if queries:
            requests = [
                models.QueryRequest(
                    query=query,
                    using=name,
                    filter=where,
                    limit=limit,
                    with_payload=list(CANDIDATE_FIELDS),
                )
                for name, query in queries.items()
            ]
            answers = await self._ask(
                self._client.query_batch_points(self.collection, requests=requests)
            )
            for name, answer in zip(queries, answers, strict=True):
                found[name] = [candidate_of(p.payload or {}, p.score) for p in answer.points]
        return candidates_of(found, dense_ready=vector is not None)

    async def chunks(self, ids: Sequence[str]) -> list[Chunk]:
        if not ids:
            return []
        records = await self._ask(
            self._client.retrieve(self.collection, list(ids), with_payload=list(CHUNK_FIELDS))
        )
        return in_order(ids, (chunk_of(record.payload or {}) for record in records))

    async def count(self, document_id: str | None = None) -> int:
        where = None if document_id is None else document_filter(document_id)
        answer = await self._ask(self._client.count(self.collection, where, exact=True))
        return answer.count

    async def count_at(self, path: str) -> int:
        answer = await self._ask(self._client.count(self.collection, at_filter(path), exact=True))
        return answer.count

    async def other_collections(self) -> list[str]:
        found = (await self._ask(self._client.get_collections())).collections
        names = (collection.name for collection in found)
        return sorted(n for n in names if n.startswith(COLLECTIONS) and n != self.collection)

    async def documents(self) -> dict[str, dict[int, int]]:
        return versions_of(await self._ask(self._facet("version")))

    async def embedded(self) -> dict[str, dict[int, int]]:
        from qdrant_client import models

        where = models.Filter(must=[models.HasVectorCondition(has_vector=DENSE)])
        return versions_of(await self._ask(self._facet("version", where)))

    async def _known_languages(self) -> list[str]:
        """The languages of the stored chunks; other nodes add theirs, so they are read anew."""
        if not self._languages_read or time.monotonic() - self._languages_read > LANGUAGES_FOR:
            self._languages = Counter(await self._facet("language"))
            self._languages_read = time.monotonic()
        return [language for language, _ in self._languages.most_common()]

    async def _facet(self, field: str, where: models.Filter | None = None) -> dict[str, int]:
        answer = await self._client.facet(
            self.collection, field, facet_filter=where, limit=MANY, exact=True
        )
        return {str(hit.value): hit.count for hit in answer.hits if hit.count}

    # --- the connection ------------------------------------------------------------------

    @property
    def _client(self) -> AsyncQdrantClient:
        if self._open is None:
            raise Unavailable("The search index is not open.")
        return self._open

    @property
    def _is_server(self) -> bool:
        from qdrant_client.async_qdrant_remote import AsyncQdrantRemote

        return isinstance(self._client._client, AsyncQdrantRemote)

    async def _ask(self, answer: Awaitable[T]) -> T:
        return await answered(answer, self.place)


def _without_secrets(url: str) -> str:
    """``url`` without user, password and query."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, "", ""))

"""The Qdrant Edge shard behind the embedded index. Blocking; used from one thread only.

Dense vectors are kept as codes of eight bits (the engine's ``Turbo8``) and all of them compared
with the query's. Measured with 100,000 clustered vectors of 384 dimensions, on two busy cores: the
best of 100 queries took 2.2 ms and found .993 of the exact 100 nearest; 13.3 ms with floats; 1.5 ms
with an HNSW graph (m 16, ef 100), which took 141 s of processor time to build and found .82.
A cosine is off by .0003 on average. A graph pays from about a million chunks on, where comparing
all takes 41 ms of processor time.

Nothing is optimised in the background either. When each of 10,000 chunks had been replaced five
times the shard took 119 MiB instead of 60, and a query as much processor time as before (p50 1.8
and 1.5 ms); ``optimize`` took 5 s, gave the space back, and queries then took 3.3 ms.
"""

from __future__ import annotations

import logging
import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from morgan_core.errors import Unavailable
from morgan_core.index.base import Candidate, Candidates, Chunk
from morgan_core.index.lengths import SAMPLE, AverageLength
from morgan_core.index.lexical import Lexicon, weigh
from morgan_core.index.payload import (
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
from morgan_core.index.vectors import dense_of, rows
from morgan_core.types import Scope

if TYPE_CHECKING:
    import qdrant_edge as engine

FLUSH_EVERY = 4096
MANY = 1 << 30

log = logging.getLogger(__name__)


class EdgeStore:
    """One shard at ``path`` with dense vectors of ``dimension``."""

    def __init__(self, path: Path, dimension: int) -> None:
        self.path = path
        self.average = AverageLength()
        self._dimension = dimension
        self._lexicon = Lexicon()
        self._languages: Counter[str] = Counter()
        self._unflushed = 0
        self._shard: engine.EdgeShard | None = None

    def open(self) -> None:
        import qdrant_edge as engine

        if not self.path.is_dir():
            self._create()
        self._shard = engine.EdgeShard.load(str(self.path))
        records, _ = self._shard.scroll(
            engine.ScrollRequest(limit=SAMPLE, with_payload=["length", "average"])
        )
        payloads = [record.payload or {} for record in records]
        self.average.restore([(p["length"], p["average"]) for p in payloads], self.count(None))
        self._languages = Counter(self._facet("language"))

    def _create(self) -> None:
        """Build the shard beside its place, so that a crash leaves no half of one."""
        import qdrant_edge as engine

        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = self.path.with_name(self.path.name + ".new")
        shutil.rmtree(fresh, ignore_errors=True)
        config = engine.EdgeConfig(
            vectors={
                DENSE: engine.EdgeVectorParams(
                    size=self._dimension,
                    distance=engine.Distance.Cosine,
                    datatype=engine.VectorStorageDatatype.Turbo8,
                )
            },
            sparse_vectors={BM25: engine.EdgeSparseVectorParams(modifier=engine.Modifier.Idf)},
            wal_enabled=True,
        )
        shard = engine.EdgeShard.create(str(fresh), config)
        for field in KEYWORD_FIELDS:
            shard.update(
                engine.UpdateOperation.create_field_index(field, engine.PayloadSchemaType.Keyword)
            )
        for field in INTEGER_FIELDS:
            shard.update(
                engine.UpdateOperation.create_field_index(field, engine.PayloadSchemaType.Integer)
            )
        shard.flush()
        shard.close()
        fresh.rename(self.path)

    def close(self) -> None:
        if self._shard is not None:
            shard, self._shard = self._shard, None
            shard.flush()
            shard.close()

    @property
    def shard(self) -> engine.EdgeShard:
        if self._shard is None:
            raise Unavailable("The search index is not open.")
        return self._shard

    # --- writing -------------------------------------------------------------------------

    def upsert_words(self, chunks: Sequence[Chunk]) -> bool:
        """Write the chunks; true when the average length moved and stored ones are outdated."""
        import qdrant_edge as engine

        terms = [self._lexicon.terms(chunk.indexed_text, chunk.language) for chunk in chunks]
        moved = self.average.observe(counts.total() for counts in terms)
        average = self.average.value
        points = []
        for chunk, counts in zip(chunks, terms, strict=True):
            self._languages[chunk.language] += 1
            vector: dict[str, engine.NamedVector] = {}
            if counts:
                vector[BM25] = engine.SparseVector(*weigh(counts, average))
            payload = payload_of(chunk, length=counts.total(), average=average)
            points.append(engine.Point(chunk.id, vector, payload))
        self._write(engine.UpdateOperation.upsert_points(points), len(points))
        return moved

    def upsert_vectors(self, ids: Sequence[str], vectors: bytes) -> None:
        import qdrant_edge as engine

        matrix = dict(zip(ids, rows(vectors, len(ids), self._dimension), strict=True))
        present = self.shard.retrieve(list(matrix), False, False)
        points = [
            engine.PointVectors(record.id, {DENSE: matrix[str(record.id)]}) for record in present
        ]
        if points:
            self._write(engine.UpdateOperation.update_vectors(points), len(points))

    def set_paths(self, document_id: str, paths: Sequence[str], folders: Sequence[str]) -> None:
        import qdrant_edge as engine

        self._write(
            engine.UpdateOperation.set_payload_by_filter(
                _filter(document_id), {"paths": list(paths), "folders": list(folders)}
            )
        )

    def delete_document(self, document_id: str, keep_revision: int | None) -> None:
        import qdrant_edge as engine

        where = _filter(document_id, keep_revision=keep_revision)
        self._write(engine.UpdateOperation.delete_points_by_filter(where))

    def reweigh(self, limit: int) -> int:
        """Weigh up to ``limit`` points again that have another average length than the one in
        use; returns how many were found."""
        import qdrant_edge as engine

        average = self.average.value
        outdated, _ = self.shard.scroll(
            engine.ScrollRequest(
                limit=limit,
                filter=engine.Filter(
                    must_not=[engine.FieldCondition("average", match=engine.MatchValue(average))]
                ),
                with_payload=list(WORDS_FIELDS),
            )
        )
        vectors = []
        for record in outdated:
            payload = record.payload or {}
            counts = self._lexicon.terms(words_of(payload), payload["language"])
            if counts:
                sparse = engine.SparseVector(*weigh(counts, average))
                vectors.append(engine.PointVectors(record.id, {BM25: sparse}))
        if vectors:
            self._write(engine.UpdateOperation.update_vectors(vectors), len(vectors))
        if outdated:
            ids = [record.id for record in outdated]
            self._write(engine.UpdateOperation.set_payload(ids, {"average": average}), len(ids))
        return len(outdated)

    def _write(self, operation: engine.UpdateOperation, points: int = 1) -> None:
        """The write-ahead log has the operation when ``update`` returns; the flush now and then
        keeps the log short and survives a power cut."""
        self.shard.update(operation)
        self._unflushed += points
        if self._unflushed >= FLUSH_EVERY:
            self.flush()

    def flush(self) -> None:
        if self._unflushed:
            self.shard.flush()
            self._unflushed = 0

    # --- reading -------------------------------------------------------------------------

    def query(
        self,
        text: str,
        vector: bytes | None,
        limit: int,
        scope: Scope | None,
        exclude: Sequence[str],
    ) -> Candidates:
        import qdrant_edge as engine

        where = _scope_filter(scope, exclude)
        queries: dict[str, Any] = {}
        if vector is not None:
            queries[DENSE] = rows(vector, 1, self._dimension)[0]
        languages = [language for language, _ in self._languages.most_common()]
        if terms := self._lexicon.query_terms(text, languages):
            queries[BM25] = engine.SparseVector(terms, [1.0] * len(terms))
        found: dict[str, list[Candidate]] = {}
        if queries:
            requests = [
                engine.QueryRequest(
                    limit=limit,
                    query=engine.Query.Nearest(query, using=name),
                    filter=where,
                    with_payload=list(CANDIDATE_FIELDS),
                )
                for name, query in queries.items()
            ]
            answers = self.shard.query_batch(engine.QueryBatchRequest(requests))
            for name, points in zip(queries, answers, strict=True):
                found[name] = [candidate_of(point.payload or {}, point.score) for point in points]
        return candidates_of(found, dense_ready=vector is not None)

    def chunks(self, ids: Sequence[str]) -> list[Chunk]:
        records = self.shard.retrieve(list(ids), list(CHUNK_FIELDS), False)
        return in_order(ids, (chunk_of(record.payload or {}) for record in records))

    def count(self, document_id: str | None) -> int:
        import qdrant_edge as engine

        where = None if document_id is None else _filter(document_id)
        return self.shard.count(engine.CountRequest(exact=True, filter=where))

    def count_at(self, path: str) -> int:
        import qdrant_edge as engine

        match = engine.MatchAny([path])
        either: list[engine.ConditionType] = [
            engine.FieldCondition(field, match=match) for field in ("paths", "folders")
        ]
        where = engine.Filter(should=either)
        return self.shard.count(engine.CountRequest(exact=True, filter=where))

    def vectors(self, ids: Sequence[str]) -> dict[str, bytes]:
        records = self.shard.retrieve(list(ids), False, [DENSE])
        return {str(record.id): vector for record in records if (vector := dense_of(record.vector))}

    def page(
        self, document_id: str, after: str | None, limit: int
    ) -> tuple[list[Chunk], str | None]:
        """Chunks of the document from point id ``after`` on, and where to go on."""
        import qdrant_edge as engine

        records, following = self.shard.scroll(
            engine.ScrollRequest(
                offset=after,
                limit=limit,
                filter=_filter(document_id),
                with_payload=list(CHUNK_FIELDS),
            )
        )
        chunks = [chunk_of(record.payload or {}) for record in records]
        return chunks, None if following is None else str(following)

    def documents(self) -> dict[str, dict[int, int]]:
        return versions_of(self._facet("version"))

    def embedded(self) -> dict[str, dict[int, int]]:
        import qdrant_edge as engine

        return versions_of(
            self._facet("version", engine.Filter(must=[engine.HasVectorCondition(DENSE)]))
        )

    def _facet(self, field: str, where: engine.Filter | None = None) -> dict[str, int]:
        import qdrant_edge as engine

        answer = self.shard.facet(engine.FacetRequest(field, limit=MANY, exact=True, filter=where))
        return {str(hit.value): hit.count for hit in answer.hits if hit.count}


def _filter(document_id: str, *, keep_revision: int | None = None) -> engine.Filter:
    import qdrant_edge as engine

    kept: list[engine.ConditionType] = []
    if keep_revision is not None:
        kept.append(engine.FieldCondition("revision", match=engine.MatchValue(keep_revision)))
    return engine.Filter(
        must=[engine.FieldCondition("document_id", match=engine.MatchValue(document_id))],
        must_not=kept,
    )


def _scope_filter(scope: Scope | None, exclude: Sequence[str]) -> engine.Filter | None:
    import qdrant_edge as engine

    def any_of(field: str, values: Sequence[str]) -> engine.FieldCondition:
        return engine.FieldCondition(field, match=engine.MatchAny(list(values)))

    inside: list[engine.ConditionType] = []
    if scope and scope.documents:
        inside.append(any_of("document_id", scope.documents))
    if scope and scope.folders:
        inside.append(any_of("folders", scope.folders))
    if not inside and not exclude:
        return None
    return engine.Filter(
        must=[engine.Filter(should=inside)] if inside else None,
        must_not=[any_of("document_id", exclude)] if exclude else None,
    )

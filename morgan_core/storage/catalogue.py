"""The catalogue in SQL: what the library knows about documents and files.

The library keeps the rows in memory and writes them through; no write is ever torn apart, and
writes that meet share a transaction. Bulk writes survive the death of the process; what a person asked for (roots, exclusions, jobs)
is also synced to the disk.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import islice
from typing import Any

import msgspec
from sqlalchemy import Delete, Insert, RowMapping, Table, bindparam, delete, func, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from morgan_core.storage import catalogue_tables as t
from morgan_core.storage.catalogue_rows import (
    ChunkRow,
    DocumentRow,
    FileRow,
    JobRow,
    JournalRow,
    RootRow,
    Snapshot,
)
from morgan_core.storage.engine import open_engine
from morgan_core.storage.group_commit import GroupCommit

_NAMES_AT_ONCE = 500
_KEPT_JOBS = 200


_Columns = dict[str, Any]


@dataclass(slots=True)
class _Write:
    """What to write, by key, as it was when it was handed in: the rows change while the write
    waits. None deletes; ``chunks`` replace all that the document had."""

    documents: dict[str, _Columns] = field(default_factory=dict)
    files: dict[str, _Columns | None] = field(default_factory=dict)
    chunks: dict[str, Sequence[ChunkRow]] = field(default_factory=dict)
    journal: dict[str, _Columns | None] = field(default_factory=dict)

    def add(self, later: _Write) -> None:
        self.documents |= later.documents
        self.files |= later.files
        self.chunks |= later.chunks
        self.journal |= later.journal


class Catalogue:
    """All SQL of the catalogue. One object per process; writes are serialised."""

    def __init__(self, url: str) -> None:
        self._bulk = open_engine(url, durable=False)
        self._durable = open_engine(url)
        self._writing = asyncio.Lock()
        self._commits = GroupCommit(self._commit, self._writing)

    async def close(self) -> None:
        await self._bulk.dispose()
        await self._durable.dispose()

    async def load(self) -> Snapshot:
        """Everything but the chunks."""
        async with self._bulk.connect() as connection:

            async def rows(table: Table) -> Sequence[RowMapping]:
                return (await connection.execute(select(table))).mappings().all()

            found = Snapshot(
                documents=[DocumentRow(**row) for row in await rows(t.documents)],
                files=[FileRow(**row) for row in await rows(t.files)],
                roots=[RootRow(**row) for row in await rows(t.roots)],
                journal=[JournalRow(**row) for row in await rows(t.ingest_journal)],
                exclusions=[row["path"] for row in await rows(t.exclusions)],
                mount_points=[row["path"] for row in await rows(t.mount_points)],
                jobs=[_job(row) for row in await rows(t.jobs)],
            )
        found.jobs.sort(key=lambda job: job.created)
        return found

    async def save(
        self,
        *,
        documents: Sequence[DocumentRow] = (),
        files: Sequence[FileRow] = (),
        gone_files: Sequence[str] = (),
        journal: Sequence[JournalRow] = (),
        finished: Sequence[str] = (),
    ) -> None:
        """Write rows, replacing those with the same key; delete the files that are gone and the
        journal's entries of the documents that are ``finished``."""
        await self._commits.write(
            _Write(
                documents={row.id: _columns(row) for row in documents},
                files=dict.fromkeys(gone_files) | {row.path: _columns(row) for row in files},
                journal={row.document_id: _columns(row) for row in journal}
                | dict.fromkeys(finished),
            )
        )

    async def flip(
        self, documents: Sequence[DocumentRow], chunks: Mapping[str, Sequence[ChunkRow]]
    ) -> None:
        """Make ``chunks``, by document id, the documents' only ones and their rows current, in
        one commit."""
        now = time.time()
        await self._commits.write(
            _Write(
                documents={row.id: _columns(row) for row in documents},
                chunks=dict(chunks),
                journal={
                    row.id: _columns(JournalRow(row.id, row.revision, "flipped", now))
                    for row in documents
                },
            )
        )

    async def remove_documents(self, document_ids: Sequence[str]) -> None:
        """Delete the documents, their files, chunks and journal entries."""
        async with self._writing, self._durable.begin() as connection:
            for table in (t.chunks, t.ingest_journal, t.files):
                await _delete(connection, table, "document_id", document_ids)
            await _delete(connection, t.documents, "id", document_ids)

    async def chunks(
        self, document_id: str, *, first: int = 0, limit: int | None = None
    ) -> list[ChunkRow]:
        """The document's chunks from ordinal ``first`` on, in order."""
        query = (
            select(t.chunks)
            .where(t.chunks.c.document_id == document_id, t.chunks.c.ordinal >= first)
            .order_by(t.chunks.c.ordinal)
            .limit(limit)
        )
        async with self._bulk.connect() as connection:
            return [ChunkRow(**row) for row in (await connection.execute(query)).mappings()]

    async def chunks_of(self, document_ids: Sequence[str]) -> dict[str, list[ChunkRow]]:
        """All chunks of each of the documents, in order."""
        found: dict[str, list[ChunkRow]] = {document_id: [] for document_id in document_ids}
        async with self._bulk.connect() as connection:
            for some in _slices(document_ids):
                query = (
                    select(t.chunks)
                    .where(t.chunks.c.document_id.in_(some))
                    .order_by(t.chunks.c.document_id, t.chunks.c.ordinal)
                )
                for row in (await connection.execute(query)).mappings():
                    found[row["document_id"]].append(ChunkRow(**row))
        return found

    async def chunk_counts(self) -> dict[str, int]:
        """Chunks per document."""
        query = select(t.chunks.c.document_id, func.count()).group_by(t.chunks.c.document_id)
        async with self._bulk.connect() as connection:
            return {row[0]: row[1] for row in await connection.execute(query)}

    async def first_points(self) -> list[str]:
        """The id of the first point of every document."""
        query = select(t.chunks.c.point_id).where(t.chunks.c.ordinal == 0)
        async with self._bulk.connect() as connection:
            return list((await connection.execute(query)).scalars())

    async def used(self, sha256s: Iterable[str]) -> set[str]:
        """Which of the chunk hashes a document has."""
        used: set[str] = set()
        async with self._bulk.connect() as connection:
            for some in _slices(sha256s):
                query = select(t.chunks.c.sha256).where(t.chunks.c.sha256.in_(some)).distinct()
                used.update((await connection.execute(query)).scalars())
        return used

    async def save_root(self, root: RootRow) -> None:
        await self._save_durably(t.roots, [root])

    async def remove_roots(self, paths: Sequence[str]) -> None:
        await self._remove_paths(t.roots, paths)

    async def exclude(self, paths: Sequence[str]) -> None:
        await self._add_paths(t.exclusions, paths)

    async def include(self, paths: Sequence[str]) -> None:
        await self._remove_paths(t.exclusions, paths)

    async def add_mount_points(self, paths: Sequence[str]) -> None:
        await self._add_paths(t.mount_points, paths)

    async def remove_mount_points(self, paths: Sequence[str]) -> None:
        await self._remove_paths(t.mount_points, paths)

    async def save_job(self, job: JobRow) -> None:
        """Write the job; of finished ones only the newest are kept."""
        row = _columns(job) | {
            "paths": msgspec.json.encode(job.paths).decode(),
            "skipped": msgspec.json.encode(job.skipped).decode(),
        }
        kept = select(t.jobs.c.id).order_by(t.jobs.c.created.desc()).limit(_KEPT_JOBS)
        async with self._writing, self._durable.begin() as connection:
            await _upsert(connection, t.jobs, [row])
            await connection.execute(
                delete(t.jobs).where(t.jobs.c.finished, t.jobs.c.id.not_in(kept))
            )

    async def _commit(self, writes: Sequence[_Write]) -> None:
        """Write all in one transaction; of what is written twice, the last."""
        total = _Write()
        for write in writes:
            total.add(write)
        async with self._bulk.begin() as connection:
            await _upsert(connection, t.documents, list(total.documents.values()))
            await _replace(connection, t.files, "path", total.files)
            await _delete(connection, t.chunks, "document_id", list(total.chunks))
            chunks = [_columns(row) for rows in total.chunks.values() for row in rows]
            if chunks:
                await connection.execute(t.chunks.insert(), chunks)
            await _replace(connection, t.ingest_journal, "document_id", total.journal)

    async def _add_paths(self, table: Table, paths: Sequence[str]) -> None:
        now = time.time()
        rows = [{"path": path, "created": now} for path in paths]
        async with self._writing, self._durable.begin() as connection:
            await _upsert(connection, table, rows)

    async def _remove_paths(self, table: Table, paths: Sequence[str]) -> None:
        async with self._writing, self._durable.begin() as connection:
            await _delete(connection, table, "path", paths)

    async def _save_durably(self, table: Table, rows: Sequence[Any]) -> None:
        async with self._writing, self._durable.begin() as connection:
            await _upsert(connection, table, [_columns(row) for row in rows])


def _columns(row: Any) -> _Columns:
    """The fields of a row by name; unlike ``dataclasses.asdict`` it copies no values."""
    return {name: getattr(row, name) for name in row.__slots__}


async def _replace(
    connection: AsyncConnection, table: Table, key: str, rows: Mapping[str, _Columns | None]
) -> None:
    """Write the rows, given by their key; delete those that are None."""
    await _delete(connection, table, key, [name for name, row in rows.items() if row is None])
    await _upsert(connection, table, [row for row in rows.values() if row is not None])


async def _upsert(connection: AsyncConnection, table: Table, rows: Sequence[_Columns]) -> None:
    if rows:
        await connection.execute(_upsert_statement(table, connection.dialect.name), rows)


@cache
def _upsert_statement(table: Table, dialect: str) -> Insert:
    statement: Any
    if dialect == "postgresql":
        from sqlalchemy.dialects import postgresql

        statement = postgresql.insert(table)
    else:
        statement = sqlite.insert(table)
    keys = [column.name for column in table.primary_key]
    values = {c.name: statement.excluded[c.name] for c in table.columns if c.name not in keys}
    upsert: Insert = statement.on_conflict_do_update(index_elements=keys, set_=values)
    return upsert


@cache
def _delete_statement(table: Table, column: str) -> Delete:
    return delete(table).where(table.c[column] == bindparam("value"))


async def _delete(
    connection: AsyncConnection, table: Table, column: str, values: Sequence[str]
) -> None:
    if values:
        await connection.execute(
            _delete_statement(table, column), [{"value": value} for value in values]
        )


def _job(row: RowMapping) -> JobRow:
    return JobRow(
        **{
            **dict(row),
            "paths": msgspec.json.decode(row["paths"], type=list[str]),
            "skipped": msgspec.json.decode(row["skipped"], type=dict[str, str]),
        }
    )


def _slices(values: Iterable[str]) -> Iterable[list[str]]:
    rest = iter(values)
    while some := list(islice(rest, _NAMES_AT_ONCE)):
        yield some

"""Tables of the catalogue. Only the library's process writes them."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    String,
    Table,
    Text,
    false,
)

from morgan_core.storage.schema import metadata

documents = Table(
    "documents",
    metadata,
    Column("id", String(36), primary_key=True),
    # The content to take in; ``revision`` says which content searches see.
    Column("sha256", String(64), nullable=False, server_default=""),
    Column("revision", Integer, nullable=False, server_default="0"),
    Column("last_revision", Integer, nullable=False, server_default="0"),
    Column("state", String(16), nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    Column("title", Text, nullable=False, server_default=""),
    Column("kind", Text, nullable=False, server_default=""),
    Column("pages", Integer),
    Column("passages", Integer, nullable=False, server_default="0"),
    Column("embedded", Integer, nullable=False, server_default="0"),
    Column("bytes", BigInteger, nullable=False, server_default="0"),
    Column("language", String(16), nullable=False, server_default=""),
    Column("text_sha256", String(64), nullable=False, server_default=""),
    Column("created", Float, nullable=False),
    Column("updated", Float, nullable=False),
    Column("hidden_at", Float),
)

files = Table(
    "files",
    metadata,
    Column("path", Text, primary_key=True),
    Column("document_id", String(36), nullable=False),
    Column("root", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("mtime_ns", BigInteger, nullable=False),
    Column("inode", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False, server_default=""),
    Column("deleted_at", Float),
)
Index("ix_files_document_id", files.c.document_id)

chunks = Table(
    "chunks",
    metadata,
    Column("document_id", String(36), primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    Column("point_id", String(36), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
)
Index("ix_chunks_sha256", chunks.c.sha256)

roots = Table(
    "roots",
    metadata,
    Column("path", Text, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    Column("created", Float, nullable=False),
    Column("left_out", Text, nullable=False, server_default="{}"),
)

ingest_journal = Table(
    "ingest_journal",
    metadata,
    Column("document_id", String(36), primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("step", String(16), nullable=False),
    Column("created", Float, nullable=False),
)

exclusions = Table(
    "exclusions",
    metadata,
    Column("path", Text, primary_key=True),
    Column("created", Float, nullable=False),
)

mount_points = Table(
    "mount_points",
    metadata,
    Column("path", Text, primary_key=True),
    Column("created", Float, nullable=False),
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("paths", Text, nullable=False),
    Column("skipped", Text, nullable=False, server_default="{}"),
    Column("scanned", Boolean, nullable=False),
    Column("finished", Boolean, nullable=False),
    Column("error", Text, nullable=False, server_default=""),
    Column("watch", Boolean, nullable=False, server_default=false()),
    Column("created", Float, nullable=False),
)

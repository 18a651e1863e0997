"""Rows of the catalogue, as the library holds them in memory.

Paths are in the text form of ``morgan_core.library.names``. Times are seconds since the epoch.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

StoredState = Literal["waiting", "reading", "findable", "ready", "failed"]
RootKind = Literal["watched", "learned"]
JournalStep = Literal["reading", "flipped"]


@dataclass(slots=True)
class DocumentRow:
    """``sha256`` is the content on the disk; ``revision`` is what searches see, 0 nothing.

    ``text_sha256`` is the content whose extracted text is that revision's. ``last_revision``
    only grows, so that no attempt ever reuses the points of another. ``hidden_at`` is set while
    no path is left, until the document is purged.
    """

    id: str
    sha256: str
    state: StoredState
    created: float
    updated: float
    revision: int = 0
    last_revision: int = 0
    reason: str = ""
    title: str = ""
    kind: str = ""
    pages: int | None = None
    passages: int = 0
    embedded: int = 0
    bytes: int = 0
    language: str = ""
    text_sha256: str = ""
    hidden_at: float | None = None


@dataclass(slots=True)
class FileRow:
    """A file as it was when ``sha256`` was computed; ``deleted_at`` is set once it is gone."""

    path: str
    document_id: str
    root: str
    size: int
    mtime_ns: int
    inode: int
    sha256: str = ""
    deleted_at: float | None = None


@dataclass(slots=True)
class ChunkRow:
    """A chunk of the current revision; ``start`` and ``end`` are offsets into its text."""

    document_id: str
    revision: int
    ordinal: int
    point_id: str
    sha256: str
    start: int
    end: int


@dataclass(slots=True)
class RootRow:
    """A watched folder, or a file or folder that was learned once.

    ``left_out`` is JSON: how many files are left out for each reason.
    """

    path: str
    kind: RootKind
    created: float
    state: Literal["scanning", "watching", "offline", "failed"] = "scanning"
    reason: str = ""
    left_out: str = "{}"


@dataclass(slots=True)
class JournalRow:
    document_id: str
    revision: int
    step: JournalStep
    created: float


@dataclass(slots=True)
class JobRow:
    """``scanned`` is set when every file below ``paths`` has its row, or is hidden where it is to
    be forgotten; ``finished`` when nothing is left to do. With ``watch`` the folders among the
    ``paths`` become watched ones."""

    id: str
    kind: Literal["learn", "forget"]
    paths: list[str]
    created: float
    skipped: dict[str, str] = field(default_factory=dict)
    scanned: bool = False
    finished: bool = False
    error: str = ""
    watch: bool = False


@dataclass(slots=True)
class Snapshot:
    """All of the catalogue but the chunks. ``mount_points`` are those that hold known files."""

    documents: list[DocumentRow] = field(default_factory=list)
    files: list[FileRow] = field(default_factory=list)
    roots: list[RootRow] = field(default_factory=list)
    journal: list[JournalRow] = field(default_factory=list)
    exclusions: list[str] = field(default_factory=list)
    mount_points: list[str] = field(default_factory=list)
    jobs: list[JobRow] = field(default_factory=list)

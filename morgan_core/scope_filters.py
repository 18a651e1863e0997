"""The filters of a scope: types of documents, and spans of time."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable

from morgan_core.errors import BadInput
from morgan_core.types import Document, Scope

GROUPS: dict[str, frozenset[str]] = {
    name: frozenset(members.split())
    for names, members in {
        "code": "code",
        "csv": "csv tsv",
        "data": "csv tsv json yaml toml xml",
        "doc word": "doc docx odt rtf",
        "ebook book": "epub",
        "email mail": "eml mbox msg",
        "excel sheet sheets spreadsheet": "xls xlsx xlsm ods",
        "html web": "html htm xhtml",
        "image picture scan": "image png jpg jpeg tif tiff webp bmp",
        "markdown md": "markdown md",
        "notebook": "ipynb",
        "powerpoint presentation slides": "ppt pptx odp",
        "text txt": "text txt log",
        "yaml yml": "yaml yml",
    }.items()
    for name in names.split()
}
"""What a type is called beside the endings of file names, and the kinds and endings it covers."""

_SPANS = {"h": 3600, "d": 86400, "w": 7 * 86400, "m": 30 * 86400, "y": 365 * 86400}
_RELATIVE = re.compile(r"(\d{1,4})([hdwmy])")
_DATE = re.compile(r"(\d{4})(?:[-/.](\d{1,2})(?:[-/.](\d{1,2}))?)?")


def of_types(types: Iterable[str]) -> Callable[[str, Iterable[str]], bool]:
    """Tells of a document, by its kind and its paths, whether it is of one of the types."""
    wanted = frozenset(name for one in types for name in (one, *GROUPS.get(one, ())))
    endings = tuple(f".{name}" for name in wanted)
    return lambda kind, paths: (
        kind in wanted or any(path.lower().endswith(endings) for path in paths)
    )


def in_scope(document: Document, scope: Scope | None) -> bool:
    """Whether ``scope`` holds the document, readable or not."""
    if scope is None:
        return True
    paths = document.paths or (document.path,)
    if scope.documents or scope.folders:
        inside = any(
            path == folder or path.startswith(folder.rstrip("/") + "/")
            for path in paths
            for folder in scope.folders
        )
        if not (inside or document.id in scope.documents):
            return False
    if scope.kinds and not of_types(scope.kinds)(document.kind, paths):
        return False
    after, before = scope.modified_after, scope.modified_before
    if after is not None and document.modified < after:
        return False
    return before is None or document.modified < before


def types_of(documents: Iterable[Document]) -> list[str]:
    """The kinds of the documents, sorted."""
    return sorted({document.kind for document in documents if document.kind})


def period(filter: str, text: str, now: float) -> tuple[float | None, float | None]:
    """The span of ``after:``, ``before:`` or ``modified:`` a time: from the first second on, to
    before the last one; None is open.

    ``2024``, ``2024-05`` and ``2024-05-31`` are a year, a month and a day by this machine's
    clock, ``today`` and ``yesterday`` days, too; ``12h``, ``7d``, ``2w``, ``3m`` (months) and
    ``1y`` reach back from now. ``after`` includes the period it names, ``before`` does not.
    Raises BadInput for anything else.
    """
    start, end = _named(text.lower(), now, f"{filter}:{text}")
    if filter == "after":
        return start, None
    if filter == "before":
        return None, start
    return start, end


def at_most(one: float | None, other: float | None) -> float | None:
    """The earlier end of two spans."""
    ends = [end for end in (one, other) if end is not None]
    return min(ends, default=None)


def _named(text: str, now: float, whole: str) -> tuple[float, float | None]:
    if reach := _RELATIVE.fullmatch(text):
        return now - int(reach[1]) * _SPANS[reach[2]], None
    today = time.localtime(now)
    if text in ("today", "yesterday"):
        day = today.tm_mday - (text == "yesterday")
        return _start(today.tm_year, today.tm_mon, day), _start(
            today.tm_year, today.tm_mon, day + 1
        )
    date = _DATE.fullmatch(text)
    if date is None or not _exists(date):
        raise BadInput(
            f"{whole} names no date.",
            mend=f"Write 2024, 2024-05, 2024-05-31, today, yesterday, 7d, 2w, 3m or 1y; or"
            f" \\{whole} to mean the words.",
        )
    year, month, day = (int(part) if part else 0 for part in date.groups())
    if day:
        return _start(year, month, day), _start(year, month, day + 1)
    if month:
        return _start(year, month, 1), _start(year, month + 1, 1)
    return _start(year, 1, 1), _start(year + 1, 1, 1)


def _exists(date: re.Match[str]) -> bool:
    import datetime

    try:
        datetime.date(int(date[1]), int(date[2] or 1), int(date[3] or 1))
    except ValueError:
        return False
    return 1970 <= int(date[1]) <= 9998


def _start(year: int, month: int, day: int) -> float:
    """The first second of a day by the local clock; days and months may overflow, as for C's
    mktime."""
    return time.mktime((year, month, day, 0, 0, 0, 0, 0, -1))

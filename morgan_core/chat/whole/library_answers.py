"""Answers about the library itself, counted in its catalogue; no model is asked."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from pathlib import PurePath
from typing import Any

from morgan_core.chat.whole.library_questions import LibraryQuestion, Order
from morgan_core.chat.whole.times import bounds
from morgan_core.chat.whole.told import Told, as_code, listed, names, plural, whole_document
from morgan_core.errors import BadInput
from morgan_core.sanitise import sanitise
from morgan_core.scope_filters import GROUPS, in_scope, of_types
from morgan_core.scopes import folded, folders_of
from morgan_core.types import Document, LibraryListing, Scope

LISTED = 100
"""Documents that are named one by one."""

_KINDS = {
    "csv": "CSV",
    "doc": "Word",
    "docx": "Word",
    "email": "mail",
    "epub": "EPUB",
    "html": "HTML",
    "json": "JSON",
    "latex": "LaTeX",
    "markdown": "Markdown",
    "md": "Markdown",
    "odt": "OpenDocument text",
    "pdf": "PDF",
    "ppt": "PowerPoint",
    "pptx": "PowerPoint",
    "rtf": "RTF",
    "toml": "TOML",
    "txt": "text",
    "xls": "Excel",
    "xlsx": "Excel",
    "xml": "XML",
    "yaml": "YAML",
}
_ORDERS: dict[Order, tuple[Callable[[Document], Any], bool]] = {
    "newest": (attrgetter("modified"), True),
    "oldest": (attrgetter("modified"), False),
    "largest": (attrgetter("bytes"), True),
    "smallest": (attrgetter("bytes"), False),
    "longest": (attrgetter("passages"), True),
    "shortest": (attrgetter("passages"), False),
}
_UNREAD = ("waiting", "reading")


def answer_about_library(
    asked: LibraryQuestion, listing: LibraryListing, scope: Scope | None, now: float
) -> Told | None:
    """The answer; None when ``asked`` names a type or a folder that the library does not know, so
    that it may mean something else. ``now`` is in seconds since the epoch."""
    if asked.wanted == "folders":
        return _folders(listing, scope)
    chosen = [document for document in listing.documents if in_scope(document, scope)]
    where = f" within {' '.join(scope.words)}" if scope is not None and scope.words else ""
    if asked.folder:
        folder = _folder(asked.folder, listing)
        if folder is None:
            return None
        chosen = [d for d in chosen if in_scope(d, Scope(folders=(folder,)))]
        where += f" in {as_code(folder)}"
    kind = ""
    if asked.type:
        is_type = of_types([asked.type])
        known = asked.type in GROUPS or asked.type == "pdf"
        if not (known or any(is_type(d.kind, d.paths) for d in listing.documents)):
            return None
        chosen = [d for d in chosen if is_type(d.kind, d.paths)]
        kind = _kind(asked.type)
    if asked.span:
        try:
            start, end = bounds(asked.span, now, since=asked.since)
        except BadInput:
            return None
        chosen = [d for d in chosen if _is_within(d, asked, start, end)]
        where += _when(asked, start, end)
    if asked.wanted == "unread":
        chosen = [document for document in chosen if document.state in ("failed", *_UNREAD)]
        where += " that could not be read or are not read yet"
    lead = f"Counted in your library: {_number(chosen, kind, files=asked.files)}{where or ''}."
    if asked.wanted == "count":
        return _told(lead, _notes(chosen, by_type=not asked.type))
    if asked.wanted == "types":
        return _told(lead, _by_type(chosen))
    if asked.order:
        by, falling = _ORDERS[asked.order]
        chosen = [d for d in chosen if asked.order not in ("longest", "shortest") or d.passages]
        chosen = sorted(chosen, key=by, reverse=falling)[: asked.most]
        lead = f"{lead} The {asked.order}:" if chosen else lead
    elif asked.span:
        chosen = sorted(chosen, key=lambda d: max(d.modified, d.findable_since), reverse=True)
    return _list(lead, chosen, asked)


def _told(lead: str, notes: Iterable[str]) -> Told:
    lines = list(notes)
    return Told(
        text="\n".join([lead, "", *lines] if lines else [lead]), method="counted", gist=lead
    )


def _list(lead: str, chosen: Sequence[Document], asked: LibraryQuestion) -> Told:
    shown = chosen[:LISTED]
    called = names(shown)
    lines = [
        f"{n}. {' · '.join([called[document.id], *_facts(document, asked)])}"
        for n, document in enumerate(shown, 1)
    ]
    if len(shown) < len(chosen):
        rest = plural(len(chosen) - len(shown), "more document")
        lines += ["", f"And {rest}; limit the question with #folder or type: to see them."]
    if asked.wanted != "unread" and (notes := _unread(chosen)):
        lines += ["", *notes]
    return Told(
        text="\n".join([lead, "", *lines] if lines else [lead]),
        method="counted",
        sources=tuple(whole_document(n, document) for n, document in enumerate(shown, 1)),
        gist=lead,
    )


def _number(chosen: Sequence[Document], kind: str, *, files: bool) -> str:
    count = plural(len(chosen), f"{kind} document".strip())
    paths = sum(len(document.paths) or 1 for document in chosen)
    if files and paths != len(chosen):
        return f"**{plural(paths, f'{kind} file'.strip())}**, which are {count}, as copies are one"
    if paths != len(chosen):
        return f"**{count}** in {plural(paths, 'file')}, as copies are one"
    return f"**{count}**"


def _notes(chosen: Sequence[Document], *, by_type: bool) -> list[str]:
    lines = []
    kinds = _types(chosen)
    if by_type and len(kinds) > 1:
        counted = [f"{count:,} {kind}" for kind, count in _ranked(kinds)]
        lines.append(f"By type: {listed(counted)}.")
    return lines + _unread(chosen)


def _unread(chosen: Sequence[Document]) -> list[str]:
    """How many of the documents are not, or not yet, to be found by what they say."""
    failed = sum(document.state == "failed" for document in chosen)
    waiting = sum(document.state in _UNREAD for document in chosen)
    lines = []
    if failed:
        lines.append(f"Of these {failed:,} could not be read.")
    if waiting:
        lines.append(f"Of these {waiting:,} {'is' if waiting == 1 else 'are'} still to be read.")
    return lines


def _by_type(chosen: Sequence[Document]) -> list[str]:
    return [f"- {kind}: {count:,}" for kind, count in _ranked(_types(chosen))]


def _types(chosen: Sequence[Document]) -> Counter[str]:
    """How many are of each type; of one that could not be read the name tells."""
    return Counter(_kind(d.kind or PurePath(d.path).suffix[1:].lower() or "?") for d in chosen)


def _ranked(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0].casefold()))


def _facts(document: Document, asked: LibraryQuestion) -> list[str]:
    facts = [_kind(document.kind)] if document.kind else []
    if document.pages:
        facts.append(plural(document.pages, "page"))
    if asked.order in ("longest", "shortest"):
        facts.append(plural(document.passages, "passage"))
    if asked.order in ("largest", "smallest"):
        facts.append(_size(document.bytes))
    if document.state == "failed":
        facts.append(f"not read: {' '.join(sanitise(document.reason).split())}")
    elif document.state in (*_UNREAD, "offline"):
        facts.append({"offline": "offline"}.get(document.state, "still to be read"))
    facts.append(f"changed {_day(document.modified)}")
    if asked.change in ("added", "new") and document.findable_since:
        facts.append(f"taken in {_day(document.findable_since)}")
    return facts


def _folders(listing: LibraryListing, scope: Scope | None) -> Told:
    watched = [
        folder
        for folder in listing.folders
        if scope is None
        or not scope.folders
        or any(folder.path == one or folder.path.startswith(f"{one}/") for one in scope.folders)
    ]
    lead = f"Counted in your library: **{plural(len(watched), 'watched folder')}**."
    lines = [
        f"- {as_code(folder.path)} · {plural(folder.documents, 'document')}"
        + (f" · {folder.state}" if folder.state != "watching" else "")
        for folder in watched
    ]
    return _told(lead, lines)


def _folder(name: str, listing: LibraryListing) -> str | None:
    ending = "/" + folded(name).strip("/")
    known = folders_of(listing.documents, [folder.path for folder in listing.folders])
    found = [folder for folder in known if folded(folder).endswith(ending)]
    return min(found, key=len, default=None)


def _is_within(document: Document, asked: LibraryQuestion, start: float, end: float | None) -> bool:
    times = {"changed": [document.modified], "added": [document.findable_since]}
    return any(
        start <= moment < (end or float("inf"))
        for moment in times.get(asked.change, [document.modified, document.findable_since])
    )


def _when(asked: LibraryQuestion, start: float, end: float | None) -> str:
    what = {"new": "new or changed", "added": "taken in"}.get(asked.change, "changed")
    if end is not None and end - start > 86400 * 1.5:
        return f" {what} from {_day(start)} to {_day(end - 1)}"
    if end is not None:
        return f" {what} on {_day(start)}"
    return f" {what} since {_day(start)}"


def _day(moment: float) -> str:
    day = time.localtime(moment)
    return f"{day.tm_mday} {time.strftime('%b %Y', day)}"


def _kind(kind: str) -> str:
    return _KINDS.get(kind) or {"word": "Word", "excel": "Excel", "powerpoint": "PowerPoint"}.get(
        kind, kind
    )


def _size(size: int) -> str:
    value = float(size)
    for unit in ("B", "kB", "MB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" or value >= 10 else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} GB"

"""What limits a question or a search: options, and ``@file #folder type:pdf`` in its text."""

from __future__ import annotations

import os
import time
from argparse import Namespace
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from morgan_core.assistant import Morgan
from morgan_core.errors import BadInput
from morgan_core.scopes import Token, quoted, resolve, tokens
from morgan_core.types import Document, LibraryListing, Scope
from morgan_core.urls import is_url
from morgan_tui.cli.console import name

Filter = Literal["type", "after", "before"]


def absolute(path: str) -> str:
    """``path`` without ``~`` and relative parts; symbolic links stay, and so do URLs."""
    if is_url(path):
        return path.strip()
    return os.path.abspath(Path(path).expanduser())  # noqa: PTH100


async def scope_of(morgan: Morgan, args: Namespace, text: str) -> Scope | None:
    """The scope of the options and of ``text``; None without one.

    Raises BadInput or NotFound for what Morgan does not know.
    """
    found = [*_given(args), *tokens(text)]
    if not (found or args.scope):
        return None
    listing = await morgan.library.list()
    watched = [folder.path for folder in listing.folders]
    scope = resolve(found, listing.documents, watched, time.time()) or Scope()
    documents, folders, words = [*scope.documents], [*scope.folders], [*scope.words]
    for path in args.scope:
        variants = _variants(path)
        if ids := [d.id for d in listing.documents if _is(d, path, variants)]:
            documents += ids
        else:
            folders.append(_folder(listing, path, variants))
        words.append(quoted("@" if ids else "#", path))
    if not words:
        return None
    return msgspec.structs.replace(
        scope, documents=tuple(documents), folders=tuple(folders), words=tuple(words)
    )


def _given(args: Namespace) -> Iterator[Token]:
    """The filters that are given as options, as if they stood in the text."""
    options: tuple[tuple[Filter, Sequence[str]], ...] = (
        ("type", args.type),
        ("after", [args.after] if args.after else []),
        ("before", [args.before] if args.before else []),
    )
    for sigil, values in options:
        for value in values:
            yield Token(sigil=sigil, name=value, word=f"{sigil}:{value}", start=0, end=0)


def _variants(path: str) -> tuple[str, ...]:
    """As typed, and with symbolic links followed: the library may know either."""
    typed = absolute(path)
    if is_url(typed):
        return (typed,)
    return tuple(dict.fromkeys([typed, str(Path(typed).resolve())]))


def _is(document: Document, path: str, variants: Sequence[str]) -> bool:
    return document.id == path or any(v in (document.path, *document.paths) for v in variants)


def _folder(listing: LibraryListing, path: str, variants: Sequence[str]) -> str:
    for variant in variants:
        inside = variant.rstrip(os.sep) + os.sep
        if any(p.startswith(inside) for d in listing.documents for p in (d.path, *d.paths)):
            return variant
        if any(folder.path == variant for folder in listing.folders):
            return variant
    raise BadInput(
        f"Morgan knows no document at {name(variants[0])}.",
        mend=f"Run `morgan-tui learn {name(path)}` first.",
    )

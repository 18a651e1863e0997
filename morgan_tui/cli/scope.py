"""Paths as a person types them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from morgan_core.assistant import Morgan
from morgan_core.errors import BadInput
from morgan_core.types import Document, LibraryListing, Scope
from morgan_tui.cli.console import name


def absolute(path: str) -> str:
    """``path`` without ``~`` and relative parts; symbolic links stay."""
    return os.path.abspath(Path(path).expanduser())  # noqa: PTH100


async def scope_of(morgan: Morgan, paths: Sequence[str]) -> Scope | None:
    """The scope that ``--scope`` names, None without one. BadInput for what Morgan does not know."""
    if not paths:
        return None
    listing = await morgan.library.list()
    documents: list[str] = []
    folders: list[str] = []
    for path in paths:
        variants = _variants(path)
        found = [d.id for d in listing.documents if _is(d, path, variants)]
        if found:
            documents += found
        else:
            folders.append(_folder(listing, path, variants))
    return Scope(documents=tuple(documents), folders=tuple(folders))


def _variants(path: str) -> tuple[str, ...]:
    """As typed, and with symbolic links followed: the library may know either."""
    typed = absolute(path)
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

"""TOML: the text as it stands, its tables found by their names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from morgan_core.library.readers.base import Extracted, Format, Source
from morgan_core.library.readers.decoding import decode
from morgan_core.library.readers.entries import Entry, entries
from morgan_core.library.readers.text import keep_lines

if TYPE_CHECKING:
    from tree_sitter import Node

_PART = re.compile(rb"""\"[^\"]*\"|'[^']*'|[^.\s]+""")
_LONGEST_KEY = 300
_NAMES = frozenset(("pipfile", "cargo.lock", "poetry.lock", "uv.lock", "pdm.lock"))


def read_toml(source: Source) -> Extracted:
    """The tables of the file; ``[servers.alpha]`` is called ``servers › alpha``."""
    raw, encoding = decode(source.content)
    text = keep_lines(raw)
    headings, cuts = entries(text, "tree_sitter_toml", _children, comment=b"#")
    return Extracted(
        text=text,
        kind="toml",
        headings=headings,
        cuts=cuts,
        lines=True,
        metadata={"encoding": encoding},
    )


def _children(node: Node) -> Iterator[Entry]:
    for child in node.named_children:
        if child.type == "pair" and len(child.named_children) == 2:
            key, value = child.named_children
            yield Entry(child, _path(key), value if value.type == "array" else None)
        elif child.type in ("table", "table_array_element") and child.named_children:
            yield Entry(child, _path(child.named_children[0]), child)


def _path(key: Node) -> bytes:
    # Not by its nodes: a dotted key is as deep a tree as it has dots.
    parts = _PART.findall((key.text or b"")[:_LONGEST_KEY])
    return " › ".encode().join(part.strip(b"\"'") for part in parts)


def _claims(source: Source) -> bool:
    return source.suffix == ".toml" or source.name.lower() in _NAMES


FORMAT = Format(name="toml", rank=60, claims=_claims, read=read_toml)

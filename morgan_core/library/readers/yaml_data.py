"""YAML: the text as it stands, its entries found by their key paths. Nothing is constructed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from morgan_core.library.readers.base import Extracted, Format, Heading, Source
from morgan_core.library.readers.decoding import decode
from morgan_core.library.readers.entries import Entry, entries
from morgan_core.library.readers.text import keep_lines

if TYPE_CHECKING:
    from tree_sitter import Node

_SUFFIXES = frozenset((".yaml", ".yml", ".clang-format", ".clang-tidy"))
_TOO_DEEP = re.compile(r"^[ \t?:-]{200}", re.M)
"""The grammar's scanner keeps 256 levels and aborts the process at the next (version 0.7.2)."""
_WRAPPERS = frozenset(("block_node", "flow_node", "document"))


def read_yaml(source: Source) -> Extracted:
    """The documents of the file and their entries; aliases and tags stay as they are written."""
    raw, encoding = decode(source.content)
    text = keep_lines(raw)
    headings: tuple[Heading, ...] = ()
    cuts: tuple[int, ...] = ()
    if not _TOO_DEEP.search(text):
        headings, cuts = entries(text, "tree_sitter_yaml", _children, comment=b"#")
    return Extracted(
        text=text,
        kind="yaml",
        headings=headings,
        cuts=cuts,
        lines=True,
        metadata={"encoding": encoding},
    )


def _children(node: Node) -> Iterator[Entry]:
    if node.type == "stream":
        documents = [child for child in node.named_children if child.type == "document"]
        for document in documents:
            if len(documents) > 1:
                yield Entry(document, b"", document)
            else:
                yield from _children(document)
        return
    if node.type in _WRAPPERS:
        for child in node.named_children:
            yield from _children(child)
        return
    number = 0
    for child in node.named_children:
        if child.type in ("block_mapping_pair", "flow_pair"):
            key = child.child_by_field_name("key")
            text = (key.text or b"") if key is not None else b""
            yield Entry(child, text.strip(b"\"'"), child.child_by_field_name("value"))
        elif child.type in ("block_sequence_item", "flow_node") and node.type.endswith("sequence"):
            inner = child.named_children[0] if child.named_children else None
            yield Entry(child, b"[%d]" % number, inner)
            number += 1


def _claims(source: Source) -> bool:
    return source.suffix in _SUFFIXES or source.content.startswith(b"%YAML ")


FORMAT = Format(name="yaml", rank=60, claims=_claims, read=read_yaml)

"""What data formats share: the entries of a tree are headings by their keys, and cuts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from morgan_core.library.readers import syntax
from morgan_core.library.readers.base import Heading
from morgan_core.library.readers.syntax import Unit

if TYPE_CHECKING:
    from tree_sitter import Node

_DEEPEST = 8
_SMALL = 100
"""Bytes of an inner entry below which it is no heading; nor is an entry without parts."""
_SHORT_HEAD = 80


class Entry(NamedTuple):
    """A node, the key that it is found by, and the node that holds its parts, if it has any."""

    node: Node
    key: bytes
    value: Node | None


Children = Callable[["Node"], Iterator[Entry]]


def entries(
    text: str, grammar: str, children: Children, *, comment: bytes = b""
) -> tuple[tuple[Heading, ...], tuple[int, ...]]:
    """Headings and cuts of ``text``, whose tree ``children`` knows to read, down to eight levels.

    Lines that begin with ``comment`` belong to the entry below them. Text too long for a tree has
    neither headings nor cuts.
    """
    content = text.encode()
    root = syntax.parse(content, grammar)
    if root is None:
        return (), ()
    return syntax.outline(text, content, _units(root, children, 1, "", 0), comment=comment)


def _units(holder: Node, children: Children, level: int, title: str, begin: int) -> Iterator[Unit]:
    """The entries of ``holder``, which belongs to the entry ``title`` that begins at ``begin``."""
    inside = False  # of an entry's unit, that other entries must end
    for node, key, value in children(holder):
        # The line of a key alone says nothing: it stays with its first entry.
        cut = node.start_byte - begin >= _SHORT_HEAD
        begin = -_SHORT_HEAD
        if value is not None and _has_parts(level, node, value, children):
            name = syntax.one_line(key)
            yield Unit(start=node.start_byte, level=level, title=name, cut=cut)
            if level < _DEEPEST:
                yield from _units(value, children, level + 1, name, node.start_byte)
            inside = True
        elif inside:
            yield Unit(start=node.start_byte, level=max(1, level - 1), title=title)
            inside = False


def _has_parts(level: int, node: Node, value: Node, children: Children) -> bool:
    large = level == 1 or node.end_byte - node.start_byte >= _SMALL
    return large and any(True for _ in children(value))

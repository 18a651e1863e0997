"""Syntax trees by tree-sitter, and the outline that a reader makes of one."""

from __future__ import annotations

import importlib
import time
from collections.abc import Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING

from morgan_core.library.readers.base import Heading
from morgan_core.types import Record

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

MAX_SOURCE = 4_000_000
"""Longest text that is parsed, in bytes of UTF-8: a tree takes about 25 times as much memory."""

_LONGEST_PARSE = 3.0
_SLICE = 64 * 1024
_LONGEST_TITLE = 80


class Unit(Record, frozen=True):
    """A part of a text that stands for itself, from byte ``start`` to the next unit.

    ``level`` counts from 1, the outermost; ``title`` is empty where the text belongs to no
    titled part. ``cut`` is false for a unit that stays with what is above it.
    """

    start: int
    level: int
    title: str
    cut: bool = True


def parse(content: bytes, grammar: str) -> Node | None:
    """The root of the syntax tree of ``content``, which is UTF-8; None for a text that is too long
    or takes more than ``_LONGEST_PARSE`` seconds (measured: some errors cost quadratic time).

    ``grammar`` is the module of the grammar with its function, ``tree_sitter_php:language_php``.
    Errors in the text are nodes of type ``ERROR`` in the tree.
    """
    if len(content) > MAX_SOURCE:
        return None
    parser, end = _parser(grammar), time.perf_counter() + _LONGEST_PARSE
    try:
        # Only what is read in slices can be stopped.
        return parser.parse(
            lambda at, _: content[at : at + _SLICE],
            progress_callback=lambda _, __: time.perf_counter() > end,
        ).root_node
    except ValueError:
        parser.reset()
        return None


@cache
def _parser(grammar: str) -> Parser:
    from tree_sitter import Language, Parser

    module, _, function = grammar.partition(":")
    return Parser(Language(getattr(importlib.import_module(module), function or "language")()))


def outline(
    text: str, content: bytes, units: Iterable[Unit], *, comment: bytes = b""
) -> tuple[tuple[Heading, ...], tuple[int, ...]]:
    """Headings and cuts, as ``Extracted`` has them, for ``units`` in order of ``start``.

    A unit that only white space divides from the beginning of its line begins there,
    or where the lines above it that begin with ``comment`` do.
    """
    headings: list[Heading] = []
    cuts: list[int] = []
    at_byte = at = 0
    for unit in units:
        start = _line_start(content, unit.start, comment)
        if start < at_byte:
            start = unit.start
        if start < at_byte:
            continue
        at += len(content[at_byte:start].decode(errors="replace"))
        at_byte = start
        if unit.cut:
            cuts.append(at)
        headings.append(Heading(offset=at, level=unit.level, title=unit.title))
    return tuple(headings), tuple(cuts)


def _line_start(content: bytes, offset: int, comment: bytes) -> int:
    start = content.rfind(b"\n", max(0, offset - 200), offset) + 1
    if content[start:offset].strip():
        return offset
    while comment and start:
        above = content.rfind(b"\n", 0, start - 1) + 1
        if not content[above:start].lstrip().startswith(comment):
            break
        start = above
    return start


def one_line(text: bytes) -> str:
    """A title of ``text``: white space as single spaces, an ellipsis for what is too long."""
    title = " ".join(text.decode(errors="replace").split())
    return title if len(title) <= _LONGEST_TITLE else title[: _LONGEST_TITLE - 1] + "…"


def loose_cuts(text: str) -> Iterator[int]:
    """Where a text without a grammar can be cut: lines that begin at the margin, after a blank
    one, and close nothing."""
    offset, blank = 0, True
    for line in text.splitlines(keepends=True):
        if blank and not line[0].isspace() and line[0] not in ")]}":
            yield offset
        blank = not line.strip()
        offset += len(line)

"""JSON and JSON Lines: the text as it stands, or laid out anew where it has no lines."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from morgan_core.library.readers import syntax
from morgan_core.library.readers.base import Extracted, Format, Source
from morgan_core.library.readers.decoding import decode
from morgan_core.library.readers.entries import Entry, entries
from morgan_core.library.readers.text import keep_lines

if TYPE_CHECKING:
    from tree_sitter import Node

_SUFFIXES = frozenset(
    (".json", ".jsonc", ".json5", ".geojson", ".topojson", ".jsonld", ".webmanifest", ".har")
)
_LINES_SUFFIXES = frozenset((".jsonl", ".ndjson", ".jsonlines"))
_LONG_LINE = 1000
"""Characters in a line on average, from which on JSON is laid out anew."""
_MAX_LAYOUT = 10_000_000
"""Characters that are laid out, at about 1 million a second; more only gets a line per item."""
_BETWEEN_ITEMS = re.compile(r"(?<=[}\]],)[ \t]*(?=[{\[])")
_DEEPEST_INDENT = 8
_SNIFFED = 200_000
_TOKEN = re.compile(r'\[[^\[\]{}"]*\]|"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+|"')
_ESCAPED = re.compile(r"(?<!\\)((?:\\\\)*)((?:\\u[0-9a-fA-F]{4})+)")


def read_json(source: Source) -> Extracted:
    """The values by their key paths; letters written as ``\\u00fc`` are shown as letters."""
    raw, encoding = decode(source.content)
    text = keep_lines(_ESCAPED.sub(_letters, raw) if "\\u" in raw else raw)
    records = source.suffix in _LINES_SUFFIXES or _is_lines(text)
    lines = records or len(text) <= _LONG_LINE * (text.count("\n") + 1)
    if not lines:
        text = lay_out(text) if len(text) <= _MAX_LAYOUT else _BETWEEN_ITEMS.sub("\n", text)
    extracted = Extracted(text=text, kind="json", lines=lines, metadata={"encoding": encoding})
    if records:
        return msgspec.structs.replace(extracted, cuts=_line_starts(text))
    headings, cuts = entries(text, "tree_sitter_json", _children)
    return msgspec.structs.replace(extracted, headings=headings, cuts=cuts)


def lay_out(text: str) -> str:
    """``text`` with one member to a line, indented by two spaces; every token is kept.

    Lists of numbers stay on one line. What is no JSON comes through with other white space.
    """
    parts: list[str] = []
    depth, opened = 0, False
    for token in _TOKEN.findall(text):
        if token in ("}", "]"):
            depth = max(0, depth - 1)
            if not opened:
                parts.append(_break(depth))
        elif opened:
            parts.append(_break(depth))
        opened = token in ("{", "[")
        depth += opened
        parts.append(": " if token == ":" else token)
        if token == ",":
            parts.append(_break(depth))
    return "".join(parts)


def _break(depth: int) -> str:
    return "\n" + "  " * min(depth, _DEEPEST_INDENT)


def _letters(match: re.Match[str]) -> str:
    """The letters that a run of escapes stands for; signs that mean something in JSON stay."""
    letters = bytes.fromhex(match[2].replace("\\u", "")).decode("utf-16-be", errors="replace")
    if any(char < "\xa0" or char == "\ufffd" for char in letters):
        return match[0]
    return match[1] + letters


def _is_lines(text: str) -> bool:
    """Whether the first two lines are a whole object each."""
    head = text[:_SNIFFED].split("\n", 2)[:2]
    return len(head) == 2 and all(line.lstrip().startswith("{") and _parses(line) for line in head)


def _line_starts(text: str) -> tuple[int, ...]:
    return (0, *(at + 1 for at, char in enumerate(text) if char == "\n"))


def _children(node: Node) -> Iterator[Entry]:
    if node.type == "document":
        for child in node.named_children:
            yield from _children(child)
    elif node.type == "object":
        for pair in node.named_children:
            if pair.type != "pair":
                continue
            key = pair.child_by_field_name("key")
            value = pair.child_by_field_name("value")
            if key is not None:
                yield Entry(pair, (key.text or b"").strip(b'"'), value)
    elif node.type == "array":
        for number, item in enumerate(node.named_children):
            yield Entry(item, b"[%d]" % number, item)


def _claims(source: Source) -> bool:
    if source.suffix in _SUFFIXES or source.suffix in _LINES_SUFFIXES:
        return True
    head, end = source.content[:64].lstrip(b"\xef\xbb\xbf \t\r\n"), source.content[-64:].rstrip()
    if not head.startswith((b"{", b"[")) or not end.endswith((b"}", b"]")):
        return False
    if source.suffix not in ("", ".txt", ".log", ".map", ".lock", ".data"):
        return False
    text = source.content.decode("utf-8", errors="replace")
    return _is_lines(text) or (len(text) <= syntax.MAX_SOURCE and _parses(text))


def _parses(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


FORMAT = Format(name="json", rank=60, claims=_claims, read=read_json)

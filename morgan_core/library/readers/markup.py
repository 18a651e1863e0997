"""HTML as bytes to a tree (HTML5, by lexbor), whatever its encoding and however hostile."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from morgan_core.errors import UnreadableFile
from morgan_core.library.readers.base import MAX_TEXT, too_much_text
from morgan_core.library.readers.decoding import decode

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

MAX_DEPTH = 5_000
"""Deepest nesting that is parsed. The parser's time grows with its square (measured: 40 s for
100,000 elements in each other, 0.1 s for 5,000)."""

_OPENING = re.compile(
    r"(?:\ufeff|\s|<\?xml[^>]{0,200}>|<!--(?:(?!-->).){0,2000}-->)*<(?:!doctype\s+html|html)\b",
    re.I | re.S,
)
_OPENING_BYTES = 4096
_CHARSET = re.compile(
    rb"""(?:charset|<\?xml[^>]{0,80}encoding)\s*=\s*["']?\s*([\w.:-]{2,40})""", re.I
)
_CHARSET_WITHIN = 4096
# What browsers read these labels as (WHATWG Encoding standard, §4.2).
_READ_AS = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "big5": "big5hkscs",
}
_SEVEN_BIT = frozenset(("iso2022_jp", "iso2022_kr", "hz"))
_MOST_BROKEN = 0.01

_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:-]*)")
_RAW_TEXT = re.compile(r"<!--|<script\b|<style\b", re.I)
_RAW_END = {
    "<!--": re.compile("-->"),
    "<script": re.compile(r"</script\b", re.I),
    "<style": re.compile(r"</style\b", re.I),
}
# Void elements and those that close each other: they do not nest by being left open.
_FLAT = frozenset(
    [
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "param",
        "source",
        "track",
        "wbr",
        "p",
        "li",
        "dt",
        "dd",
        "option",
        "optgroup",
        "tr",
        "td",
        "th",
        "thead",
        "tbody",
        "tfoot",
        "colgroup",
        "caption",
        "rt",
        "rp",
        "html",
        "head",
        "body",
    ]
)
_CHOICE = re.compile(r"</?(?:option|optgroup|select)\b[^<>]*>", re.I)
_MOST_CHOICES = 1_000
_LONG_TAG = re.compile(r"<([a-zA-Z][a-zA-Z0-9:-]{0,40})([^<>]{4096,})")
_MOST_ATTRIBUTES = 500
_SELF_CLOSED = re.compile(
    r"<(?!(?:area|base|br|col|embed|hr|img|input|link|meta|param|source|track|wbr)\b)"
    r"([a-zA-Z][a-zA-Z0-9:-]*)((?:\s[^<>]*?)?)/>",
    re.I,
)
_XHTML = re.compile(r"\s*<\?xml\b|<html[^>]{0,400}\bxmlns\s*=", re.I)

Skip = Callable[["LexborNode"], bool]


def opens_like_html(content: bytes) -> bool:
    """Whether ``content`` begins with a document type or root element of HTML."""
    head = content[:_OPENING_BYTES]
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        text = head.decode("utf-16", errors="ignore")
    else:
        text = head.decode("latin-1").removeprefix("ï»¿")
    return _OPENING.match(text) is not None


def decode_markup(content: bytes) -> tuple[str, str]:
    """Return the source and the name of its encoding.

    A byte order mark and valid UTF-8 go before what the page declares: pages are often saved in
    another encoding than the one they were served in. Raises UnreadableFile when it is no text.
    """
    declared = _declared(content)
    if b"\0" in content[:65536]:
        return decode(content)
    if declared not in _SEVEN_BIT:
        try:
            content.decode("utf-8")
        except UnicodeDecodeError:
            pass
        else:
            return decode(content)
    if declared and declared != "utf-8":
        text = content.decode(declared, errors="replace")
        if text.count("\ufffd") <= _MOST_BROKEN * len(text):
            if len(text) > MAX_TEXT:
                raise too_much_text()
            return text, declared
    return decode(content)


def _declared(content: bytes) -> str:
    found = _CHARSET.search(content[:_CHARSET_WITHIN])
    if not found:
        return ""
    try:
        name = codecs.lookup(found[1].decode("ascii")).name
        b"".decode(name)  # some codecs make no text (base64)
    except (LookupError, ValueError):
        return ""
    return _READ_AS.get(name, name)


def parse(source: str) -> LexborHTMLParser:
    """The tree of ``source``. Raises UnreadableFile when it is nested too deeply."""
    from selectolax.lexbor import LexborHTMLParser

    if _XHTML.search(source[:2000]):
        # To an HTML parser <title/> is an opening tag, and the rest of the page its text.
        source = _SELF_CLOSED.sub(r"<\1\2></\1>", source)
    # The parser's time grows with the square of choices in a list, and of attributes.
    if source.count("<option") > _MOST_CHOICES or source.count("<OPTION") > _MOST_CHOICES:
        source = _CHOICE.sub(" ", source)
    source = _LONG_TAG.sub(_without_attributes, source)
    if _depth(source) > MAX_DEPTH:
        raise UnreadableFile("nested too deeply to be read")
    return LexborHTMLParser(source)


def _without_attributes(match: re.Match[str]) -> str:
    return f"<{match[1]}" if len(match[2].split()) > _MOST_ATTRIBUTES else match[0]


def _depth(source: str) -> int:
    depth = deepest = 0
    for closing, name in _TAG.findall(_without_raw_text(source)):
        if name.lower() in _FLAT:
            continue
        depth = max(0, depth - 1) if closing else depth + 1
        deepest = max(deepest, depth)
    return deepest


def _without_raw_text(source: str) -> str:
    """``source`` without comments, scripts and styles: what looks like a tag there is none."""
    parts = []
    position = 0
    while begin := _RAW_TEXT.search(source, position):
        end = _RAW_END[begin[0].lower()].search(source, begin.end())
        if end is None:
            break
        parts.append(source[position : begin.start()])
        position = end.end()
    parts.append(source[position:])
    return "".join(parts)


def walk(root: LexborNode, skip: Skip) -> Iterator[tuple[LexborNode, bool]]:
    """Every node below ``root`` with True when it begins and, for elements, False when it ends.

    What ``skip`` holds true for is left out with all that is in it.
    """
    node = root.child
    depth = 0
    while node is not None:
        inner = None
        if not node.is_element_node:
            yield node, True
        elif not skip(node):
            yield node, True
            inner = node.child
            if inner is None:
                yield node, False
        if inner is not None:
            node, depth = inner, depth + 1
            continue
        while node.next is None:
            if depth == 0:
                return
            parent = node.parent
            if parent is None:
                return
            node, depth = parent, depth - 1
            yield node, False
        node = node.next

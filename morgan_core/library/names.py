"""Paths as text that every store and every pipe can hold.

A file name is bytes; Python shows those that are no UTF-8 as lone surrogates (PEP 383), which
neither SQL nor msgpack accepts. In the text form an undecodable byte ``b`` is the private-use
character U+10FF00 + b. The mapping is a bijection: the characters U+10FF80 to U+10FFFF of a real
name are written as the bytes of their UTF-8. Nothing is sanitised here: faces do that.
"""

# Paths are plain strings here: there are many, and any bytes may be in them.
# ruff: noqa: PTH120
from __future__ import annotations

import os
import re

_BASE = 0x10FF00
_TO_ESCAPE = re.compile("[\udc80-\udcff\U0010ff80-\U0010ffff]")
_SURROGATE = re.compile("[\udc80-\udcff]")
_ESCAPED = re.compile("[\U0010ff80-\U0010ffff]")


def to_text(path: str) -> str:
    """The text form of a path that the operating system gave."""
    return path if path.isascii() else _TO_ESCAPE.sub(_escape, path)


def from_person(path: str) -> str:
    """The text form of a path that a person or program gave: the operating system's form, or
    already the text form, as it was shown."""
    return path if path.isascii() else _SURROGATE.sub(_escape, path)


def on_disk(text: str) -> str:
    """The path to give to the operating system for the text form ``text``."""
    if text.isascii() or not _ESCAPED.search(text):
        return text
    surrogates = _ESCAPED.sub(lambda match: chr(ord(match[0]) - _BASE + 0xDC00), text)
    return os.fsdecode(os.fsencode(surrogates))


def is_below(path: str, folder: str) -> bool:
    """Whether ``path`` is ``folder`` or lies in it."""
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def parents(path: str) -> list[str]:
    """Every folder above ``path``, outermost first."""
    found: list[str] = []
    while (folder := os.path.dirname(path)) != path:
        found.append(folder)
        path = folder
    return found[::-1]


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0xE000:
        return chr(_BASE + code - 0xDC00)
    return "".join(chr(_BASE + byte) for byte in match[0].encode())

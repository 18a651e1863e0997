"""The one boundary for text that did not come from us: documents, models, file names.

A terminal obeys what it is sent. Text from outside must therefore lose, before any screen or log
sees it: control characters, whole escape sequences (ECMA-48 in 7- and 8-bit form, xterm's
strings), and the invisible characters that reorder or hide text (Trojan Source, CVE-2021-42574;
tag characters that smuggle instructions). Zero-width joiner and non-joiner stay: emoji, Persian
and Indic scripts are written with them. So do the sixteen basic variation selectors.

Line ends become ``\\n``: CR, CRLF, VT, FF, NEL, U+2028, U+2029.
"""

from __future__ import annotations

import functools
import re

MAX_STRING = 4096
"""Longest body of an OSC, DCS, APC, PM or SOS string, in characters. A longer one, or one that
a line end or another control interrupts, counts as unterminated: only its introducer goes, so
that a stray ``ESC ]`` never swallows an answer."""

_CONTROLS = "\x00-\x08\x0b-\x1f\x7f-\x9f"
_LINE_ENDS = "\u2028\u2029"
_DIRECTION = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_INVISIBLE = (
    "\u00ad\u034f\u180b-\u180f\u200b\u2060-\u2065\u206a-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb"
    "\ufdd0-\ufdef\ufffe\uffff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_SURROGATES = "\ud800-\udfff"

_UNSAFE = re.compile(f"[{_CONTROLS}{_LINE_ENDS}{_DIRECTION}{_INVISIBLE}{_SURROGATES}]")

_PARAMETERS = "[\x30-\x3f]{0,64}[\x20-\x2f]{0,16}"
_CSI = f"(?:\x1b\\[|\x9b){_PARAMETERS}"
# k sets the window title in screen and tmux.
_STRING = (
    "(?:\x1b[\\]PX^_k]|[\x90\x98\x9d-\x9f])"
    f"[^\x07\n\r\x18\x1a\x1b\x80-\x9f\u2028\u2029]{{0,{MAX_STRING}}}"
)
_ESCAPE = "\x1b[\x20-\x2f]{0,8}"

_TOKEN = f"{_CSI}[\x40-\x7e]|{_STRING}(?:\x07|\x1b\\\\|\x9c)|{_ESCAPE}[\x30-\x7e]"
# What more input could still turn into a longer token.
_UNFINISHED = f"{_CSI}|{_STRING}\x1b?|{_ESCAPE}|\r"
# Compiled when first used: a quick command meets none of what they match.
_compiled = functools.cache(re.compile)
_BREAKS = frozenset("\r\x0b\x0c\x85\u2028\u2029")


def sanitise(text: str) -> str:
    """Return ``text`` without anything that could steer a terminal or hide from a reader.

    The result holds no character of category Cc but ``\\n`` and ``\\t``, and sanitising it again
    changes nothing.
    """
    return _clean(text, final=True)[0]


class StreamSanitiser:
    """Sanitises a text that arrives in pieces; the result is that of ``sanitise(whole)``.

    What could be the beginning of an escape sequence is held back until it is decided, at most
    about ``MAX_STRING`` characters and never past a line end.
    """

    def __init__(self) -> None:
        self._held = ""

    def feed(self, chunk: str) -> str:
        """Return what is safe to show now."""
        clean, self._held = _clean(self._held + chunk, final=False)
        return clean

    def flush(self) -> str:
        """Return what was held back; the stream has ended."""
        clean, self._held = _clean(self._held, final=True)
        return clean


def sanitise_name(name: str) -> str:
    """Return a file name or path as one visible line.

    Nothing is dropped, so that two names never look the same for it: controls become control
    pictures (``\\n`` is ``␤``, ESC is ``␛``), every other unsafe character ``�``.
    """
    return _compiled(_UNSAFE_IN_NAME).sub(_picture, name)


_UNSAFE_IN_NAME = f"[\t\n{_CONTROLS}{_LINE_ENDS}{_DIRECTION}{_INVISIBLE}{_SURROGATES}]"


def _picture(match: re.Match[str]) -> str:
    code = ord(match[0])
    if match[0] == "\n":
        return "\u2424"
    if code < 0x20:
        return chr(0x2400 + code)
    return "\u2421" if code == 0x7F else "\ufffd"


def _clean(text: str, *, final: bool) -> tuple[str, str]:
    """Return the clean text and the undecided rest, which is empty when ``final``."""
    text = text.replace("\r\n", "\n")
    found = _UNSAFE.search(text)
    parts: list[str] = []
    position = 0
    while found is not None:
        start = found.start()
        parts.append(text[position:start])
        if not final and _compiled(_UNFINISHED).fullmatch(text, start):
            return "".join(parts), text[start:]
        if text[start] in _BREAKS:
            parts.append("\n")
        token = _compiled(_TOKEN).match(text, start)
        position = token.end() if token else start + 1
        found = _UNSAFE.search(text, position)
    parts.append(text[position:])
    return "".join(parts), ""

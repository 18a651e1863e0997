"""Keep secrets out of what is written down."""

from __future__ import annotations

import re
from collections.abc import Iterable

MASK = "•••"
# What looks like a credential whatever its value: headers, URLs, key=value.
_SHAPES = (
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{8,}"), rf"\1 {MASK}"),
    (re.compile(r"(?<=://)([^/\s:@]*):[^/\s@]+@"), rf"\1:{MASK}@"),
    (
        re.compile(
            r"(?i)\b((?:x-)?api[_-]?key|password|secret|token)(['\"]?\s*[=:]\s*['\"]?)[^\s'\",&]{4,}"
        ),
        rf"\1\2{MASK}",
    ),
)


class Redactor:
    """Masks known secrets, and what has the shape of one."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        # Longest first, so that a secret which contains another is masked whole. A value of a
        # few characters would mask ordinary words.
        self._secrets = sorted({s for s in secrets if len(s) >= 6}, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        for shape, mask in _SHAPES:
            text = shape.sub(mask, text)
        return text

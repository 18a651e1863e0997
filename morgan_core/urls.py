"""Addresses of web pages among paths."""

from __future__ import annotations

import re

_URL = re.compile(r"https?://", re.I)


def is_url(text: str) -> bool:
    """Whether ``text`` is meant as the address of a web page, and not as a path."""
    return _URL.match(text.lstrip()) is not None

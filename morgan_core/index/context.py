"""What of a passage's surroundings is embedded and found by words with it.

A passage from the middle of a document often does not say what it is about: its title and the
headings above it do. On Cranfield, whose longer documents make two or three passages, the title
before each of them raises the fused nDCG@10 from .469 to .477.
"""

from __future__ import annotations

LONGEST = 200
"""Characters of the surroundings: they must not outweigh the passage."""


def in_context(title: str, heading: str, text: str) -> str:
    """``text`` below the title of its document and its path of headings (``A › B``), but for
    those that it begins with itself."""
    beginning = text[: 2 * LONGEST].casefold()
    lines: list[str] = []
    for line in (title, *heading.split(" › ")):
        known = line.casefold()
        if line and known not in beginning and all(known != kept.casefold() for kept in lines):
            lines.append(line)
    context = " › ".join(lines)[:LONGEST]
    return f"{context}\n\n{text}" if context else text

"""How a question is put, apart from what it asks."""

from __future__ import annotations

import re

_polite = re.compile(
    r"^(?:(?:please|hey|hi|hello|okay|ok|so|and|now|well|thanks|morgan)\b[\s,:!]*"
    r"|(?:can|could|would|will) you\b(?: please| kindly)?\s+"
    r"|i(?:'d| would) like (?:you )?to (?:know\s+|see\s+)?|i (?:want|need)(?: you)? to (?:know\s+|see\s+)?"
    r"|(?:tell me|let me know)\s+)+",
    re.IGNORECASE,
)
_thanks = re.compile(r"[\s,]*(?:\b(?:please|thanks|thank you|for me)\b[\s.!?]*)+$", re.IGNORECASE)


def plainly(question: str) -> str:
    """The question on one line, without courtesies and closing punctuation; its case is kept."""
    text = " ".join(question.replace("’", "'").split())
    text = _thanks.sub("", _polite.sub("", text))
    return text.strip(" \t?!.,;:")

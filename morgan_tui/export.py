"""A conversation as Markdown."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from pathlib import Path

from morgan_core.types import Message
from morgan_tui.conflicts import DISAGREE, conflict_notes
from morgan_tui.text import OWN_KNOWLEDGE, clean, shortfall_reasons, source_label


def as_markdown(title: str, messages: Iterable[Message]) -> str:
    """Questions, answers and their numbered sources, in order."""
    parts = [f"# {' '.join(title.split())}\n"]
    for message in messages:
        if message.role == "user":
            parts.append(f"## {clean(message.text)}\n")
            continue
        answer = message.answer
        if answer is not None and answer.own_knowledge:
            parts.append(f"*{OWN_KNOWLEDGE}:*\n")
        parts.append(clean(answer.answer if answer is not None else message.text) + "\n")
        if message.state not in ("complete", "running"):
            parts.append(f"*({message.state})*\n")
        if disagree := conflict_notes(answer):
            parts.append("\n".join([f"{DISAGREE}:\n", *(f"- {note}" for note in disagree)]) + "\n")
        sources = (answer.sources if answer is not None else ()) or message.sources
        if answer is not None and answer.method == "counted" and not answer.citations:
            sources = ()  # its text lists them
        if sources:
            reasons = shortfall_reasons(answer)
            listed = [
                f"- {source_label(source)}" + (f": {reasons[source.n]}" if reasons else "")
                for source in sources
            ]
            parts.append("\n".join(listed) + "\n")
    return "\n".join(parts)


def export_path(folder: Path, title: str, now: float | None = None) -> Path:
    """A file name in ``folder`` that does not exist yet."""
    words = re.sub(r"[^\w]+", "-", title, flags=re.UNICODE).strip("-").lower()[:48] or "morgan"
    day = time.strftime("%Y-%m-%d", time.localtime(now))
    path = folder / f"{day}-{words}.md"
    number = 2
    while path.exists():
        path = folder / f"{day}-{words}-{number}.md"
        number += 1
    return path

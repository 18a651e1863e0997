"""Where the documents behind an answer disagree, in words, the newest first."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from morgan_tui.text import clean_line, document_name

if TYPE_CHECKING:
    from morgan_core.types import Answer, Conflict, ConflictSide

DISAGREE = "Your documents disagree"


def conflict_notes(answer: Answer | None) -> list[str]:
    """One line for each conflict: ``[2] new.md (2026-03-01) says 14 days; [1] …``, and which of
    them the answer follows."""
    return [_note(conflict) for conflict in (answer.conflicts if answer else ())]


def _note(conflict: Conflict) -> str:
    told = "; ".join(_told(conflict, side) for side in conflict.sides)
    return f"{told}{'' if told.endswith('”') else '.'}{_followed(conflict)}"


def _told(conflict: Conflict, side: ConflictSide) -> str:
    when = time.strftime(" (%Y-%m-%d)", time.localtime(side.modified)) if side.modified else ""
    whole = conflict.kind == "negation"
    said = f"“{clean_line(side.quote)}”" if whole else clean_line(side.value)
    return f"[{side.n}] {document_name(side.path)}{when} says {said}"


def _followed(conflict: Conflict) -> str:
    """A conflict's sides are told as newest first only where their age is known."""
    followed = sorted({side.n for side in conflict.sides if side.sentences})
    if not followed:
        return ""
    if len(followed) > 1:
        return " The answer follows both."
    newest = conflict.sides[0]
    if not newest.modified:
        return f" The answer follows [{followed[0]}]."
    which = "the newest" if newest.n == followed[0] else "not the newest"
    return f" The answer follows [{followed[0]}], {which}."

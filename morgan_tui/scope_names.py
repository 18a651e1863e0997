"""What the prompt offers after ``@`` and ``#``: the names of documents and folders."""

from __future__ import annotations

import heapq
import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from morgan_core.scopes import Mark, folded, folders_of
from morgan_core.types import Document

OFFERED = 8


@dataclass(frozen=True, slots=True, order=True)
class Choice:
    """``name`` goes into the question; ``place`` tells where it is. ``folded`` is the name as it
    is compared."""

    name: str
    place: str
    folded: str
    modified: float = 0.0


class ScopeNames:
    """The names of a library as it was when this was made; to make it for 100,000 documents takes
    nearly half a second, so that it is made in a thread."""

    def __init__(self, documents: Sequence[Document], watched: Iterable[str]) -> None:
        paths = {path: d.modified for d in documents for path in (d.paths or (d.path,))}
        self._choices: dict[Mark, list[Choice]] = {
            "@": _choices(paths),
            "#": _choices(dict.fromkeys(folders_of(documents, watched), 0.0)),
        }

    def matching(self, mark: Mark, typed: str, limit: int = OFFERED) -> list[Choice]:
        """The best choices for what was typed: names that begin with it, then those with a word
        that does, then those that hold it anywhere; of equals the newest first."""
        wanted = folded(typed).lstrip("/")
        ranked = (
            (rank, -choice.modified, choice.folded, choice.name, choice)
            for choice in self._choices[mark]
            if (rank := _rank(choice, wanted)) is not None
        )
        return [choice for *_, choice in heapq.nsmallest(limit, ranked)]


def _choices(paths: dict[str, float]) -> list[Choice]:
    """Each path by as much of its end as tells it from the others."""
    named: defaultdict[str, list[str]] = defaultdict(list)
    for path in paths:
        named[os.path.basename(path)].append(path)  # noqa: PTH119
    return [
        Choice(name, os.path.dirname(path), folded(name), paths[path])  # noqa: PTH120
        for base, same in named.items()
        if base
        for path, name in _apart(same)
    ]


def _apart(paths: Sequence[str]) -> list[tuple[str, str]]:
    """The shortest endings of paths of the same name that differ."""
    if len(paths) == 1:
        return [(paths[0], os.path.basename(paths[0]))]  # noqa: PTH119
    found: list[tuple[str, str]] = []
    left = [(path, path.strip("/").split("/")) for path in paths]
    length = 1
    while left:
        endings = Counter(tuple(parts[-length:]) for _, parts in left)
        same = []
        for path, parts in left:
            if endings[tuple(parts[-length:])] == 1 or length >= len(parts):
                found.append((path, "/".join(parts[-length:])))
            else:
                same.append((path, parts))
        left, length = same, length + 1
    return found


def _rank(choice: Choice, wanted: str) -> int | None:
    at = choice.folded.find(wanted)
    if at < 0:
        return None
    if at == 0:
        return 0
    return 1 if not choice.folded[at - 1].isalnum() else 2

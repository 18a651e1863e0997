"""Synthetic documents: words drawn by Zipf's law, in sentences, paragraphs and chapters."""

from __future__ import annotations

import os
import random
import time
from functools import lru_cache
from itertools import accumulate
from pathlib import Path

VOCABULARY = 20_000
_SYLLABLES = [
    "ba",
    "ben",
    "cor",
    "da",
    "del",
    "dun",
    "el",
    "fa",
    "fen",
    "gar",
    "hal",
    "ho",
    "ing",
    "ka",
    "ker",
    "la",
    "lin",
    "lo",
    "ma",
    "mer",
    "mi",
    "na",
    "nor",
    "o",
    "pa",
    "per",
    "ra",
    "ren",
    "ri",
    "sa",
    "sel",
    "so",
    "ta",
    "ter",
    "ti",
    "tu",
    "u",
    "va",
    "ven",
    "ver",
    "wil",
    "wo",
    "zan",
]


@lru_cache
def vocabulary() -> tuple[list[str], list[float]]:
    """Words, most frequent first, and their cumulated frequencies."""
    chance = random.Random(1)
    words: dict[str, None] = {}
    while len(words) < VOCABULARY:
        words["".join(chance.choices(_SYLLABLES, k=chance.randint(1, 4)))] = None
    return list(words), list(accumulate(1 / rank for rank in range(1, VOCABULARY + 1)))


def words(count: int, chance: random.Random) -> list[str]:
    known, frequencies = vocabulary()
    return chance.choices(known, cum_weights=frequencies, k=count)


def passage(chance: random.Random) -> str:
    """60 to 160 words in sentences, as chunks of at most 900 characters are."""
    return " ".join(
        " ".join(words(chance.randint(8, 20), chance)).capitalize() + "."
        for _ in range(chance.randint(5, 9))
    )


def document(paragraphs: int, seed: int) -> str:
    """Markdown with a heading every four paragraphs."""
    chance = random.Random(seed)
    parts = [f"# Document {seed}"]
    for number in range(paragraphs):
        if number % 4 == 0:
            parts.append(f"## Chapter {number // 4 + 1} of {' '.join(words(3, chance))}")
        parts.append(passage(chance))
    return "\n\n".join(parts) + "\n"


def write_documents(folder: Path, count: int, *, paragraphs: int, seed: int) -> None:
    """``count`` files in ``folder``, a hundred in each of its folders, an hour old: a file that
    was written a moment ago may be left alone until it has settled."""
    modified = time.time() - 3600
    for number in range(count):
        below = folder / f"{number // 100:03d}"
        below.mkdir(parents=True, exist_ok=True)
        text = document(paragraphs, seed * 1_000_000 + number)
        file = below / f"document-{number:05d}.md"
        file.write_text(text, encoding="utf-8")
        os.utime(file, (modified, modified))

"""Collections in BEIR layout: corpus.jsonl, queries.jsonl, qrels/test.tsv."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass
class Collection:
    """``documents`` and ``queries`` by id; ``judgements`` by query id, then document id."""

    name: str
    documents: dict[str, str]
    queries: dict[str, str]
    judgements: dict[str, dict[str, int]]


def collections_below(folder: Path) -> list[Path]:
    """``folder`` itself or the folders in it that hold a collection."""
    return [f for f in (folder, *sorted(folder.glob("*/"))) if (f / "corpus.jsonl").is_file()]


def load(folder: Path) -> Collection:
    judgements: dict[str, dict[str, int]] = {}
    lines = (folder / "qrels" / "test.tsv").read_text(encoding="utf-8").splitlines()
    for line in lines[1:]:
        query, document, grade = line.split("\t")
        judgements.setdefault(query, {})[document] = int(grade)
    queries = {row["_id"]: row["text"] for row in _rows(folder / "queries.jsonl")}
    return Collection(
        name=folder.name,
        documents={row["_id"]: _text(row) for row in _rows(folder / "corpus.jsonl")},
        queries={query: queries[query] for query in judgements},
        judgements=judgements,
    )


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def _text(row: dict[str, Any]) -> str:
    """Title and text; some collections repeat the title in the text."""
    title, text = row.get("title", "").strip(), row["text"].strip()
    return text if text.startswith(title) else f"{title}\n\n{text}"

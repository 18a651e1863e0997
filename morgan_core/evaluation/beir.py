"""Collections in BEIR layout: ``corpus.jsonl``, ``queries.jsonl``, ``qrels/<split>.tsv``.

Folders differ: the judgements may lack their header, have TREC's four columns, or be called
``dev`` or ``train`` only; titles may be missing; ids may be numbers. All of that is read. What is
broken is named with its file and line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from morgan_core.errors import BadInput, NotFound
from morgan_core.evaluation.measures import relevant
from morgan_core.evaluation.shelf import ShelfDocument, plain_document
from morgan_core.types import Record

SPLITS = ("test", "dev", "train")


class Collection(Record, frozen=True, kw_only=True):
    """``queries`` are those that have a relevant document; ``judgements`` are by query id, then
    document id. The documents stay on disk.

    ``unjudged`` queries have no relevant document, ``unknown`` ones are judged but not in the
    queries; ``missing`` documents are judged but not in the corpus.
    """

    folder: Path
    split: str
    documents: int
    queries: dict[str, str]
    judgements: dict[str, dict[str, int]]
    unjudged: int
    unknown: int
    missing: int

    @property
    def name(self) -> str:
        return self.folder.resolve().name

    def read_documents(self) -> Iterator[ShelfDocument]:
        for where, row in _rows(self.folder / "corpus.jsonl"):
            own = _id(row, where)
            path = f"{self.name}/{own}.txt"
            yield plain_document(own, path, _text(row, "title", where), _text(row, "text", where))


def open_collection(folder: Path, split: str = "") -> Collection:
    """Read queries and judgements, and look through the whole corpus once.

    Raises NotFound when ``folder`` is no such collection or lacks ``split``, BadInput that names
    file and line when it is broken.
    """
    if not folder.is_dir():
        raise NotFound(f"There is no folder {folder}.", mend="Name a folder in BEIR layout.")
    for name in ("corpus.jsonl", "queries.jsonl"):
        if not (folder / name).is_file():
            raise NotFound(
                f"{folder} has no {name}.",
                mend="A folder in BEIR layout has corpus.jsonl, queries.jsonl and qrels/test.tsv.",
            )
    qrels = _find_judgements(folder, split)
    judged = _read_judgements(qrels)
    texts = {
        _id(row, where): _text(row, "text", where) for where, row in _rows(folder / "queries.jsonl")
    }
    useful = {query: found for query, found in judged.items() if relevant(found)}
    known = {query: found for query, found in useful.items() if texts.get(query, "").strip()}
    if not known:
        raise BadInput(f"No query of {folder} has a relevant document in {qrels.name}.")
    documents = _document_ids(folder / "corpus.jsonl")
    wanted = {document for found in known.values() for document in found}
    return Collection(
        folder=folder,
        split=qrels.stem,
        documents=len(documents),
        queries={query: texts[query] for query in known},
        judgements=known,
        unjudged=len(texts) - len(known),
        unknown=len(useful) - len(known),
        missing=len(wanted - documents),
    )


def _find_judgements(folder: Path, split: str) -> Path:
    places = [folder / "qrels" / f"{name}.tsv" for name in ([split] if split else SPLITS)]
    for place in places:
        if place.is_file():
            return place
    there = sorted(path.stem for path in (folder / "qrels").glob("*.tsv"))
    raise NotFound(
        f"{folder} has no {' or '.join(f'qrels/{place.name}' for place in places)}.",
        mend=f"Choose with --split: {', '.join(there)}." if there else "",
    )


def _read_judgements(path: Path) -> dict[str, dict[str, int]]:
    judgements: dict[str, dict[str, int]] = {}
    for number, line in _lines(path):
        where = f"{path}:{number}"
        columns = [column.strip() for column in _decode(line, where).split("\t")]
        if len(columns) == 1:
            columns = columns[0].split()
        if len(columns) == 4:  # TREC: query, iteration, document, relevance
            del columns[1]
        if len(columns) != 3:
            raise BadInput(f"{where}: a judgement is query, document and relevance.")
        query, document, grade = columns
        try:
            judgements.setdefault(query, {})[document] = int(float(grade))
        except (ValueError, OverflowError):
            if number > 1:  # else it is the header
                raise BadInput(f"{where}: the relevance {grade!r} is not a number.") from None
    if not judgements:
        raise BadInput(f"{path} holds no judgement.")
    return judgements


def _document_ids(path: Path) -> set[str]:
    ids: set[str] = set()
    for where, row in _rows(path):
        own = _id(row, where)
        if own in ids:
            raise BadInput(f"{where}: there is a document {own!r} already.")
        _text(row, "title", where)
        _text(row, "text", where)
        ids.add(own)
    if not ids:
        raise BadInput(f"{path} holds no document.")
    return ids


def _rows(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The JSON object of every line, and where it stands."""
    decode = msgspec.json.Decoder().decode
    for number, line in _lines(path):
        where = f"{path}:{number}"
        try:
            row = decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise BadInput(f"{where} is not JSON: {error}.") from error
        if not isinstance(row, dict):
            raise BadInput(f"{where} is not a JSON object.")
        yield where, row


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Every line that is not blank, with its number."""
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if number == 1:
                    line = line.removeprefix(b"\xef\xbb\xbf")
                if line.strip():
                    yield number, line
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}.") from error


def _decode(line: bytes, where: str) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        raise BadInput(f"{where} is not UTF-8.") from error


def _id(row: Mapping[str, Any], where: str) -> str:
    own = row.get("_id")
    if not isinstance(own, str | int) or own == "":
        raise BadInput(f"{where} has no _id.")
    return str(own)


def _text(row: Mapping[str, Any], field: str, where: str) -> str:
    """A field of text; a missing title is empty, a missing text is an error."""
    value = row.get(field)
    if value is None and (field == "title" or field in row):
        return ""
    if not isinstance(value, str):
        raise BadInput(f"{where} has no {field}.")
    return value

"""Files in SQuAD 2 format (Rajpurkar, Jia and Liang 2018): articles, paragraphs, questions.

Each article becomes one document: its title, then its paragraphs.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from morgan_core.errors import BadInput, NotFound
from morgan_core.evaluation.shelf import ShelfDocument
from morgan_core.library.readers.base import Extracted
from morgan_core.library.readers.language import guess_language
from morgan_core.sanitise import sanitise
from morgan_core.types import Record

_GAP = "\n\n"


class Question(Record, frozen=True, kw_only=True):
    """A question about the paragraph ``start``..``end`` of the document ``article``. Without
    ``answers`` the paragraph looks as if it held the answer, and does not."""

    id: str
    text: str
    article: str
    start: int
    end: int
    answers: tuple[str, ...]


class QuestionFile(Record, frozen=True, kw_only=True):
    name: str
    articles: tuple[ShelfDocument, ...]
    questions: tuple[Question, ...]
    paragraphs: int


class _Answer(msgspec.Struct):
    text: str


class _Asked(msgspec.Struct):
    question: str
    id: str | int = ""
    answers: list[_Answer] = []
    is_impossible: bool = False


class _Paragraph(msgspec.Struct):
    context: str
    qas: list[_Asked]


class _Article(msgspec.Struct):
    paragraphs: list[_Paragraph]
    title: str = ""


class _File(msgspec.Struct):
    data: list[_Article]


def read_questions(path: Path) -> QuestionFile:
    """Raises NotFound when there is no such file, BadInput that says where it is broken."""
    try:
        content = path.read_bytes()
    except (FileNotFoundError, IsADirectoryError) as error:
        raise NotFound(
            f"There is no file {path}.", mend="Name a file in SQuAD 2 format."
        ) from error
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}.") from error
    try:
        found = msgspec.json.decode(content.removeprefix(b"\xef\xbb\xbf"), type=_File)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} is not in SQuAD 2 format: {error}.") from error
    articles: list[ShelfDocument] = []
    questions: list[Question] = []
    for number, article in enumerate(found.data, start=1):
        own = f"{number}"
        document, starts = _document(own, article)
        articles.append(document)
        for start, paragraph in zip(starts, article.paragraphs, strict=True):
            questions += _questions(own, start, paragraph)
    if not questions:
        raise BadInput(f"{path} holds no question.")
    return QuestionFile(
        name=path.name,
        articles=tuple(articles),
        questions=tuple(questions),
        paragraphs=sum(len(article.paragraphs) for article in found.data),
    )


def _document(own: str, article: _Article) -> tuple[ShelfDocument, list[int]]:
    """The article, and where each of its paragraphs begins."""
    title = sanitise(article.title.replace("_", " ")).strip() or f"Article {own}"
    text, starts = title, []
    for paragraph in article.paragraphs:
        text += _GAP
        starts.append(len(text))
        text += sanitise(paragraph.context)
    extracted = Extracted(text=text, kind="text", title=title, language=guess_language(text))
    return ShelfDocument(id=own, path=f"{title}.txt", extracted=extracted), starts


def _questions(own: str, start: int, paragraph: _Paragraph) -> Iterator[Question]:
    end = start + len(sanitise(paragraph.context))
    for asked in paragraph.qas:
        text = sanitise(asked.question).strip()
        if not text:
            continue
        known: Any = () if asked.is_impossible else (sanitise(a.text) for a in asked.answers)
        answers = tuple(dict.fromkeys(answer for answer in known if answer.strip()))
        yield Question(
            id=str(asked.id), text=text, article=own, start=start, end=end, answers=answers
        )

"""What limits a question, as people type it, and what is only text."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from morgan_core.errors import BadInput, NotFound
from morgan_core.scopes import being_typed, quoted, resolve, tokens, without_words
from morgan_core.types import Document, Scope

NOW = time.mktime((2026, 3, 15, 12, 0, 0, 0, 0, -1))
DAY = 86400


def document(id: str, path: str, kind: str = "pdf") -> Document:
    return Document(id=id, path=path, paths=(path,), state="ready", kind=kind)


LIBRARY = [
    document("lease", "/home/ann/papers/Lease 2024.pdf"),
    document("notes", "/home/ann/papers/notes.md", "markdown"),
    document("work", "/home/ann/work/notes.md", "markdown"),
    document("resume", "/home/ann/work/Résumé.docx", "docx"),
    document("talk", "/home/ann/talks/talk.pptx", "pptx"),
]


def scope(text: str) -> Scope | None:
    return resolve(tokens(text), LIBRARY, ["/home/ann/papers"], NOW)


def words(text: str) -> list[str]:
    return [token.word for token in tokens(text)]


@pytest.mark.parametrize(
    "text",
    [
        "write to me@example.org",
        "is C# faster than F#",
        "# Title",
        "what is #1 and #42 on the list",
        "issue (#7)",
        "`@property` and `#include` in code",
        r"say \@lease and \type:pdf",
        "5 @ 3 euros each",
        "prototype:pdf thereafter:2024",
        "the type: pdf",
    ],
)
def test_what_is_no_scope_stays_text(text: str) -> None:
    assert words(text) == []


def test_names_end_before_punctuation_and_quotes_hold_spaces() -> None:
    assert words('compare @notes.md, (@"Lease 2024.pdf") and #papers?') == [
        "@notes.md",
        '@"Lease 2024.pdf"',
        "#papers",
    ]


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ('@"lease 2024.pdf"', {"lease"}),
        ("@notes.md", {"notes", "work"}),
        ("@work/notes.md", {"work"}),
        ("@/home/ann/papers/notes.md", {"notes"}),
        ("@resume.docx", {"resume"}),
        ("@talk", {"talk"}),
    ],
)
def test_documents_by_name_part_of_path_or_stem(text: str, ids: set[str]) -> None:
    found = scope(text)

    assert found is not None and set(found.documents) == ids


def test_folders_by_name_and_by_path() -> None:
    assert scope("#papers") == Scope(folders=("/home/ann/papers",), words=("#papers",))
    assert scope("#ann/work") == Scope(folders=("/home/ann/work",), words=("#ann/work",))


def test_a_name_that_is_not_there_is_an_error_with_the_nearest() -> None:
    with pytest.raises(NotFound, match=r"no document 'note.md'.*@notes\.md.*\\@note\.md"):
        scope("@note.md")
    with pytest.raises(NotFound, match=r"no folder 'paper'.*#papers"):
        scope("#paper")


def test_a_hashtag_that_resembles_no_folder_is_text() -> None:
    assert scope("what is #blessed") is None


def test_an_unknown_type_names_those_that_there_are() -> None:
    with pytest.raises(NotFound, match=r"'odt'.*docx, markdown, pdf, pptx"):
        scope("type:odt")
    assert scope("type:PDF,slides") == Scope(kinds=("pdf", "slides"), words=("type:PDF,slides",))


def test_dates_are_periods_by_the_local_clock() -> None:
    def start(year: int, month: int, day: int) -> float:
        return time.mktime((year, month, day, 0, 0, 0, 0, 0, -1))

    found = scope("after:2024 before:2025-02-03")
    assert found is not None
    assert found.modified_after == start(2024, 1, 1)
    assert found.modified_before == start(2025, 2, 3)
    found = scope("modified:2025-12")
    assert found is not None
    assert (found.modified_after, found.modified_before) == (start(2025, 12, 1), start(2026, 1, 1))
    found = scope("modified:7d")
    assert found is not None
    assert (found.modified_after, found.modified_before) == (NOW - 7 * DAY, None)
    found = scope("modified:yesterday")
    assert found is not None and found.modified_before == start(2026, 3, 15)


@pytest.mark.parametrize("text", ["after:soon", "before:2024-13", "modified:2023-02-29", "after:7"])
def test_a_date_that_is_none_is_an_error(text: str) -> None:
    with pytest.raises(BadInput, match="names no date"):
        scope(text)


def test_filters_narrow() -> None:
    found = scope("after:2024 after:2025 before:2026 before:2027")

    assert found is not None
    assert found.modified_after == time.mktime((2025, 1, 1, 0, 0, 0, 0, 0, -1))
    assert found.modified_before == time.mktime((2026, 1, 1, 0, 0, 0, 0, 0, -1))


def test_the_question_is_read_without_the_words_of_its_scope() -> None:
    text = "What does @notes.md say about rent? type:pdf after:2024"
    limits = ("@notes.md", "type:pdf", "after:2024")

    assert without_words(text, limits) == "What does say about rent?"
    assert without_words(text, limits, names=True) == "What does notes.md say about rent?"
    assert without_words("summarise @notes.md #papers", ("@notes.md", "#papers"), names=True) == (
        "summarise"
    )
    assert without_words("#todo in @notes.md", ("@notes.md",)) == "#todo in"


def test_what_is_being_typed() -> None:
    typed = being_typed('compare @"Lease 20')
    assert typed is not None and (typed.sigil, typed.name, typed.start) == ("@", "Lease 20", 8)
    assert being_typed("see @") is not None
    assert being_typed("see #pap") is not None
    assert being_typed("me@exa") is None
    assert being_typed("@notes.md and") is None
    assert being_typed("# ") is None
    assert being_typed("#1") is None


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters='"`\n\r'), min_size=1))
def test_every_name_can_be_written(name: str) -> None:
    typed = f"see {quoted('@', name)} there"

    assert [token.name for token in tokens(typed)] == [name]


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    found = tokens(text)

    assert all(text[token.start : token.end] == token.word for token in found)
    without_words(text, [token.word for token in found], names=True)

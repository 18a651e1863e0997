"""Answers about the library: exact, from its catalogue, and said to be counted."""

from __future__ import annotations

import re
import time

import pytest
from msgspec.structs import replace

from morgan_core.chat.whole.library_answers import LISTED, answer_about_library
from morgan_core.chat.whole.library_questions import library_question
from morgan_core.chat.whole.told import counted
from morgan_core.types import Document, Folder, LibraryCounts, LibraryListing, Scope

NOW = time.mktime((2026, 3, 18, 12, 0, 0, 0, 0, -1))
DAY = 86400.0


def document(path: str, *, days: float = 100, kind: str = "", **fields) -> Document:
    """A ready document that was last changed ``days`` ago."""
    made = {"id": path, "path": path, "paths": (path,), "state": "ready", "revision": 1}
    made |= {"modified": NOW - days * DAY, "kind": kind or path.rpartition(".")[2]}
    return Document(**(made | fields))


LEASE = document("/docs/papers/lease.pdf", pages=3, bytes=5000, passages=9, days=2)
NOTES = document("/docs/notes.docx", bytes=900, passages=1)
PLAN = document("/docs/papers/plan.pdf", bytes=70_000, passages=4, findable_since=NOW - 3600)
BROKEN = document("/docs/broken.pdf", state="failed", reason="it is encrypted", revision=0)
LIBRARY = (LEASE, NOTES, PLAN, BROKEN)


def tell(question, documents=LIBRARY, scope=None, folders=()):
    listing = LibraryListing(
        documents=tuple(documents), folders=tuple(folders), counts=LibraryCounts()
    )
    asked = library_question(question, limited=scope is not None)
    return answer_about_library(asked, listing, scope, NOW)


def listed(told) -> list[str]:
    return [source.passage.path.rpartition("/")[2] for source in told.sources]


def test_a_count_says_that_it_is_counted_how_many_of_which_type_and_what_was_not_read():
    told = tell("How many documents do I have?")
    assert told.method == "counted" and not told.sources
    assert told.text.splitlines() == [
        "Counted in your library: **4 documents**.",
        "",
        "By type: 3 PDF and 1 Word.",
        "Of these 1 could not be read.",
    ]


@pytest.mark.parametrize(
    ("question", "number"),
    [
        ("How many PDFs do I have?", "3 pdf documents"),
        ("How many word files are there?", "1 Word document"),
        ("How many documents are in the papers folder?", "2 documents"),
        ("How many documents changed this week?", "1 document"),
        ("How many spreadsheets do I have?", "0 Excel documents"),
    ],
)
def test_a_type_a_folder_and_a_time_limit_the_count(question, number):
    assert f"**{number}**".lower() in tell(question).text.lower()


@pytest.mark.parametrize("question", ["How many tax files do I have?", "List the apple documents"])
def test_a_word_that_is_no_type_leaves_the_question_to_the_search(question):
    assert tell(question) is None


def test_a_folder_that_is_not_there_leaves_the_question_to_the_search():
    assert tell("How many files are in the attic folder?") is None


def test_of_what_could_not_be_read_the_name_tells_the_type():
    unread = document("/docs/a.txt", state="failed", revision=0, kind="txt")
    told = tell("What types of documents do I have?", [replace(unread, kind=""), NOTES])
    assert told.text.splitlines()[2:] == ["- text: 1", "- Word: 1"]


def test_a_scope_limits_the_list_and_is_named():
    scope = Scope(folders=("/docs/papers",), words=("#papers",))
    told = tell("List all documents", scope=scope)
    assert listed(told) == ["lease.pdf", "plan.pdf"]
    assert told.text.startswith("Counted in your library: **2 documents** within #papers.")
    assert "1. `lease.pdf` · PDF · 3 pages · changed 16 Mar 2026" in told.text


def test_what_is_new_is_what_changed_or_was_taken_in_newest_first():
    assert listed(tell("What is new this week?")) == ["plan.pdf", "lease.pdf"]
    assert listed(tell("Which documents changed in the last 7 days?")) == ["lease.pdf"]
    assert listed(tell("Which documents were added today?")) == ["plan.pdf"]
    assert "since 11 Mar 2026" in tell("What is new this week?").text


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("What is the largest document?", ["plan.pdf"]),
        ("Which file is the smallest?", ["broken.pdf"]),
        ("What is the longest document?", ["lease.pdf"]),
        ("What is the newest document?", ["lease.pdf"]),
        ("What are the two largest documents?", ["plan.pdf", "lease.pdf"]),
    ],
)
def test_documents_are_ordered_by_size_length_and_age(question, first):
    assert listed(tell(question)) == first


def test_what_could_not_be_read_is_listed_with_its_reason():
    told = tell("Which documents could not be read?")
    assert listed(told) == ["broken.pdf"]
    assert "not read: it is encrypted" in told.text


def test_copies_are_files_of_one_document():
    copied = document("/docs/a.md", paths=("/docs/a.md", "/docs/b.md"))
    assert "**1 document** in 2 files" in tell("How many documents do I have?", [copied]).text
    assert "**2 files**, which are 1 document" in tell("How many files are there?", [copied]).text


def test_watched_folders_are_told():
    folders = [Folder(path="/docs", state="watching", documents=3)]
    assert "- `/docs` · 3 documents" in tell("Which folders are watched?", folders=folders).text


def test_names_that_are_alike_are_told_apart_by_their_folders():
    told = tell("List my files", [document("/docs/a/x.md"), document("/docs/b/x.md")])
    assert "`a/x.md`" in told.text and "`b/x.md`" in told.text


@pytest.mark.parametrize("name", ["`x`.md", "[1](http://evil).md", "a\x1b[2J*b*.md", "``.md"])
def test_a_name_means_nothing_in_markdown_or_to_a_terminal(name):
    from markdown_it import MarkdownIt

    told = tell("List all documents", [document(f"/docs/{name}")])
    assert "\x1b" not in told.text
    tokens = [
        child.type
        for token in MarkdownIt("commonmark").parse(told.text)
        for child in token.children or ()
    ]
    assert "code_inline" in tokens
    assert not {"link_open", "em_open"} & set(tokens)


def test_of_a_large_library_the_first_are_listed_and_the_others_counted():
    many = [document(f"/docs/{n:03}.md") for n in range(LISTED + 7)]
    told = tell("List all documents", many)
    assert len(told.sources) == LISTED
    assert "**107 documents**" in told.text and "And 7 more documents" in told.text


def test_every_line_of_a_counted_answer_is_a_fact_of_the_library():
    told = tell("How many documents do I have?")
    checked = counted(told.text, told.sources)
    assert checked.grounded and checked.text == told.text
    lines = [told.text[s.start : s.end] for s in checked.sentences]
    assert lines == re.findall(r".+", told.text)
    assert {s.status for s in checked.sentences} == {"supported"}


def test_an_empty_library_holds_nothing():
    assert tell("How many documents do I have?", []).text == (
        "Counted in your library: **0 documents**."
    )

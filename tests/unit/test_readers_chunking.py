"""Chunks follow the structure of a document and say exactly where they stand in it."""

from __future__ import annotations

import time
from hashlib import sha256
from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from morgan_core.library.chunking import chunk, indexed_text
from morgan_core.library.readers.base import Extracted, Heading, Place, heading_paths
from morgan_core.library.readers.markdown import find_headings
from morgan_core.sanitise import sanitise

prose = st.lists(
    st.one_of(
        st.text(max_size=30),
        st.sampled_from(
            ("word ", "A sentence. ", "\n", "\n\n", "# Title\n", "- item\n", "```\n", "    code\n")
        ),
        st.sampled_from(
            ("日本語の文章です。", "👩‍👩‍👧", "é", "العربية ", "x" * 300, "\u3000", "\t")
        ),
    ),
    max_size=60,
).map(lambda parts: sanitise("".join(parts)))


def document(text: str, kind: str = "text", pages: tuple[int, ...] = ()) -> Extracted:
    headings = tuple(find_headings(text)) if kind == "markdown" else ()
    return Extracted(text=text, kind=kind, pages=pages, headings=headings)


@given(prose, st.sampled_from(("text", "markdown")), st.integers(20, 400), st.data())
def test_pieces_are_exact_in_order_and_leave_out_only_white_space(
    text: str, kind: str, size: int, data: st.DataObject
) -> None:
    offsets = st.lists(st.integers(0, len(text)), max_size=6).map(sorted)
    pages, cuts = data.draw(offsets), data.draw(offsets)
    extracted = msgspec.structs.replace(
        document(text, kind, (0, *pages) if pages else ()), cuts=tuple(cuts)
    )

    pieces = chunk(extracted, size=size)

    position = 0
    for ordinal, piece in enumerate(pieces):
        assert piece.ordinal == ordinal
        assert text[piece.start : piece.end] == piece.text
        assert piece.text.strip()
        assert len(piece.text) <= size
        assert (
            piece.sha256
            == sha256(indexed_text(extracted, piece.start, piece.end).encode()).hexdigest()
        )
        assert not text[position : piece.start].strip()
        position = piece.end
    assert not text[position:].strip()
    assert chunk(extracted, size=size) == pieces


def test_a_piece_ends_at_a_paragraph_when_one_fits() -> None:
    first, second = "One sentence here. " * 20, "Another one there. " * 20

    pieces = chunk(document(first.strip() + "\n\n" + second.strip()), size=500)

    assert [piece.text for piece in pieces] == [first.strip(), second.strip()]


def test_a_piece_of_markdown_begins_at_its_heading_and_knows_the_path() -> None:
    text = "# Lease\n\n" + "Rent is due. " * 20 + "\n\n## Term\n\n" + "It ends in May. " * 20

    pieces = chunk(document(text, "markdown"), size=400)

    assert [piece.heading for piece in pieces] == ["Lease", "Lease › Term"]
    assert pieces[1].text.startswith("## Term")


def test_a_piece_does_not_cross_a_page() -> None:
    first, second = "On page one. " * 12, "On page two. " * 12

    pieces = chunk(document(first + second, pages=(0, len(first))), size=900)

    assert [(piece.page, piece.text) for piece in pieces] == [
        (1, first.strip()),
        (2, second.strip()),
    ]


def test_a_tiny_page_goes_with_the_next() -> None:
    cover, body = "Annual report\n\n", "Revenue rose by a third this year. " * 10

    pieces = chunk(document(cover + body, pages=(0, len(cover))), size=900)

    assert [(piece.page, piece.start) for piece in pieces] == [(1, 0)]
    assert pieces[0].text == (cover + body).strip()


def test_pages_without_text_do_not_shift_the_page_number() -> None:
    text = "First.\n\nFourth, with words enough for a page of its own. " * 3

    extracted = Extracted(text=text, kind="pdf", pages=(0, 8, 8, 8))

    assert [extracted.page_at(offset) for offset in (0, 7, 8, 20)] == [1, 1, 4, 4]


def test_the_path_of_headings_drops_what_was_closed() -> None:
    headings = tuple(
        Heading(offset=offset, level=level, title=title)
        for offset, level, title in ((0, 1, "A"), (10, 2, "B"), (20, 3, "C"), (30, 2, "D"))
    )
    extracted = Extracted(text="x" * 40, kind="pdf", headings=headings)

    assert [extracted.heading_at(offset) for offset in (0, 15, 25, 35)] == [
        "A",
        "A › B",
        "A › B › C",
        "A › D",
    ]


def test_white_space_alone_gives_no_piece() -> None:
    assert chunk(document(" \n\t\n\u3000 "), size=100) == []


def test_indentation_of_code_is_kept() -> None:
    text = "def f():\n" + "    value = compute_something()\n" * 10

    pieces = chunk(document(text, "code"), size=100)

    assert all(piece.text.startswith("    ") for piece in pieces[1:])


def test_one_endless_line_is_cut_in_time_proportional_to_its_length() -> None:
    started = time.process_time()

    pieces = chunk(document("x" * 400_000), size=900)

    assert sum(len(piece.text) for piece in pieces) == 400_000
    # Without blocks the splitter alone needs about 3 s for this and 74 s for five times as much.
    assert time.process_time() - started < 2


def test_units_that_fit_are_joined_and_others_are_kept_apart() -> None:
    units = ["a" * 40 + "\n", "b" * 40 + "\n", "c" * 90 + "\n", "d" * 10 + "\n"]
    starts = [sum(len(unit) for unit in units[:n]) for n in range(len(units))]
    extracted = Extracted(text="".join(units), kind="code", cuts=tuple(starts))

    pieces = chunk(extracted, size=100)

    assert [set(piece.text.split()) for piece in pieces] == [
        {"a" * 40, "b" * 40},
        {"c" * 90},
        {"d" * 10},
    ]


def test_a_piece_is_called_by_the_places_that_it_covers() -> None:
    text = "one\n\ntwo\n\nthree"
    places = (Place(offset=0, label="Costs!A1:B9"), Place(offset=5, label="Costs!A10:B12"))
    extracted = Extracted(text=text, kind="excel", places=places)

    assert [p.place for p in chunk(extracted, size=5)] == [
        "Costs!A1:B9",
        "Costs!A10:B12",
        "Costs!A10:B12",
    ]
    assert extracted.place_of(0, 8) == "Costs!A1:B9 – Costs!A10:B12"


@given(prose, st.integers(20, 400))
def test_lines_are_those_of_the_file(text: str, size: int) -> None:
    extracted = Extracted(text=text, kind="code", lines=True)

    for piece in chunk(extracted, size=size):
        first = text[: piece.start].count("\n") + 1
        last = text[: piece.end - 1].count("\n") + 1
        assert piece.place == (f"line {first}" if first == last else f"lines {first}–{last}")
        assert piece.place == extracted.place_of(piece.start, piece.end)


@pytest.mark.parametrize("between", ["\n", " ", "\n\n", "。"])
def test_an_edit_changes_the_chunks_around_it_and_no_others(between: str) -> None:
    chance = Random(1)
    sentences = [" ".join(f"word{chance.randrange(999)}" for _ in range(12)) for _ in range(3000)]
    before = {piece.sha256 for piece in chunk(document(between.join(sentences)), size=900)}

    changed = {}
    for at in (0, 1500, 1501, 2999):
        edited = [*sentences[:at], "A sentence that was not there.", *sentences[at:]]
        after = {piece.sha256 for piece in chunk(document(between.join(edited)), size=900)}
        changed[at] = len(after - before)

    assert len(before) > 250
    assert max(changed.values()) <= 15, changed


@given(
    st.lists(st.tuples(st.integers(1, 4), st.sampled_from("abcdef")), max_size=12),
    st.integers(0, 40),
)
def test_the_path_above_an_offset_is_the_last_of_all_paths_before_it(
    outline: list[tuple[int, str]], offset: int
) -> None:
    headings = tuple(Heading(offset=3 * n, level=v, title=t) for n, (v, t) in enumerate(outline))
    extracted = Extracted(text="x" * 50, kind="text", headings=headings)

    above = [
        path
        for h, path in zip(headings, heading_paths(headings), strict=True)
        if h.offset <= offset
    ]

    assert extracted.heading_at(offset) == (above[-1] if above else "")

"""Headings of a PDF without bookmarks: only where the size of the letters makes them clear."""

from __future__ import annotations

from morgan_core.library.readers.base import Extracted, Source
from morgan_core.library.readers.pdf import read_pdf
from tests.pdfs import Printed, printed_pdf

PROSE = "The parties agree on what is written below, each in its own words and time."


def extract(*pages: list[Printed]) -> Extracted:
    return read_pdf(Source(name="a.pdf", content=printed_pdf(*pages)))


def prose(top: float, lines: int = 12) -> list[Printed]:
    return [Printed(60, top - 14 * n, PROSE) for n in range(lines)]


def test_lines_in_larger_letters_above_prose_are_headings() -> None:
    extracted = extract(
        [
            Printed(60, 780, "The Lease of the House", 20),
            *prose(740),
            Printed(60, 540, "What it costs and", 14),
            Printed(60, 524, "when it is due", 14),
            *prose(500),
        ]
    )

    assert [(h.level, h.title) for h in extracted.headings] == [
        (1, "The Lease of the House"),
        (2, "What it costs and when it is due"),
    ]
    at = extracted.headings[1].offset
    assert extracted.text[at:].startswith("What it costs")


def test_large_letters_that_are_no_headings_are_none() -> None:
    extracted = extract(
        [
            *prose(780),
            Printed(60, 600, "$ 1,250", 20),
            Printed(60, 560, "A sentence in large letters ends like this.", 14),
            Printed(60, 540, "Cell", 14),
            Printed(300, 540, "Another cell", 14),
            *prose(500),
            Printed(60, 100, "Nothing follows this", 14),
        ]
    )

    assert extracted.headings == ()


def test_a_document_of_large_letters_has_no_headings() -> None:
    slides = [
        [Printed(60, 700, f"Slide {n}", 30), Printed(60, 600, "A point", 24)] for n in range(9)
    ]

    assert extract(*slides).headings == ()

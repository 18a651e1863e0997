"""Running heads, footers and page numbers are no text of the document."""

from __future__ import annotations

import pytest

from morgan_core.library.readers.base import Extracted, Source
from morgan_core.library.readers.pdf import read_pdf
from tests.pdfs import Printed, printed_pdf

TOP, BOTTOM = 810, 30
BODY = (
    "The lease begins in May.",
    "It ends in June.",
    "Rent is due monthly.",
    "Keys are handed back.",
)


def extract(*pages: list[Printed]) -> Extracted:
    return read_pdf(Source(name="a.pdf", content=printed_pdf(*pages)))


def body(page: int) -> list[Printed]:
    """Two lines of text in the middle of the page."""
    return [
        Printed(60, 700, f"{BODY[page % len(BODY)]} {'abcdefgh'[page]}"),
        Printed(60, 686, f"More of it follows here {'abcdefgh'[page]}."),
    ]


def only_bodies(pages: int) -> str:
    return "\n\n".join("\n".join(line.text for line in body(page)) for page in range(pages))


def test_a_head_and_a_footer_that_repeat_are_left_out() -> None:
    extracted = extract(
        *(
            [
                Printed(60, TOP, "ACME confidential", 8),
                *body(n),
                Printed(280, BOTTOM, f"Page {n + 1} of 4", 8),
            ]
            for n in range(4)
        )
    )

    assert extracted.text == only_bodies(4)
    assert len(extracted.pages) == 4


@pytest.mark.parametrize(
    "number",
    [
        lambda n: str(n + 1),
        lambda n: f"- {n + 17} -",
        lambda n: ["i", "ii", "iii", "iv"][n],
        lambda n: f"Seite {n + 1}",
        lambda n: f"{n + 1}/4",
    ],
)
def test_page_numbers_alone_are_left_out(number) -> None:
    extracted = extract(*([*body(n), Printed(290, BOTTOM, number(n))] for n in range(4)))

    assert extracted.text == only_bodies(4)


def test_a_head_of_left_pages_and_one_of_right_pages_are_left_out() -> None:
    extracted = extract(
        *(
            [
                Printed(60, TOP, f"{n + 1} The Book" if n % 2 else f"The Chapter {n + 1}", 8),
                *body(n),
            ]
            for n in range(8)
        )
    )

    assert extracted.text == only_bodies(8)


def test_a_title_that_stands_once_stays() -> None:
    extracted = extract(
        [Printed(60, TOP, "Annual report"), *body(0)], *(body(n) for n in range(1, 4))
    )

    assert extracted.text == "Annual report\n" + only_bodies(4)


def test_what_repeats_twice_or_in_the_middle_of_the_page_stays() -> None:
    extracted = extract(
        [Printed(60, TOP, "Only here"), *body(0), Printed(60, 400, "In the middle")],
        [Printed(60, TOP, "Only here"), *body(1), Printed(60, 400, "In the middle")],
        [*body(2), Printed(60, 400, "In the middle")],
        [*body(3), Printed(60, 400, "In the middle")],
    )

    assert extracted.text.count("Only here") == 2
    assert extracted.text.count("In the middle") == 4


@pytest.mark.parametrize(
    ("title", "size", "below"),
    [
        (lambda n: f"Lesson {n + 1}", 10, 14),
        (lambda n: f"Lesson {n + 1}", 10, 60),
        (lambda n: f"Lesson {n + 1}", 18, 60),
    ],
)
def test_titles_that_differ_by_their_number_stay(title, size: int, below: int) -> None:
    extracted = extract(
        *(
            [
                Printed(60, TOP, title(n), size),
                Printed(60, TOP - below, f"{BODY[n]} begins."),
                *body(n),
            ]
            for n in range(4)
        )
    )

    assert [f"Lesson {n}" in extracted.text for n in range(1, 5)] == [True] * 4


def test_a_number_at_the_edge_that_counts_no_pages_stays() -> None:
    amounts = ("1200", "77", "530", "12")

    extracted = extract(*([*body(n), Printed(290, BOTTOM, amounts[n])] for n in range(4)))

    assert all(amount in extracted.text for amount in amounts)


def test_the_head_of_a_table_that_goes_on_from_page_to_page_stays() -> None:
    def row(y: float, *cells: str) -> list[Printed]:
        return [Printed(60 + 160 * n, y, cell) for n, cell in enumerate(cells)]

    extracted = extract(
        *(
            [
                *row(TOP, "Name", "Price", "Stock"),
                *(
                    cell
                    for r in range(5)
                    for cell in row(TOP - 16 - 16 * r, f"n{n}{r}", f"p{n}{r}", f"s{n}{r}")
                ),
                *body(n),
            ]
            for n in range(4)
        )
    )

    assert extracted.text.count("Name Price Stock") == 4


def test_a_line_inside_of_one_that_stays_stays() -> None:
    extracted = extract(
        *(
            [
                Printed(60, TOP, f"Title {BODY[n]}"),
                Printed(60, TOP - 20, "The same below it"),
                *body(n),
            ]
            for n in range(4)
        )
    )

    assert extracted.text.count("The same below it") == 4


def test_nothing_is_left_out_when_pages_hold_nothing_else() -> None:
    extracted = extract(*([Printed(60, TOP, "One and the same")] for _ in range(4)))

    assert extracted.text.count("One and the same") == 4

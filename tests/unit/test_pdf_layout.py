"""The order in which a page is read: that of its content, unless it is clearly wrong."""

from __future__ import annotations

import random

import pytest

from morgan_core.library.readers.base import Extracted, Source
from morgan_core.library.readers.pdf import read_pdf
from tests.pdfs import Printed, printed_pdf

LINES = 14
TITLE = Printed(60, 800, "A full-width title that crosses every gutter of the page below it", 14)


def extract(*pages: list[Printed]) -> Extracted:
    return read_pdf(Source(name="a.pdf", content=printed_pdf(*pages)))


def column(name: str, x: float, *, top: float = 760, words: int = 6) -> list[Printed]:
    """Lines of prose, about 40 characters wide at 10 points."""
    return [
        Printed(x, top - 14 * n, " ".join(f"{name}{n}{chr(97 + w)}xx" for w in range(words)))
        for n in range(LINES)
    ]


def texts(*lines: list[Printed]) -> list[str]:
    return [line.text for part in lines for line in part]


LEFT, RIGHT = column("l", 50), column("r", 320)


def interleaved(*columns: list[Printed]) -> list[Printed]:
    return [line for row in zip(*columns, strict=True) for line in row]


def shuffled(lines: list[Printed], seed: int) -> list[Printed]:
    return random.Random(seed).sample(lines, len(lines))


def test_columns_interleaved_line_by_line_are_read_one_after_the_other() -> None:
    extracted = extract([TITLE, *interleaved(LEFT, RIGHT)])

    assert extracted.text.split("\n") == texts([TITLE], LEFT, RIGHT)


def test_the_boxes_of_a_line_that_was_split_are_those_of_its_columns() -> None:
    extracted = extract(interleaved(LEFT, RIGHT))

    for box in extracted.boxes:
        inside = extracted.text[box.start : box.end]
        assert (box.right < 310) if inside.startswith("l") else (box.left > 310)


@pytest.mark.parametrize("seed", range(5))
def test_a_scrambled_content_stream_is_read_as_it_looks(seed: int) -> None:
    extracted = extract(shuffled([TITLE, *LEFT, *RIGHT], seed))

    assert extracted.text.split("\n") == texts([TITLE], LEFT, RIGHT)


@pytest.mark.parametrize("seed", range(3))
def test_three_columns_below_a_title_are_found(seed: int) -> None:
    three = [column(name, x, words=3) for name, x in (("l", 50), ("m", 230), ("r", 410))]

    extracted = extract(shuffled([TITLE, *three[0], *three[1], *three[2]], seed))

    assert extracted.text.split("\n") == texts([TITLE], *three)


def test_a_line_across_the_columns_parts_what_is_above_from_what_is_below() -> None:
    upper = column("lu", 50), column("ru", 320)
    caption = Printed(60, 540, "Figure 1: a caption as wide as the page, between two halves of it")
    lower = column("ld", 50, top=500), column("rd", 320, top=500)
    mixed = [*interleaved(*lower), caption, *interleaved(*upper)]

    extracted = extract(mixed)

    assert extracted.text.split("\n") == texts(*upper, [caption], *lower)


def test_one_scrambled_column_is_read_from_the_top() -> None:
    lines = column("one", 60, words=9)

    extracted = extract(shuffled(lines, 1))

    assert extracted.text.split("\n") == texts(lines)


def test_a_word_divided_in_one_of_two_interleaved_columns_is_joined() -> None:
    left = [*LEFT[:3], LEFT[3]._replace(text="the parties agree that the con-")]
    left += [LEFT[4]._replace(text="sent of both is what it needs now"), *LEFT[5:]]

    extracted = extract(interleaved(left, RIGHT))

    assert "agree that the consent of both" in extracted.text


# --- pages that are right stay as they are ---------------------------------------------------


def test_columns_in_order_stay() -> None:
    extracted = extract([TITLE, *LEFT, *RIGHT])

    assert extracted.text.split("\n") == texts([TITLE], LEFT, RIGHT)


def test_a_footer_first_in_the_content_changes_nothing_else() -> None:
    footer = Printed(280, 30, "printed by nobody")

    extracted = extract([footer, TITLE, *LEFT, *RIGHT])

    assert extracted.text.split("\n") == texts([footer, TITLE], LEFT, RIGHT)


def test_a_table_is_read_row_by_row() -> None:
    rows = [
        [Printed(50 + 130 * n, 700 - 16 * row, f"cell {row}.{n}") for n in range(4)]
        for row in range(12)
    ]

    extracted = extract([cell for row in rows for cell in row])

    assert extracted.text.split("\n") == [" ".join(texts(row)) for row in rows]


def test_a_table_of_terms_and_their_meanings_is_read_row_by_row() -> None:
    rows = [
        [
            Printed(50, 700 - 16 * row, f"term {row}"),
            Printed(200, 700 - 16 * row, f"what is meant by it in this contract, number {row}"),
        ]
        for row in range(12)
    ]

    extracted = extract([cell for row in rows for cell in row])

    assert extracted.text.split("\n") == [" ".join(texts(row)) for row in rows]


def test_two_articles_one_below_the_other_stay_apart() -> None:
    first = column("la", 50), column("ra", 320)
    second = column("lb", 50, top=520), column("rb", 320, top=520)

    extracted = extract([*first[0], *first[1], *second[0], *second[1]])

    assert extracted.text.split("\n") == texts(*first, *second)

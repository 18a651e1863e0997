"""reStructuredText: sections by their lines, at the lines of the file."""

from __future__ import annotations

import pytest

from morgan_core.library.chunking import chunk
from morgan_core.library.readers.base import Extracted, Source
from morgan_core.library.readers.rst import FORMAT, read_rst

GUIDE = """\
.. _guide:

==============
 Field *Guide*
==============

:Author: Ada Heron
:Version: 2

Birds
=====

About :ref:`birds <birds-label>`.

Herons and ``egrets``
---------------------

::

    Not a title
    ===========

- item
------

Fish
====

====  ====
name  size
====  ====
eel   long
====  ====
"""


def read(text: str) -> Extracted:
    return read_rst(Source(name="guide.rst", content=text.encode()))


def outline(text: str) -> list[tuple[int, str]]:
    return [(heading.level, heading.title) for heading in read(text).headings]


def test_sections_have_the_level_of_their_style_in_the_order_of_first_use() -> None:
    assert outline(GUIDE) == [
        (1, "Field Guide"),
        (2, "Birds"),
        (3, "Herons and egrets"),
        (2, "Fish"),
    ]


def test_the_text_is_the_source_at_its_lines() -> None:
    guide = read(GUIDE)

    assert guide.text == GUIDE.rstrip("\n")
    assert guide.lines and guide.kind == "rst" and guide.title == "Field Guide"
    assert guide.metadata == {"author": "Ada Heron", "version": "2", "encoding": "utf-8"}


def test_headings_begin_with_the_line_above_the_title_where_there_is_one() -> None:
    guide = read(GUIDE)

    starts = [guide.text[heading.offset :].split("\n")[0] for heading in guide.headings]
    assert starts == ["==============", "Birds", "Herons and ``egrets``", "Fish"]
    assert guide.heading_at(guide.text.index("eel")) == "Field Guide › Fish"
    line = GUIDE.split("\n").index("eel   long") + 1
    assert guide.place_of(guide.text.index("eel"), guide.text.index("long")) == f"line {line}"


def test_sections_are_not_cut_through() -> None:
    text = "\n\n".join(f"Part {n}\n======\n\n{'Some words. ' * 30}" for n in range(4))

    pieces = chunk(read(text), size=500)

    assert [piece.heading for piece in pieces] == ["Part 0", "Part 1", "Part 2", "Part 3"]


@pytest.mark.parametrize(
    ("text", "titles"),
    [
        ("Short\n====", [(1, "Short")]),  # docutils warns and takes it
        ("Long\n==", []),
        ("AB\n==", [(1, "AB")]),
        ("日本語\n======", [(1, "日本語")]),
        ("日本\n===", []),
        ("two lines\nof text\n=======", []),
        ("Text\n\n====\n\nText", []),  # a transition
        ("  indented\n==========", []),
        ("=====\nOdd\n----\n", []),
        ("`Link <https://a.b>`_\n=====================", [(1, "Link")]),
        ("1. Numbered\n===========", [(1, "1. Numbered")]),
        (".. note::\n=========", []),
        ("", []),
    ],
)
def test_what_is_a_title(text: str, titles: list[tuple[int, str]]) -> None:
    assert outline(text) == titles


def test_the_format_is_known_by_its_name() -> None:
    assert FORMAT.claims(Source(name="README.RST", content=b""))
    assert not FORMAT.claims(Source(name="readme.txt", content=b"A\n==="))

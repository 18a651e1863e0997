"""Presentations: slide by slide, in the order in which people read a slide."""

from __future__ import annotations

from pathlib import Path

import pptx as python_pptx
import pytest
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

from morgan_core.errors import UnreadableFile
from morgan_core.library.readers import Extracted, read
from tests.office_files import package, relations

TITLE_ONLY, TITLE_AND_BODY, BLANK = 5, 1, 6


@pytest.fixture
def show():
    return python_pptx.Presentation()


def slide(show, layout: int = TITLE_ONLY, title: str = ""):
    made = show.slides.add_slide(show.slide_layouts[layout])
    if title:
        made.shapes.title.text = title
    return made


def box(shapes, text: str, left: float, top: float, width: float = 2, height: float = 1):
    shape = shapes.add_textbox(Inches(left), Inches(top), Inches(width), Inches(height))
    shape.text_frame.text = text
    return shape


def extract(show, folder: Path) -> Extracted:
    show.save(str(folder / "show.pptx"))
    return read(folder / "show.pptx")


def test_slides_are_pages_with_their_titles_as_headings(show, tmp_path: Path) -> None:
    first = slide(show, TITLE_AND_BODY, "Plan")
    body = first.placeholders[1].text_frame
    body.text = "Buy"
    inner = body.add_paragraph()
    inner.text, inner.level = "bread", 1
    first.notes_slide.notes_text_frame.text = "Smile"
    secret = slide(show, title="Secret")
    secret._element.set("show", "0")
    slide(show, BLANK)
    slide(show, title="End")

    extracted = extract(show, tmp_path)

    assert extracted.text == "Plan\n\nBuy\n  bread\n\nNotes: Smile\n\nSecret\n\nEnd"
    assert [(h.level, h.title) for h in extracted.headings] == [
        (1, "Plan"),
        (1, "Secret"),
        (1, "End"),
    ]
    starts = [extracted.text.index(title) for title in ("Plan", "Secret", "End", "End")]
    assert list(extracted.pages) == starts
    assert extracted.place_of(0, 4) == "slide 1"
    assert extracted.place_of(starts[1], starts[1] + 6) == "slide 2 (hidden)"
    assert extracted.place_of(starts[2], starts[2] + 3) == "slide 4"
    assert (extracted.kind, extracted.page_at(starts[2])) == ("pptx", 4)


def test_shapes_are_read_from_top_to_bottom_and_side_by_side_from_the_left(
    show, tmp_path: Path
) -> None:
    made = slide(show, title="Title")
    box(made.shapes, "bottom", 1, 5)
    box(made.shapes, "right", 6, 2.2)
    box(made.shapes, "left", 1, 2.3)
    group = made.shapes.add_group_shape()
    box(group.shapes, "group below", 1, 4.1, height=0.5)
    box(group.shapes, "group above", 1, 3.5, height=0.5)

    extracted = extract(show, tmp_path)

    assert extracted.text.split("\n\n") == [
        "Title",
        "left",
        "right",
        "group above",
        "group below",
        "bottom",
    ]


def test_tables_and_charts_are_read(show, tmp_path: Path) -> None:
    made = slide(show, title="Numbers")
    table = made.shapes.add_table(2, 2, Inches(1), Inches(2), Inches(4), Inches(1)).table
    for at, text in enumerate(("Year", "Sales", "2023", "7")):
        table.cell(at // 2, at % 2).text = text
    data = CategoryChartData()
    data.categories = ["North", "South"]
    data.add_series("2024", (1.5, 2))
    data.add_series("2025", (3, 4))
    where = Inches(1), Inches(4), Inches(4), Inches(2)
    chart = made.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, *where, data).chart
    chart.has_title = True
    chart.chart_title.text_frame.text = "By region"

    extracted = extract(show, tmp_path)

    assert extracted.text == (
        "Numbers\n\nYear | Sales\n2023 | 7\n\nBy region\n\n"
        " | 2024 | 2025\nNorth | 1.5 | 3\nSouth | 2 | 4"
    )


def test_a_presentation_without_slides_has_no_text(show, tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="no text"):
        extract(show, tmp_path)


def test_groups_in_groups_without_end_have_a_reason(tmp_path: Path) -> None:
    namespaces = (
        'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"'
        ' xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
    )
    deep = "<p:grpSp>" * 3000 + "</p:grpSp>" * 3000
    members: dict[str, str | bytes] = {
        "ppt/presentation.xml": f"<p:presentation {namespaces}><p:sldIdLst>"
        '<p:sldId id="256" r:id="r1"/></p:sldIdLst></p:presentation>',
        "ppt/_rels/presentation.xml.rels": relations(r1="slide:slides/slide1.xml"),
        "ppt/slides/slide1.xml": f"<p:sld {namespaces}><p:cSld><p:spTree>{deep}</p:spTree>"
        "</p:cSld></p:sld>",
    }
    (tmp_path / "a.pptx").write_bytes(package("ppt/presentation.xml", members))

    with pytest.raises(UnreadableFile, match="depth"):
        read(tmp_path / "a.pptx")

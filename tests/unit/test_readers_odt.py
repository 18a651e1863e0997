"""OpenDocument texts and presentations: what a reader of the page sees, in order."""

from __future__ import annotations

from pathlib import Path

import pytest

from morgan_core.errors import UnreadableFile
from morgan_core.library.readers import read
from tests.office_files import zipped

_NAMESPACES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{long}:1.0"'
    for name, long in (
        ("office", "office"),
        ("text", "text"),
        ("table", "table"),
        ("draw", "drawing"),
        ("style", "style"),
        ("presentation", "presentation"),
        ("meta", "meta"),
    )
)
_DC = 'xmlns:dc="http://purl.org/dc/elements/1.1/"'


def opendocument(path: Path, body: str, *, kind: str = "text", styles: str = "") -> Path:
    content = (
        f"<office:document-content {_NAMESPACES} {_DC}>"
        f"<office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:{kind}>{body}</office:{kind}></office:body>"
        "</office:document-content>"
    )
    meta = (
        f"<office:document-meta {_NAMESPACES} {_DC}><office:meta><dc:title>Shop</dc:title>"
        "<dc:creator>Ann</dc:creator></office:meta></office:document-meta>"
    )
    members: dict[str, str | bytes] = {
        "mimetype": f"application/vnd.oasis.opendocument.{kind}",
        "content.xml": content,
        "meta.xml": meta,
    }
    path.write_bytes(zipped(members))
    return path


def p(text: str, style: str = "") -> str:
    return f'<text:p text:style-name="{style}">{text}</text:p>'


def test_headings_lists_and_paragraphs_stand_in_order(tmp_path: Path) -> None:
    body = (
        "<text:table-of-content><text:index-body>"
        f"{p('One 1')}</text:index-body></text:table-of-content>"
        + p("The work", "P1")
        + '<text:h text:outline-level="2">One</text:h>'
        + p(
            "First  line<text:line-break/>second<text:s text:c='2'/>line <text:span>here</text:span>."
        )
        + f"<text:list><text:list-item>{p('a')}<text:list><text:list-item>{p('b')}"
        f"</text:list-item></text:list></text:list-item><text:list-item>{p('c')}"
        "</text:list-item></text:list>" + p("End")
    )
    styles = '<style:style style:name="P1" style:parent-style-name="Title"/>'

    extracted = read(opendocument(tmp_path / "a.odt", body, styles=styles))

    assert extracted.text == (
        "The work\n\nOne\n\nFirst line\nsecond  line here.\n\n- a\n  - b\n- c\n\nEnd"
    )
    assert [(h.level, h.title) for h in extracted.headings] == [(1, "The work"), (2, "One")]
    assert (extracted.kind, extracted.title) == ("odt", "The work")
    assert extracted.metadata["author"] == "Ann"


def test_insertions_count_and_deletions_do_not(tmp_path: Path) -> None:
    changes = (
        "<text:tracked-changes><text:changed-region><text:deletion>"
        f"{p('deleted')}</text:deletion></text:changed-region></text:tracked-changes>"
    )
    inserted = p("It costs <text:change-start/>12<text:change-end/> euros")

    assert read(opendocument(tmp_path / "a.odt", changes + inserted)).text == "It costs 12 euros"


def test_notes_comments_and_text_boxes_stand_below_their_paragraph(tmp_path: Path) -> None:
    note = f"<text:note><text:note-citation>i</text:note-citation><text:note-body>{p('Proof')}</text:note-body></text:note>"
    comment = f"<office:annotation><dc:creator>Ann</dc:creator>{p('Sure?')}</office:annotation>"
    box = f"<draw:frame><draw:text-box>{p('In the box')}</draw:text-box></draw:frame>"

    extracted = read(opendocument(tmp_path / "a.odt", p(f"Claim{note}{comment}{box} goes on.")))

    assert extracted.text == (
        "Claim[1] goes on.\n\n[1] Proof\n\n[Comment by Ann: Sure?]\n\nIn the box"
    )


def test_a_table_keeps_its_header(tmp_path: Path) -> None:
    def row(*cells: str) -> str:
        inside = "".join(f"<table:table-cell>{p(cell)}</table:table-cell>" for cell in cells)
        return f"<table:table-row>{inside}</table:table-row>"

    rows = "".join(row(f"Part {n}", f"{n} euros") for n in range(100))
    head = f"<table:table-header-rows>{row('Name', 'Price')}</table:table-header-rows>"

    extracted = read(opendocument(tmp_path / "a.odt", f"<table:table>{head}{rows}</table:table>"))

    assert len(extracted.cuts) >= 2
    assert all(extracted.text[at:].startswith("Name | Price\nPart ") for at in extracted.cuts)


def test_slides_are_pages(tmp_path: Path) -> None:
    def frame(text: str, role: str = "") -> str:
        return (
            f'<draw:frame presentation:class="{role}"><draw:text-box>{p(text)}</draw:text-box>'
            "</draw:frame>"
        )

    notes = f"<presentation:notes>{frame('Smile', 'notes')}</presentation:notes>"
    body = (
        f"<draw:page>{frame('Text')}{frame('Plan', 'title')}{notes}</draw:page>"
        f"<draw:page>{frame('End', 'title')}</draw:page>"
    )

    extracted = read(opendocument(tmp_path / "a.odp", body, kind="presentation"))

    assert extracted.text == "Plan\n\nText\n\nNotes: Smile\n\nEnd"
    assert extracted.pages == (0, extracted.text.index("End"))
    assert [h.title for h in extracted.headings] == ["Plan", "End"]
    assert extracted.place_of(0, 4) == "slide 1"
    assert extracted.kind == "odp"


def test_a_text_without_its_content_has_a_reason(tmp_path: Path) -> None:
    (tmp_path / "a.odt").write_bytes(
        zipped({"mimetype": "application/vnd.oasis.opendocument.text"})
    )

    with pytest.raises(UnreadableFile, match=r"content\.xml is missing"):
        read(tmp_path / "a.odt")


def test_cells_that_repeat_without_end_are_padding(tmp_path: Path) -> None:
    cell = f'<table:table-cell table:number-columns-repeated="16384">{p("x")}</table:table-cell>'
    table = f"<table:table><table:table-row>{cell}</table:table-row></table:table>"

    assert read(opendocument(tmp_path / "a.odt", table)).text == "x"

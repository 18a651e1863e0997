"""Word documents: what a reader of the page sees, in order, under its headings."""

from __future__ import annotations

from pathlib import Path

import docx as python_docx
import pytest

from morgan_core.errors import UnreadableFile
from morgan_core.library.readers import Extracted, read
from tests.office_files import docx, package, paragraph, relations, run, word

STYLES = (
    '<w:style w:styleId="berschrift1"><w:name w:val="heading 1"/></w:style>'
    '<w:style w:styleId="Mein"><w:name w:val="Kapitel"/><w:basedOn w:val="berschrift1"/></w:style>'
    '<w:style w:styleId="Tief"><w:pPr><w:outlineLvl w:val="2"/></w:pPr></w:style>'
    '<w:style w:styleId="Titel"><w:name w:val="Title"/></w:style>'
    '<w:style w:styleId="Verzeichnis1"><w:name w:val="toc 1"/></w:style>'
)


def headings(extracted: Extracted) -> list[tuple[int, str]]:
    assert all(extracted.text[h.offset :].startswith(h.title) for h in extracted.headings)
    return [(h.level, h.title) for h in extracted.headings]


def test_a_document_of_another_program_is_read_in_order(tmp_path: Path) -> None:
    document = python_docx.Document()
    document.core_properties.title, document.core_properties.author = "Annual report", "Ann"
    document.add_heading("Sales", 1)
    document.add_paragraph("It was a good year.")
    table = document.add_table(rows=0, cols=2)
    for cells in (("Region", "Sales"), ("North", "120"), ("South", "80")):
        for cell, text in zip(table.add_row().cells, cells, strict=True):
            cell.text = text
    document.add_heading("Outlook", 2)
    document.add_paragraph("First", style="List Bullet")
    document.add_paragraph("Second", style="List Bullet")
    document.save(str(tmp_path / "report.docx"))

    extracted = read(tmp_path / "report.docx")

    assert extracted.text == (
        "Sales\n\nIt was a good year.\n\nRegion | Sales\nNorth | 120\nSouth | 80\n\n"
        "Outlook\n\n- First\n- Second"
    )
    assert headings(extracted) == [(1, "Sales"), (2, "Outlook")]
    assert (extracted.kind, extracted.title) == ("docx", "Annual report")
    assert extracted.metadata["author"] == "Ann"


def test_headings_are_known_by_style_in_any_language_and_by_outline_level(tmp_path: Path) -> None:
    body = (
        paragraph("Das Werk", "Titel")
        + paragraph("Eins", "berschrift1")
        + paragraph("Zwei", "Mein")
        + paragraph("Drei", "Tief")
        + paragraph("Vier", extra='<w:outlineLvl w:val="3"/>')
        + paragraph("Text", "Tief", extra='<w:outlineLvl w:val="9"/>')
    )

    extracted = read(docx(tmp_path / "a.docx", body, styles=STYLES))

    assert headings(extracted) == [
        (1, "Das Werk"),
        (1, "Eins"),
        (1, "Zwei"),
        (3, "Drei"),
        (4, "Vier"),
    ]
    assert extracted.title == "Das Werk"
    assert extracted.text.endswith("Text")


def test_a_style_that_is_based_on_itself_is_no_trap(tmp_path: Path) -> None:
    styles = '<w:style w:styleId="A"><w:name w:val="a"/><w:basedOn w:val="A"/></w:style>'

    assert read(docx(tmp_path / "a.docx", paragraph("Text", "A"), styles=styles)).text == "Text"


def test_a_table_of_contents_is_left_out(tmp_path: Path) -> None:
    body = f"<w:sdt><w:sdtContent>{paragraph('One 3', 'Verzeichnis1')}</w:sdtContent></w:sdt>"

    extracted = read(docx(tmp_path / "a.docx", body + paragraph("One"), styles=STYLES))

    assert extracted.text == "One"


def test_insertions_count_and_deletions_do_not(tmp_path: Path) -> None:
    body = (
        f"<w:p>{run('The price is ')}<w:del><w:r><w:delText>10</w:delText></w:r></w:del>"
        f"<w:ins>{run('12')}</w:ins>{run(' euros')}</w:p>"
        f"<w:p><w:moveFrom>{run('moved away')}</w:moveFrom><w:moveTo>{run('moved here')}</w:moveTo></w:p>"
    )

    assert read(docx(tmp_path / "a.docx", body)).text == "The price is 12 euros\n\nmoved here"


def test_notes_and_comments_stand_below_their_paragraph(tmp_path: Path) -> None:
    body = (
        f"<w:p>{run('Claim')}<w:r><w:footnoteReference w:id='2'/></w:r>"
        f"<w:r><w:commentReference w:id='0'/></w:r>{run(' goes on.')}</w:p>{paragraph('Next')}"
    )
    footnotes = (
        f"<w:footnote w:type='separator' w:id='0'>{paragraph('—')}</w:footnote>"
        f"<w:footnote w:id='2'>{paragraph('Proof')}</w:footnote>"
    )
    comments = f"<w:comment w:id='0' w:author='Ann'>{paragraph('Sure?')}</w:comment>"

    extracted = read(docx(tmp_path / "a.docx", body, footnotes=footnotes, comments=comments))

    assert extracted.text == "Claim[1] goes on.\n\n[1] Proof\n\n[Comment by Ann: Sure?]\n\nNext"


def test_a_text_box_is_read_once(tmp_path: Path) -> None:
    box = f"<w:txbxContent>{paragraph('In the box')}</w:txbxContent>"
    body = (
        f"<w:p>{run('Before')}<w:r><mc:AlternateContent><mc:Choice>{box}</mc:Choice>"
        f"<mc:Fallback><w:pict>{box}</w:pict></mc:Fallback></mc:AlternateContent></w:r></w:p>"
    )

    assert read(docx(tmp_path / "a.docx", body)).text == "Before\n\nIn the box"


def test_signs_fields_and_formulas_are_text(tmp_path: Path) -> None:
    body = (
        "<w:p><w:r><w:t>a</w:t><w:tab/><w:t>b</w:t><w:noBreakHyphen/><w:t>c</w:t>"
        "<w:instrText>PAGE</w:instrText></w:r><m:oMath><m:f><m:num><m:r><m:t>x+1</m:t></m:r></m:num>"
        "<m:den><m:r><m:t>2</m:t></m:r></m:den></m:f></m:oMath></w:p>"
    )

    assert read(docx(tmp_path / "a.docx", body)).text == "a\tb-c(x+1)/2"


NUMBERING = (
    "<w:abstractNum w:abstractNumId='7'>"
    "<w:lvl w:ilvl='0'><w:start w:val='1'/><w:numFmt w:val='decimal'/><w:lvlText w:val='%1.'/></w:lvl>"
    "<w:lvl w:ilvl='1'><w:start w:val='1'/><w:numFmt w:val='decimal'/><w:lvlText w:val='%1.%2'/></w:lvl>"
    "<w:lvl w:ilvl='2'><w:numFmt w:val='lowerLetter'/><w:lvlText w:val='(%3)'/></w:lvl>"
    "</w:abstractNum>"
    "<w:num w:numId='1'><w:abstractNumId w:val='7'/></w:num>"
    "<w:num w:numId='2'><w:abstractNumId w:val='7'/><w:lvlOverride w:ilvl='0'>"
    "<w:startOverride w:val='5'/></w:lvlOverride></w:num>"
)


def numbered(text: str, level: int, list_id: int = 1) -> str:
    number = f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{list_id}"/></w:numPr>'
    return paragraph(text, extra=number)


def test_the_numbers_that_word_prints_are_counted(tmp_path: Path) -> None:
    body = (
        numbered("Scope", 0)
        + numbered("Parties", 1)
        + numbered("Goods", 1)
        + numbered("Bread", 2)
        + numbered("Milk", 2)
        + numbered("Payment", 0)
        + numbered("When", 1)
        + numbered("Elsewhere", 0, list_id=2)
    )

    extracted = read(docx(tmp_path / "contract.docx", body, numbering=NUMBERING))

    assert [line.strip() for line in extracted.text.split("\n")] == [
        "1. Scope",
        "1.1 Parties",
        "1.2 Goods",
        "(a) Bread",
        "(b) Milk",
        "2. Payment",
        "2.1 When",
        "5. Elsewhere",
    ]


def test_a_numbered_heading_keeps_its_number(tmp_path: Path) -> None:
    styles = (
        '<w:style w:styleId="H1"><w:name w:val="heading 1"/><w:pPr><w:numPr>'
        '<w:numId w:val="1"/></w:numPr></w:pPr></w:style>'
    )
    body = paragraph("Scope", "H1") + paragraph("Payment", "H1")

    extracted = read(docx(tmp_path / "a.docx", body, styles=styles, numbering=NUMBERING))

    assert headings(extracted) == [(1, "1. Scope"), (1, "2. Payment")]


def row(*cells: str, properties: str = "") -> str:
    return f"<w:tr>{properties}{''.join(cells)}</w:tr>"


def cell(text: str, properties: str = "") -> str:
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{paragraph(text)}</w:tc>"


def test_a_merged_cell_stands_in_every_row_and_a_deleted_row_in_none(tmp_path: Path) -> None:
    start, goes_on = '<w:vMerge w:val="restart"/>', "<w:vMerge/>"
    body = "<w:tbl>{}</w:tbl>".format(
        row(cell("Region"), cell("Town"))
        + row(cell("North", start), cell("Kiel"))
        + row(cell("", goes_on), cell("Bremen"))
        + row(cell("South"), cell("Gone"), properties="<w:trPr><w:del/></w:trPr>")
    )

    assert read(docx(tmp_path / "a.docx", body)).text == (
        "Region | Town\nNorth | Kiel\nNorth | Bremen"
    )


def test_every_block_of_a_long_table_has_its_header(tmp_path: Path) -> None:
    rows = "".join(row(cell(f"Part {n}"), cell(f"{n} euros")) for n in range(100))
    body = f"<w:tbl>{row(cell('Name'), cell('Price'))}{rows}</w:tbl>"

    extracted = read(docx(tmp_path / "a.docx", body))

    assert len(extracted.cuts) >= 2
    assert all(extracted.text[at:].startswith("Name | Price\nPart ") for at in extracted.cuts)


def test_a_table_of_one_column_is_a_frame_around_text(tmp_path: Path) -> None:
    inside = paragraph("Chapter", "berschrift1") + paragraph("Text")
    body = f"<w:tbl><w:tr><w:tc>{inside}</w:tc></w:tr></w:tbl>"

    extracted = read(docx(tmp_path / "a.docx", body, styles=STYLES))

    assert (extracted.text, headings(extracted)) == ("Chapter\n\nText", [(1, "Chapter")])


def test_the_strict_namespace_is_read_too(tmp_path: Path) -> None:
    strict = "http://purl.oclc.org/ooxml/wordprocessingml/main"

    assert read(docx(tmp_path / "a.docx", paragraph("Text"), namespace=strict)).text == "Text"


def test_damaged_properties_do_not_cost_the_text(tmp_path: Path) -> None:
    parts: dict[str, str | bytes] = {
        "word/document.xml": word(f"<w:body>{paragraph('Text')}</w:body>"),
        "_rels/.rels": relations(
            r1="officeDocument:word/document.xml", r2="core-properties:docProps/core.xml"
        ),
        "docProps/core.xml": "<broken",
    }
    (tmp_path / "a.docx").write_bytes(package("word/document.xml", parts))

    assert read(tmp_path / "a.docx").text == "Text"


def test_it_is_known_by_its_content(tmp_path: Path) -> None:
    assert read(docx(tmp_path / "a.txt", paragraph("Text"))).kind == "docx"


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ("<w:document", "not XML"),
        ("", "not XML"),
        (word("<w:x>" * 100_000 + "</w:x>" * 100_000), "depth"),
        (
            '<!DOCTYPE x [<!ENTITY a "laugh"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
            + word(f"<w:body>{paragraph('&b;')}</w:body>"),
            "no text",
        ),
        (
            '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
            + word(f"<w:body>{paragraph('&a;')}</w:body>"),
            "no text",
        ),
    ],
    ids=["cut off", "empty", "deep", "entities", "outside"],
)
def test_hostile_xml_has_a_reason(tmp_path: Path, document: str, expected: str) -> None:
    (tmp_path / "a.docx").write_bytes(package("word/document.xml", {"word/document.xml": document}))

    with pytest.raises(UnreadableFile, match=expected):
        read(tmp_path / "a.docx")


def test_paragraphs_nested_to_the_limit_of_the_parser_are_read_or_refused(tmp_path: Path) -> None:
    deep = "<w:sdt>" * 240 + paragraph("Text") + "</w:sdt>" * 240

    assert read(docx(tmp_path / "a.docx", deep)).text == "Text"

"""RTF: paragraphs, headings and tables of whatever program wrote it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from morgan_core.errors import UnreadableFile
from morgan_core.library.readers import Extracted, Source
from morgan_core.library.readers.rtf import FORMAT


def extract(inside: str) -> Extracted:
    content = "{\\rtf1\\ansi\\ansicpg1252\\deff0{\\fonttbl{\\f0 Arial;}}" + inside + "}"
    source = Source(name="a.rtf", content=content.encode("latin-1"))
    assert FORMAT.claims(source)
    return FORMAT.read(source)


def test_paragraphs_headings_and_signs_are_read() -> None:
    extracted = extract(
        "{\\info{\\title Shop}{\\author Ann}}{\\stylesheet{\\s1\\outlinelevel0 heading 1;}}"
        "\\pard\\s1\\outlinelevel0 Sales\\par\\pard Caf\\'e9 \\u8364 ?5\\par\\b Second\\b0  line\\par"
        "\\pard\\outlinelevel1 Later\\par\\pard End\\par"
    )

    assert extracted.text == "Sales\n\nCafé €5\nSecond line\n\nLater\n\nEnd"
    assert [(h.level, h.title) for h in extracted.headings] == [(1, "Sales"), (2, "Later")]
    assert (extracted.title, extracted.metadata["author"]) == ("Shop", "Ann")


def test_a_table_keeps_its_header() -> None:
    rows = "".join(f"\\trowd Part {n}\\cell {n} euros\\cell\\row " for n in range(100))

    extracted = extract(
        "Before\\par \\trowd Name\\cell Price\\cell\\row " + rows + "\\pard After\\par"
    )

    assert extracted.text.startswith("Before\n\nName | Price\nPart 0 | 0 euros\n")
    assert extracted.text.count("Name | Price\nPart ") >= 3
    assert extracted.text.endswith("\n\nAfter")


def test_pictures_are_left_out() -> None:
    assert extract("Before {\\pict\\pngblip " + "89504e47" * 100_000 + "} after").text == (
        "Before  after"
    )


@given(st.text(alphabet="{}\\'uc*parfield 0a9-\n", max_size=60))
def test_any_rtf_is_read_or_refused(inside: str) -> None:
    try:
        extract(inside)
    except UnreadableFile as error:
        assert "damaged" in error.message

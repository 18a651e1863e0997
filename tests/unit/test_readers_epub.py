"""Books are read in their order, under the titles of their table of contents."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from morgan_core.errors import UnreadableFile
from morgan_core.library.chunking import chunk
from morgan_core.library.readers import Extracted, read

CONTAINER = (
    '<?xml version="1.0"?><container xmlns="urn:oasis:names:tc:opendocument:xmlns:container">'
    '<rootfiles><rootfile full-path="OPS/book.opf" '
    'media-type="application/oebps-package+xml"/></rootfiles></container>'
)
XHTML = "application/xhtml+xml"
PAGE = (
    '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title/></head>{}</html>'
)


def package(spine: str = "one two", *, manifest: str = "", metadata: str = "") -> str:
    items = "".join(
        f'<item id="{name}" href="{name}%20page.xhtml" media-type="{XHTML}"/>'
        for name in ("one", "two")
    )
    references = "".join(f'<itemref idref="{name}"/>' for name in spine.split())
    return (
        '<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<metadata><dc:title>The Book</dc:title>{metadata}</metadata>"
        f"<manifest>{items}{manifest}</manifest><spine>{references}</spine></package>"
    )


def book(path: Path, *, opf: str = "", mimetype: bool = True, **members: str) -> Path:
    files = {
        "META-INF/container.xml": CONTAINER,
        "OPS/book.opf": opf or package(),
        "OPS/one page.xhtml": PAGE.format("<body><h1>First</h1><p>It begins.</p></body>"),
        "OPS/two page.xhtml": PAGE.format("<body><p>It ends.</p></body>"),
    }
    files |= {name.replace("__", "/").replace("_dot_", "."): text for name, text in members.items()}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        if mimetype:
            archive.writestr("mimetype", "application/epub+zip", zipfile.ZIP_STORED)
        for name, text in files.items():
            archive.writestr(name, text)
    path.write_bytes(buffer.getvalue())
    return path


def refusal(path: Path) -> str:
    with pytest.raises(UnreadableFile) as caught:
        read(path)
    return caught.value.message


def outline(extracted: Extracted) -> list[str]:
    for heading in extracted.headings:
        assert extracted.text[heading.offset :].startswith(heading.title)
    return [heading.title for heading in extracted.headings]


@pytest.mark.parametrize(("name", "mimetype"), [("book.epub", False), ("book.bin", True)])
def test_a_book_is_known_by_its_type_or_its_name(tmp_path: Path, name: str, mimetype: bool) -> None:
    assert read(book(tmp_path / name, mimetype=mimetype)).kind == "epub"


def test_chapters_come_in_the_order_of_the_spine_and_begin_units(tmp_path: Path) -> None:
    extracted = read(book(tmp_path / "b.epub", opf=package("two one")))

    assert extracted.text == "It ends.\n\nFirst\n\nIt begins."
    assert [extracted.text[cut:].split("\n")[0] for cut in extracted.cuts] == ["First"]


def test_title_and_authors_are_known(tmp_path: Path) -> None:
    authors = "<dc:creator>Ann Lee</dc:creator><dc:creator>Bo</dc:creator><dc:date>1999</dc:date>"

    extracted = read(book(tmp_path / "b.epub", opf=package(metadata=authors)))

    assert extracted.title == "The Book"
    assert extracted.metadata == {"author": "Ann Lee, Bo", "created": "1999"}


NAVIGATION = (
    '<nav epub:type="landmarks"><a href="two%20page.xhtml">Start</a></nav>'
    '<nav epub:type="toc"><ol><li><a href="one%20page.xhtml#a">Not used</a></li>'
    '<li><a href="two%20page.xhtml">The <b>End</b></a></li></ol></nav>'
)
NCX = (
    '<!DOCTYPE ncx PUBLIC "-//NISO//DTD ncx 2005-1//EN" "http://nowhere.invalid/ncx.dtd"><ncx><navMap>'
    "<navPoint><navLabel><text>The End</text></navLabel>"
    '<content src="two%20page.xhtml#x"/></navPoint></navMap></ncx>'
)


@pytest.mark.parametrize(
    ("name", "type_", "properties", "content"),
    [
        ("nav.xhtml", XHTML, 'properties="nav"', PAGE.format(f"<body>{NAVIGATION}</body>")),
        ("toc.ncx", "application/x-dtbncx+xml", "", NCX),
    ],
)
def test_a_chapter_without_headings_stands_under_its_title_in_the_contents(
    tmp_path: Path, name: str, type_: str, properties: str, content: str
) -> None:
    item = f'<item id="toc" href="{name}" media-type="{type_}" {properties}/>'
    opf = package("toc one two", manifest=item)
    path = book(tmp_path / "b.epub", opf=opf, **{f"OPS__{name.replace('.', '_dot_')}": content})

    extracted = read(path)

    assert extracted.text == "First\n\nIt begins.\n\nThe End\n\nIt ends."
    assert outline(extracted) == ["First", "The End"]
    assert chunk(extracted, size=20)[-1].heading == "The End"


def test_a_missing_chapter_is_counted_and_a_book_without_chapters_refused(tmp_path: Path) -> None:
    gone = f'<item id="gone" href="gone.xhtml" media-type="{XHTML}"/>'

    some = read(book(tmp_path / "a.epub", opf=package("one gone", manifest=gone)))

    assert some.metadata["missing_chapters"] == "1"
    assert "chapters are missing" in refusal(
        book(tmp_path / "b.epub", opf=package("gone", manifest=gone))
    )


ENCRYPTION = (
    '<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container" '
    'xmlns:enc="http://www.w3.org/2001/04/xmlenc#"><enc:EncryptedData>'
    '<enc:EncryptionMethod Algorithm="{}"/><enc:CipherData><enc:CipherReference URI="{}"/>'
    "</enc:CipherData></enc:EncryptedData></encryption>"
)
AES = "http://www.w3.org/2001/04/xmlenc#aes128-cbc"


def test_a_protected_book_says_so(tmp_path: Path) -> None:
    encryption = ENCRYPTION.format(AES, "OPS/one%20page.xhtml")

    assert "DRM" in refusal(
        book(tmp_path / "b.epub", **{"META-INF__encryption_dot_xml": encryption})
    )


@pytest.mark.parametrize(
    ("algorithm", "what"),
    [("http://www.idpf.org/2008/embedding", "OPS/one%20page.xhtml"), (AES, "OPS/font.otf")],
)
def test_garbled_fonts_do_not_keep_a_book_closed(tmp_path: Path, algorithm: str, what: str) -> None:
    encryption = ENCRYPTION.format(algorithm, what)

    path = book(tmp_path / "b.epub", **{"META-INF__encryption_dot_xml": encryption})

    assert "It begins." in read(path).text


def test_damage_is_named(tmp_path: Path) -> None:
    whole = book(tmp_path / "whole.epub").read_bytes()
    cut = tmp_path / "cut.epub"
    cut.write_bytes(whole[: len(whole) // 2])

    assert "damaged zip archive" in refusal(cut)
    assert "OPS/book.opf" in refusal(book(tmp_path / "b.epub", opf="<package><broken"))


def test_entities_that_grow_are_not_expanded(tmp_path: Path) -> None:
    laughs = '<!DOCTYPE l [<!ENTITY a "haha">' + "".join(
        f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(12)
    )
    opf = laughs + "]>" + package(metadata="<dc:creator>&m;</dc:creator>")

    try:
        assert len(str(read(book(tmp_path / "b.epub", opf=opf)).metadata)) < 1000
    except UnreadableFile as error:
        assert "damaged" in error.message


def test_a_file_outside_is_never_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("SECRET")
    outside = f'<!DOCTYPE p [<!ENTITY s SYSTEM "{secret.as_uri()}">]>'
    opf = outside + package("one up", metadata="<dc:creator>&s;</dc:creator>").replace(
        "</manifest>",
        f'<item id="up" href="../../../../{secret}" media-type="{XHTML}"/></manifest>',
    )

    extracted = read(book(tmp_path / "b.epub", opf=opf))

    assert "SECRET" not in extracted.text + str(extracted.metadata)

"""Every file is either read truly or refused with its true reason."""

from __future__ import annotations

import io
import os
import socket
import time
import unicodedata
import zipfile
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from morgan_core.errors import UnreadableFile
from morgan_core.library.readers import Extracted, Source, formats, read
from tests.office_files import package


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def reason(path: Path, **options: int) -> str:
    with pytest.raises(UnreadableFile) as caught:
        read(path, **options)
    return caught.value.message


# --- text ----------------------------------------------------------------------------------


def test_text_is_read_as_it_stands_and_says_what_it_was_read_from(tmp_path: Path) -> None:
    content = "First line\n\n  indented\tline\n"

    extracted = read(write(tmp_path, "note.txt", content))

    assert extracted.text == "First line\n\n  indented\tline"
    assert (extracted.kind, extracted.language, extracted.pages) == ("text", "en", ())
    assert extracted.sha256 == sha256(content.encode()).hexdigest()
    assert extracted.bytes == len(content)


SENTENCE = "Die Größe der Straße ist für die Übung nicht über alle Maßen wichtig. "


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "latin-1"],
)
def test_the_encoding_is_found(tmp_path: Path, encoding: str) -> None:
    text = (SENTENCE * 20).strip()

    extracted = read(write(tmp_path, "brief.txt", text.encode(encoding)))

    assert extracted.text == text
    assert extracted.language == "de"


@pytest.mark.parametrize(
    ("encoding", "language", "text"),
    [
        ("shift_jis", "ja", "名前,年齢,住所\n佐藤太郎,30,東京\n三木英子,25,大阪\n"),
        ("euc_jp", "ja", "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。" * 3),
        ("gb18030", "zh", "北京是中华人民共和国的首都，是全国的政治中心和文化中心。" * 3),
        ("shift_jis", "ja", "吾輩は猫である。名前はまだ無い。どこで生れたか頓と見当がつかぬ。"),
        ("koi8_r", "ru", "Москва является столицей и крупнейшим городом страны. " * 3),
        ("utf-16-le", "ru", "Москва является столицей и крупнейшим городом страны. " * 3),
        ("utf-16-be", "zh", "北京是中华人民共和国的首都，是全国的政治中心。\n" * 3),
        ("cp1252", "de", "Die Größe der Straße ist – wie man sagt – “wichtig” für 5 €. " * 3),
        ("big5", "zh", "臺北市是中華民國的首都，也是臺灣的政治文化中心。" * 3),
        ("cp1251", "ru", "Москва является столицей и крупнейшим городом страны. " * 3),
        ("euc_kr", "ko", "서울은 대한민국의 수도이자 최대 도시이다. 한강을 끼고 있다. " * 3),
    ],
)
def test_older_encodings_of_other_scripts_are_found(
    tmp_path: Path, encoding: str, language: str, text: str
) -> None:
    extracted = read(write(tmp_path, "data.txt", text.encode(encoding)))

    assert extracted.text == text.strip("\n")
    assert extracted.language == language


def test_a_broken_byte_does_not_spoil_the_rest_of_utf8(tmp_path: Path) -> None:
    content = (SENTENCE * 10).encode() + b"\xff" + SENTENCE.encode()

    text = read(write(tmp_path, "cut.txt", content)).text

    assert "Größe der Straße" in text
    assert text.count("\ufffd") == 1


def test_what_steers_a_terminal_does_not_get_into_the_text(tmp_path: Path) -> None:
    content = "Before\x1b]52;c;ZXZpbA==\x07\x1b]0;owned\x1b\\\x1b[2J after\u202e\x9b31m.\r\nNext"

    text = read(write(tmp_path, "evil.txt", content)).text

    assert text == "Before after.\nNext"


@given(st.one_of(st.binary(max_size=400), st.text(max_size=200).map(str.encode)))
def test_any_bytes_give_clean_text_or_a_reason(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = write(tmp_path_factory.getbasetemp(), f"any-{os.getpid()}", content)

    try:
        extracted = read(path)
    except UnreadableFile as error:
        assert error.message
    else:
        assert extracted.text.strip()
        assert {c for c in extracted.text if unicodedata.category(c) == "Cc"} <= {"\n", "\t"}


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("page.html", "<p>Hello</p>", "html"),
        ("page", "<!DOCTYPE html><html><body>Hello</body></html>", "html"),
        ("data.json", '{"a": 1}', "json"),
        ("table.csv", "a,b\n1,2", "csv"),
        ("book.ipynb", '{"nbformat": 4, "cells": [{"source": "x"}]}', "notebook"),
        ("code.py", "print(1)", "code"),
        ("script", "#!/bin/sh\necho", "code"),
        ("README", "Hello", "text"),
        ("notes.md", "Hello", "markdown"),
        ("wrong.pdf", "This is no PDF at all.", "text"),
    ],
)
def test_the_kind_says_what_the_file_is(tmp_path: Path, name: str, content: str, kind: str) -> None:
    assert read(write(tmp_path, name, content)).kind == kind


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "The house is on the hill and it was built by the father of the man."),
        ("de", "Das Haus steht auf dem Hügel und wurde von dem Vater des Mannes gebaut."),
        ("fr", "La maison est sur la colline et elle a été construite par le père de l'homme."),
        ("es", "La casa está en la colina y fue construida por el padre del hombre."),
        ("it", "La casa è sulla collina ed è stata costruita dal padre di un uomo, non del re."),
        ("pt", "A casa fica na colina e foi construída pelo pai do homem, mas não é uma torre."),
        ("nl", "Het huis staat op de heuvel en is door de vader van een man gebouwd."),
        ("pl", "Dom stoi na wzgórzu i został zbudowany przez ojca, który nie jest już tam."),
        ("ru", "Дом стоит на холме, и его построил отец этого человека."),
        ("uk", "Будинок стоїть на пагорбі, і його збудував батько цієї людини."),
        ("ja", "家は丘の上にあり、その男の父によって建てられた。"),
        ("zh", "房子在山上，是那个人的父亲建造的。"),
        ("ko", "집은 언덕 위에 있고 그 남자의 아버지가 지었다."),
        ("ar", "البيت على التل وقد بناه والد الرجل."),
        ("el", "Το σπίτι είναι στον λόφο και χτίστηκε από τον πατέρα."),
        ("he", "הבית נמצא על הגבעה ונבנה על ידי אביו של האיש."),
        ("en", "12 34 56 | 78 | 90"),
        ("en", "Total 14 Smith 22 Jones 7 Miller 9"),
    ],
)
def test_the_language_is_guessed(tmp_path: Path, language: str, text: str) -> None:
    assert read(write(tmp_path, "text.txt", text)).language == language


def test_line_n_of_a_text_is_line_n_of_the_file(tmp_path: Path) -> None:
    content = "\n\nthree\n\n\n\n\fseven\u2028still seven\r\neight\n"

    for name in ("a.txt", "a.md", "a.log", "a.py"):
        extracted = read(write(tmp_path, name, content))

        assert extracted.lines
        assert extracted.text.split("\n")[2::4] == ["three", "seven still seven"]


# --- Markdown ------------------------------------------------------------------------------


def headings(extracted: Extracted) -> list[tuple[int, str]]:
    return [(heading.level, heading.title) for heading in extracted.headings]


def test_markdown_headings_are_found_where_they_stand(tmp_path: Path) -> None:
    content = """\
# One #

Text under one.

Two words
=========

### Three *with* `markup` and a [link](http://x) {#id}

Setext
two
---

```python
# no heading
```

    # indented code, no heading

#no heading either
- item
---
> quote
"""
    extracted = read(write(tmp_path, "doc.md", content))

    assert headings(extracted) == [
        (1, "One"),
        (1, "Two words"),
        (3, "Three with markup and a link"),
        (2, "Setext two"),
    ]
    for heading in extracted.headings:
        assert extracted.text[heading.offset :].lstrip("# ").startswith(heading.title[:3])
    assert extracted.title == "One"


def test_front_matter_gives_the_title_and_no_heading(tmp_path: Path) -> None:
    content = '---\ntitle: "The Lease"\nauthor: Ann\ntags: [a, b]\n---\n# Section\n\nText.\n'

    extracted = read(write(tmp_path, "doc.md", content))

    assert extracted.title == "The Lease"
    assert extracted.metadata["author"] == "Ann"
    assert "tags" not in extracted.metadata
    assert headings(extracted) == [(1, "Section")]


def test_a_longer_fence_is_closed_only_by_one_as_long(tmp_path: Path) -> None:
    content = "````\n```\n# inside\n```\n````\n\n# Outside\n"

    assert headings(read(write(tmp_path, "doc.md", content))) == [(1, "Outside")]


# --- what is refused -----------------------------------------------------------------------


def zipped(*names: str, mimetype: str = "") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        if mimetype:
            archive.writestr("mimetype", mimetype)
        for name in names:
            archive.writestr(name, "x")
    return buffer.getvalue()


def ole(stream: str) -> bytes:
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + f"{stream}\0".encode("utf-16-le")


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.docx", zipped("[Content_Types].xml", "word/document.xml"), "without a document"),
        ("a.docx", zipped("[Content_Types].xml", "_rels/.rels"), "is not XML"),
        ("a.vsdx", package("visio/document.xml", {}), "a kind that Morgan does not read"),
        ("a.docx", package("word/document.xml", {}), "word/document.xml is missing"),
        (
            "a.epub",
            zipped("OPS/a.xhtml", mimetype="application/epub+zip"),
            "META-INF/container.xml",
        ),
        ("a.odg", zipped(mimetype="application/vnd.oasis.opendocument.graphics"), "OpenDocument"),
        ("a.zip", zipped("a.txt"), "archives are switched off (zip)"),
        ("a.docx", b"PK\x03\x04 damaged", "damaged zip archive"),
        ("a.png", b"\x89PNG\r\n\x1a\n" + bytes(20), "a scan needs OCR"),
        ("a.docx", ole("EncryptedPackage"), "encrypted: it needs a password"),
        ("a.doc", ole("WordDocument"), "save it as .docx"),
        ("a.ppt", ole("PowerPoint Document"), "save it as .pptx"),
        ("a.xls", ole("Workbook"), "a damaged workbook"),
        ("a.doc", ole("Contents"), "damaged: an Office or Outlook file"),
        ("a.bin", bytes(range(256)) * 8, "binary data"),
        ("a.bin", bytes(4000), "binary data"),
        ("a.txt", b"", "the file is empty"),
        ("a.txt", b" \n\t\n", "no text in the file"),
        ("a.txt", b"\x1b[0m\x1b[1m", "no text in the file"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_read_has_its_true_reason(
    tmp_path: Path, name: str, content: bytes, expected: str
) -> None:
    assert expected in reason(write(tmp_path, name, content))


def test_a_text_that_begins_like_a_binary_file_is_text(tmp_path: Path) -> None:
    assert read(write(tmp_path, "mz.txt", "MZ is the sign of Mark Zbikowski.")).kind == "text"


def test_a_missing_file_is_gone(tmp_path: Path) -> None:
    assert reason(tmp_path / "absent.txt") == "the file is gone"


def test_a_folder_is_not_a_file(tmp_path: Path) -> None:
    assert reason(tmp_path) == "it is a folder, not a file"


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")

    assert reason(tmp_path / "pipe.txt") == "it is a named pipe, not a file"


def test_devices_and_sockets_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's path must be short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("s")

        assert "socket" in reason(Path("s"))
    assert reason(Path("/dev/zero")) == "it is a device, not a file"


def test_a_symbolic_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "link.txt").symlink_to(write(tmp_path, "secret.txt", "secret"))

    assert reason(tmp_path / "link.txt") == "it is a symbolic link"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_says_so(tmp_path: Path) -> None:
    path = write(tmp_path, "locked.txt", "text")
    path.chmod(0)

    assert reason(path) == "no permission to read it"


def test_a_file_over_the_limit_is_not_read(tmp_path: Path) -> None:
    path = write(tmp_path, "big.txt", b"x" * 2049)

    assert reason(path, max_bytes=2048) == "larger than 2 KiB"
    assert read(path, max_bytes=2049).bytes == 2049


def test_a_file_that_claims_to_be_small_and_never_ends_is_cut_off() -> None:
    # Files of /proc report a size of 0, like one that grows while it is read.
    path = Path("/proc/self/smaps")
    if not path.exists():
        pytest.skip("no /proc here")

    assert reason(path, max_bytes=1024) == "larger than 1 KiB"


# --- the registry --------------------------------------------------------------------------


def test_every_file_is_claimed_and_content_goes_before_the_name() -> None:
    names = [f.name for f in formats()]

    assert names[-1] == "text"
    assert names.index("pdf") < names.index("markdown")
    assert formats()[-1].claims(Source(name="", content=b""))


# --- time ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.txt", " " * 400_000 + "x"),
        ("a.txt", ("\n" + " " * 100) * 4000),
        ("a.md", "# " + "[" * 200_000),
        ("a.md", "# " + "*a" * 200_000),
        ("a.txt", "\x1b]" * 200_000),
        ("a.txt", "\x9d" * 200_000 + "x"),
    ],
    ids=("blanks", "blank lines", "brackets", "stars", "osc", "8-bit osc"),
)
def test_no_small_file_takes_long(tmp_path: Path, name: str, content: str) -> None:
    path = write(tmp_path, name, content + "end")
    started = time.process_time()

    assert read(path).text.endswith("end")

    assert time.process_time() - started < 3


def test_a_large_file_in_an_older_encoding_is_read(tmp_path: Path) -> None:
    text = "名前,年齢,住所\n佐藤太郎,30,東京\n三木英子,25,大阪\n" * 10_000

    extracted = read(write(tmp_path, "large.txt", text.encode("cp932")))

    assert extracted.text == text.strip("\n")

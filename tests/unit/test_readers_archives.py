"""Archives, when they are switched on: each file in them by its own format, within limits."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from collections.abc import Callable, Mapping

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from morgan_core.errors import UnreadableFile
from morgan_core.library import readers
from morgan_core.library.chunking import chunk
from morgan_core.library.readers import Extracted, Source, extract
from morgan_core.library.readers import archive as archive_module
from morgan_core.library.readers import members as members_module
from morgan_core.library.readers.base import Heading
from tests.office_files import package
from tests.ole_files import msg
from tests.pdfs import make_pdf

Files = Mapping[str, bytes]

LEASE = b"# Lease\n\nTwo years.\n\n## Rent\n\n900 a month."
NOTE = "Die Größe der Straße.".encode()


def zipped(files: Files) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def tarred(files: Files, *, format: int = tarfile.PAX_FORMAT) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=format) as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def zstd(content: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(content)


PACKERS: dict[str, Callable[[Files], bytes]] = {
    "a.zip": zipped,
    "a.tar": tarred,
    "a.tar.gz": lambda files: gzip.compress(tarred(files)),
    "a.tgz": lambda files: gzip.compress(tarred(files, format=tarfile.GNU_FORMAT)),
    "a.tar.bz2": lambda files: bz2.compress(tarred(files)),
    "a.tar.xz": lambda files: lzma.compress(tarred(files)),
    "a.tar.zst": lambda files: zstd(tarred(files)),
}


def read(content: bytes, name: str = "a.zip", *, archives: bool = True) -> Extracted:
    return extract(Source(name=name, content=content, archives=archives))


def reason(content: bytes, name: str = "a.zip", *, archives: bool = True) -> str:
    with pytest.raises(UnreadableFile) as caught:
        read(content, name, archives=archives)
    return str(caught.value)


# --- what is read --------------------------------------------------------------------------


@pytest.mark.parametrize("name", PACKERS)
def test_each_file_is_a_section_at_its_path_read_by_its_own_format(name: str) -> None:
    content = PACKERS[name]({"papers/lease.md": LEASE, "Größe/note.txt": NOTE})

    extracted = read(content, name)

    assert extracted.kind == "archive"
    assert extracted.text == (
        "papers/lease.md\n\n" + LEASE.decode() + "\n\nGröße/note.txt\n\n" + NOTE.decode()
    )
    rent, note = extracted.text.index("900"), extracted.text.index("Die Größe")
    assert extracted.heading_at(rent) == "papers/lease.md › Lease › Rent"
    assert extracted.place_of(rent, rent + 3) == "papers/lease.md"
    assert extracted.heading_at(note) == extracted.place_of(note, note + 3) == "Größe/note.txt"
    assert extracted.files == (0, note - len("Größe/note.txt\n\n"))
    assert [piece.place for piece in chunk(extracted, size=900)] == [
        "papers/lease.md",
        "Größe/note.txt",
    ]
    assert extracted.metadata == {"files": "2", "left_out": "0"}


def test_pages_and_places_stand_behind_the_path() -> None:
    files = {"lease.pdf": make_pdf("The first page.", "The rent."), "a.eml": b""}
    files["a.eml"] = (
        b"From: a@example.org\r\nSubject: Rent\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n"
        b"--x\r\n\r\nSee below.\r\n--x\r\nContent-Disposition: attachment; filename=b.txt\r\n\r\n"
        b"Attached text.\r\n--x--\r\n"
    )

    extracted = read(zipped(files))

    rent, attached = extracted.text.index("The rent."), extracted.text.index("Attached text.")
    assert extracted.place_of(rent, rent + 4) == "lease.pdf, page 2"
    assert extracted.place_of(attached, attached + 4) == "a.eml, attachment b.txt"
    assert extracted.heading_at(attached) == "a.eml › Rent › b.txt"


def test_an_outlook_message_in_an_archive_is_read() -> None:
    assert (
        "The rent is due."
        in read(zipped({"a.msg": msg({0x37: "S", 0x1000: "The rent is due."})})).text
    )


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("lease.md.gz", gzip.compress),
        ("lease.md.bz2", bz2.compress),
        ("lease.md.xz", lzma.compress),
        ("lease.md.zst", zstd),
    ],
)
def test_a_file_that_is_only_compressed_is_read_under_its_own_name(
    name: str, pack: Callable[[bytes], bytes]
) -> None:
    extracted = read(pack(LEASE), name)

    assert extracted.headings[:2] == (
        Heading(offset=0, level=1, title="lease.md"),
        Heading(offset=10, level=2, title="Lease"),
    )


def test_frames_of_zstd_one_after_the_other_are_one_file() -> None:
    content = zstd(LEASE) + zstd(b"\n\nSigned.") + zstd(b"x" * 5000)

    text = read(content, "lease.md.zst").text

    assert "a month.\n\nSigned.xxx" in text and text.count("x") == 5000


def test_a_tar_of_before_posix_is_known_by_its_name() -> None:
    old = bytearray(tarred({"a.txt": b"Old text."}, format=tarfile.USTAR_FORMAT))
    old[257:265] = bytes(8)
    old[148:156] = b" " * 8
    old[148:156] = b"%06o\0 " % sum(old[:512])

    assert "Old text." in read(bytes(old), "a.tar").text


def test_names_that_say_nothing_of_utf_8_are_read_as_utf_8() -> None:
    content = zipped({"GrOsse.txt": b"Text."})

    content = content.replace(b"GrOsse", "Größ".encode())

    assert read(content).text.startswith("Größ.txt\n\n")


# --- what is not opened --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kind"),
    [("a.zip", "zip"), ("a.tar", "tar"), ("a.tgz", "gzip"), ("a.tar.bz2", "bzip2"),
     ("a.tar.xz", "xz"), ("a.tar.zst", "zstd")],
)  # fmt: skip
def test_while_archives_are_switched_off_the_reason_names_the_setting(name: str, kind: str) -> None:
    assert reason(PACKERS[name]({"a.txt": b"x"}), name, archives=False) == (
        f"archives are switched off ({kind})."
        " Switch them on with the setting read_archives, or unpack it."
    )


def test_office_files_stay_office_files() -> None:
    office = zipped({"[Content_Types].xml": b"<x/>", "_rels/.rels": b"<x/>"})

    assert "Office file" in reason(office, "a.zip")


def test_text_that_begins_like_a_compressed_file_is_text() -> None:
    assert read(b"BZh is how bzip2 begins.", "a.txt").kind == "text"


@pytest.mark.parametrize("name", PACKERS)
def test_what_is_left_out_is_counted_by_reason(name: str) -> None:
    files = {
        "good.txt": b"Good text.",
        ".git/config": b"[core]",
        "__MACOSX/._good.txt": b"x",
        "src/node_modules/a.js": b"x",
        "draft.txt~": b"x",
        "id_rsa": b"x",
        "deep/server.txt": b"-----BEGIN RSA PRIVATE KEY-----\nabc",
        "inner.zip": zipped({"a.txt": b"inside"}),
        "inner.tar.gz": gzip.compress(tarred({"a.txt": b"inside"})),
        "empty.txt": b"",
        "blank.txt": b" \n",
        "a.png": b"\x89PNG\r\n\x1a\n" + bytes(20),
        "a.docx": b"PK\x03\x04 damaged",
        "program": b"\x7fELF" + bytes(100),
    }

    extracted = read(PACKERS[name](files), name)

    at = extracted.text.index("Left out of this archive")
    assert sorted(extracted.text[at:].splitlines()[2:]) == [
        "- 1: damaged",
        "- 1: empty",
        "- 1: hidden",
        "- 1: it is a program, not a document",
        "- 1: no text in it",
        "- 1: no text in it: a scan needs OCR",
        "- 1: temporary",
        "- 2: an archive in the archive",
        "- 2: secret",
        "- 2: tool output",
    ]
    assert extracted.text[:at] == "good.txt\n\nGood text.\n\n"
    assert extracted.place_of(at, at + 1) == "left out of this archive"
    assert extracted.metadata == {"files": "1", "left_out": "13"}


def test_an_archive_without_anything_readable_says_what_is_in_it() -> None:
    assert reason(zipped({".a": b"x", ".b": b"x", "id_rsa": b"x"})) == (
        "nothing in the archive can be read (2: hidden; 1: secret)"
    )
    assert reason(zipped({"folder/": b""})) == "there are no files in the archive"


def test_encrypted_files_are_told_and_the_others_read() -> None:
    content = bytearray(zipped({"locked.txt": b"secret", "open.txt": b"Open text."}))
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + flags] |= 1

    text = read(bytes(content)).text

    assert "Open text." in text and "secret" not in text
    assert text.endswith("- 1: encrypted: it needs a password")


def test_a_method_of_packing_that_is_not_known_is_told() -> None:
    content = bytearray(zipped({"a.txt": b"x" * 99, "open.txt": b"Open text."}))
    for signature, method in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        content[content.index(signature) + method] = 97

    assert read(bytes(content)).text.endswith("- 1: packed by a method that Morgan does not know")


def test_links_and_devices_in_a_tar_are_not_followed() -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, kind in (("l", tarfile.SYMTYPE), ("h", tarfile.LNKTYPE), ("d", tarfile.CHRTYPE)):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)

    assert reason(buffer.getvalue(), "a.tar") == (
        "nothing in the archive can be read (2: a link; 1: not a file)"
    )


def test_a_link_in_a_zip_is_not_followed() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        link = zipfile.ZipInfo("link.txt")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")

    assert reason(buffer.getvalue()) == "nothing in the archive can be read (1: a link)"


@pytest.mark.parametrize("name", ["a.zip", "a.tar"])
@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("../../etc/passwd", "../../etc/passwd"),
        ("/etc/passwd", "etc/passwd"),
        ("./a//b.txt", "a/b.txt"),
        ("C:\\Users\\a.txt", "C:/Users/a.txt"),
        ("a\x1b]0;evil\x07.txt", "a␛]0;evil␇.txt"),
        ("a\nb.txt", "a␤b.txt"),
        ("x" * 400 + ".txt", "…" + "x" * 296 + ".txt"),
    ],
)
def test_paths_are_only_names_and_shown_without_escapes(name: str, path: str, shown: str) -> None:
    extracted = read(PACKERS[name]({path: b"Text."}), name)

    assert extracted.text == f"{shown}\n\nText."
    assert extracted.place_of(0, 1) == shown


# --- limits --------------------------------------------------------------------------------


BOMB = "a zip bomb"


@pytest.mark.parametrize("name", PACKERS)
def test_an_archive_that_unpacks_to_too_much_is_refused_whole(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive_module, "MAX_UNPACKED", 30_000)
    content = PACKERS[name]({"good.txt": b"Good text.", "big.txt": b"word " * 8_000})

    assert BOMB in reason(content, name)


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, zstd])
def test_a_bomb_of_one_repeated_byte_is_refused(pack: Callable[[bytes], bytes]) -> None:
    assert BOMB in reason(pack(bytes(17 * 1024 * 1024)), "a.gz")


def test_an_office_file_that_is_a_bomb_is_told_and_the_others_read() -> None:
    bomb = package("word/document.xml", {"word/document.xml": bytes(40 * 1024 * 1024)})

    text = read(tarred({"bomb.docx": bomb, "good.txt": b"Good text."}), "a.tar").text

    assert "Good text." in text and text.endswith("- 1: it unpacks to too much")


def test_a_sparse_file_in_a_tar_does_not_unpack_beyond_the_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(archive_module, "MAX_UNPACKED", 1_000_000)
    info = tarfile.TarInfo("sparse.txt")
    info.size = 512
    info.pax_headers = {
        "GNU.sparse.major": "0",
        "GNU.sparse.minor": "1",
        "GNU.sparse.name": "sparse.txt",
        "GNU.sparse.size": "90000000",
        "GNU.sparse.map": "89999488,512",
    }
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(info, io.BytesIO(b"x" * 512))

    assert BOMB in reason(buffer.getvalue(), "a.tar")


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.tar.gz"])
def test_thousands_of_files_are_read_and_more_are_refused(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = PACKERS[name]({f"notes/{n}.txt": b"Note %d." % n for n in range(3000)})

    assert "notes/2999.txt\n\nNote 2999." in read(content, name).text

    monkeypatch.setattr(archive_module, "MAX_MEMBERS", 2999)
    assert reason(content, name) == "more than 2,999 files in one archive"


@pytest.mark.parametrize("name", ["a.zip", "a.tar"])
def test_a_file_that_is_too_large_is_told_and_not_unpacked(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(members_module, "MAX_MEMBER", 1024)
    content = PACKERS[name]({"big.txt": b"x" * 1025, "good.txt": b"Good text."})

    assert read(content, name).text.endswith("- 1: larger than 1 KiB")


def test_a_file_nested_too_deeply_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def reading(source: Source) -> Extracted:
        if source.name == "deep.xml":
            raise RecursionError
        return extract(source)

    monkeypatch.setattr(readers, "extract", reading)

    text = read(zipped({"deep.xml": b"<x/>", "good.txt": b"Good."})).text

    assert text.endswith("Good.\n\nLeft out of this archive\n\n- 1: nested too deeply to be read")


# --- damage --------------------------------------------------------------------------------


def test_a_damaged_file_in_a_zip_is_told_and_the_others_read() -> None:
    content = zipped({"bad.txt": b"x" * 99, "good.txt": b"Good text."})
    at = content.index(b"bad.txt") + len(b"bad.txt")

    text = read(content[:at] + b"\xff\xff\xff" + content[at + 3 :]).text

    assert "Good text." in text and text.endswith("- 1: damaged")


@pytest.mark.parametrize("name", ["a.tar.gz", "a.tar.bz2", "a.tar.xz", "a.tar.zst"])
def test_a_compressed_archive_that_was_cut_off_is_damaged(name: str) -> None:
    content = PACKERS[name]({f"{n}.txt": b"Text %d" % n for n in range(200)})

    assert "damaged" in reason(content[: len(content) // 2], name)


def test_a_tar_that_was_cut_off_tells_that_the_rest_is_missing() -> None:
    content = tarred({"good.txt": b"Good text.", "cut.txt": b"word " * 1000})

    text = read(content[: content.index(b"cut.txt") + 1000], "a.tar").text

    assert "Good text." in text and "damaged" in text


def test_a_tar_with_a_broken_header_tells_that_the_rest_is_missing() -> None:
    content = bytearray(tarred({"good.txt": b"Good text.", "next.txt": b"Next."}))
    content[content.index(b"next.txt")] = 0xFF

    text = read(bytes(content), "a.tar").text

    assert "Good text." in text and text.endswith("- 1: what follows a damaged place")


@given(st.sampled_from(sorted(PACKERS)), st.data())
def test_any_damaged_archive_is_read_or_refused(name: str, data: st.DataObject) -> None:
    content = bytearray(PACKERS[name]({"a.txt": b"some text " * 9, "b/c.html": b"<p>x</p>"}))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))

    try:
        extracted = read(bytes(content[: data.draw(st.integers(0, len(content)))]), name)
    except UnreadableFile as error:
        assert error.message
    else:
        assert "\x1b" not in extracted.text

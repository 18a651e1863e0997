"""Members of a zip file are read within limits, or refused with the reason."""

from __future__ import annotations

import io
import warnings
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from morgan_core.errors import UnreadableFile
from morgan_core.library.readers import archive as archive_module
from morgan_core.library.readers.archive import Archive


def zipped(members: dict[str, bytes], *, compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def refusal(content: bytes, name: str) -> str:
    with pytest.raises(UnreadableFile) as caught:
        Archive(content).read(name)
    return caught.value.message


def test_members_are_listed_and_read() -> None:
    archive = Archive(zipped({"b.txt": b"second", "a.txt": b"first"}))

    assert archive.names == ("b.txt", "a.txt")
    assert archive.read("a.txt") == b"first"
    assert "a.txt" in archive and "c.txt" not in archive


def test_a_missing_member_is_named_without_its_escapes() -> None:
    assert (
        refusal(zipped({"a": b""}), "gone\x1b[2J.xml") == "damaged: gone␛[2J.xml is missing in it"
    )


def test_a_member_that_unpacks_a_thousandfold_is_a_bomb() -> None:
    assert "zip bomb" in refusal(zipped({"a.xml": bytes(64 * 1024 * 1024)}), "a.xml")


def test_a_table_of_equal_cells_is_no_bomb() -> None:
    rows = b"".join(b'<c r="A%d"><v>%d</v></c>' % (n, n % 7) for n in range(900_000))

    assert Archive(zipped({"sheet.xml": rows})).read("sheet.xml") == rows


def test_what_is_unpacked_counts_for_all_members_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive_module, "MAX_UNPACKED", 1000)
    archive = Archive(zipped({"a": bytes(600), "b": bytes(600)}))

    archive.read("a")

    with pytest.raises(UnreadableFile, match="zip bomb"):
        archive.read("b")


def test_too_many_members_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive_module, "MAX_MEMBERS", 10)

    for count in (11, 30):
        with pytest.raises(UnreadableFile, match="more than 10 files"):
            Archive(zipped({str(n): b"" for n in range(count)}))


def test_an_encrypted_member_needs_a_password() -> None:
    content = bytearray(zipped({"a.xml": b"text"}))
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + flags] |= 1

    assert refusal(bytes(content), "a.xml") == "encrypted: it needs a password"


def test_a_damaged_member_is_named() -> None:
    content = zipped({"a.xml": b"text " * 100}, compression=zipfile.ZIP_STORED)

    assert refusal(content.replace(b"text text", b"test text", 1), "a.xml") == (
        "damaged: a.xml in it cannot be unpacked"
    )


@given(st.data())
def test_a_damaged_archive_gives_its_members_or_a_reason(data: st.DataObject) -> None:
    content = bytearray(zipped({"a": b"some text " * 9, "b/c": b"<x/>"}))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(content)))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zipfile warns of repeated names
        for damaged in (bytes(content), bytes(content[:cut])):
            try:
                archive = Archive(damaged)
                for name in archive.names:
                    archive.read(name)
            except UnreadableFile as error:
                assert error.message

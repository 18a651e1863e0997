"""Extracted texts survive and are never wrong: a damaged one counts as absent."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from morgan_core.library import texts as texts_module
from morgan_core.library.readers.base import Extracted, Heading
from morgan_core.library.texts import TextStore

KEY = sha256(b"a file").hexdigest()
DOCUMENT = Extracted(
    text="Größe 日本語 👩‍👧\n" * 1000,
    kind="pdf",
    title="Title",
    pages=(0, 10, 20),
    headings=(Heading(offset=3, level=1, title="A"),),
    metadata={"author": "someone"},
    language="de",
    sha256=KEY,
    bytes=123,
)


def stored_files(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


def test_what_is_put_is_got_back_and_takes_little_room(tmp_path: Path) -> None:
    store = TextStore(tmp_path)

    store.put(KEY, DOCUMENT)

    assert TextStore(tmp_path).get(KEY) == DOCUMENT
    assert sum(path.stat().st_size for path in stored_files(tmp_path)) < 1000


def test_an_unknown_text_is_none(tmp_path: Path) -> None:
    assert TextStore(tmp_path).get(KEY) is None


def test_a_second_put_replaces_the_first(tmp_path: Path) -> None:
    store = TextStore(tmp_path)
    store.put(KEY, DOCUMENT)

    store.put(KEY, Extracted(text="new", kind="text"))

    assert store.get(KEY) == Extracted(text="new", kind="text")
    assert len(stored_files(tmp_path)) == 1


def test_delete_leaves_nothing_and_may_be_repeated(tmp_path: Path) -> None:
    store = TextStore(tmp_path)
    store.put(KEY, DOCUMENT)

    store.delete(KEY)
    store.delete(KEY)

    assert store.get(KEY) is None
    assert stored_files(tmp_path) == []


@given(position=st.floats(0, 0.999), bit=st.integers(0, 7))
def test_a_flipped_bit_is_noticed(
    tmp_path_factory: pytest.TempPathFactory, position: float, bit: int
) -> None:
    root = tmp_path_factory.mktemp("texts")
    store = TextStore(root)
    store.put(KEY, DOCUMENT)
    (path,) = stored_files(root)
    content = bytearray(path.read_bytes())
    content[int(position * len(content))] ^= 1 << bit
    path.write_bytes(content)

    assert store.get(KEY) in (None, DOCUMENT)


@pytest.mark.parametrize("content", [b"", b"\x28\xb5\x2f\xfd", b"not zstd at all"])
def test_a_damaged_file_counts_as_absent_and_can_be_replaced(
    tmp_path: Path, content: bytes
) -> None:
    store = TextStore(tmp_path)
    store.put(KEY, DOCUMENT)
    stored_files(tmp_path)[0].write_bytes(content)

    assert store.get(KEY) is None
    store.put(KEY, DOCUMENT)
    assert store.get(KEY) == DOCUMENT


def test_the_text_of_an_older_reader_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = TextStore(tmp_path)
    store.put(KEY, DOCUMENT)

    monkeypatch.setattr(texts_module, "READER_VERSION", texts_module.READER_VERSION + 1)

    assert store.get(KEY) is None
    store.delete(KEY)
    assert stored_files(tmp_path) == []


def test_the_hashes_are_listed_and_half_written_files_swept(tmp_path: Path) -> None:
    store = TextStore(tmp_path)
    other = sha256(b"another").hexdigest()
    store.put(KEY, DOCUMENT)
    store.put(other, DOCUMENT)
    (tmp_path / KEY[:2] / ".tmp-crashed").write_bytes(b"half")

    store.sweep()

    assert sorted(store.hashes()) == sorted((KEY, other))
    assert len(stored_files(tmp_path)) == 2


def test_only_a_hash_is_a_key(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not a sha256"):
        TextStore(tmp_path).get("../../etc/passwd")

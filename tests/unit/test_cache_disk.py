"""Caches on disk run no code that they find there, and are worth nothing but time."""

from __future__ import annotations

import pickle
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from diskcache import Cache
from hypothesis import given
from hypothesis import strategies as st

from morgan_core.cache.disk import PlainDisk, open_cache
from morgan_core.embedding.base import EmbedderInfo
from morgan_core.embedding.cache import VectorCache, text_hash

INFO = EmbedderInfo(name="tiny", dimension=2, max_tokens=16)
LIMIT = 10**7


class Bomb:
    """Pickled, it writes a file when it is loaded."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.write_text, (self.target, "boom")


def vector(x: float, y: float) -> bytes:
    import struct

    return struct.pack("<2f", x, y)


@pytest.mark.parametrize("padding", [0, 100_000], ids=["in the row", "in a file"])
def test_a_planted_pickle_is_a_miss_and_does_not_run(tmp_path: Path, padding: int) -> None:
    mark = tmp_path / "mark"
    directory = tmp_path / "cache"
    with Cache(str(directory)) as planted:
        planted.set("key", (Bomb(mark), b"x" * padding))
        planted.set((Bomb(mark), 1), "pickled key")
    with open_cache(directory, size_limit=LIMIT) as cache:
        assert cache.get("key") is None
        assert cache.get("key", default=7) == 7
        with pytest.raises(OSError, match="pickled"):
            list(cache)
        cache.set("key", b"ours")
        assert cache.get("key") == b"ours"
    assert not mark.exists()

    with Cache(str(directory)) as planted:  # the bomb is a real one
        planted.set("key", Bomb(mark))
        planted.get("key")
    assert mark.exists()


def test_nothing_is_pickled_when_it_is_written(tmp_path: Path) -> None:
    with open_cache(tmp_path, size_limit=LIMIT) as cache:
        for key in (("a", 1), None, 2**70):
            with pytest.raises(TypeError):
                cache.set(key, b"")
        with pytest.raises(TypeError):
            cache.set("key", object())
        cache.set("key", {"a": [1, None, "ü"]})
        assert cache.get("key") == {"a": [1, None, "ü"]}
    with sqlite3.connect(tmp_path / "cache.db") as database:
        for (value,) in database.execute("SELECT value FROM Cache"):
            with pytest.raises(pickle.UnpicklingError):
                pickle.loads(bytes(value))  # noqa: S301


def test_a_row_cannot_name_a_file_outside_the_cache(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret")
    directory = tmp_path / "cache"
    with open_cache(directory, size_limit=LIMIT) as cache:
        cache.set("key", b"x" * 100_000)
    with sqlite3.connect(directory / "cache.db") as database:
        database.execute("UPDATE Cache SET filename = '../secret'")
    with open_cache(directory, size_limit=LIMIT) as cache:
        assert cache.get("key") is None
        cache.delete("key")
        cache.clear()
    assert secret.read_bytes() == b"secret"


@given(
    st.none()
    | st.booleans()
    | st.integers()
    | st.binary()
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.lists(st.integers() | st.text(st.characters(exclude_categories=["Cs"])))
)
def test_what_is_stored_comes_back(value: Any) -> None:
    disk = PlainDisk(".", min_file_size=10**9)
    _, mode, name, stored = disk.store(value, False)
    fetched = disk.fetch(mode, name, stored, False)
    assert fetched == value
    assert type(fetched) is type(value)


@pytest.mark.parametrize("garbage", [b"no database at all" * 100, b""])
def test_a_damaged_cache_starts_empty(tmp_path: Path, garbage: bytes) -> None:
    directory = tmp_path / "cache"
    cache = VectorCache(directory, INFO)
    cache.put_many({"a": vector(1, 0)})
    cache.close()
    for file in directory.glob("cache.db*"):
        file.unlink()
    (directory / "cache.db").write_bytes(garbage)
    cache = VectorCache(directory, INFO)
    assert cache.get_many(["a"]) == {}
    cache.put_many({"a": vector(0, 1)})
    cache.close()
    assert VectorCache(directory, INFO).get_many(["a"]) == {"a": vector(0, 1)}


def test_vectors_survive_and_are_known_by_model_and_text(tmp_path: Path) -> None:
    first = VectorCache(tmp_path, INFO)
    keys = [text_hash(text) for text in ("one", "two")]
    first.put_many(dict(zip(keys, (vector(1, 0), vector(0, 1)), strict=True)))
    first.close()

    again = VectorCache(tmp_path, INFO)
    assert again.get_many([*keys, text_hash("three")]) == {
        keys[0]: vector(1, 0),
        keys[1]: vector(0, 1),
    }
    other = VectorCache(tmp_path, EmbedderInfo(name="other", dimension=2, max_tokens=16))
    assert other.get_many(keys) == {}


def test_a_vector_of_the_wrong_length_is_neither_taken_nor_given(tmp_path: Path) -> None:
    cache = VectorCache(tmp_path, INFO)
    with pytest.raises(ValueError, match="3 bytes"):
        cache.put_many({"a": vector(1, 0), "b": b"abc"})
    assert cache.get_many(["a"]) == {}
    cache.close()
    with open_cache(tmp_path, size_limit=LIMIT) as disk:
        disk.set("tiny:2:a", b"abc")
        disk.set("tiny:2:b", "text")
    assert VectorCache(tmp_path, INFO).get_many(["a", "b"]) == {}


def test_memory_holds_the_latest_and_disk_the_rest(tmp_path: Path) -> None:
    cache = VectorCache(tmp_path, INFO, in_memory=2)
    vectors = {str(n): vector(n, 0) for n in range(10)}
    cache.put_many(vectors)
    assert cache.get_many(vectors) == vectors
    assert len(cache._memory) == 2


def test_without_a_disk_it_is_a_memory_cache(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    cache = VectorCache(tmp_path / "file", INFO)
    cache.put_many({"a": vector(1, 0)})
    assert cache.get_many(["a", "b"]) == {"a": vector(1, 0)}


def test_the_disk_is_limited(tmp_path: Path) -> None:
    info = EmbedderInfo(name="wide", dimension=1000, max_tokens=16)
    cache = VectorCache(tmp_path, info, size_limit=200_000, in_memory=0)
    for start in range(0, 400, 20):
        cache.put_many({str(n): bytes(4000) for n in range(start, start + 20)})
    kept = cache.get_many(map(str, range(400)))
    assert 0 < len(kept) < 200
    assert "399" in kept
